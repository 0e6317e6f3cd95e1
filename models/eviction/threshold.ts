import type { Ns } from "../../engine/time.ts";
import { RESOURCE_OF, type Observation, type Observations, type Signal } from "./signals.ts";
import { quantityText, type QuantityFormat } from "./quantity-text.ts";

/** A threshold's line: an amount (bytes or a count), or a share of the capacity, kept as a 32-bit float as upstream does. */
export type ThresholdValue = { amount: number; format: QuantityFormat } | { fraction: number };

/** One line that a signal may not fall below. A grace period of zero makes it hard. */
export interface Threshold {
  signal: Signal;
  /** The only operator that exists, or none: a placeholder that is never met. */
  operator: "LessThan" | "none";
  value: ThresholdValue;
  gracePeriod: Ns;
  /** What must be available beyond `value` before a threshold that has fired counts as resolved. */
  minReclaim?: ThresholdValue;
}

/** A threshold and since when it has been met without a break. */
export interface MetThreshold {
  threshold: Threshold;
  since: Ns;
}

/** A share as upstream keeps it: rounded to a 32-bit float. */
export function fractionValue(fraction: number): ThresholdValue {
  return { fraction: Math.fround(fraction) };
}

/** Hard thresholds act at once. Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go isHardEvictionThreshold */
export function isHard(threshold: Threshold): boolean {
  return threshold.gracePeriod === 0;
}

/**
 * A threshold's line in the signal's own unit. Shares are floor(capacity x fraction), the fraction a 32-bit float widened
 * to 64 bits, so 15% of a capacity may be a byte off the exact figure.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/api/types.go GetThresholdQuantity
 */
export function thresholdQuantity(value: ThresholdValue, capacity: number): number {
  return "fraction" in value ? Math.trunc(capacity * value.fraction) : value.amount;
}

/** As `thresholdQuantity`, printed as Kubernetes prints it: amounts in the format they were given in. */
export function thresholdText(value: ThresholdValue, capacity: number): string {
  return quantityText(thresholdQuantity(value, capacity), "fraction" in value ? "BinarySI" : value.format);
}

/** Whether two lines are logically the same. Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go compareThresholdValue */
export function sameValue(a: ThresholdValue, b: ThresholdValue): boolean {
  if ("fraction" in a) return "fraction" in b && a.fraction === b.fraction;
  return !("fraction" in b) && a.amount === b.amount;
}

/**
 * Whether two thresholds are the same one; what must be reclaimed does not count.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go hasThreshold
 */
export function sameThreshold(a: Threshold, b: Threshold): boolean {
  return (
    a.signal === b.signal && a.operator === b.operator && a.gracePeriod === b.gracePeriod && sameValue(a.value, b.value)
  );
}

function isMet(threshold: Threshold, observation: Observation, enforceMinReclaim: boolean): boolean {
  if (threshold.operator === "none") return false;
  let line = thresholdQuantity(threshold.value, observation.capacity);
  if (enforceMinReclaim && threshold.minReclaim !== undefined) {
    line += thresholdQuantity(threshold.minReclaim, observation.capacity);
  }
  return observation.available < line;
}

/**
 * The thresholds that the observations are below, grace periods aside; with `enforceMinReclaim` the minimum reclaim is
 * added to the line. A signal that was not observed meets nothing.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go thresholdsMet
 */
export function thresholdsMet(
  thresholds: readonly Threshold[],
  observations: Observations,
  enforceMinReclaim: boolean,
): Threshold[] {
  return thresholds.filter((threshold) => {
    const observation = observations[threshold.signal];
    return observation !== undefined && isMet(threshold, observation, enforceMinReclaim);
  });
}

/** Both lists, each threshold once. Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go mergeThresholds */
export function mergeThresholds(a: readonly Threshold[], b: readonly Threshold[]): Threshold[] {
  const merged = [...a];
  for (const threshold of b) {
    if (!merged.some((other) => sameThreshold(other, threshold))) merged.push(threshold);
  }
  return merged;
}

/**
 * Since when each met threshold has been met: since `now` for those that were not met before. Thresholds that are met no
 * longer are forgotten, so that one pass above the line restarts a grace period.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go thresholdsFirstObservedAt
 */
export function firstObserved(
  met: readonly Threshold[],
  previous: readonly MetThreshold[],
  now: Ns,
): readonly MetThreshold[] {
  return met.map((threshold) => {
    const known = previous.find((earlier) => sameThreshold(earlier.threshold, threshold));
    return { threshold, since: known?.since ?? now };
  });
}

/**
 * The thresholds whose grace period has passed; one that ends exactly now has.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go thresholdsMetGracePeriod
 */
export function pastGracePeriod(met: readonly MetThreshold[], now: Ns): Threshold[] {
  return met.filter(({ threshold, since }) => now - since >= threshold.gracePeriod).map(({ threshold }) => threshold);
}

/**
 * The thresholds whose sample is newer than the last pass's. Without an earlier sample, or without a time, a sample
 * counts as new; without a sample a threshold is dropped.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go thresholdsUpdatedStats
 */
export function withFreshStats(
  thresholds: readonly Threshold[],
  observations: Observations,
  last: Observations,
): Threshold[] {
  return thresholds.filter(({ signal }) => {
    const observed = observations[signal];
    if (observed === undefined) return false;
    const previous = last[signal];
    if (previous === undefined || observed.at === undefined) return true;
    return previous.at === undefined || observed.at > previous.at;
  });
}

/**
 * Orders thresholds by what is reclaimed first: both memory signals before all others. Upstream leaves the rest open (its
 * comparison is no order and its input a hash map); here hard goes before soft, then the node's memory before that of its
 * pods, then list order.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go byEvictionPriority
 */
export function byEvictionPriority(thresholds: readonly Threshold[]): Threshold[] {
  return thresholds.toSorted((a, b) => rank(a) - rank(b));
}

function rank(threshold: Threshold): number {
  const isMemory = RESOURCE_OF[threshold.signal] === "memory";
  const isOfPods = threshold.signal === "allocatableMemory.available";
  return (isMemory ? 0 : 4) + (isHard(threshold) ? 0 : 2) + (isOfPods ? 1 : 0);
}
