import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { END_OF_TIME } from "../time.ts";
import { quantileOf, sampler, type Distribution } from "./distributions.ts";
import { RandomStreams, type RandomStream } from "./streams.ts";

const DRAWS = 40_000;
const MS = 1_000_000;

/** A stream that always gives the same number. */
function constantly(u: number): RandomStream {
  return { name: "constant", uniform: () => u, below: (n) => Math.floor(u * n) };
}

function draws(distribution: Distribution, count = DRAWS): number[] {
  const draw = sampler(distribution, new RandomStreams(7).get("draws"));
  return Array.from({ length: count }, draw);
}

function moments(values: number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, variance: values.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / values.length };
}

interface Case {
  name: string;
  distribution: Distribution;
  mean: number;
  variance: number;
  /** Points of the distribution function: value, and the probability of a draw at or below it. */
  points: Array<[number, number]>;
}

const mean = 10 * MS;
const square = mean * mean;
const cases: Case[] = [
  {
    name: "uniform from 5 ms to 15 ms",
    distribution: { type: "uniform", min: 5 * MS, max: 15 * MS },
    mean,
    variance: square / 12, // (max - min)^2 / 12
    points: [
      [6 * MS, 0.1],
      [12.5 * MS, 0.75],
    ],
  },
  {
    name: "exponential",
    distribution: { type: "exponential", mean },
    mean,
    variance: square,
    points: [
      [mean * Math.LN2, 0.5],
      [3 * mean, 1 - Math.exp(-3)],
    ],
  },
  {
    name: "lognormal of cv 1",
    distribution: { type: "lognormal", mean, cv: 1 },
    mean,
    variance: square, // (cv mean)^2
    points: [
      [mean / Math.SQRT2, 0.5], // median: mean / sqrt(1 + cv^2)
      [(mean / Math.SQRT2) * Math.exp(1.2815515655446004 * Math.sqrt(Math.LN2)), 0.9],
    ],
  },
  {
    name: "weibull of shape 2 with a mean",
    distribution: { type: "weibull", shape: 2, mean },
    mean,
    variance: square * (4 / Math.PI - 1), // gamma(2) / gamma(3/2)^2 - 1, and gamma(3/2) = sqrt(pi) / 2
    points: [[mean * Math.sqrt((4 / Math.PI) * Math.LN2), 0.5]],
  },
  {
    name: "weibull of shape 0.5 with a scale",
    distribution: { type: "weibull", shape: 0.5, scale: mean },
    mean: 2 * mean, // gamma(3)
    variance: 20 * square, // gamma(5) - gamma(3)^2 = 24 - 4
    points: [
      [mean, 1 - Math.exp(-1)],
      [4 * mean, 1 - Math.exp(-2)],
    ],
  },
  {
    name: "pareto of alpha 5",
    distribution: { type: "pareto", alpha: 5, min: 8 * MS },
    mean, // alpha min / (alpha - 1)
    variance: (64 * MS * MS * 5) / 48, // min^2 alpha / ((alpha - 1)^2 (alpha - 2))
    points: [[16 * MS, 1 - 1 / 32]],
  },
  {
    name: "pareto of alpha 1 between 1 ms and 2 ms",
    distribution: { type: "pareto", alpha: 1, min: MS, max: 2 * MS },
    mean: 2 * MS * Math.LN2, // density 2 / x^2
    variance: (2 - 4 * Math.LN2 * Math.LN2) * MS * MS,
    points: [[1.5 * MS, 2 / 3]],
  },
  {
    name: "gamma of shape 0.5",
    distribution: { type: "gamma", shape: 0.5, mean },
    mean,
    variance: 2 * square, // mean^2 / shape
    points: [
      [mean * 0.454936423119572, 0.5], // half of chi-square with 1 degree at its median, times 2
      [mean * 3.841458820694124, 0.95],
    ],
  },
  {
    name: "erlang of k 4",
    distribution: { type: "erlang", k: 4, mean },
    mean,
    variance: square / 4,
    points: [[mean, 1 - Math.exp(-4) * (1 + 4 + 8 + 32 / 3)]], // 1 - e^-4 sum 4^i / i!
  },
  {
    name: "empirical",
    distribution: { type: "empirical", values: [30 * MS, 10 * MS, 20 * MS, 20 * MS] },
    mean: 20 * MS,
    variance: (200 * MS * MS) / 4,
    points: [
      [10 * MS, 0.25],
      [20 * MS, 0.75],
      [30 * MS, 1],
    ],
  },
];

describe("a distribution", () => {
  for (const { name, distribution, mean, variance, points } of cases) {
    it(`has the mean, variance and distribution function of its parameters: ${name}`, () => {
      const values = draws(distribution);
      const found = moments(values);
      const deviation = Math.sqrt(variance);
      // The mean of n draws deviates by sd / sqrt(n); four of that is passed in one case of 16,000.
      expect(Math.abs(found.mean - mean)).toBeLessThan((4 * deviation) / Math.sqrt(DRAWS));
      // Variances of heavy tails converge slowly: 15 % holds for all of these.
      expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.15);
      for (const [value, probability] of points) {
        const share = values.filter((x) => x <= value).length / DRAWS;
        const error = Math.sqrt((probability * (1 - probability)) / DRAWS);
        expect(Math.abs(share - probability)).toBeLessThanOrEqual(4 * error);
      }
    });
  }

  it("gives its fixed value, rounded half to even, and draws nothing for it", () => {
    const never: RandomStream = {
      name: "never",
      uniform: () => expect.unreachable(),
      below: () => expect.unreachable(),
    };
    const values = [0, 0.5, 1.5, 2.5, 20 * MS, -3].map((value) => sampler({ type: "fixed", value }, never)());
    expect(values).toEqual([0, 0, 2, 2, 20 * MS, 0]);
  });

  it("takes one uniform number a draw, whatever the distribution", () => {
    for (const { distribution } of cases) {
      let taken = 0;
      const counting: RandomStream = { ...constantly(0.3), uniform: () => (taken++, 0.3) };
      const draw = sampler(distribution, counting);
      for (let i = 0; i < 5; i++) draw();
      expect(taken).toBe(5);
    }
  });

  it("stays a number at the ends of the unit interval", () => {
    const most = 1 - 2 ** -53;
    const at = (distribution: Distribution) => [0, most].map((u) => sampler(distribution, constantly(u))());
    expect(at({ type: "exponential", mean: MS })).toEqual([0, 36_736_801]); // 53 ln 2 = 36.7368...
    expect(at({ type: "pareto", alpha: 1, min: MS, max: 2 * MS })).toEqual([MS, 2 * MS]);
    expect(at({ type: "pareto", alpha: 0.1, min: MS })).toEqual([MS, END_OF_TIME]);
    expect(at({ type: "empirical", values: [3, 1, 2] })).toEqual([1, 3]);
    for (const { distribution } of cases) {
      const [least, largest] = at(distribution);
      expect(Number.isSafeInteger(least) && Number.isSafeInteger(largest) && least < largest).toBe(true);
    }
  });

  it("is 0 throughout where its mean is 0, and its mean throughout where it does not vary", () => {
    for (const u of [0, 0.3, 0.999]) {
      const draw = (distribution: Distribution) => sampler(distribution, constantly(u))();
      expect(draw({ type: "exponential", mean: 0 })).toBe(0);
      expect(draw({ type: "lognormal", mean: 0, cv: 2 })).toBe(0);
      expect(draw({ type: "weibull", shape: 0.5, mean: 0 })).toBe(0);
      expect(draw({ type: "gamma", shape: 0.5, mean: 0 })).toBe(0);
      expect(draw({ type: "pareto", alpha: 2, min: 0 })).toBe(0);
      expect(draw({ type: "lognormal", mean: 20, cv: 0 })).toBe(20);
    }
  });

  it("never gives less for a larger uniform number, nor anything but whole numbers from 0 up", () => {
    const positive = fc.double({ min: 0.05, max: 50, noNaN: true });
    const size = fc.integer({ min: 0, max: 1e9 });
    const distribution = fc.oneof<fc.Arbitrary<Distribution>[]>(
      fc.record({ type: fc.constant("uniform"), min: size, max: fc.integer({ min: 1e9, max: 2e9 }) }),
      fc.record({ type: fc.constant("exponential"), mean: size }),
      fc.record({ type: fc.constant("lognormal"), mean: size, cv: positive }),
      fc.record({ type: fc.constant("weibull"), shape: positive, mean: size }),
      fc.record({ type: fc.constant("pareto"), alpha: positive, min: size }),
      fc.record({ type: fc.constant("gamma"), shape: positive, mean: size }),
      fc.record({ type: fc.constant("erlang"), k: fc.integer({ min: 1, max: 100 }), mean: size }),
      fc.record({ type: fc.constant("empirical"), values: fc.array(size, { minLength: 1 }) }),
    );
    const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(distribution, unit, unit, (distribution, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((u) => sampler(distribution, constantly(u))());
        expect(Number.isSafeInteger(low) && low >= 0 && Number.isSafeInteger(high)).toBe(true);
        // Neighbouring arguments may swap in the last bit of a double, which is below a unit up to 2^50 or so.
        expect(high).toBeGreaterThanOrEqual(low - low * 2 ** -40);
      }),
      { seed: 11, numRuns: 2000 },
    );
  });

  it("gives the same draws for the same seed and name, and others for another name", () => {
    const distribution: Distribution = { type: "exponential", mean: MS };
    const first = (streams: RandomStreams, name: string) => {
      const draw = sampler(distribution, streams.fresh(name));
      return [draw(), draw(), draw()];
    };
    const streams = new RandomStreams(1);
    expect(first(streams, "a")).toEqual(first(streams, "a"));
    expect(first(streams, "a")).toEqual(first(new RandomStreams(1), "a"));
    expect(first(streams, "a")).not.toEqual(first(streams, "b"));
    expect(first(streams, "a")).not.toEqual(first(new RandomStreams(2), "a"));
  });

  it("has the quantiles that its formulas and the tables give", () => {
    // Half of the 95 % point of chi-square with 4 degrees of freedom, 9.487729036781154.
    expect(quantileOf({ type: "gamma", shape: 2, mean: 2 })(0.95)).toBeCloseTo(9.487729036781154 / 2, 11);
    expect(quantileOf({ type: "weibull", shape: 3, scale: 7 })(1 - Math.exp(-8))).toBeCloseTo(14, 10);
    expect(quantileOf({ type: "pareto", alpha: 2, min: 3 })(0.75)).toBeCloseTo(6, 12);
  });
});
