import type { Ns } from "../../engine/time.ts";
import { conditionOf, type NodeCondition, type Signal } from "./signals.ts";

/** When each condition's threshold was last seen met. */
export type ConditionsSeen = Readonly<Partial<Record<NodeCondition, Ns>>>;

/** All conditions in the order in which they are reported. */
const CONDITIONS: readonly NodeCondition[] = ["DiskPressure", "MemoryPressure", "PIDPressure"];

/** The conditions that met signals raise, each once. Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go nodeConditions */
export function conditionsOf(signals: readonly Signal[]): NodeCondition[] {
  return [...new Set(signals.map(conditionOf))];
}

/**
 * Notes what is seen now; conditions that are not keep their time, however old.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go nodeConditionsLastObservedAt
 */
export function lastSeen(seenNow: readonly NodeCondition[], previous: ConditionsSeen, now: Ns): ConditionsSeen {
  const seen: Partial<Record<NodeCondition, Ns>> = { ...previous };
  for (const condition of seenNow) seen[condition] = now;
  return seen;
}

/**
 * The conditions that the node reports: those seen less than the transition period ago.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go nodeConditionsObservedSince
 */
export function reportedConditions(seen: ConditionsSeen, transitionPeriod: Ns, now: Ns): NodeCondition[] {
  return CONDITIONS.filter((condition) => {
    const at = seen[condition];
    return at !== undefined && now - at < transitionPeriod;
  });
}
