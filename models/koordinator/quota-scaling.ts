import { scalesQuota, type BurstConfig } from "./config.ts";
import { BASE_PERIOD_US, DECREASE_STEP, INCREASE_STEP, MIN_QUOTA_US } from "./defaults.ts";
import type { NodeState } from "./node-state.ts";

// Source of all of it: koordinator v1.8.0 pkg/koordlet/qosmanager/plugins/cpuburst/cpu_burst.go (applyCFSQuotaBurst,
// genOperationByContainer, changeOperationByNode).

export type QuotaOperation = "scaleUp" | "scaleDown" | "remain" | "reset";

/** The quota of the limit in us per 100 ms, at least 1 ms; undefined without a limit: such a container is left alone. */
export function baseQuotaUs(limitMilli: number): number | undefined {
  const quota = Math.trunc((limitMilli * BASE_PERIOD_US) / 1000);
  return quota > 0 ? Math.max(quota, MIN_QUOTA_US) : undefined;
}

/** How high the quota may go, in us. */
export function quotaCeilingUs(baseUs: number, cfsQuotaBurstPercent: number): number {
  return cfsQuotaBurstPercent > 100 ? Math.trunc((baseUs * cfsQuotaBurstPercent) / 100) : baseUs;
}

/**
 * What a container asks for. `isAllowed`: what the token limiter says; `throttledRatio`: the latest sample of throttled
 * periods / periods, undefined if there is none that is young enough.
 */
export function quotaOperation(
  { policy }: BurstConfig,
  isAllowed: boolean,
  throttledRatio: number | undefined,
): QuotaOperation {
  if (!scalesQuota(policy)) return "reset";
  if (!isAllowed) return "scaleDown";
  return throttledRatio !== undefined && throttledRatio > 0 ? "scaleUp" : "remain";
}

/** What becomes of it on a node in this state: an overloaded node takes back, a cooling or unknown one raises nothing. */
export function operationOnNode(operation: QuotaOperation, node: NodeState): QuotaOperation {
  if (node === "overload" && (operation === "scaleUp" || operation === "remain")) return "scaleDown";
  if ((node === "cooling" || node === "unknown") && operation === "scaleUp") return "remain";
  return operation;
}

/** The quota to write, in us; `currentUs` is -1 for an unlimited cgroup, which therefore gets its base. */
export function targetQuotaUs(operation: QuotaOperation, currentUs: number, baseUs: number, ceilingUs: number): number {
  return Math.max(baseUs, Math.min(stepped(operation, currentUs, baseUs), ceilingUs));
}

function stepped(operation: QuotaOperation, currentUs: number, baseUs: number): number {
  switch (operation) {
    case "scaleUp":
      return Math.trunc(currentUs * INCREASE_STEP);
    case "scaleDown":
      return Math.trunc(currentUs * DECREASE_STEP);
    case "remain":
      return currentUs;
    case "reset":
      return baseUs;
  }
}

/** One write of a new quota. */
export interface QuotaWrite {
  level: "pod" | "container";
  quotaUs: number;
}

/**
 * The writes that carry a container's new quota out, in their order: where it grows the pod first, where it shrinks the
 * container first, so that the container never has more than its pod. The pod changes by as much as the container; a pod
 * without a quota is left alone. A write that fails ends the sequence.
 */
export function quotaWrites(currentUs: number, targetUs: number, podUs: number): QuotaWrite[] {
  const delta = targetUs - currentUs;
  const container: QuotaWrite = { level: "container", quotaUs: targetUs };
  if (podUs <= 0) return [container];
  const pod: QuotaWrite = { level: "pod", quotaUs: podUs + delta };
  return delta < 0 ? [container, pod] : [pod, container];
}
