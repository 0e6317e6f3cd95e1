import { tInterval, type Interval } from "./t-interval.ts";

/**
 * The means of so many batches of equal length, one after the other; samples that do not fill a batch are left out at the
 * start, where a warm-up still shows. Throws RangeError with fewer samples than batches.
 */
export function batchMeans(samples: ArrayLike<number>, batches: number): number[] {
  if (!Number.isSafeInteger(batches) || batches < 1 || samples.length < batches) {
    throw new RangeError(`${batches} batches of ${samples.length} samples; allowed: from 1 to the number of samples`);
  }
  const length = Math.floor(samples.length / batches);
  const first = samples.length - batches * length;
  return Array.from({ length: batches }, (_, batch) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += samples[first + batch * length + i];
    return sum / length;
  });
}

export interface BatchInterval extends Interval {
  /** How much a batch's mean tells of the next one's, from -1 to 1: well above 0, batches are too short and the interval too narrow. */
  lag1: number;
}

/**
 * The interval of a mean from one long run, whose samples depend on each other: the means of long batches hardly do.
 * Throws RangeError with fewer samples than batches, or fewer than 2 batches.
 */
export function batchMeansInterval(samples: ArrayLike<number>, batches = 20, confidence = 0.95): BatchInterval {
  if (batches < 2) throw new RangeError(`${batches} batches; allowed: 2 or more`);
  const means = batchMeans(samples, batches);
  return { ...tInterval(means, confidence), lag1: autocorrelation(means, 1) };
}

/** How far samples `lag` apart go with each other, from -1 to 1; 0 for samples that are all equal. */
export function autocorrelation(samples: ArrayLike<number>, lag: number): number {
  const { length } = samples;
  let mean = 0;
  for (let i = 0; i < length; i++) mean += samples[i] / length;
  let variance = 0;
  let covariance = 0;
  for (let i = 0; i < length; i++) {
    const off = samples[i] - mean;
    variance += off * off;
    if (i >= lag) covariance += off * (samples[i - lag] - mean);
  }
  return variance === 0 ? 0 : covariance / variance;
}
