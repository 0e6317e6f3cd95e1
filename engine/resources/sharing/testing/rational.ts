/** An exact fraction in lowest terms, with a positive denominator: for references that may not round. */
export interface Rational {
  over: bigint;
  under: bigint;
}

export function rational(over: bigint | number, under: bigint | number = 1): Rational {
  const [a, b] = [BigInt(over), BigInt(under)];
  const divisor = greatestCommonDivisor(a < 0n ? -a : a, b);
  return { over: a / divisor, under: b / divisor };
}

export function plus(a: Rational, b: Rational): Rational {
  return rational(a.over * b.under + b.over * a.under, a.under * b.under);
}

export function minus(a: Rational, b: Rational): Rational {
  return rational(a.over * b.under - b.over * a.under, a.under * b.under);
}

export function times(a: Rational, b: Rational): Rational {
  return rational(a.over * b.over, a.under * b.under);
}

/** The quotient; the divisor must be positive. */
export function over(a: Rational, b: Rational): Rational {
  return rational(a.over * b.under, a.under * b.over);
}

export function isBelow(a: Rational, b: Rational): boolean {
  return a.over * b.under < b.over * a.under;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b > 0n) [a, b] = [b, a % b];
  return a;
}
