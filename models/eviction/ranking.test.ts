import { describe, expect, it } from "vitest";
import type { ManagedPod } from "./pod.ts";
import { rankPods } from "./ranking.ts";
import { memoryPod, MI } from "./testing/world.ts";

const SINGLE = { imageFs: false, split: false };

function order(signal: Parameters<typeof rankPods>[0], pods: ManagedPod[], layout = SINGLE): string[] {
  return rankPods(signal, layout, pods).map(({ name }) => name);
}

function diskPod(
  name: string,
  used: { layer?: number; logs?: number; inodes?: number },
  more: Partial<ManagedPod> = {},
) {
  return memoryPod(name, 0, {
    stats: {
      containers: [{ name, writableLayer: { bytes: used.layer, inodes: used.inodes }, logs: { bytes: used.logs } }],
      volumes: [],
    },
    ...more,
  });
}

/** A pod whose one volume holds 10 MiB. */
function volumePod(name: string, source: "emptyDir" | "hostPath", medium?: string): ManagedPod {
  const stats = { containers: [], volumes: [{ name: "v", bytes: 10 * MI }] };
  return memoryPod(name, 0, { volumes: [{ name: "v", source, medium }], stats });
}

function processPod(name: string, processes: number, priority: number): ManagedPod {
  return memoryPod(name, 0, { priority, stats: { processes, containers: [], volumes: [] } });
}

describe("the ranking under memory pressure", () => {
  it("puts pods above their requests first, then lower priority, then the larger excess", () => {
    const request = { requests: { memoryBytes: 100 * MI } };
    const pods = [
      memoryPod("below", 99 * MI, { ...request, priority: -10 }),
      memoryPod("equal", 100 * MI, { ...request, priority: -5 }),
      memoryPod("above-important", 900 * MI, { ...request, priority: 5 }),
      memoryPod("above-slightly", 101 * MI, request),
      memoryPod("above-much", 200 * MI, request),
    ];
    expect(order("memory.available", pods)).toEqual([
      "above-much",
      "above-slightly",
      "above-important",
      "below",
      "equal",
    ]);
  });

  it("does not look at the QoS class: a BestEffort pod of higher priority goes after a Burstable one above its request", () => {
    const pods = [
      memoryPod("best-effort", 500 * MI, { qos: "BestEffort", priority: 1 }),
      memoryPod("burstable", 11 * MI, { qos: "Burstable", requests: { memoryBytes: 10 * MI } }),
    ];
    expect(order("allocatableMemory.available", pods)).toEqual(["burstable", "best-effort"]);
  });

  it("puts pods without stats first, and keeps the order of pods that tie", () => {
    const pods = [memoryPod("a", MI), memoryPod("b", MI), memoryPod("unknown", 0, { stats: undefined })];
    expect(order("memory.available", pods)).toEqual(["unknown", "a", "b"]);
  });
});

describe("the ranking under disk pressure", () => {
  it("counts logs alone on the kubelet's disk where images and layers have their own", () => {
    const pods = [diskPod("writer", { layer: 900 * MI }), diskPod("logger", { logs: MI })];
    expect(order("nodefs.available", pods, { imageFs: true, split: false })).toEqual(["logger", "writer"]);
    expect(order("nodefs.available", pods)).toEqual(["writer", "logger"]);
  });

  it("falls back to priority on a disk of images alone", () => {
    const pods = [diskPod("large", { layer: 900 * MI, logs: MI }), diskPod("low", {}, { priority: -1 })];
    expect(order("imagefs.available", pods, { imageFs: true, split: true })).toEqual(["low", "large"]);
  });

  it("counts disk emptyDirs and hostPaths, and no tmpfs", () => {
    const pods = [
      volumePod("tmpfs", "emptyDir", "Memory"),
      diskPod("layer", { layer: MI }),
      volumePod("host", "hostPath"),
      volumePod("disk", "emptyDir"),
    ];
    expect(order("nodefs.available", pods)).toEqual(["host", "disk", "layer", "tmpfs"]);
  });

  it("subtracts the request of bytes from the count of inodes, so that large requests rank late", () => {
    const pods = [
      diskPod("requests", { inodes: 1_000_000 }, { requests: { ephemeralStorageBytes: 10 * MI } }),
      diskPod("plain", { inodes: 1000 }),
    ];
    expect(order("nodefs.inodesFree", pods)).toEqual(["plain", "requests"]);
  });
});

describe("the ranking under PID pressure", () => {
  it("is priority, then the number of processes", () => {
    const pods = [processPod("many-important", 900, 1), processPod("few", 50, -1), processPod("many", 600, -1)];
    expect(order("pid.available", pods)).toEqual(["many", "few", "many-important"]);
  });
});
