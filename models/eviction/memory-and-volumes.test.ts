import { describe, expect, it } from "vitest";
import {
  hugePagesMountOption,
  isTmpfsCharged,
  MountError,
  tmpfsMountOptions,
  tmpfsSizeBytes,
  tmpfsWrite,
} from "./empty-dir.ts";
import { memoryHigh } from "./memory-qos.ts";
import { notifierCount, usageTrigger, watchedMemory } from "./memory-notifier.ts";
import { observe, workingSet } from "./signals.ts";
import { GI, line, MI } from "./testing/world.ts";

describe("memory.high", () => {
  it("lies between request and limit by the throttling factor, on a page: 800Mi + 0.6 x 200Mi = 920Mi", () => {
    const inputs = {
      requestBytes: 800 * MI,
      limitBytes: 1000 * MI,
      nodeAllocatableBytes: 0,
      factor: 0.6,
      pageBytes: MI,
    };
    expect(memoryHigh(inputs, "aboveRequest")).toBe(920 * MI);
    // Up to v1.26 a share of the limit: 600Mi, which is no more than the request.
    expect(memoryHigh(inputs, "shareOfLimit")).toBeUndefined();
    expect(memoryHigh({ ...inputs, factor: undefined }, "aboveRequest")).toBeUndefined();
  });

  it("is not set with equal request and limit; BestEffort gets a share of the node since v1.35", () => {
    const none = { requestBytes: 0, limitBytes: 0, nodeAllocatableBytes: 10 * GI, factor: 0.5, pageBytes: 4096 };
    expect(memoryHigh(none, "aboveRequest")).toBeUndefined();
    expect(memoryHigh(none, "aboveRequestAndBestEffort")).toBe(5 * GI);
    const guaranteed = { ...none, requestBytes: GI, limitBytes: GI };
    expect(memoryHigh(guaranteed, "aboveRequestAndBestEffort")).toBeUndefined();
  });
});

describe("a memory notifier", () => {
  const memory = { availableBytes: 3 * GI, workingSetBytes: GI, usageBytes: 2 * GI };
  const threshold = line("memory.available", GI);

  it("fires where usage leaves the threshold, were inactive file pages as they are: 4Gi - 1Gi + 1Gi", () => {
    expect(usageTrigger(threshold, memory)).toBe(4 * GI);
    expect(usageTrigger(threshold, { ...memory, usageBytes: undefined })).toBeUndefined();
    const pods = line("allocatableMemory.available", GI);
    expect(watchedMemory(pods, { memory })).toBeUndefined();
  });

  it("exists on cgroup v1 alone, one for each threshold of memory", () => {
    const thresholds = [threshold, line("allocatableMemory.available", GI), line("nodefs.available", GI)];
    expect(notifierCount(thresholds, true, 1)).toBe(2);
    expect(notifierCount(thresholds, true, 2)).toBe(0);
    expect(notifierCount(thresholds, false, 1)).toBe(0);
  });
});

describe("observations", () => {
  it("take capacity as available + working set, may be negative for pids, and are absent without figures", () => {
    const seen = observe({
      memory: { availableBytes: GI, workingSetBytes: 3 * GI, at: 7 },
      kubepods: { workingSetBytes: GI },
      imagefs: { availableBytes: 1, capacityBytes: 2, inodesFree: 3 },
      pids: { max: 100, running: 110 },
    });
    expect(seen).toEqual({
      "memory.available": { available: GI, capacity: 4 * GI, at: 7 },
      "imagefs.available": { available: 1, capacity: 2, at: undefined },
      "pid.available": { available: -10, capacity: 100, at: undefined },
    });
  });

  it("have a working set of usage less inactive file, never below 0", () => {
    expect(workingSet(5, 2)).toBe(3);
    expect(workingSet(2, 5)).toBe(0);
  });
});

describe("an emptyDir", () => {
  it("in memory is as large as allocatable memory, the pod's limit and the sizeLimit let it; larger ones are ignored", () => {
    const bounds = { nodeAllocatableMemoryBytes: 16 * GI };
    expect(tmpfsSizeBytes(bounds)).toBe(16 * GI);
    expect(tmpfsSizeBytes({ ...bounds, podMemoryLimitBytes: 2 * GI, sizeLimitBytes: 4 * GI })).toBe(2 * GI);
    expect(tmpfsSizeBytes({ ...bounds, podMemoryLimitBytes: 64 * GI, sizeLimitBytes: GI })).toBe(GI);
    expect(tmpfsSizeBytes({ ...bounds, sizeLimitBytes: GI, sizeMemoryBackedVolumes: false })).toBe(0);
    expect(tmpfsMountOptions(GI, true)).toEqual([`size=${GI}`, "noswap"]);
    expect(tmpfsMountOptions(0, false)).toEqual([]);
  });

  it("in memory takes writes up to its size, and stays charged until it is deleted or unmounted", () => {
    expect([tmpfsWrite(10, 8, 5), tmpfsWrite(10, 10, 5), tmpfsWrite(0, 10, 5)]).toEqual([2, 0, 5]);
    expect(isTmpfsCharged({ isMounted: true, isDeleted: false })).toBe(true);
    expect(isTmpfsCharged({ isMounted: false, isDeleted: false })).toBe(false);
    expect(isTmpfsCharged({ isMounted: true, isDeleted: true })).toBe(false);
  });

  it("of huge pages mounts the one size that is requested, however it is written", () => {
    expect(hugePagesMountOption("HugePages", [["2048Ki"], ["2Mi"]])).toBe("pagesize=2Mi");
    expect(hugePagesMountOption("HugePages-1Gi", [["2Mi", "1Gi"]])).toBe("pagesize=1Gi");
    for (const [medium, sizes] of [
      ["HugePages", [["1Gi"], ["2Mi"]]],
      ["HugePages", []],
      ["HugePages-", [["2Mi"]]],
      ["HugePages-1Mi", [["2Mi"]]],
      ["Memory", [["2Mi"]]],
    ] as const) {
      expect(() => hugePagesMountOption(medium, sizes)).toThrow(MountError);
    }
  });
});
