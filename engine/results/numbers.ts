import { divideHalfEven } from "../statistics/exact-moments.ts";
import type { Ns } from "../time.ts";

const NS_PER_SECOND_TIMES_MICRO = 1_000_000_000_000_000n;

/**
 * The decimal text of `value` / 10^decimals, from its digits: exact, trailing zeros cut, never an exponent. A number must
 * be a safe integer.
 */
export function formatScaled(value: number | bigint, decimals: number): string {
  const sign = value < 0 ? "-" : "";
  const digits = String(value < 0 ? -value : value).padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  let end = digits.length;
  while (end > point && digits.charCodeAt(end - 1) === ZERO) end--;
  const whole = sign + digits.slice(0, point);
  return end === point ? whole : `${whole}.${digits.slice(point, end)}`;
}

const ZERO = "0".charCodeAt(0);

/** Nanoseconds as milliseconds: up to 6 decimals, exact. */
export function formatMs(ns: Ns | bigint): string {
  return formatScaled(ns, 6);
}

/** Nanoseconds as seconds: up to 9 decimals, exact. */
export function formatSeconds(ns: Ns): string {
  return formatScaled(ns, 9);
}

/** How many a second are `count` (a whole number, at least 0) in `spanNs`: up to 6 decimals, half to even. */
export function formatPerSecond(count: number, spanNs: Ns): string {
  if (count === 0) return "0";
  return formatScaled(divideHalfEven(BigInt(count) * NS_PER_SECOND_TIMES_MICRO, BigInt(spanNs)), 6);
}
