/** Samples to a batch in MSER-5. */
const BATCH = 5;

export interface Truncation {
  /** Samples to leave out at the start. */
  truncated: number;
  /** The mean of the rest, as far as it fills batches. */
  mean: number;
  /** Whether the best cut is at the last place allowed, half of the samples: then the run is too short to tell. */
  isTooShort: boolean;
}

/**
 * Where a warm-up ends, by MSER-5: samples are taken in batches of 5, and so many batches are left out, at most half, that
 * the standard error of the rest is least (the fewest where that is equal). Throws RangeError with fewer than 10 samples.
 *
 * Source: K. P. White, M. J. Cobb, S. C. Spratt, A comparison of five steady-state truncation heuristics for simulation,
 * Proceedings of the Winter Simulation Conference (2000).
 */
export function mser5(samples: ArrayLike<number>): Truncation {
  const batches = Math.floor(samples.length / BATCH);
  if (batches < 2) throw new RangeError(`${samples.length} samples; allowed: ${2 * BATCH} or more`);
  const latest = Math.floor(batches / 2);
  let best = { cut: latest, error: Infinity, mean: 0 };
  let mean = 0;
  let squares = 0;
  // From the end, so that each cut adds one batch to the mean and the squares of those behind it.
  for (let cut = batches - 1; cut >= 0; cut--) {
    const count = batches - cut;
    const off = meanOfBatch(samples, cut) - mean;
    mean += off / count;
    squares += (off * off * (count - 1)) / count;
    const error = squares / (count * count);
    if (cut <= latest && error <= best.error) best = { cut, error, mean };
  }
  return { truncated: best.cut * BATCH, mean: best.mean, isTooShort: best.cut === latest };
}

function meanOfBatch(samples: ArrayLike<number>, batch: number): number {
  let sum = 0;
  for (let i = batch * BATCH; i < (batch + 1) * BATCH; i++) sum += samples[i];
  return sum / BATCH;
}
