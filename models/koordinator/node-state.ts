import { COOLING_RATIO } from "./defaults.ts";
import { ownsCpus, type KoordinatorQos } from "./qos.ts";

/** overload: nobody may burst; cooling: nobody may burst further; idle: room for bursts; unknown: no usage measured yet. */
export type NodeState = "overload" | "cooling" | "idle" | "unknown";

/** A pod's part in the share pool. */
export interface PodShare {
  qos: KoordinatorQos;
  /** CPU requests of its containers together, in thousandths. */
  requestMilli: number;
  /** Mean CPU usage in cores; undefined if not measured. */
  usage: number | undefined;
}

/**
 * How much of the share pool is used, 0 to 1 and beyond: the CPUs that no LSE or LSR pod has requested, and the node's
 * usage without that of LSE, LSR and BE pods. What the system itself uses counts. 1 where there is no pool.
 *
 * Source: koordinator v1.8.0 pkg/koordlet/qosmanager/plugins/cpuburst/cpu_burst.go, getNodeStateForBurst
 */
export function sharePoolUsage(cpus: number, nodeUsage: number, pods: Iterable<PodShare>): number {
  let total = cpus;
  let used = nodeUsage;
  for (const { qos, requestMilli, usage } of pods) {
    if (ownsCpus(qos)) total -= requestMilli / 1000;
    if (usage !== undefined && (ownsCpus(qos) || qos === "BE")) used -= usage;
  }
  return total > 0 ? used / total : 1;
}

/** The node's state at this usage of its share pool; undefined: not measured. There is no hysteresis. */
export function nodeState(usage: number | undefined, sharePoolThresholdPercent: number): NodeState {
  if (usage === undefined) return "unknown";
  const threshold = sharePoolThresholdPercent / 100;
  if (usage >= threshold) return "overload";
  return usage >= threshold * COOLING_RATIO ? "cooling" : "idle";
}
