import { exp, inverseGamma, inverseNormal, ln, logGamma } from "../math/index.ts";
import type { Distribution } from "../scenario/distribution.ts";
import { END_OF_TIME, roundNs } from "../time.ts";
import type { RandomStream } from "./streams.ts";

export type { Distribution } from "../scenario/distribution.ts";

/**
 * A function that draws from the distribution: whole nanoseconds or bytes, rounded half to even, from 0 to 2^53 - 1 (where
 * a tail without end is cut off). Every draw takes exactly one uniform number, and none for `fixed`, by inversion: streams
 * stay aligned between settings that are compared, and a larger uniform number never gives a smaller draw.
 */
export function sampler(distribution: Distribution, stream: RandomStream): () => number {
  if (distribution.type === "fixed") {
    const value = whole(distribution.value);
    return () => value;
  }
  const quantile = quantileOf(distribution);
  return () => whole(quantile(stream.uniform()));
}

/**
 * The value below which a draw falls with probability u, from 0 (included) to 1 (excluded), before rounding. The
 * distributions with a mean are 0 where it is 0.
 */
export function quantileOf(distribution: Distribution): (u: number) => number {
  switch (distribution.type) {
    case "fixed":
      return () => distribution.value;
    case "uniform": {
      const { min, max } = distribution;
      return (u) => min + u * (max - min);
    }
    case "exponential": {
      const { mean } = distribution;
      return (u) => -mean * ln(1 - u);
    }
    case "lognormal":
      return lognormal(distribution.mean, distribution.cv);
    case "weibull":
      return weibull(distribution);
    case "pareto":
      return pareto(distribution.alpha, distribution.min, distribution.max ?? Infinity);
    case "gamma":
      return gamma(distribution.shape, distribution.mean);
    case "erlang":
      return gamma(distribution.k, distribution.mean);
    case "empirical":
      return empirical(distribution.values);
  }
}

/** With m and s the mean and deviation of the logarithm: mean = exp(m + s^2 / 2), cv^2 = exp(s^2) - 1. */
function lognormal(mean: number, cv: number): (u: number) => number {
  if (cv === 0) return () => mean;
  const variance = ln(1 + cv * cv);
  const deviation = Math.sqrt(variance);
  const centre = ln(mean) - variance / 2;
  return (u) => exp(centre + deviation * inverseNormal(u));
}

/** scale (-ln(1 - u))^(1 / shape), by way of logarithms because the scale can underflow; mean = scale gamma(1 + 1 / shape). */
function weibull(distribution: { shape: number; scale?: number; mean?: number }): (u: number) => number {
  const { shape, scale, mean } = distribution;
  if (scale === undefined && mean === undefined) throw new RangeError("a weibull distribution needs a scale or a mean");
  const lnScale = scale !== undefined ? ln(scale) : ln(mean!) - logGamma(1 + 1 / shape);
  return (u) => exp(lnScale + ln(-ln(1 - u)) / shape);
}

/** With a maximum the distribution between min and max, scaled up to 1, not the unbounded one with its tail cut off. */
function pareto(alpha: number, min: number, max: number): (u: number) => number {
  if (min === 0) return () => 0;
  const share = 1 - exp(alpha * (ln(min) - ln(max)));
  const lnMin = ln(min);
  return (u) => {
    const value = exp(lnMin - ln(1 - u * share) / alpha);
    return value < min ? min : value > max ? max : value;
  };
}

function gamma(shape: number, mean: number): (u: number) => number {
  const scale = mean / shape;
  const logGammaOfShape = logGamma(shape);
  return (u) => scale * inverseGamma(shape, u, logGammaOfShape);
}

function empirical(values: readonly number[]): (u: number) => number {
  const ascending = Float64Array.from(values).toSorted();
  if (ascending.length === 0) throw new RangeError("an empirical distribution needs at least one value");
  return (u) => ascending[Math.floor(u * ascending.length)];
}

function whole(value: number): number {
  return value < END_OF_TIME ? roundNs(value) : END_OF_TIME;
}
