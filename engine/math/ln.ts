import { highWord, withHighWord } from "./words.ts";

/*
 * Source: FreeBSD lib/msun/src/e_log.c, ported. Its notice:
 *
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 *
 * Developed at SunSoft, a Sun Microsystems, Inc. business.
 * Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice
 * is preserved.
 */

/** ln 2 in two parts: the first times an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const TWO_54 = 18014398509481984;

/** Minimax coefficients of (ln(1 + f) - 2s) / s in even powers of s = f / (2 + f). */
const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;

/**
 * The natural logarithm, in + - * / alone, so that every engine gives the same bits; error below one unit in the last
 * place. -Infinity for 0, NaN below.
 */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let exponent = 0;
  let high = highWord(x);
  if (high < 0x00100000) {
    exponent = -54;
    x *= TWO_54;
    high = highWord(x);
  }
  exponent += (high >> 20) - 1023;
  high &= 0x000fffff;
  // x = 2^exponent (1 + f) with 1 + f between sqrt(1/2) and sqrt(2).
  const carry = (high + 0x95f64) & 0x100000;
  exponent += carry >> 20;
  const f = withHighWord(x, high | (carry ^ 0x3ff00000)) - 1;

  if ((0x000fffff & (2 + high)) < 3) {
    // |f| < 2^-20: three terms of the series do.
    if (f === 0) return exponent === 0 ? 0 : exponent * LN2_HIGH + exponent * LN2_LOW;
    const r = f * f * (0.5 - 0.3333333333333333 * f);
    return exponent === 0 ? f - r : exponent * LN2_HIGH - (r - exponent * LN2_LOW - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (L2 + w * (L4 + w * L6));
  const odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
  const r = odd + even;
  if (((high - 0x6147a) | (0x6b851 - high)) > 0) {
    const half = 0.5 * f * f;
    if (exponent === 0) return f - (half - s * (half + r));
    return exponent * LN2_HIGH - (half - (s * (half + r) + exponent * LN2_LOW) - f);
  }
  if (exponent === 0) return f - s * (f - r);
  return exponent * LN2_HIGH - (s * (f - r) - exponent * LN2_LOW - f);
}
