import { measuredParts, type Layout, type MeasuredPart } from "./layout.ts";
import { podDiskUsage, type DiskUsage, type ManagedPod } from "./pod.ts";
import { RESOURCE_OF, type Signal } from "./signals.ts";

/** Compares two pods: below zero if the first is to be evicted first, zero if this does not decide. */
export type Comparator = (a: ManagedPod, b: ManagedPod) => number;

/** How a pressure ranks pods, part by part; the order of the parts is in `chain`. */
export interface Ranking {
  /** Pods that use more than they request first; absent for processes, which nobody requests. */
  exceedsRequest?: Comparator;
  /** Lower priority first; a missing priority is 0. */
  priority: Comparator;
  /** The larger use beyond the request first. */
  usageOverRequest: Comparator;
}

/**
 * The comparators of a signal. In each but priority a pod without stats goes before one with stats. The QoS class takes
 * no part.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go rankMemoryPressure, rankPIDPressure, rankDiskPressureFunc
 */
export function rankingOf(signal: Signal, layout: Layout): Ranking {
  const resource = RESOURCE_OF[signal];
  if (resource === "pids") return { priority, usageOverRequest: larger((pod) => pod.stats?.processes ?? 0) };
  if (resource === "memory") return ranking(memoryUsed, memoryRequest, memoryRequest);
  const parts = measuredParts(signal, layout);
  if (resource === "inodes") {
    // Inodes have no request to exceed, and upstream then subtracts the request of bytes from the count of inodes.
    return ranking(diskUsed(parts, "inodes"), () => 0, diskRequest);
  }
  return ranking(diskUsed(parts, "bytes"), diskRequest, diskRequest);
}

/** The comparators in the order in which they decide. */
export function chain(ranked: Ranking): Comparator[] {
  const { exceedsRequest, priority: byPriority, usageOverRequest } = ranked;
  return exceedsRequest === undefined ? [byPriority, usageOverRequest] : [exceedsRequest, byPriority, usageOverRequest];
}

/**
 * Orders pods by the first comparator that tells them apart. Upstream's sort leaves full ties open; here they keep their
 * order.
 */
export function orderedBy(comparators: readonly Comparator[], pods: readonly ManagedPod[]): ManagedPod[] {
  return pods.toSorted((a, b) => {
    for (const compare of comparators) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** The pods in the order in which the pressure of a signal evicts them. */
export function rankPods(signal: Signal, layout: Layout, pods: readonly ManagedPod[]): ManagedPod[] {
  return orderedBy(chain(rankingOf(signal, layout)), pods);
}

type Figure = (pod: ManagedPod) => number;

const memoryUsed: Figure = (pod) => pod.stats?.memoryWorkingSetBytes ?? 0;
const memoryRequest: Figure = (pod) => pod.requests.memoryBytes ?? 0;
const diskRequest: Figure = (pod) => pod.requests.ephemeralStorageBytes ?? 0;

function diskUsed(parts: readonly MeasuredPart[], unit: keyof DiskUsage): Figure {
  return (pod) => podDiskUsage(pod, parts, unit);
}

function ranking(used: Figure, exceeded: Figure, subtracted: Figure): Ranking {
  return {
    exceedsRequest: larger((pod) => (used(pod) > exceeded(pod) ? 1 : 0)),
    priority,
    usageOverRequest: larger((pod) => used(pod) - subtracted(pod)),
  };
}

function priority(a: ManagedPod, b: ManagedPod): number {
  return (a.priority ?? 0) - (b.priority ?? 0);
}

/** The larger figure first, and before all figures the pods that have no stats. */
function larger(figure: Figure): Comparator {
  return (a, b) => {
    if (a.stats === undefined || b.stats === undefined) {
      return Number(b.stats === undefined) - Number(a.stats === undefined);
    }
    return figure(b) - figure(a);
  };
}
