/*
 * Source: FreeBSD lib/msun/src/k_sin.c and k_cos.c, ported. Their notice:
 *
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 *
 * Developed at SunSoft, a Sun Microsystems, Inc. business.
 * Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice
 * is preserved.
 */

const TWO_PI = 2 * Math.PI;

const S1 = -0.16666666666666632;
const S2 = 0.00833333333332249;
const S3 = -0.0001984126982985795;
const S4 = 2.7557313707070068e-6;
const S5 = -2.5050760253406863e-8;
const S6 = 1.58969099521155e-10;

const C1 = 0.0416666666666666;
const C2 = -0.001388888888887411;
const C3 = 2.480158728947673e-5;
const C4 = -2.7557314351390663e-7;
const C5 = 2.087572321298175e-9;
const C6 = -1.1359647557788195e-11;

/**
 * The sine of an angle given in whole turns: sin(2 pi turns), in + - * / alone. Turns reduce exactly, where radians
 * would not, so a sine wave does not drift; absolute error below 3e-16.
 */
export function sinOfTurn(turns: number): number {
  return ofQuarters(turns, 0);
}

/** The cosine of an angle given in whole turns: cos(2 pi turns). As exact as `sinOfTurn`. */
export function cosOfTurn(turns: number): number {
  return ofQuarters(turns, 1);
}

/** The sine of an angle, a number of quarter turns further on. */
function ofQuarters(turns: number, quartersOn: number): number {
  const rest = turns - Math.floor(turns);
  const quarter = Math.floor(rest * 4 + 0.5);
  const angle = (rest - quarter / 4) * TWO_PI;
  switch ((quarter + quartersOn) % 4) {
    case 0:
      return sinNearZero(angle);
    case 1:
      return cosNearZero(angle);
    case 2:
      return -sinNearZero(angle);
    default:
      return -cosNearZero(angle);
  }
}

/** The sine of an angle in radians, at most pi / 4 either way. */
function sinNearZero(x: number): number {
  const z = x * x;
  const w = z * z;
  const r = S2 + z * (S3 + z * S4) + z * w * (S5 + z * S6);
  return x + z * x * (S1 + z * r);
}

/** The cosine of an angle in radians, at most pi / 4 either way. */
function cosNearZero(x: number): number {
  const z = x * x;
  const square = z * z;
  const r = z * (C1 + z * (C2 + z * C3)) + square * square * (C4 + z * (C5 + z * C6));
  const half = 0.5 * z;
  const w = 1 - half;
  return w + (1 - w - half + z * r);
}
