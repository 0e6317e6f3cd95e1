/** A non-negative decimal number, exact: digits / 10^scale, with scale at least 0. */
export interface Decimal {
  digits: bigint;
  scale: number;
}

/** Exponents beyond this are refused: no unit of ours gives them a meaning, and the digits would fill the memory. */
const LARGEST_EXPONENT = 400;

/**
 * Reads `12`, `1.5`, `.5`, `2.` or `1e-7`; undefined for any other text, a sign included. Trailing zeros of the fraction
 * are dropped.
 */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /^([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const whole = match[1];
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  if (whole === "" && (match[2] ?? "") === "") return undefined;
  const exponent = Number(match[3] ?? "0");
  if (exponent > LARGEST_EXPONENT || exponent < -LARGEST_EXPONENT) return undefined;
  const digits = BigInt(whole + fraction);
  const scale = fraction.length - exponent;
  return scale >= 0 ? { digits, scale } : { digits: digits * tenTo(-scale), scale: 0 };
}

/** 10^exponent, for exponents of at least 0. */
export function tenTo(exponent: number): bigint {
  return BigInt(`1${"0".repeat(exponent)}`);
}

/** a / b, rounded up; both at least 0. */
export function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

/** a / b, rounded to the nearest integer, ties to even; both at least 0. */
export function roundHalfEven(a: bigint, b: bigint): bigint {
  const floor = a / b;
  const twice = (a % b) * 2n;
  if (twice < b) return floor;
  if (twice > b) return floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
}
