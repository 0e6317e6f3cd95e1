import type { Taint, Toleration } from "../cluster/schema.ts";
import { tolerates, untolerated } from "./tolerations.ts";

/** Thousandths of a CPU, bytes, and pods. */
export interface Amounts {
  cpu: number;
  memory: number;
  "ephemeral-storage": number;
  pods: number;
}

/** A node as the scheduler sees it. */
export interface NodeInfo {
  allocatable: Amounts;
  /** Sums over its pods. */
  requested: Amounts;
  /** The same for scoring, where a pod without a request counts as a small one. */
  nonZero: { cpu: number; memory: number };
  taints: readonly Taint[];
  labels: Readonly<Record<string, string>>;
}

/** A pod as the scheduler sees it. */
export interface PodInfo {
  requests: Amounts;
  nonZero: { cpu: number; memory: number };
  tolerations: readonly Toleration[];
  nodeSelector: Readonly<Record<string, string>>;
}

/** What a pod without a request counts as in scores. Source: kubernetes v1.34 pkg/scheduler/util/pod_resources.go */
const DEFAULT_MILLI_CPU = 100;
const DEFAULT_MEMORY = 200 * 1024 * 1024;

/** The pod's amounts for scoring. Source: kubernetes v1.34 pkg/scheduler/util/pod_resources.go, GetNonzeroRequests. */
export function nonZeroRequests({ cpu, memory }: { cpu: number; memory: number }): { cpu: number; memory: number } {
  return { cpu: cpu === 0 ? DEFAULT_MILLI_CPU : cpu, memory: memory === 0 ? DEFAULT_MEMORY : memory };
}

const NO_AFFINITY = "node(s) didn't match Pod's node affinity/selector";

/**
 * Why the pod cannot go to the node, as the event FailedScheduling counts it; empty if it can. The first filter that
 * refuses speaks alone: taints, selector, resources; of resources every one that is short.
 * Source: kubernetes v1.34 pkg/scheduler/framework/plugins (tainttoleration, nodeaffinity, noderesources/fit.go).
 */
export function filterReasons(pod: PodInfo, node: NodeInfo): string[] {
  const taint = untolerated(node.taints, pod.tolerations, ["NoSchedule", "NoExecute"]);
  if (taint !== undefined) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`];
  if (!hasLabels(pod, node)) return [NO_AFFINITY];
  const reasons: string[] = [];
  if (node.requested.pods + 1 > node.allocatable.pods) reasons.push("Too many pods");
  for (const resource of ["cpu", "memory", "ephemeral-storage"] as const) {
    const wanted = pod.requests[resource];
    if (wanted > 0 && wanted > node.allocatable[resource] - node.requested[resource]) {
      reasons.push(`Insufficient ${resource}`);
    }
  }
  return reasons;
}

/** The reason of nodes that the pod may not use by its own field, or by its controller's. */
export const NOT_ALLOWED = NO_AFFINITY;

function hasLabels({ nodeSelector }: PodInfo, { labels }: NodeInfo): boolean {
  for (const key in nodeSelector) if (labels[key] !== nodeSelector[key]) return false;
  return true;
}

/** Weights of the scores. Source: kubernetes v1.34 pkg/scheduler/apis/config/v1/default_plugins.go. */
const WEIGHTS = { taintToleration: 3, resourcesFit: 1, balancedAllocation: 1 };

/**
 * The scores of nodes that passed the filters, the higher the better.
 *
 * Simplified: preferred affinities, topology spread, images and inter-pod affinity score nothing, as nothing in a scenario
 * can set them; the default soft spreading over hosts and zones is left out, which LeastAllocated mostly gives as well.
 */
export function scores(pod: PodInfo, nodes: readonly NodeInfo[]): number[] {
  const intolerable = nodes.map(
    ({ taints }) =>
      taints.filter(
        (taint) =>
          taint.effect === "PreferNoSchedule" && !pod.tolerations.some((toleration) => tolerates(toleration, taint)),
      ).length,
  );
  const most = intolerable.reduce((a, b) => Math.max(a, b), 0);
  return nodes.map((node, i) => {
    const taintScore = most === 0 ? 100 : 100 - Math.trunc((100 * intolerable[i]) / most);
    return (
      WEIGHTS.taintToleration * taintScore +
      WEIGHTS.resourcesFit * leastAllocated(pod, node) +
      WEIGHTS.balancedAllocation * balancedAllocation(pod, node)
    );
  });
}

/**
 * 0 to 100: the mean of what CPU and memory have left with the pod, in whole percent of what is allocatable.
 * Source: kubernetes v1.34 pkg/scheduler/framework/plugins/noderesources/least_allocated.go.
 */
export function leastAllocated(pod: PodInfo, { allocatable, nonZero }: NodeInfo): number {
  const left = (resource: "cpu" | "memory") => {
    const total = allocatable[resource];
    const requested = nonZero[resource] + pod.nonZero[resource];
    return total === 0 || requested > total ? 0 : Math.trunc(((total - requested) * 100) / total);
  };
  return Math.trunc((left("cpu") + left("memory")) / 2);
}

/**
 * 0 to 100: how even the used fractions of CPU and memory are with the pod.
 * Source: kubernetes v1.34 pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go.
 */
export function balancedAllocation(pod: PodInfo, { allocatable, requested }: NodeInfo): number {
  const used = (resource: "cpu" | "memory") =>
    allocatable[resource] === 0
      ? 1
      : Math.min((requested[resource] + pod.requests[resource]) / allocatable[resource], 1);
  return Math.trunc((1 - Math.abs(used("cpu") - used("memory")) / 2) * 100);
}

/**
 * The message of FailedScheduling: how many nodes refused for each reason, in the order of the texts.
 * Source: kubernetes v1.34 pkg/scheduler/framework/types.go, FitError.
 */
export function failedSchedulingMessage(nodes: number, reasons: ReadonlyMap<string, number>): string {
  const texts = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted((a, b) => (a < b ? -1 : 1));
  const why = texts.length === 0 ? "" : `: ${texts.join(", ")}`;
  return nodes === 0 ? "no nodes available to schedule pods" : `0/${nodes} nodes are available${why}.`;
}
