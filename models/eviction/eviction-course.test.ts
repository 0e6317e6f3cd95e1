import { describe, expect, it } from "vitest";
import { memory, stage, testNode, testPod } from "./testing/stage.ts";
import { GI, MI } from "./testing/world.ts";

describe("a node with an offender that grows by 5 MiB a second", () => {
  // 16 GiB - 100 MiB - 8 s x 5 MiB: the hard threshold of 100Mi is passed at 8 s.
  const offender = memory(16 * GI - 140 * MI, { ramps: [{ after: 0, rate: 5 * MI }] });
  const course = () => stage([testNode("worker")], [testPod("worker", { name: "leak", memory: offender })]);

  it("is found at the next pass, evicts, and is under pressure until a pass 300 s after", () => {
    const world = course();
    world.run(400);
    expect(
      world.events("EvictionThresholdMet", "Evicted", "NodeHasInsufficientMemory", "NodeHasSufficientMemory"),
    ).toEqual([
      "10 EvictionThresholdMet node/worker",
      "10 Evicted pod/leak",
      "20 NodeHasInsufficientMemory node/worker",
      "320 NodeHasSufficientMemory node/worker",
    ]);
  });
});
