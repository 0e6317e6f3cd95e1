import { highWord, powerOfTwo, withHighWord, withoutLowWord } from "./words.ts";

/*
 * Source: FreeBSD lib/msun/src/e_pow.c, ported. Its notice:
 *
 * Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
 *
 * Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice
 * is preserved.
 */

const TWO_53 = 9007199254740992;

/** log2(1.5) in two parts. */
const LOG2_ONE_AND_HALF_HIGH = 0.5849624872207642;
const LOG2_ONE_AND_HALF_LOW = 1.350039202129749e-8;

/** Coefficients of (3/2) (ln x - 2s - 2/3 s^3) in powers of s. */
const L1 = 0.5999999999999946;
const L2 = 0.4285714285785502;
const L3 = 0.33333332981837743;
const L4 = 0.272728123808534;
const L5 = 0.23066074577556175;
const L6 = 0.20697501780033842;

/** Coefficients of e^r, as in exp. */
const P1 = 0.16666666666666602;
const P2 = -0.0027777777777015593;
const P3 = 6.613756321437934e-5;
const P4 = -1.6533902205465252e-6;
const P5 = 4.1381367970572385e-8;

/** ln 2 in two parts. */
const LN2_HIGH = 0.6931471824645996;
const LN2_LOW = -1.904654299957768e-9;
/** 2 / (3 ln 2), whole and in two parts. */
const CP = 0.9617966939259756;
const CP_HIGH = 0.9617967009544373;
const CP_LOW = -7.028461650952758e-9;
/** 1 / ln 2 in two parts. */
const LOG2_E_HIGH = 1.4426950216293335;
const LOG2_E_LOW = 1.9259629911266175e-8;
/** How far below 1024 the exponent must stay: -(1024 - log2(largest + half a unit in the last place)). */
const OVERFLOW_MARGIN = 8.008566259537294e-17;

/** A number as the sum of two, the first with few enough bits that its products are exact. Never kept between calls. */
const logarithm = { high: 0, low: 0 };

/**
 * x to the power of y, in + - * / (and the square root for y = 0.5) alone, so that every engine gives the same bits;
 * error below one unit in the last place. Special values are those of ECMAScript's own power function: 1 for y = 0,
 * NaN for a NaN exponent, for a base of 1 or -1 with an infinite one, and for a negative base with a fraction.
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (x !== x || y !== y) return NaN;
  const size = x < 0 ? -x : x;
  if (y === Infinity || y === -Infinity) {
    if (size === 1) return NaN;
    return size > 1 === y > 0 ? Infinity : 0;
  }
  if (y === 1) return x;
  if (y === -1) return 1 / x;
  if (y === 2) return x * x;
  if (y === 0.5 && x >= 0) return Math.sqrt(x + 0);

  const isNegative = highWord(x) < 0;
  const whole = Math.floor(y) === y;
  const isOdd = whole && Math.floor(y / 2) * 2 !== y;
  const sign = isNegative && isOdd ? -1 : 1;
  if (size === 0 || size === Infinity) return sign * ((size === 0) === y > 0 ? 0 : Infinity);
  if (isNegative && !whole) return NaN;
  if (size === 1) return sign;
  return sign * powerOfPositive(size, y);
}

/** x^y for finite x > 0 other than 1 and finite y other than 0: 2^(y log2 x), the product in two parts. */
function powerOfPositive(x: number, y: number): number {
  const high = highWord(x);
  const exponent = highWord(y) & 0x7fffffff;
  if (exponent > 0x41e00000) {
    // |y| > 2^31: only a base next to 1 stays in range.
    if (exponent > 0x43f00000 || high < 0x3fefffff || high > 0x3ff00000) return x > 1 === y > 0 ? Infinity : 0;
    splitLogarithmNearOne(x);
  } else splitLogarithm(x, high);

  const yHigh = withoutLowWord(y);
  const low = (y - yHigh) * logarithm.high + y * logarithm.low;
  const product = yHigh * logarithm.high;
  const sum = low + product;
  if (sum >= 1024) {
    if (sum > 1024 || low + OVERFLOW_MARGIN > sum - product) return Infinity;
  } else if (sum <= -1075) {
    if (sum < -1075 || low <= sum - product) return 0;
  }
  return powerOfSplit(product, low, sum);
}

/** log2 x for x within 2^-20 of 1, from four terms of the series. */
function splitLogarithmNearOne(x: number): void {
  const t = x - 1;
  const w = t * t * (0.5 - t * (0.3333333333333333 - t * 0.25));
  const u = LOG2_E_HIGH * t;
  const v = t * LOG2_E_LOW - w * Math.LOG2E;
  logarithm.high = withoutLowWord(u + v);
  logarithm.low = v - (logarithm.high - u);
}

/** log2 x, from (x - 1) / (x + 1) or (x - 1.5) / (x + 1.5), whichever is smaller. */
function splitLogarithm(x: number, high: number): void {
  let exponent = 0;
  if (high < 0x00100000) {
    x *= TWO_53;
    exponent = -53;
    high = highWord(x);
  }
  exponent += (high >> 20) - 1023;
  const significand = high & 0x000fffff;
  high = significand | 0x3ff00000;
  let isNearOneAndHalf = false;
  if (significand > 0x3988e) {
    if (significand < 0xbb67a) isNearOneAndHalf = true;
    else {
      exponent++;
      high -= 0x00100000;
    }
  }
  x = withHighWord(x, high);

  const centre = isNearOneAndHalf ? 1.5 : 1;
  const u = x - centre;
  const v = 1 / (x + centre);
  const s = u * v;
  const sHigh = withoutLowWord(s);
  let tHigh = withHighWord(0, ((high >> 1) | 0x20000000) + 0x00080000 + (isNearOneAndHalf ? 0x40000 : 0));
  let tLow = x - (tHigh - centre);
  const sLow = v * (u - sHigh * tHigh - sHigh * tLow);

  let square = s * s;
  let r = square * square * (L1 + square * (L2 + square * (L3 + square * (L4 + square * (L5 + square * L6)))));
  r += sLow * (sHigh + s);
  square = sHigh * sHigh;
  tHigh = withoutLowWord(3 + square + r);
  tLow = r - (tHigh - 3 - square);

  const p = sHigh * tHigh;
  const q = sLow * tHigh + tLow * s;
  const sumHigh = withoutLowWord(p + q);
  const sumLow = q - (sumHigh - p);
  const zHigh = CP_HIGH * sumHigh;
  const zLow = CP_LOW * sumHigh + sumLow * CP + (isNearOneAndHalf ? LOG2_ONE_AND_HALF_LOW : 0);
  const offset = isNearOneAndHalf ? LOG2_ONE_AND_HALF_HIGH : 0;
  logarithm.high = withoutLowWord(zHigh + zLow + offset + exponent);
  logarithm.low = zLow - (logarithm.high - exponent - offset - zHigh);
}

/** 2^(high + low), whose rounded sum is `sum`. */
function powerOfSplit(high: number, low: number, sum: number): number {
  let n = 0;
  if (sum > 0.5 || sum < -0.5) {
    n = Math.floor((sum < 0 ? -sum : sum) + 0.5);
    if (sum < 0) n = -n;
    high -= n;
  }
  const t = withoutLowWord(low + high);
  const u = t * LN2_HIGH;
  const v = (low - (t - high)) * Math.LN2 + t * LN2_LOW;
  const z = u + v;
  const w = v - (z - u);
  const square = z * z;
  const c = z - square * (P1 + square * (P2 + square * (P3 + square * (P4 + square * P5))));
  const r = (z * c) / (c - 2) - (w + z * w);
  return scale(1 - (r - z), n);
}

/** x 2^n for x between 1/2 and 2, rounded once where the result is subnormal. */
function scale(x: number, n: number): number {
  if (n > 1023) return x * 2 * powerOfTwo(1023);
  if (n >= -1022) return x * powerOfTwo(n);
  return x * powerOfTwo(n + 1000) * powerOfTwo(-1000);
}
