import { highWord, powerOfTwo } from "./words.ts";

/*
 * Source: FreeBSD lib/msun/src/e_exp.c, ported. Its notice:
 *
 * Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
 *
 * Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice
 * is preserved.
 */

const OVERFLOW = 709.782712893384;
const UNDERFLOW = -745.1332191019411;
/** ln 2 in two parts: the first times an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const TWO_TO_MINUS_1000 = 9.332636185032189e-302;

/** Minimax coefficients of r (e^r + 1) / (e^r - 1) - 2 in even powers of r. */
const P1 = 0.16666666666666602;
const P2 = -0.0027777777777015593;
const P3 = 6.613756321437934e-5;
const P4 = -1.6533902205465252e-6;
const P5 = 4.1381367970572385e-8;

/**
 * e^x, in + - * / alone, so that every engine gives the same bits; error below one unit in the last place. Infinity
 * above 709.78, 0 below -745.13.
 */
export function exp(x: number): number {
  if (x !== x) return x;
  if (x > OVERFLOW) return Infinity;
  if (x < UNDERFLOW) return 0;
  const magnitude = highWord(x) & 0x7fffffff;
  if (magnitude < 0x3e300000) return 1 + x; // |x| < 2^-28

  let exponent = 0;
  let high = x;
  let low = 0;
  if (magnitude > 0x3fd62e42) {
    // |x| > ln 2 / 2: x = exponent ln 2 + (high - low).
    if (magnitude < 0x3ff0a2b2) exponent = x < 0 ? -1 : 1;
    else exponent = (Math.LOG2E * x + (x < 0 ? -0.5 : 0.5)) | 0;
    high = x - exponent * LN2_HIGH;
    low = exponent * LN2_LOW;
  }
  const r = high - low;
  const t = r * r;
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
  if (exponent === 0) return 1 - ((r * c) / (c - 2) - r);
  const y = 1 - (low - (r * c) / (2 - c) - high);
  // At the ends of the range 2^exponent itself is no normal number.
  if (exponent === 1024) return y * 2 * powerOfTwo(1023);
  if (exponent >= -1021) return y * powerOfTwo(exponent);
  return y * powerOfTwo(exponent + 1000) * TWO_TO_MINUS_1000;
}
