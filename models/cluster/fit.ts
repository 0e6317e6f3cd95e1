import type { PathProblem } from "../../engine/scenario/errors.ts";
import { didYouMean } from "../../engine/scenario/suggest.ts";
import { formatMilli, formatSize } from "../../engine/scenario/units.ts";
import { podTotal } from "../kubelet/resources.ts";
import { EvictionConfigError } from "../eviction/parse.ts";
import { evictionReservation } from "../eviction/settings.ts";
import { reservedMemory, reservedMilli } from "../kubelet/validation.ts";
import type { NodeEntry, PodSpec, Workload } from "./schema.ts";

/** The names of an entry's nodes. */
export function nodeNames({ name, count }: NodeEntry): string[] {
  return count === undefined ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i}`);
}

/** The names that a workload's first pods get; a DaemonSet has one for each node on which it may run. */
export function podNames(workload: Workload, nodes: readonly NodeEntry[]): string[] {
  const { name, kind, replicas, node } = workload;
  if (kind === "Pod") return [name];
  if (kind !== "DaemonSet") return Array.from({ length: replicas }, (_, i) => `${name}-${i}`);
  return (pinnedTo(nodes, node)?.nodes ?? nodes.flatMap((entry) => nodeNames(entry))).map((each) => `${name}-${each}`);
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

/** The pod's own requests where it gives them, otherwise what its containers need together. */
export function podRequests(spec: PodSpec): PodRequests {
  const total = (resource: (typeof RESOURCES)[number]) => podTotal(spec, "requests", resource);
  return { cpu: total("cpu"), memory: total("memory"), "ephemeral-storage": total("ephemeral-storage") };
}

/** What a node keeps from its pods: what is held back, and the hard eviction thresholds. */
function heldBack(entry: NodeEntry): PodRequests {
  const { kubeReserved, systemReserved } = entry.kubelet;
  const { memory, ephemeralStorage } = evictionReservation(entry);
  const reservedDisk = (kubeReserved["ephemeral-storage"] ?? 0) + (systemReserved["ephemeral-storage"] ?? 0);
  return {
    cpu: reservedMilli(entry.kubelet),
    memory: reservedMemory(entry.kubelet) + memory,
    "ephemeral-storage": reservedDisk + ephemeralStorage,
  };
}

/** What a node has; its disk may be unlimited. */
function capacityOf({ capacity }: NodeEntry): PodRequests {
  return {
    cpu: capacity.cpu * 1000,
    memory: capacity.memory,
    "ephemeral-storage": capacity["ephemeral-storage"] ?? Infinity,
  };
}

/**
 * What pods may ask of a node: capacity less what is held back, and less the hard eviction thresholds.
 *
 * Source: kubernetes v1.34 pkg/kubelet/cm/node_container_manager_linux.go GetNodeAllocatableAbsolute and
 * getNodeAllocatableInternalAbsolute
 */
export function allocatable(entry: NodeEntry): PodRequests & { pods: number } {
  const held = heldBack(entry);
  const capacity = capacityOf(entry);
  const free = (resource: (typeof RESOURCES)[number]) => Math.max(0, capacity[resource] - held[resource]);
  return {
    cpu: free("cpu"),
    memory: free("memory"),
    "ephemeral-storage": free("ephemeral-storage"),
    pods: entry.capacity.pods,
  };
}

/** Whether the eviction thresholds can be read. What is wrong with them is reported where they are checked. */
function hasReadableThresholds(entry: NodeEntry): boolean {
  try {
    evictionReservation(entry);
    return true;
  } catch (error) {
    if (error instanceof EvictionConfigError) return false;
    throw error;
  }
}

/**
 * Nodes that keep more from their pods than they have: the kubelet does not start there.
 *
 * Source: kubernetes v1.34 pkg/kubelet/cm/node_container_manager_linux.go validateNodeAllocatable
 */
export function reservationProblems(nodes: readonly NodeEntry[]): PathProblem[] {
  return nodes.flatMap((entry, i): PathProblem[] => {
    if (!hasReadableThresholds(entry)) return [];
    const held = heldBack(entry);
    const capacity = capacityOf(entry);
    return RESOURCES.filter((resource) => held[resource] > capacity[resource]).map((resource) => {
      const whole = amountOf(resource, capacity[resource]);
      const kept = `kubeReserved, systemReserved and evictionHard keep ${amountOf(resource, held[resource])} of it`;
      const message = `found ${whole}, and ${kept} from pods; the kubelet would not start; allowed: at least that`;
      return { path: ["nodes", i, "capacity", resource], message, because: [["kubelet"], ["nodes", i]] };
    });
  });
}

/** Nodes that a name stands for do not exist, and pods that are larger than every node on which they could ever be. */
export function fitProblems({
  nodes,
  workloads,
}: {
  nodes: readonly NodeEntry[];
  workloads: readonly Workload[];
}): PathProblem[] {
  return workloads.flatMap((workload, i): PathProblem[] => {
    if (nodes.length === 0) {
      const message = "the scenario has no node on which a pod could run; give it one under nodes";
      return [{ path: ["workloads", i], message, because: [["nodes"]] }];
    }
    if (workload.node !== undefined && pinnedTo(nodes, workload.node) === undefined) {
      const names = nodes.map((entry) => entry.name);
      const message = `there is no node ${workload.node}; allowed: ${names.join(", ")}${didYouMean(workload.node, names)}`;
      return [{ path: ["workloads", i, "node"], message, because: names.map((_, k) => ["nodes", k, "name"]) }];
    }
    const message = neverFits(workload, possibleEntries(nodes, workload));
    if (message === undefined) return [];
    const at = workload.node === undefined ? ["workloads", i, "spec"] : ["workloads", i, "node"];
    return [{ path: at, message, because: [["nodes"], ["kubelet"], ["workloads", i]] }];
  });
}

/** The entries of `nodes` on which a workload's pods may run, as far as its own fields say. */
export function possibleEntries(nodes: readonly NodeEntry[], { node, spec }: Workload): NodeEntry[] {
  const pinned = pinnedTo(nodes, node);
  const selected = Object.entries(spec.nodeSelector ?? {});
  return (pinned === undefined ? nodes : [pinned.entry]).filter(({ labels }) =>
    selected.every(([key, value]) => labels[key] === value),
  );
}

/** Why no pod of the workload can ever start, even on an empty node; undefined if one can. */
function neverFits(workload: Workload, entries: readonly NodeEntry[]): string | undefined {
  const { name, spec } = workload;
  if (entries.length === 0) return `no node has the labels that the nodeSelector of ${name} asks for`;
  const requests = { ...podRequests(spec), pods: 1 };
  const misfits = entries.map((entry) => {
    if (!hasReadableThresholds(entry)) return undefined;
    const room = allocatable(entry);
    const short = ([...RESOURCES, "pods"] as const).find((resource) => requests[resource] > room[resource]);
    if (short === undefined) return undefined;
    return `${short} ${amountOf(short, requests[short])}, and node ${entry.name} has ${amountOf(short, room[short])} for pods`;
  });
  if (misfits.some((misfit) => misfit === undefined)) return undefined;
  const what = entries.length === 1 ? "it can never start" : "it can never start on any node";
  return `a pod of ${name} requests ${misfits[0]}; ${what}`;
}

function amountOf(resource: (typeof RESOURCES)[number] | "pods", amount: number): string {
  if (resource === "pods") return String(amount);
  return resource === "cpu" ? formatMilli(amount) : formatSize(amount);
}
