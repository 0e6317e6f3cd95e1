import { usesNodeResources } from "./eviction/compose-eviction.ts";
import { evictionSourceNames } from "./eviction/eviction-report.ts";
import type { NodeEntry, Workload } from "./cluster/schema.ts";
import { pullSourceNames } from "./images/pull-sources.ts";
import type { ImageEntry } from "./images/schema.ts";
import type { TrafficEntry } from "./traffic/schema.ts";

/** Names that sources of the simulator's own have: with several entries of nodes, `<name>_<entry>` too. */
export const RESERVED_SOURCES: readonly string[] = ["pull", "pod_start", "eviction"];

/**
 * The sources that a scenario can have, in the order of the CSVs: every traffic entry, then `pull` where images are
 * described, `pod_start`, and `eviction` where some behaviour uses memory, disk or PIDs; each of these, with several
 * entries of nodes, is followed by one for each. Whether pods take time to start, so that there is `pod_start`, only
 * composing it shows.
 */
export function sourceNames({
  nodes,
  workloads,
  traffic,
  images,
}: {
  nodes: readonly NodeEntry[];
  workloads: readonly Workload[];
  traffic: readonly TrafficEntry[];
  images?: readonly ImageEntry[];
}): string[] {
  const names = traffic.map((entry) => entry.name);
  if (images !== undefined) names.push(...pullSourceNames(nodes.map((node) => node.name)));
  if (workloads.length > 0) {
    names.push("pod_start", ...(nodes.length > 1 ? nodes.map((node) => `pod_start_${node.name}`) : []));
  }
  if (usesNodeResources(workloads)) names.push(...evictionSourceNames(nodes));
  return names;
}

/** Whether the name is that of a source of pod starts; a traffic entry's name has no underscore. */
export function isPodStartSource(name: string): boolean {
  return name === "pod_start" || name.startsWith("pod_start_");
}
