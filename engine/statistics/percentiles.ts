/** The percentiles that results report, in parts per thousand. */
export type PerMille = 500 | 900 | 950 | 990 | 999;

/** With fewer samples than this no p999 is given: it would only repeat the maximum. */
export const LEAST_SAMPLES_OF_P999 = 1_000;

/**
 * The nearest rank of a percentile among `count` samples, from 1: ceil(count k / 1000), in integer arithmetic. Count must
 * stay below 2^53 / 1000.
 */
export function nearestRank(count: number, perMille: PerMille): number {
  const raised = count * perMille + 999;
  return (raised - (raised % 1000)) / 1000;
}

/** The percentile of samples that are sorted ascending; undefined where there is none. */
export function percentileOf(sorted: Float64Array, perMille: PerMille): number | undefined {
  return sorted.length === 0 ? undefined : sorted[nearestRank(sorted.length, perMille) - 1];
}
