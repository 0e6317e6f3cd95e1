import type { NodeEntry, Workload } from "./cluster/schema.ts";
import type { TrafficEntry } from "./traffic/schema.ts";

/** Names that sources of the simulator's own have: with several entries of nodes, `<name>_<entry>` too. */
export const RESERVED_SOURCES: readonly string[] = ["pull", "pod_start", "eviction"];

/**
 * The sources of a scenario, in the order of the CSVs: every traffic entry, then `pod_start` if some pod is not ready at
 * time 0, with several entries of nodes followed by one for each.
 */
export function sourceNames({
  nodes,
  workloads,
  traffic,
}: {
  nodes: readonly NodeEntry[];
  workloads: readonly Workload[];
  traffic: readonly TrafficEntry[];
}): string[] {
  const names = traffic.map((entry) => entry.name);
  if (!workloads.some(startsLater)) return names;
  const perEntry = nodes.length > 1 ? nodes.map((node) => `pod_start_${node.name}`) : [];
  return [...names, "pod_start", ...perEntry];
}

/** Whether the workload's pods take time to become ready. */
function startsLater(workload: Workload): boolean {
  return workload.replicas > 0 && Object.values(workload.behavior).some((behavior) => behavior.startup !== undefined);
}
