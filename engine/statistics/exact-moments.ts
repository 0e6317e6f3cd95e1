/** A value is cut into three limbs of 18 bits, whose products stay exact when 65,536 of them are added up. */
const LIMB = 262_144;
const LIMB_SQUARED = LIMB * LIMB;
const ADDS_PER_FOLD = 65_536;

/**
 * Count, sum and sum of squares of integers from 0 to 2^53 - 1, exact whatever their number, so that the mean and the
 * deviation do not depend on the order of the samples.
 */
export class ExactMoments {
  count = 0;

  // Sums of limbs and of their products, by weight; folded into the exact sums before they could round.
  #high = 0;
  #middle = 0;
  #low = 0;
  #highHigh = 0;
  #highMiddle = 0;
  #highLow = 0;
  #middleMiddle = 0;
  #middleLow = 0;
  #lowLow = 0;
  #sinceFold = 0;
  #sum = 0n;
  #sumOfSquares = 0n;

  add(value: number): void {
    const high = Math.floor(value / LIMB_SQUARED);
    const rest = value - high * LIMB_SQUARED;
    const middle = Math.floor(rest / LIMB);
    const low = rest - middle * LIMB;
    this.#high += high;
    this.#middle += middle;
    this.#low += low;
    this.#highHigh += high * high;
    this.#highMiddle += high * middle;
    this.#highLow += high * low;
    this.#middleMiddle += middle * middle;
    this.#middleLow += middle * low;
    this.#lowLow += low * low;
    this.count++;
    if (++this.#sinceFold === ADDS_PER_FOLD) this.#fold();
  }

  /** Sum of the values. */
  get sum(): bigint {
    this.#fold();
    return this.#sum;
  }

  /** Sum of the values' squares. */
  get sumOfSquares(): bigint {
    this.#fold();
    return this.#sumOfSquares;
  }

  /** The mean, rounded to an integer, half to even; undefined without values. */
  mean(): bigint | undefined {
    return this.count === 0 ? undefined : divideHalfEven(this.sum, BigInt(this.count));
  }

  /** The population's standard deviation, rounded to an integer, half to even; undefined without values. */
  deviation(): bigint | undefined {
    if (this.count === 0) return undefined;
    const n = BigInt(this.count);
    // The variance is spread / n^2, without rounding.
    const spread = n * this.sumOfSquares - this.sum * this.sum;
    const floor = squareRoot(spread / (n * n));
    // Compares the deviation with floor + 1/2, both doubled and squared.
    const twice = 2n * floor + 1n;
    const above = 4n * spread - n * n * twice * twice;
    return above > 0n || (above === 0n && floor % 2n === 1n) ? floor + 1n : floor;
  }

  #fold(): void {
    this.#sum += (BigInt(this.#high) << 36n) + (BigInt(this.#middle) << 18n) + BigInt(this.#low);
    this.#sumOfSquares +=
      (BigInt(this.#highHigh) << 72n) +
      (BigInt(this.#highMiddle) << 55n) +
      (BigInt(this.#highLow) << 37n) +
      (BigInt(this.#middleMiddle) << 36n) +
      (BigInt(this.#middleLow) << 19n) +
      BigInt(this.#lowLow);
    this.#high = this.#middle = this.#low = 0;
    this.#highHigh = this.#highMiddle = this.#highLow = 0;
    this.#middleMiddle = this.#middleLow = this.#lowLow = 0;
    this.#sinceFold = 0;
  }
}

/** The quotient of two integers (dividend at least 0, divisor above 0), rounded to the nearest, half to even. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const floor = dividend / divisor;
  const twice = 2n * (dividend % divisor);
  if (twice < divisor) return floor;
  if (twice > divisor) return floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
}

/** The largest integer whose square is at most `value`, by Newton's method from above. */
export function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
