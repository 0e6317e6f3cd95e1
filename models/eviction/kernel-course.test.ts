import { describe, expect, it } from "vitest";
import { kernelSchema } from "../cfs/schema.ts";
import { Simulation } from "../../engine/simulation.ts";
import { Quantity } from "./quantity.ts";
import { memory, stage, testNode, testPod } from "./testing/stage.ts";
import { GI, MI, SECOND } from "./testing/world.ts";
import { ContainerMemory } from "./usage/container-memory.ts";
import { throttledRate } from "./usage/memory-throttle.ts";

describe("a memory notifier", () => {
  const leak = (cache: number) =>
    testPod("worker", {
      name: "leak",
      memory: memory(16 * GI - 140 * MI, { cache, ramps: [{ after: 0, rate: 50 * MI }] }),
    });
  const node = (cgroup: "v1" | "v2") =>
    testNode(
      "worker",
      { kernel: kernelSchema.parse({ phases: "zero", cgroup }) },
      { kernelMemcgNotification: true, evictionHard: { "memory.available": "100Mi" } },
    );

  it("runs a pass on cgroup v1 when the line is passed, between those of the loop", () => {
    const world = stage([node("v1")], [leak(0)]);
    world.run(2.5);
    // 40 MiB and one byte at 50 MiB a second: 0.8 s and 20 ns; it has 100 MiB left, for the 2 s that its end takes.
    expect(world.events("Evicted", "OOMKilling")).toEqual(["0.80000002 Evicted pod/leak"]);
  });

  it("is a stub on cgroup v2: the kernel kills before the next pass", () => {
    const world = stage([node("v2")], [leak(0)]);
    world.run(4);
    expect(world.events("Evicted", "OOMKilling")).toEqual(["2.80000002 OOMKilling pod/leak"]);
  });

  it("never fires where there is more page cache than what the threshold keeps free", () => {
    const world = stage([node("v1")], [leak(8 * GI)]);
    world.run(2.5);
    expect(world.events("Evicted")).toEqual([]);
  });
});

describe("memory.high", () => {
  it("slows growth by the square of the excess, down to a batch in two seconds", () => {
    // 256 KiB in 64 x (1/80)^2 s = 10 ms; four times as slow at twice the excess.
    expect([0, 1, 2, 4, 15].map(throttledRate)).toEqual([Infinity, 25 * MI, 6.25 * MI, 1_638_400, 128 * 1024]);
  });

  it("keeps a container with a limit from its OOM kill for longer", () => {
    const simulation = new Simulation();
    const pod = new Quantity(simulation);
    const behavior = memory(0, { ramps: [{ after: 0, rate: 100 * MI }] });
    const { workingSet } = new ContainerMemory(simulation, pod, behavior, 800 * MI);
    const reached: number[] = [];
    for (const megabytes of [800, 810, 820, 830]) {
      workingSet.watch("atLeast", megabytes * MI, () => void reached.push(simulation.now / SECOND));
    }
    simulation.runUntil(20 * SECOND);
    // Free up to 810 MiB, then 10 MiB at 25 MiB a second, then at 6.25.
    expect(reached).toEqual([8, 8.1, 8.5, 10.1]);
  });

  it("lies between request and limit under the gate MemoryQoS, and slows the pod's ramp", () => {
    const kubelet = { featureGates: { MemoryQoS: true }, memoryThrottlingFactor: 0.6 };
    const pod = { name: "web", requests: { memory: 500 * MI }, limits: { memory: 1000 * MI } };
    const ramps = [{ after: 0, rate: 100 * MI }];
    const kills = (given: object) => {
      const world = stage(
        [testNode("worker", {}, given)],
        [testPod("worker", { ...pod, memory: memory(0, { ramps }) })],
      );
      world.run(15);
      return world.events("OOMKilling");
    };
    expect(kills({})).toEqual(["10.00000001 OOMKilling pod/web"]);
    // 800 MiB is memory.high: 1000 MiB are far away at 15 s.
    expect(kills(kubelet)).toEqual([]);
  });
});

describe("a container's memory", () => {
  it("has requests in service on top, and loses them with it", () => {
    const simulation = new Simulation();
    const pod = new Quantity(simulation);
    const container = new ContainerMemory(simulation, pod, memory(10 * MI, { perRequest: 64 * 1024 }));
    for (let i = 0; i < 3; i++) container.requestBegun();
    container.requestEnded();
    expect(pod.value).toBe(10 * MI + 128 * 1024);
    expect(container.residentBytes).toBe(pod.value);
    container.end();
    expect(pod.exact()).toEqual({ whole: 0, rest: 0 });
  });

  it("jumps to where a step says, and ramps that fall end at nothing", () => {
    const simulation = new Simulation();
    const pod = new Quantity(simulation);
    const behavior = memory(100, { ramps: [{ after: 0, rate: -40 }], steps: [{ after: 5 * SECOND, to: 70 }] });
    const { workingSet } = new ContainerMemory(simulation, pod, behavior);
    simulation.runUntil(2 * SECOND);
    expect(workingSet.value).toBe(20);
    simulation.runUntil(4 * SECOND);
    expect(workingSet.value).toBe(0);
    simulation.runUntil(9 * SECOND);
    expect(workingSet.value).toBe(70);
  });

  it("adds up ramps that overlap, each until its own level or time", () => {
    const simulation = new Simulation();
    const pod = new Quantity(simulation);
    const ramps = [
      { after: 0, rate: 10, until: 50 },
      { after: 2 * SECOND, rate: 5, for: 4 * SECOND },
    ];
    const { workingSet } = new ContainerMemory(simulation, pod, memory(0, { ramps }));
    // 20 at 2 s, 50 at 4 s, then 5 a second until 6 s.
    simulation.runUntil(5 * SECOND);
    expect(workingSet.value).toBe(55);
    simulation.runUntil(10 * SECOND);
    expect(workingSet.value).toBe(60);
  });
});
