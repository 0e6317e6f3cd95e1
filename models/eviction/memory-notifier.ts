import { NOTIFIER_REFRESH_INTERVAL } from "./defaults.ts";
import { memoryCapacity, type MemoryStats, type NodeStats } from "./signals.ts";
import { thresholdQuantity, type Threshold } from "./threshold.ts";
import type { Ns } from "../../engine/time.ts";

/**
 * How many notifiers kernelMemcgNotification gives: one for each threshold of the node's or the pods' memory on cgroup
 * v1. On v2 a notifier is a stub that never fires.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go Start, threshold_notifier_linux.go
 */
export function notifierCount(
  thresholds: readonly Threshold[],
  kernelMemcgNotification: boolean,
  cgroupVersion: 1 | 2,
): number {
  if (!kernelMemcgNotification || cgroupVersion === 2) return 0;
  return thresholds.filter(({ signal }) => signal === "memory.available" || signal === "allocatableMemory.available")
    .length;
}

/** Whether a pass arms the notifiers anew: the first one, and then one that comes more than 10 s after the last time. */
export function rearms(armedAt: Ns | undefined, now: Ns): boolean {
  return armedAt === undefined || now - armedAt > NOTIFIER_REFRESH_INTERVAL;
}

/** The memory cgroup that a notifier of this threshold watches; undefined if the summary lacks it. */
export function watchedMemory(threshold: Threshold, stats: NodeStats): MemoryStats | undefined {
  return threshold.signal === "allocatableMemory.available" ? stats.kubepods : stats.memory;
}

/**
 * The memory.usage_in_bytes at which a notifier fires, in either direction: where the working set would leave just the
 * threshold, were the inactive file pages what they are now. Undefined if the summary lacks a figure, which is an error
 * that the pass logs and survives.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/memory_threshold_notifier_others.go UpdateThreshold
 */
export function usageTrigger(threshold: Threshold, memory: MemoryStats | undefined): number | undefined {
  const capacity = memoryCapacity(memory);
  if (capacity === undefined || memory?.usageBytes === undefined || memory.workingSetBytes === undefined) {
    return undefined;
  }
  const inactiveFile = memory.usageBytes - memory.workingSetBytes;
  return capacity - thresholdQuantity(threshold.value, capacity) + inactiveFile;
}
