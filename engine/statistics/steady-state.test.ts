import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inverseNormal } from "../math/index.ts";
import { RandomStreams } from "../random/streams.ts";
import { autocorrelation, batchMeans, batchMeansInterval } from "./batch-means.ts";
import { mser5 } from "./mser.ts";
import { TimeWeighted } from "./time-weighted.ts";

/** An autoregressive series: each value is `factor` times the last and a standard normal draw. */
function series(length: number, factor: number, name: string, start = 0): Float64Array {
  const stream = new RandomStreams("series").get(name);
  let value = start;
  return Float64Array.from({ length }, () => (value = factor * value + inverseNormal(stream.uniform())));
}

describe("a time-weighted mean", () => {
  it("counts each value for as long as it lasted", () => {
    const length = new TimeWeighted();
    length.set(2, 3);
    length.change(5, -1);
    // 0 for 2 ns, 3 for 3 ns, 2 for 5 ns: 19 / 10.
    expect(length.mean(10)).toBe(1.9);
    expect([length.value, length.max]).toEqual([2, 3]);
  });

  it("leaves out the warm-up from its restart on", () => {
    const length = new TimeWeighted(0, 100);
    length.set(5, 4);
    length.restart(10);
    length.set(12, 1);
    // 4 for 2 ns, 1 for 6 ns.
    expect([length.mean(18), length.max]).toEqual([14 / 8, 4]);
  });

  it("is the value itself where no time has passed, and refuses time that goes back", () => {
    const length = new TimeWeighted(7, 3);
    expect(length.mean(7)).toBe(3);
    expect(() => length.set(6, 1)).toThrow("time goes back from 7 ns to 6 ns");
  });

  it("loses nothing of small values beside large ones", () => {
    const value = new TimeWeighted(0, 9e15);
    for (let at = 1; at <= 1000; at++) value.set(at, 0.1);
    for (let at = 1001; at <= 2000; at++) value.set(at, 0.1);
    // A plain sum of 9e15 and 1999 times 0.1 would stay at 9e15, whose neighbours are 2 apart: as none of the terms counts.
    expect(value.mean(2000)).toBe((9e15 + 199.9) / 2000);
  });
});

describe("batch means", () => {
  it("are the means of equal batches, what does not fill one being left out at the start", () => {
    expect(batchMeans([99, 1, 2, 3, 4, 5, 6], 3)).toEqual([1.5, 3.5, 5.5]);
    expect(() => batchMeans([1, 2], 3)).toThrow("3 batches of 2 samples; allowed: from 1 to the number of samples");
    expect(() => batchMeansInterval([1, 2], 1)).toThrow("1 batches; allowed: 2 or more");
  });

  it("have the width that the series' autocorrelation gives, where samples taken as independent have far less", () => {
    const samples = series(400_000, 0.9, "batches");
    // The variance of a long mean of n is 1 / (1 - 0.9)^2 / n = 100 / n: a deviation of 10 / sqrt(400,000) = 0.0158.
    const { halfWidth, lag1, low, high } = batchMeansInterval(samples, 40);
    // t(0.975, 39) = 2.0227. An estimate from 40 batches is within 40 % with four of its deviations, 1 / sqrt(78) = 11 %.
    expect(halfWidth / 2.0227 / 0.0158).toBeGreaterThan(0.6);
    expect(halfWidth / 2.0227 / 0.0158).toBeLessThan(1.4);
    expect(low < 0 && 0 < high).toBe(true);
    // Of 40 values that are independent it is within 3 / sqrt(40).
    expect(Math.abs(lag1)).toBeLessThan(0.48);
  });

  it("tell by their own autocorrelation that they are too short", () => {
    expect(batchMeansInterval(series(4000, 0.995, "short"), 400).lag1).toBeGreaterThan(0.7);
    expect(autocorrelation(series(200_000, 0.8, "lags"), 3)).toBeCloseTo(0.8 * 0.8 * 0.8, 1);
    expect(autocorrelation([5, 5, 5], 1)).toBe(0);
  });
});

describe("MSER-5", () => {
  it("cuts off a warm-up in whole batches of 5", () => {
    // 15 samples of 100, then 85 that are 0 and 1 in turn: batches of 0.4 and 0.6.
    const samples = Array.from({ length: 100 }, (_, i) => (i < 15 ? 100 : i % 2));
    expect(mser5(samples)).toEqual({ truncated: 15, mean: expect.closeTo(43 / 85, 12) as number, isTooShort: false });
  });

  it("cuts where the standard error of the rest is least, computed by its definition for every cut", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 10, maxLength: 80 }), (samples) => {
        const means = batchMeans(
          samples.slice(0, samples.length - (samples.length % 5)),
          Math.floor(samples.length / 5),
        );
        const errors = means.slice(0, Math.floor(means.length / 2) + 1).map((_, cut) => {
          const rest = means.slice(cut);
          const mean = rest.reduce((sum, value) => sum + value, 0) / rest.length;
          return rest.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (rest.length * rest.length);
        });
        const { truncated, isTooShort } = mser5(samples);
        expect(errors[truncated / 5]).toBeCloseTo(Math.min(...errors), 10);
        expect(isTooShort).toBe(truncated / 5 === errors.length - 1);
      }),
    );
  });

  it("keeps a series that is level from the start almost whole, and of equal values all", () => {
    expect(mser5(Array.from({ length: 50 }, () => 3))).toEqual({ truncated: 0, mean: 3, isTooShort: false });
    expect(mser5(series(5000, 0.5, "level")).truncated).toBeLessThan(1000);
  });

  it("finds the end of an exponential transient", () => {
    // It starts at 50 deviations and fades by 1 % a sample: below one of them (of about 7) after some 200 samples.
    const { truncated, mean, isTooShort } = mser5(series(20_000, 0.99, "transient", 350));
    expect(truncated).toBeGreaterThan(150);
    expect(truncated).toBeLessThan(2000);
    expect(isTooShort).toBe(false);
    // The mean's deviation is 100 / sqrt(20,000) = 0.7.
    expect(Math.abs(mean)).toBeLessThan(2.8);
  });

  it("says when the run is too short to tell", () => {
    const falling = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(mser5(falling).isTooShort).toBe(true);
    expect(() => mser5([1, 2, 3])).toThrow("3 samples; allowed: 10 or more");
  });
});
