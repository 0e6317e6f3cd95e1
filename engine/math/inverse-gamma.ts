import { exp } from "./exp.ts";
import { inverseNormal } from "./inverse-normal.ts";
import { ln } from "./ln.ts";
import { logGamma } from "./log-gamma.ts";

const STEPS_MOST = 100;
const EPSILON = 1.1102230246251565e-16;
/** Stands for 0 in the denominators of the continued fraction. */
const TINY = 1e-300;

/**
 * The value below which a gamma variable of shape `a` and scale 1 falls with probability p (0 for 0, Infinity for 1):
 * Halley's method on the regularised incomplete gamma function, kept between bounds, so that it always ends. Relative
 * error below 1e-11 for `a` from 0.001 to 1e5; beyond, error and time grow with the square root of `a` and more.
 * `logGammaOfA` is logGamma(a), which callers keep.
 */
export function inverseGamma(a: number, p: number, logGammaOfA = logGamma(a)): number {
  if (!(p > 0)) return 0;
  if (p >= 1) return Infinity;
  const q = 1 - p;
  // The smaller tail is computed, and compared, without cancellation.
  const useUpper = p > 0.5;
  let x = firstGuess(a, p, q, logGammaOfA);
  if (x < EPSILON) return x; // there the guess is exact: P(a, x) is x^a / gamma(a + 1)
  let low = 0;
  let high = Infinity;
  for (let step = 0; step < STEPS_MOST; step++) {
    const tail = incompleteGamma(a, x, logGammaOfA, useUpper);
    const error = useUpper ? q - tail : tail - p;
    if (error === 0) return x;
    if (error < 0) low = x;
    else high = x;
    const density = exp((a - 1) * ln(x) - x - logGammaOfA);
    const newton = error / density;
    const bend = 1 - 0.5 * newton * ((a - 1) / x - 1);
    let next = x - newton / (bend > 0.5 ? bend : 0.5);
    if (!(next > low && next < high)) next = high === Infinity ? x * 2 : (low + high) / 2;
    const change = next > x ? next - x : x - next;
    x = next;
    if (change <= 1e-13 * x) break;
  }
  return x;
}

function firstGuess(a: number, p: number, q: number, logGammaOfA: number): number {
  if (a > 1) {
    // Wilson and Hilferty: the cube root of a gamma variable is nearly normal.
    const root = 1 - 1 / (9 * a) + inverseNormal(p) / (3 * Math.sqrt(a));
    if (root > 0.2) return a * root * root * root;
  }
  const small = exp((ln(p) + ln(a) + logGammaOfA) / a);
  if (small < 0.5) return small;
  const large = -(ln(q) + logGammaOfA);
  return large > 0.5 ? large : 0.5;
}

/**
 * The regularised incomplete gamma function for a > 0 and x > 0: the lower one, P(a, x), or the upper one, Q(a, x) = 1 - P.
 * By the series below a + 1, by the continued fraction above (NIST Digital Library of Mathematical Functions, 8.7.1 and
 * 8.9.2).
 */
export function incompleteGamma(a: number, x: number, logGammaOfA: number, isUpper: boolean): number {
  const factor = exp(a * ln(x) - x - logGammaOfA);
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = a + 1; term > sum * EPSILON; n++) {
      term *= x / n;
      sum += term;
    }
    return isUpper ? 1 - factor * sum : factor * sum;
  }
  // Lentz's method.
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; ; n++) {
    const numerator = n * (a - n);
    b += 2;
    d = numerator * d + b;
    if (d < TINY && d > -TINY) d = TINY;
    c = b + numerator / c;
    if (c < TINY && c > -TINY) c = TINY;
    d = 1 / d;
    const change = d * c;
    fraction *= change;
    if (change - 1 <= 2 * EPSILON && change - 1 >= -2 * EPSILON) break;
  }
  return isUpper ? factor * fraction : 1 - factor * fraction;
}
