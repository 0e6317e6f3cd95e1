import { describe, expect, it } from "vitest";
import type { DiskWrite } from "./behavior-schema.ts";
import { memory, stage, testNode, testPod } from "./testing/stage.ts";
import { GI, MI, SECOND } from "./testing/world.ts";

function writes(to: string, rate: number, more: Partial<DiskWrite> = {}): DiskWrite {
  return { to, after: 0, rate, files: 0, ...more };
}

/** A node whose one disk has 100 GiB and inodes. */
function diskNode(inodes?: number) {
  return testNode("worker", { disk: { nodefs: { size: 100 * GI, inodes }, imagefs: "nodefs" } });
}

describe("an emptyDir on disk", () => {
  const volumes = [{ name: "tmp", source: "emptyDir" as const, medium: "", sizeLimitBytes: 1 * GI }];
  const pod = testPod("worker", { name: "web", volumes, disk: [writes("tmp", 100 * MI)] });

  it("overruns its sizeLimit until the stats of volumes are read and a pass has seen them", () => {
    const world = stage([diskNode()], [pod]);
    world.run(100);
    // 1 GiB is there after 10.24 s; the volume is read at 0 and at 60 s, before the pass of that instant.
    expect(world.events("Evicted")).toEqual(["60 Evicted pod/web"]);
    const { bytes, latency } = world.outputs.recorder.sources[0].summaryFigures();
    // It writes on until its end, 2 s later.
    expect(bytes).toBe(62 * 100 * MI);
    expect(latency?.p50Ns).toBe(2 * SECOND);
    expect(world.outputs.resources?.get(7, "worker")?.nodefsAvailableBytes).toBe(100 * GI);
    expect(world.events("NodeHasDiskPressure")).toEqual([]);
  });

  it("is not looked at where local storage is not isolated", () => {
    const node = testNode("worker", {}, { localStorageCapacityIsolation: false });
    const world = stage([node], [pod]);
    world.run(300);
    expect(world.events("Evicted")).toEqual([]);
  });
});

describe("a tmpfs", () => {
  const volumes = [{ name: "shm", source: "emptyDir" as const, medium: "Memory", sizeLimitBytes: 2 * GI }];

  it("takes no more than its size, counts as memory, and outlives its writers but not its pod", () => {
    const pod = testPod("worker", { name: "web", volumes, disk: [writes("shm", 1 * GI)], memory: memory(1 * GI) });
    const world = stage([testNode("worker")], [pod]);
    const available = () => world.model.memoryAvailable(world.node("worker"));
    world.run(5);
    expect(available()).toBe(13 * GI);
    expect(world.events("Evicted", "OOMKilling")).toEqual([]);
    world.pod("web").containers[0].run?.end({ code: 1, reason: "Error" });
    expect(available()).toBe(14 * GI);
    world.run(8);
    // The container is there again, and finds the tmpfs full.
    expect(available()).toBe(13 * GI);
    world.cluster.deletePod(world.pod("web"));
    world.run(60);
    expect(available()).toBe(16 * GI);
  });

  it("is charged to the container that writes it, whose limit it can pass", () => {
    const unlimited = [{ name: "shm", source: "emptyDir" as const, medium: "Memory" }];
    const pod = testPod("worker", {
      name: "web",
      volumes: unlimited,
      limits: { memory: 1 * GI },
      disk: [writes("shm", 512 * MI)],
      memory: memory(512 * MI),
    });
    const world = stage([testNode("worker")], [pod]);
    world.run(1.5);
    // 512 MiB of the process and 512 MiB of pages after 1 s. What is left in the tmpfs then is the pod's.
    expect(world.events("OOMKilling")).toEqual(["1.000000002 OOMKilling pod/web"]);
  });
});

describe("disk pressure", () => {
  it("first removes what dead containers left, and evicts nobody if that is enough", () => {
    const pod = testPod("worker", { name: "crash", disk: [writes("rootfs", 1 * GI, { until: 46 * GI })] });
    const world = stage([diskNode()], [pod]);
    world.run(58.5);
    world.pod("crash").containers[0].run?.end({ code: 1, reason: "Error" });
    world.run(105);
    // 46 GiB of the dead one and, from about 59 s on, 39 GiB and more of the next are below 15 % of 100 GiB.
    expect(world.events("EvictionThresholdMet")).toEqual(["100 EvictionThresholdMet node/worker"]);
    expect(world.events("Evicted")).toEqual([]);
    expect(world.outputs.resources?.get(10, "worker")?.nodefsAvailableBytes).toBeGreaterThan(50 * GI);
    world.run(115);
    expect(world.events("NodeHasDiskPressure")).toEqual(["110 NodeHasDiskPressure node/worker"]);
  });

  it("evicts by what is written beyond the request", () => {
    const big = { requests: { "ephemeral-storage": 80 * GI } };
    const world = stage(
      [diskNode()],
      [
        testPod("worker", { name: "asked", ...big, disk: [writes("logs", 4 * GI, { until: 60 * GI })] }),
        testPod("worker", { name: "greedy", disk: [writes("rootfs", 1 * GI, { until: 29 * GI })] }),
      ],
    );
    world.run(60);
    expect(world.events("Evicted")).toEqual(["30 Evicted pod/greedy"]);
  });

  it("takes a pod that uses up the inodes, whatever bytes there are", () => {
    const pods = ["few", "many"].map((name, i) =>
      testPod("worker", { name, disk: [writes("rootfs", 0, { files: (i + 1) * 10 * 3600 })] }),
    );
    const world = stage([diskNode(1000)], pods);
    world.run(40);
    // 30 a second: 5 % of 1000 are left after 31.67 s.
    expect(world.events("Evicted")).toEqual([]);
    world.run(45);
    expect(world.events("Evicted")).toEqual(["40 Evicted pod/many"]);
  });

  it("lets writes fail while the disk is full, and go on when there is room", () => {
    const node = testNode("worker", { disk: { nodefs: { size: 10 * GI }, imagefs: "nodefs" } }, { evictionHard: {} });
    const pods = ["a", "b"].map((name) => testPod("worker", { name, disk: [writes("rootfs", 1 * GI)] }));
    const world = stage([node], pods);
    world.run(20);
    expect(world.outputs.resources?.get(1, "worker")?.nodefsAvailableBytes).toBe(0);
    world.cluster.deletePod(world.pod("a"));
    world.run(52.001);
    // The pod ends at 50 s with 5 GiB; the other one has written 2 of them by now.
    expect(world.model.imageFileSystem(world.node("worker")).availableBytes).toBeLessThanOrEqual(3 * GI);
    world.run(60);
    expect(world.model.imageFileSystem(world.node("worker")).availableBytes).toBe(0);
  });

  it("of a second disk for images does not look at what lies on the first", () => {
    const disk = { nodefs: { size: 100 * GI }, imagefs: { size: 20 * GI } };
    const world = stage(
      [testNode("worker", { disk })],
      [
        testPod("worker", { name: "layer", disk: [writes("rootfs", 1 * GI, { until: 18 * GI })] }),
        testPod("worker", { name: "logger", disk: [writes("logs", 1 * GI, { until: 30 * GI })] }),
      ],
    );
    world.run(60);
    expect(world.events("Evicted")).toEqual(["20 Evicted pod/layer"]);
  });
});

describe("processes", () => {
  it("press on the node by their number, and the pod with the most goes", () => {
    // 16 GiB / 128 KiB = 131072 at most.
    const node = testNode("worker", {}, { evictionHard: { "pid.available": "1000" } });
    const world = stage(
      [node],
      [
        testPod("worker", { name: "quiet", pids: { initial: 100, ramps: [] } }),
        testPod("worker", { name: "bomb", pids: { initial: 1, ramps: [{ after: 5 * SECOND, rate: 10_000 * 3600 }] } }),
      ],
    );
    world.run(40);
    // 129,972 of its own at 1000 left: after 13 s from 5 s on.
    expect(world.events("EvictionThresholdMet", "Evicted", "NodeHasInsufficientPID")).toEqual([
      "20 EvictionThresholdMet node/worker",
      "20 Evicted pod/bomb",
      "30 NodeHasInsufficientPID node/worker",
    ]);
    expect(world.outputs.resources?.get(1, "worker")?.pids).toBe(50_101);
  });
});
