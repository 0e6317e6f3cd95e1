/** Buckets to each doubling: bucket widths are at most 1/512 of their lower end, so a middle is off by at most 1/1024. */
const SUB_BUCKETS = 512;
const SUB_BITS = 9;
/** Values below this have a bucket each. */
const FIRST_DOUBLING = 2 * SUB_BUCKETS;
const TWO_32 = 4_294_967_296;
/** Enough for every integer below 2^53. */
const BUCKETS = (53 - SUB_BITS + 1) * SUB_BUCKETS;

/**
 * Counts of non-negative integers in logarithmic buckets, for runs with too many samples to keep. Every value read back is
 * within 0.1 % of the one that went in, and exact below 1024. Adding histograms gives the same counts in any order.
 */
export class LogHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  count = 0;

  add(value: number): void {
    this.#counts[bucketOf(value)]++;
    this.count++;
  }

  /** Adds every sample of another histogram. */
  merge(other: LogHistogram): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#counts[bucket] += other.#counts[bucket];
    this.count += other.count;
  }

  /** The value of a rank, from 1 to count, within 0.1 %. Throws RangeError for another rank. */
  valueAt(rank: number): number {
    if (!(rank >= 1 && rank <= this.count)) throw new RangeError(`rank ${rank} of ${this.count} samples`);
    let bucket = 0;
    for (let below = this.#counts[0]; below < rank; below += this.#counts[bucket]) bucket++;
    return middleOf(bucket);
  }
}

function bucketOf(value: number): number {
  if (value < FIRST_DOUBLING) return value;
  const high = Math.floor(value / TWO_32);
  const bits = high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(value);
  // The leading 10 bits of the value; the first of them is always set.
  const doubling = bits - SUB_BITS - 1;
  return doubling * SUB_BUCKETS + Math.floor(value / powerOfTwo(doubling));
}

function middleOf(bucket: number): number {
  if (bucket < FIRST_DOUBLING) return bucket;
  const doubling = Math.floor(bucket / SUB_BUCKETS) - 1;
  const width = powerOfTwo(doubling);
  return (bucket - doubling * SUB_BUCKETS) * width + width / 2;
}

function powerOfTwo(exponent: number): number {
  return exponent < 31 ? 1 << exponent : (1 << (exponent - 30)) * 1_073_741_824;
}
