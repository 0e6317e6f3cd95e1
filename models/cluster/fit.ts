import type { PathProblem } from "../../engine/scenario/errors.ts";
import { didYouMean } from "../../engine/scenario/suggest.ts";
import { formatMilli, formatSize } from "../../engine/scenario/units.ts";
import { reservedMemory, reservedMilli } from "../kubelet/validation.ts";
import type { NodeEntry, PodSpec, Workload } from "./schema.ts";

/** The names of an entry's nodes. */
export function nodeNames({ name, count }: NodeEntry): string[] {
  return count === undefined ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i}`);
}

/** The names that a workload's first pods get. */
export function podNames({ name, kind, replicas }: Workload): string[] {
  return kind === "Pod" ? [name] : Array.from({ length: replicas }, (_, i) => `${name}-${i}`);
}

/**
 * The entry of `nodes` that a workload's `node` names, and the nodes over which its pods go round robin: all of the
 * entry's, or the one that was named.
 */
export function pinnedTo(
  nodes: readonly NodeEntry[],
  node: string | undefined,
): { entry: NodeEntry; nodes: string[] } | undefined {
  if (node === undefined) return undefined;
  const whole = nodes.find((entry) => entry.name === node);
  if (whole !== undefined) return { entry: whole, nodes: nodeNames(whole) };
  const entry = nodes.find((candidate) => nodeNames(candidate).includes(node));
  return entry === undefined ? undefined : { entry, nodes: [node] };
}

/** What a pod asks of its node: thousandths of a CPU and bytes. */
export interface PodRequests {
  cpu: number;
  memory: number;
  "ephemeral-storage": number;
}

const RESOURCES = ["cpu", "memory", "ephemeral-storage"] as const;

/** The pod's own requests where it gives them, otherwise the containers' sum. */
export function podRequests(spec: PodSpec): PodRequests {
  const total = (resource: (typeof RESOURCES)[number]) =>
    spec.resources?.requests[resource] ??
    spec.containers.reduce((sum, { resources }) => sum + (resources.requests[resource] ?? 0), 0);
  return { cpu: total("cpu"), memory: total("memory"), "ephemeral-storage": total("ephemeral-storage") };
}

/** The kubelet keeps so much memory free by eviction; pods cannot ask for it. */
const DEFAULT_EVICTION_MEMORY = 100 * 1024 * 1024;

/**
 * What pods may ask of a node: capacity less what is held back, and less the eviction threshold of memory.
 *
 * Source: kubernetes v1.34 pkg/kubelet/cm/node_container_manager_linux.go GetNodeAllocatableAbsolute and
 * getNodeAllocatableInternalAbsolute; pkg/kubelet/eviction/defaults_linux.go (memory.available 100Mi)
 */
export function allocatable({ capacity, kubelet }: NodeEntry): PodRequests & { pods: number } {
  return {
    cpu: Math.max(0, capacity.cpu * 1000 - reservedMilli(kubelet)),
    memory: Math.max(0, capacity.memory - reservedMemory(kubelet) - DEFAULT_EVICTION_MEMORY),
    "ephemeral-storage": capacity["ephemeral-storage"] ?? Infinity,
    pods: capacity.pods,
  };
}

/**
 * Workloads that name no node, and pods that their nodes cannot take: one that is larger than its empty node, and several
 * that are too much together. Without a scheduler model nothing waits for room.
 */
export function fitProblems({
  nodes,
  workloads,
}: {
  nodes: readonly NodeEntry[];
  workloads: readonly Workload[];
}): PathProblem[] {
  const problems: PathProblem[] = [];
  const taken = new Map<string, PodRequests & { pods: number }>();
  for (const [i, workload] of workloads.entries()) {
    const place = pinnedTo(nodes, workload.node);
    if (place === undefined) {
      problems.push(unplaced(nodes, workload, i));
      continue;
    }
    const message = firstMisfit(workload, place, taken);
    const because = [["nodes"], ["kubelet"], ...workloads.map((_, k) => ["workloads", k])];
    if (message !== undefined) problems.push({ path: ["workloads", i, "node"], message, because });
  }
  return problems;
}

function unplaced(nodes: readonly NodeEntry[], { node }: Workload, i: number): PathProblem {
  const names = nodes.map((entry) => entry.name);
  const known = names.length === 0 ? "the scenario has none" : `allowed: ${names.join(", ")}`;
  if (node === undefined)
    return {
      path: ["workloads", i, "node"],
      because: [["nodes"]],
      message: `needs a node: no scheduler model yet; ${known}`,
    };
  const message = `there is no node ${node}; ${known}${didYouMean(node, names)}`;
  return { path: ["workloads", i, "node"], message, because: names.map((_, k) => ["nodes", k, "name"]) };
}

/** Puts the workload's pods on its nodes one by one, and says what does not fit first. */
function firstMisfit(
  workload: Workload,
  { entry, nodes }: { entry: NodeEntry; nodes: string[] },
  taken: Map<string, PodRequests & { pods: number }>,
): string | undefined {
  const requests = { ...podRequests(workload.spec), pods: 1 };
  const room = allocatable(entry);
  const resources = [...RESOURCES, "pods"] as const;
  for (const resource of resources) {
    if (requests[resource] > room[resource]) {
      const amounts = `${amountOf(resource, requests[resource])}, and node ${entry.name} has ${amountOf(resource, room[resource])} for pods`;
      return `a pod of ${workload.name} requests ${resource} ${amounts}; it can never start`;
    }
  }
  for (const [k, pod] of podNames(workload).entries()) {
    const node = nodes[k % nodes.length];
    const sum = taken.get(node) ?? { cpu: 0, memory: 0, "ephemeral-storage": 0, pods: 0 };
    for (const resource of resources) sum[resource] += requests[resource];
    taken.set(node, sum);
    const short = resources.find((resource) => sum[resource] > room[resource]);
    if (short !== undefined) {
      const amounts = `${amountOf(short, sum[short])}, and node ${node} has ${amountOf(short, room[short])} for pods`;
      const what = short === "pods" ? "pods count" : `${short} requests are`;
      return `pod ${pod} does not fit any more: with it the ${what} ${amounts}`;
    }
  }
  return undefined;
}

function amountOf(resource: (typeof RESOURCES)[number] | "pods", amount: number): string {
  if (resource === "pods") return String(amount);
  return resource === "cpu" ? formatMilli(amount) : formatSize(amount);
}
