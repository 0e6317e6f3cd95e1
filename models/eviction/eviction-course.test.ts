import { describe, expect, it } from "vitest";
import { memory, stage, testNode, testPod } from "./testing/stage.ts";
import { GI, MI, SECOND } from "./testing/world.ts";

describe("a node with an offender that grows by 5 MiB a second", () => {
  // 100Mi are left after 8 s: the hard threshold is passed there, and the passes are at 0 and 10 s.
  const offender = memory(16 * GI - 140 * MI, { ramps: [{ after: 0, rate: 5 * MI }] });
  const course = () => stage([testNode("worker")], [testPod("worker", { name: "leak", memory: offender })]);

  it("is found at the next pass, evicts, and is under pressure until a pass 300 s after", () => {
    const world = course();
    world.run(400);
    // The least that a container gets is 2 s: the kill returns at 12 s, the poll of 13 s finds the pod gone and begins a
    // pass; 303 s is 293 s after 10 s, so that it takes the one of 313 s, and the status of 320 s.
    expect(
      world.events("EvictionThresholdMet", "Evicted", "NodeHasInsufficientMemory", "NodeHasSufficientMemory"),
    ).toEqual([
      "10 EvictionThresholdMet node/worker",
      "10 Evicted pod/leak",
      "20 NodeHasInsufficientMemory node/worker",
      "320 NodeHasSufficientMemory node/worker",
    ]);
    expect(world.pod("leak").phase).toBe("Failed");
    world.model.reportCounters(world.outputs.counters);
    const counters = Object.fromEntries(world.outputs.counters.entries.map(({ counter, value }) => [counter, value]));
    expect(counters['kubelet_evictions{eviction_signal="memory.available"}']).toBe(1);
    expect(counters['kubelet_evictions{eviction_signal="nodefs.available"}']).toBe(0);
    // From the pass at 10 s to that at 313 s.
    expect(counters["sim_memory_pressure_ms"]).toBe(303_000);
    expect(counters["oom_kill"]).toBe(0);
  });

  it("counts as one eviction from the pass that saw it until the pod was gone, with all that it held", () => {
    const world = course();
    world.run(400);
    const [source] = world.outputs.recorder.sources;
    const figures = source.summaryFigures();
    expect(source.name).toBe("eviction");
    expect(figures).toMatchObject({ offered: 1, completed: 1, failed: 0, latency: { p50Ns: 2 * SECOND } });
    // It goes on growing until its end at 12 s: 16 GiB - 140 MiB + 12 x 5 MiB.
    expect(figures.bytes).toBe(16 * GI - 80 * MI);
    const rows = [0, 1, 2].map((i) => world.outputs.resources?.get(i, "worker")?.memoryAvailableBytes);
    expect(rows).toEqual([140 * MI, 90 * MI, 16 * GI]);
  });

  it("turns BestEffort pods away from the pass on, and is tainted from the next status on", () => {
    const world = course();
    const pod = world.pod("leak");
    world.run(9.9);
    expect(world.model.admissionRefusal(pod)).toBeUndefined();
    world.run(10.5);
    expect(world.model.admissionRefusal(pod)).toMatchObject({ reason: "Evicted" });
    expect(world.node("worker").conditionTaints).toEqual([]);
    world.run(20.5);
    expect(world.node("worker").conditionTaints).toEqual([
      { key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" },
    ]);
    world.run(321);
    expect(world.node("worker").conditionTaints).toEqual([]);
    expect(world.model.admissionRefusal(pod)).toBeUndefined();
  });

  it("forgets its conditions with its kubelet", () => {
    const world = course();
    world.run(25);
    world.model.kubeletRestarted(world.node("worker"));
    expect(world.model.conditionsOf(world.node("worker"))).toEqual([]);
    world.run(31);
    expect(world.node("worker").conditionTaints).toEqual([]);
  });
});

describe("a fast ramp", () => {
  it("ends in the OOM killer's hands between two passes, and no pass sees any pressure", () => {
    const leak = memory(16 * GI - 140 * MI, { ramps: [{ after: 1, rate: 25 * MI, until: 20 * GI }] });
    const world = stage([testNode("worker")], [testPod("worker", { name: "leak", memory: leak })]);
    world.run(9);
    // 140 MiB and one byte at 25 MiB a second: 5.6 s and 39 ns after the first nanosecond.
    expect(world.events("OOMKilling", "SystemOOM")).toEqual([
      "5.60000004 OOMKilling pod/leak",
      "5.60000004 SystemOOM node/worker",
    ]);
    expect(world.events("EvictionThresholdMet")).toEqual([]);
    expect(world.pod("leak").containers[0].lastExit).toMatchObject({ code: 137, reason: "OOMKilled" });
    // It starts again in place.
    expect(world.events("Started")).toHaveLength(2);
    expect(world.pod("leak").stage).toBe("bound");
  });

  it("takes the one with the largest use above its request, a Guaranteed one last", () => {
    const world = stage(
      [testNode("worker")],
      [
        testPod("worker", { name: "guaranteed", limits: { cpu: 1000, memory: 9 * GI }, memory: memory(9 * GI) }),
        testPod("worker", { name: "small", memory: memory(1 * GI) }),
        testPod("worker", {
          name: "grows",
          requests: { memory: 1 * GI },
          memory: memory(5 * GI, { ramps: [{ after: 0, rate: 500 * MI }] }),
        }),
      ],
    );
    world.run(5);
    // adj: -997, 1000, and 1000 - 62 = 938; grows has 6 GiB + 0.938 x 16 GiB, small 1 GiB + 16 GiB.
    expect(world.events("OOMKilling").map((event) => event.split(" ")[2])).toEqual(["pod/grows"]);
  });
});

describe("limits of memory", () => {
  it("kill a container at the first byte beyond its own, and leave the pod's others alone", () => {
    const world = stage(
      [testNode("worker")],
      [
        testPod("worker", {
          name: "web",
          limits: { memory: 512 * MI },
          memory: memory(12 * MI, { ramps: [{ after: 0, rate: 100 * MI }] }),
        }),
      ],
    );
    world.run(6);
    expect(world.events("OOMKilling", "SystemOOM")).toEqual(["5.00000001 OOMKilling pod/web"]);
  });

  it("may be reached without being passed", () => {
    const ramps = [{ after: 0, rate: 100 * MI, until: 512 * MI }];
    const world = stage(
      [testNode("worker")],
      [testPod("worker", { name: "web", limits: { memory: 512 * MI }, memory: memory(0, { ramps }) })],
    );
    world.run(60);
    expect(world.events("OOMKilling")).toEqual([]);
    expect(world.outputs.resources?.get(1, "worker")?.memoryAvailableBytes).toBe(16 * GI - 512 * MI);
  });

  it("of all pods together leave out what is reserved", () => {
    const world = stage(
      [testNode("worker", {}, { systemReserved: { memory: 4 * GI }, evictionHard: {} })],
      [testPod("worker", { name: "leak", memory: memory(11 * GI, { ramps: [{ after: 0, rate: 500 * MI }] }) })],
    );
    world.run(4);
    // 12 GiB for pods: 1 GiB at 500 MiB a second is 2.048 s.
    expect(world.events("OOMKilling", "SystemOOM")).toEqual(["2.048000002 OOMKilling pod/leak"]);
  });
});

describe("a soft threshold", () => {
  const kubelet = {
    evictionHard: { "memory.available": "100Mi" },
    evictionSoft: { "memory.available": "1Gi" },
    evictionSoftGracePeriod: { "memory.available": "25s" },
    evictionMaxPodGracePeriod: 5,
  };

  it("raises the condition at once and evicts at the first pass after its grace period, with the pod's time to end", () => {
    const world = stage(
      [testNode("worker", {}, kubelet)],
      [testPod("worker", { name: "big", memory: memory(15.5 * GI) })],
    );
    world.run(60);
    // Met at 0, 25 s later no pass, at 30 s there is one; min(5, 30) s of grace, and the poll one second after.
    expect(world.events("Evicted", "NodeHasInsufficientMemory")).toEqual([
      "10 NodeHasInsufficientMemory node/worker",
      "30 Evicted pod/big",
    ]);
    expect(world.outputs.recorder.sources[0].summaryFigures().latency?.p50Ns).toBe(35 * SECOND);
  });

  it("goes on until the minimum reclaim is there, one pod a pass", () => {
    const pods = ["a", "b", "c", "d"].map((name) => testPod("worker", { name, memory: memory(3900 * MI) }));
    const world = stage(
      [
        testNode(
          "worker",
          {},
          { evictionHard: { "memory.available": "1Gi" }, evictionMinimumReclaim: { "memory.available": "6Gi" } },
        ),
      ],
      pods,
    );
    world.run(100);
    // 784 MiB are free, then 4684 MiB, below 7 GiB still, then 8584 MiB. Kill 2 s, poll 1 s, and the next pass at once.
    expect(world.events("Evicted")).toEqual(["0 Evicted pod/a", "3 Evicted pod/b"]);
  });
});

describe("pods that are spared", () => {
  it("are the static ones: the next in rank goes in the same pass", () => {
    const world = stage(
      [testNode("worker")],
      [
        testPod("worker", { name: "static", isStatic: true, memory: memory(12 * GI) }),
        testPod("worker", { name: "plain", memory: memory(4095 * MI) }),
      ],
    );
    world.run(5);
    expect(world.events("Evicted")).toEqual(["0 Evicted pod/plain"]);
  });
});
