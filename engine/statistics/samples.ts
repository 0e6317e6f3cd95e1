import { LogHistogram } from "./log-histogram.ts";
import { nearestRank, percentileOf, type PerMille } from "./percentiles.ts";

/** Up to this many samples are kept one by one, 8 bytes each; beyond, a histogram within 0.1 % takes over. */
export const MOST_EXACT_SAMPLES = 10_000_000;
const FIRST_ROOM = 16;

/**
 * Samples (non-negative integers) of which percentiles are asked: exact by nearest rank up to a limit, from a histogram
 * beyond it. The least and the largest are exact always.
 */
export class Samples {
  count = 0;
  min = Infinity;
  max = -Infinity;

  readonly #limit: number;
  #values: Float64Array;
  #histogram: LogHistogram | undefined;
  #isSorted = false;

  constructor(limit = MOST_EXACT_SAMPLES) {
    this.#limit = limit;
    this.#values = new Float64Array(Math.min(FIRST_ROOM, limit));
  }

  add(value: number): void {
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (this.#histogram === undefined) {
      if (this.count < this.#values.length || this.#grow()) {
        this.#values[this.count++] = value;
        this.#isSorted = false;
        return;
      }
      this.#histogram = histogramOf(this.#values);
      this.#values = new Float64Array(0);
    }
    this.#histogram.add(value);
    this.count++;
  }

  /** The percentile by nearest rank; undefined without samples. */
  percentile(perMille: PerMille): number | undefined {
    if (this.#histogram !== undefined) {
      const value = this.#histogram.valueAt(nearestRank(this.count, perMille));
      return Math.min(Math.max(value, this.min), this.max);
    }
    const values = this.#values.subarray(0, this.count);
    if (!this.#isSorted) values.sort();
    this.#isSorted = true;
    return percentileOf(values, perMille);
  }

  /** Forgets every sample and keeps the memory. */
  clear(): void {
    this.count = 0;
    this.min = Infinity;
    this.max = -Infinity;
    this.#isSorted = false;
    if (this.#histogram === undefined) return;
    this.#histogram = undefined;
    this.#values = new Float64Array(Math.min(FIRST_ROOM, this.#limit));
  }

  /** Makes room for more exact samples; false at the limit. */
  #grow(): boolean {
    const room = Math.min(this.#limit, this.#values.length * 2);
    if (room <= this.#values.length) return false;
    const values = new Float64Array(room);
    values.set(this.#values);
    this.#values = values;
    return true;
  }
}

function histogramOf(values: Float64Array): LogHistogram {
  const histogram = new LogHistogram();
  for (const value of values) histogram.add(value);
  return histogram;
}
