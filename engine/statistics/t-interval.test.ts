import { describe, expect, it } from "vitest";
import { RandomStreams } from "../random/streams.ts";
import { sampler } from "../random/distributions.ts";
import { relativePrecision, replicateUntilPrecise, tInterval } from "./t-interval.ts";
import { tQuantile } from "./t-quantile.ts";

/** Probability, degrees of freedom, quantile: computed to 40 digits from the incomplete beta function. */
const TABLE: readonly (readonly [number, number, number])[] = [
  [0.6, 0.5, 0.3979754267847907],
  [0.6, 1, 0.3249196962329063],
  [0.6, 4, 0.2707222947075974],
  [0.6, 30, 0.2556053649519128],
  [0.6, 1000000, 0.2533471705378417],
  [0.9, 1, 3.077683537175253],
  [0.9, 2, 1.885618083164127],
  [0.9, 10, 1.372183641110336],
  [0.9, 1000, 1.282398721460924],
  [0.95, 3, 2.353363434801824],
  [0.95, 5, 2.015048373333024],
  [0.95, 19, 1.72913281152137],
  [0.975, 0.5, 164.5576734804885],
  [0.975, 1, 12.7062047361747],
  [0.975, 2, 4.302652729749464],
  [0.975, 3, 3.18244630528371],
  [0.975, 4, 2.776445105197794],
  [0.975, 5, 2.570581835636316],
  [0.975, 10, 2.228138851986275],
  [0.975, 19, 2.09302405440831],
  [0.975, 29, 2.045229642132704],
  [0.975, 99, 1.984216951586417],
  [0.975, 1000, 1.962339080826408],
  [0.975, 1000000, 1.959966356814107],
  [0.99, 19, 2.539483190623963],
  [0.99, 30, 2.457261542400591],
  [0.995, 1, 63.65674116287158],
  [0.995, 19, 2.860934606464979],
  [0.995, 99, 2.626405457280828],
  [0.9995, 1, 636.6192487687196],
  [0.9995, 5, 6.86882662588111],
  [0.9995, 19, 3.883405852592083],
  [0.9995, 1000000, 3.290536461248691],
];

describe("Student's t quantile", () => {
  it("agrees with tables to 1e-11, from half a degree of freedom to a million", () => {
    for (const [p, degrees, t] of TABLE) {
      expect(Math.abs(tQuantile(p, degrees) / t - 1), `${p} ${degrees}`).toBeLessThan(1e-11);
    }
  });

  it("agrees with the closed form for 2 degrees of freedom in every tail", () => {
    for (const tail of [1e-12, 1e-6, 0.001, 0.1, 0.3, 0.49]) {
      // t = (2p - 1) sqrt(2 / (4 p (1 - p))).
      const t = (1 - 2 * tail) * Math.sqrt(2 / (4 * tail * (1 - tail)));
      expect(Math.abs(-tQuantile(tail, 2) / t - 1), `${tail}`).toBeLessThan(1e-11);
    }
  });

  it("is symmetric, 0 in the middle, and the normal one without end of degrees", () => {
    expect(tQuantile(0.25, 7)).toBe(-tQuantile(0.75, 7));
    expect(tQuantile(0.5, 3)).toBe(0);
    expect(tQuantile(0.975, Infinity)).toBeCloseTo(1.959963984540054, 12);
  });

  it("refuses what is no probability or no number of degrees", () => {
    expect(() => tQuantile(1, 5)).toThrow("a probability of 1; allowed: above 0 and below 1");
    expect(() => tQuantile(0.9, 0)).toThrow("0 degrees of freedom; allowed: above 0");
  });
});

describe("a t interval", () => {
  it("is mean +- t s / sqrt(n)", () => {
    // Mean 5; squared deviations 9+1+1+1+0+0+4+16 = 32, s^2 = 32 / 7; t(0.975, 7) = 2.364624251592784.
    const interval = tInterval([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(interval).toMatchObject({ count: 8, mean: 5 });
    expect(interval.deviation).toBeCloseTo(Math.sqrt(32 / 7), 12);
    expect(interval.halfWidth).toBeCloseTo(2.364624251592784 * Math.sqrt(32 / 7 / 8), 11);
    expect(interval.high - interval.low).toBeCloseTo(2 * interval.halfWidth, 12);
    expect(relativePrecision(interval)).toBe(interval.halfWidth / 5);
  });

  it("of one value has no end, and of equal values no width", () => {
    expect(tInterval([3])).toMatchObject({ mean: 3, low: -Infinity, high: Infinity });
    expect(relativePrecision(tInterval([0, 0, 0]))).toBe(0);
    expect(() => tInterval([])).toThrow("an interval needs one value or more");
    expect(() => tInterval([1], 95)).toThrow("a confidence of 95; allowed: above 0 and below 1");
  });

  it("holds the true mean as often as its confidence says", () => {
    const streams = new RandomStreams("coverage");
    const draw = sampler({ type: "uniform", min: 0, max: 1000 }, streams.get("x"));
    let held = 0;
    for (let i = 0; i < 2000; i++) {
      const { low, high } = tInterval(Array.from({ length: 8 }, draw), 0.9);
      if (low <= 500 && 500 <= high) held++;
    }
    // 90 % of 2000 with a deviation of sqrt(2000 x 0.09) = 13.4: within four of them.
    expect(Math.abs(held - 1800)).toBeLessThan(54);
  });
});

describe("replications until the mean is precise", () => {
  const replicate = (replication: number): number => 100 + (replication % 2 === 0 ? 10 : -10);

  it("stop at the first number that is precise enough", () => {
    // Deviations of 10: t s / sqrt(n) <= 5 from n = 19 on (s = 10.26, t = 2.101, 4.945); with 18: 10.29, 2.110, 5.117.
    const interval = replicateUntilPrecise(replicate, { relative: 0.05 });
    expect(interval.count).toBe(19);
    expect(relativePrecision(interval)).toBeLessThanOrEqual(0.05);
  });

  it("run at least and at most as often as allowed", () => {
    expect(replicateUntilPrecise(() => 7, { relative: 0.05, least: 4 }).count).toBe(4);
    expect(replicateUntilPrecise(replicate, { relative: 0.0001, most: 30 }).count).toBe(30);
  });
});
