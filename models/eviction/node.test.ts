import { describe, expect, it } from "vitest";
import { kubeletProblems, type CheckedKubeletConfiguration } from "./kubelet-checks.ts";
import { kubepodsMemoryLimit, nodeAllocatable, type NodeReservations } from "./node-allocatable.ts";
import { admits } from "./pod.ts";
import { GI, line, MI, SECOND } from "./testing/world.ts";
import { effectiveGraceSeconds, killWaitLimitSeconds, nextPassAfterEviction, nextPassAfterSleep } from "./timing.ts";

/** When the next pass begins after a kill that returned at 0.5 s, in seconds. */
function nextPass(...cleanedUpAt: Array<number | undefined>): number {
  return nextPassAfterEviction(SECOND / 2, cleanedUpAt) / SECOND;
}

/** The fields that the kubelet complains of. */
function fields(configuration: CheckedKubeletConfiguration): string[] {
  return kubeletProblems(configuration).map(({ path }) => path[0]);
}

describe("allocatable resources", () => {
  const node: NodeReservations = {
    capacity: { memory: 16 * GI, ephemeralStorage: 100 * GI },
    kubeReserved: { memory: GI, ephemeralStorage: GI },
    systemReserved: { memory: GI / 2, ephemeralStorage: 0 },
    thresholds: [line("memory.available", 100 * MI), line("memory.available", GI, { graceSeconds: 30 })],
    enforceNodeAllocatable: ["pods"],
  };

  it("leave out both reservations and the hard thresholds, while kubepods may grow into the threshold", () => {
    expect(nodeAllocatable(node)).toEqual({ memory: 14.5 * GI - 100 * MI, ephemeralStorage: 99 * GI });
    expect(kubepodsMemoryLimit(node)).toBe(14.5 * GI);
    expect(kubepodsMemoryLimit({ ...node, enforceNodeAllocatable: ["none"] })).toBe(16 * GI);
  });

  it("resolve percentages on the capacity, lose preallocated huge pages, and never fall below zero", () => {
    const half = { ...line("nodefs.available", 0), value: { fraction: 0.5 } };
    expect(nodeAllocatable({ ...node, thresholds: [half] }).ephemeralStorage).toBe(49 * GI);
    expect(nodeAllocatable({ ...node, thresholds: [], hugePagesBytes: GI }).memory).toBe(13.5 * GI);
    expect(nodeAllocatable({ ...node, thresholds: [line("memory.available", 99 * GI)] }).memory).toBe(0);
  });
});

describe("admission", () => {
  const bestEffort = { qos: "BestEffort", toleratesMemoryPressure: false } as const;

  it("refuses BestEffort pods under memory pressure alone, unless they tolerate it", () => {
    expect(admits([], bestEffort)).toBe(true);
    expect(admits(["MemoryPressure"], bestEffort)).toBe(false);
    expect(admits(["MemoryPressure"], { ...bestEffort, toleratesMemoryPressure: true })).toBe(true);
    expect(admits(["MemoryPressure"], { qos: "Burstable" })).toBe(true);
  });

  it("refuses every pod but critical ones under any other condition, and under memory pressure beside one", () => {
    for (const conditions of [["DiskPressure"], ["PIDPressure"], ["DiskPressure", "MemoryPressure"]] as const) {
      expect(admits(conditions, { qos: "Guaranteed", toleratesMemoryPressure: true })).toBe(false);
      expect(admits(conditions, { ...bestEffort, isMirror: true })).toBe(true);
    }
  });
});

describe("the loop's times", () => {
  it("sleep 10 s from the end of a pass that evicts nobody", () => {
    expect(nextPassAfterSleep(1.2 * SECOND)).toBe(11.2 * SECOND);
  });

  it("poll each second for the clean-up of all pods, first after a second, for 30 s at most", () => {
    expect(nextPass(0)).toBe(1.5);
    expect(nextPass(2.5 * SECOND)).toBe(2.5);
    expect(nextPass(SECOND, 2.6 * SECOND)).toBe(3.5);
    expect(nextPass(SECOND, undefined)).toBe(30.5);
  });

  it("wait for a kill one and a half times its grace in whole seconds, and at least 10 s", () => {
    expect([0, 7, 8, 600].map(killWaitLimitSeconds)).toEqual([10, 10, 12, 900]);
    expect([0, 1, 5].map(effectiveGraceSeconds)).toEqual([1, 1, 5]);
  });
});

describe("the kubelet's own validation", () => {
  it("accepts the defaults and does not look at the eviction maps", () => {
    expect(fields({ evictionHard: { mem: "1Gi" }, evictionMaxPodGracePeriod: -1 })).toEqual([]);
  });

  it("wants 0 <= low < high <= 100 for image garbage collection, and ordered ages", () => {
    expect(fields({ imageGCHighThresholdPercent: 80 })).toEqual(["imageGCLowThresholdPercent"]);
    expect(fields({ imageGCHighThresholdPercent: 101 })).toEqual(["imageGCHighThresholdPercent"]);
    expect(fields({ imageGCLowThresholdPercent: -1 })).toEqual(["imageGCLowThresholdPercent"]);
    expect(fields({ imageMaximumGCAge: 60 * SECOND })).toEqual(["imageMaximumGCAge"]);
  });

  it("bounds oomScoreAdj and the throttling factor, and refuses singleProcessOOMKill: false on cgroup v1", () => {
    expect(fields({ oomScoreAdj: -1001, memoryThrottlingFactor: 0 })).toEqual([
      "oomScoreAdj",
      "memoryThrottlingFactor",
    ]);
    expect(fields({ oomScoreAdj: 1000, memoryThrottlingFactor: 1 })).toEqual([]);
    expect(fields({ singleProcessOOMKill: false, cgroupVersion: 1 })).toEqual(["singleProcessOOMKill"]);
    expect(fields({ singleProcessOOMKill: false, cgroupVersion: 2 })).toEqual([]);
  });

  it("wants each enforcement once and known, none alone, a cgroup where one is needed, and QoS cgroups", () => {
    const enforcing = (...enforceNodeAllocatable: string[]) => fields({ enforceNodeAllocatable });
    expect(enforcing()).toEqual([]);
    expect(enforcing("pods", "pods")).toEqual(["enforceNodeAllocatable"]);
    expect(enforcing("none", "pods")).toEqual(["enforceNodeAllocatable"]);
    expect(enforcing("foo")).toEqual(["enforceNodeAllocatable"]);
    expect(enforcing("kube-reserved-compressible")).toEqual(["kubeReservedCgroup"]);
    const both = ["system-reserved", "system-reserved-compressible"];
    expect(fields({ enforceNodeAllocatable: both, systemReservedCgroup: "/s" })).toEqual(["enforceNodeAllocatable"]);
    expect(fields({ cgroupsPerQOS: false })).toEqual(["cgroupsPerQOS"]);
    expect(fields({ cgroupsPerQOS: false, enforceNodeAllocatable: ["none"] })).toEqual([]);
    expect(fields({ reservedSystemCPUs: "0", kubeReservedCgroup: "/k" })).toEqual(["reservedSystemCPUs"]);
    expect(fields({ reservedSystemCPUs: "0-3,7" })).toEqual([]);
    expect(fields({ reservedSystemCPUs: "3-" })).toEqual(["reservedSystemCPUs"]);
  });
});
