import { tQuantile } from "./t-quantile.ts";

/** A mean and how far off it may be. */
export interface Interval {
  count: number;
  mean: number;
  /** The samples' standard deviation, with count - 1. */
  deviation: number;
  /** Half the interval's width; Infinity with a single value. */
  halfWidth: number;
  low: number;
  high: number;
}

/**
 * The interval that holds the true mean with the given confidence, if the values are independent and about normal: means of
 * replications, or of long batches. The values count in their order. Throws RangeError without values, and for a confidence
 * not between 0 and 1.
 */
export function tInterval(values: readonly number[], confidence = 0.95): Interval {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`a confidence of ${confidence}; allowed: above 0 and below 1`);
  }
  if (values.length === 0) throw new RangeError("an interval needs one value or more");
  let mean = 0;
  let squares = 0;
  // Source: B. P. Welford, Note on a method for calculating corrected sums of squares and products, Technometrics 4 (1962).
  values.forEach((value, i) => {
    const off = value - mean;
    mean += off / (i + 1);
    squares += off * (value - mean);
  });
  const count = values.length;
  const deviation = count === 1 ? 0 : Math.sqrt(squares / (count - 1));
  const halfWidth =
    count === 1 ? Infinity : (tQuantile((1 + confidence) / 2, count - 1) * deviation) / Math.sqrt(count);
  return { count, mean, deviation, halfWidth, low: mean - halfWidth, high: mean + halfWidth };
}

/** Half the width of an interval as a part of its mean; Infinity for a mean of 0 that is not certain. */
export function relativePrecision({ mean, halfWidth }: Interval): number {
  return halfWidth === 0 ? 0 : halfWidth / Math.abs(mean);
}

export interface PrecisionGoal {
  /** The relative precision to reach, such as 0.05. */
  relative: number;
  confidence?: number;
  /** Replications at least: with few, a small deviation is often an accident. Default 10. */
  least?: number;
  /** Replications at most. Default 1000. */
  most?: number;
}

/**
 * Runs replications 0, 1, 2 ... until the interval of their results is as narrow as asked, or there are as many as allowed.
 * Stopping by the interval itself makes it cover the mean a little less often than its confidence says.
 * Source: A. M. Law, Simulation Modeling and Analysis, 5th edition (2015), section 9.4.1 (sequential procedure).
 */
export function replicateUntilPrecise(replicate: (replication: number) => number, goal: PrecisionGoal): Interval {
  const { relative, confidence = 0.95, least = 10, most = 1000 } = goal;
  const values: number[] = [];
  for (;;) {
    values.push(replicate(values.length));
    if (values.length < Math.min(least, most)) continue;
    const interval = tInterval(values, confidence);
    if (values.length >= most || relativePrecision(interval) <= relative) return interval;
  }
}
