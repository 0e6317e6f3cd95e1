import { exp, inverseNormal, ln } from "../math/index.ts";

/** Relative change at which Newton's method and the continued fraction have ended. */
const PRECISION = 1e-15;
const MOST_STEPS = 100;
/** From here on the series of the gamma functions' ratio is exact to the last bits. */
const SERIES_FROM = 24;

/**
 * The value below which a variable of Student's t distribution with so many degrees of freedom (above 0, whole or not)
 * falls with probability p. Relative error below 1e-11 from 1 degree of freedom on. Throws RangeError outside 0 < p < 1.
 */
export function tQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a probability of ${p}; allowed: above 0 and below 1`);
  if (!(degrees > 0)) throw new RangeError(`${degrees} degrees of freedom; allowed: above 0`);
  if (p === 0.5) return 0;
  if (degrees === Infinity) return inverseNormal(p);
  return p < 0.5 ? -upper(p, degrees) : upper(1 - p, degrees);
}

/** The t > 0 above which the distribution has this much, below one half: Newton's method, held between bounds. */
function upper(tail: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (tailOf(high, degrees) > tail) {
    low = high;
    high *= 2;
  }
  let t = Math.min(Math.max(-inverseNormal(tail), low), high);
  for (let step = 0; step < MOST_STEPS; step++) {
    const excess = tailOf(t, degrees) - tail;
    if (excess > 0) low = t;
    else high = t;
    let next = t + excess / density(t, degrees);
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    if (Math.abs(next - t) <= PRECISION * t) return next;
    t = next;
  }
  return t;
}

/** The probability of a value above t >= 0: half the regularized incomplete beta function at n / (n + t^2). */
function tailOf(t: number, degrees: number): number {
  const a = degrees / 2;
  const square = t * t;
  const x = degrees / (degrees + square);
  const y = square / (degrees + square);
  // Both arguments beside the power: x^a sqrt(y) / (a B(a, 1/2)), and the same for y.
  const front = exp(a * lnOfRatio(degrees, square)) * Math.sqrt(y) * inverseBeta(a);
  if (x < (a + 1) / (a + 2.5)) return (front * continuedFraction(a, 0.5, x)) / (2 * a);
  return 0.5 - front * continuedFraction(0.5, a, y);
}

/** ln(n / (n + s)), without cancellation where s is small. */
function lnOfRatio(n: number, s: number): number {
  const z = s / n;
  const sum = 1 + z;
  // The rounding of 1 + z is made good to first order.
  return -(ln(sum) + (z - (sum - 1)) / sum);
}

function density(t: number, degrees: number): number {
  const power = exp(((degrees + 1) / 2) * lnOfRatio(degrees, t * t));
  return (power * inverseBeta(degrees / 2)) / Math.sqrt(degrees);
}

/** 1 / B(a, 1/2): the ratio of the gamma functions of a + 1/2 and a, over the square root of pi. */
function inverseBeta(a: number): number {
  let factor = 1;
  let x = a;
  // G(x + 1/2) / G(x) = (G(x + 3/2) / G(x + 1)) x / (x + 1/2).
  while (x < SERIES_FROM) {
    factor *= x / (x + 0.5);
    x += 1;
  }
  const y = 1 / (x * x);
  // Source: NIST Digital Library of Mathematical Functions, 5.11.13, as the logarithm's series.
  const series = (-1 / 8 + y * (1 / 192 + y * (-1 / 640 + y * (17 / 14336 - y * (31 / 18432))))) / x;
  return factor * Math.sqrt(x / Math.PI) * exp(series);
}

/**
 * The continued fraction of the incomplete beta function, by Lentz's method.
 * Source: NIST Digital Library of Mathematical Functions, 8.17.22.
 */
function continuedFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; ; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < PRECISION) return fraction;
  }
}
