import { NS_PER_SECOND, type Ns } from "../../time.ts";

/*
 * Rates are integers in units of 2^-96 bytes a second, and service in units of 2^-96 bytes x 1e-9. Service is then rate x
 * time without rounding, and sums of rates are exact. The one thing that is rounded, down, is a share (a division): by less
 * than 2^-96 bytes a second, which moves no event by a nanosecond within the 104 days of the clock unless a rate is below
 * 1e-11 bytes a second.
 */
const FRACTION_BITS = 96n;
/** Bits after the point of a float64 of 1 or more. */
const FLOAT_BITS = 52;

/** Bits after the point of a time that is not rounded to nanoseconds yet. */
const FINE_BITS = 20n;
const FINE_MASK = (1n << FINE_BITS) - 1n;
const FINE_HALF = 2 ** 19;

/** One byte of service. */
export const BYTE = BigInt(NS_PER_SECOND) << FRACTION_BITS;

/** The rate of a flow that nothing limits: it is done within the nanosecond, whatever its bytes. */
export const UNLIMITED_RATE = 1n << 300n;
/** The capacity of a link that limits nobody: above any sum of rates. */
const UNLIMITED_CAPACITY = 1n << 400n;

/** Differences of rates up to 2^-70 bytes a second come from rounding shares down and count as none. */
export const NOISE = 1n << 26n;
/** What the filling adds to a link that others use already, so that rounding never makes it a bottleneck. */
export const ALLOWANCE = 1n << 25n;

/** Bytes a second as an integer; Infinity is no limit. Throws RangeError unless from 0 to 2^53, or Infinity. */
export function toCapacity(bytesPerSecond: number): bigint {
  return bytesPerSecond === Infinity ? UNLIMITED_CAPACITY : toFixed(bytesPerSecond);
}

/** The limit of a flow, by unit of weight. */
export function toRateOfWeight(bytesPerSecond: number, weight: number): bigint {
  return bytesPerSecond === Infinity ? UNLIMITED_RATE : toFixed(bytesPerSecond) / BigInt(weight);
}

/** Back to bytes a second, to the precision of a float64; Infinity where nothing limits. */
export function toBytesPerSecond(rate: bigint): number {
  return rate >= UNLIMITED_RATE ? Infinity : Number(rate) / Number(1n << FRACTION_BITS);
}

/** The quotient rounded up; dividend at least 0. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

/**
 * The instant at which an amount of service is given from `now` on at a rate above 0, to the nearest nanosecond, ties to
 * even. It is taken to a millionth of a nanosecond first, so that what a share lost in rounding does not decide ties; and
 * as an instant, not a delay, so that it is the same whenever it is computed.
 */
export function instantOf(now: Ns, service: bigint, rate: bigint): Ns {
  const fine = ((service << FINE_BITS) + (rate >> 1n)) / rate;
  const whole = now + Number(fine >> FINE_BITS);
  const part = Number(fine & FINE_MASK);
  if (part < FINE_HALF) return whole;
  return part > FINE_HALF || whole % 2 === 1 ? whole + 1 : whole;
}

function toFixed(bytesPerSecond: number): bigint {
  if (!(bytesPerSecond >= 0 && bytesPerSecond <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`a rate of ${bytesPerSecond} bytes a second; allowed: from 0 to 2^53 - 1, or Infinity`);
  }
  const whole = Math.floor(bytesPerSecond);
  const part = BigInt(Math.floor((bytesPerSecond - whole) * 2 ** FLOAT_BITS));
  return (BigInt(whole) << FRACTION_BITS) + (part << (FRACTION_BITS - BigInt(FLOAT_BITS)));
}
