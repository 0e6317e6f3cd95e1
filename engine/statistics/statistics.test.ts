import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divideHalfEven, ExactMoments, squareRoot } from "./exact-moments.ts";
import { LogHistogram } from "./log-histogram.ts";
import { nearestRank, percentileOf, type PerMille } from "./percentiles.ts";
import { Samples } from "./samples.ts";
import { Windows } from "./windows.ts";

const latency = () => fc.oneof(fc.nat(2000), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

describe("windows", () => {
  it("cover the run, the last one as short as what is left", () => {
    const windows = new Windows(2500, 1000);
    expect(windows.count).toBe(3);
    expect([0, 1, 2].map((index) => windows.startOf(index))).toEqual([0, 1000, 2000]);
    expect([0, 1, 2].map((index) => windows.lengthOf(index))).toEqual([1000, 1000, 500]);
    expect([0, 999, 1000, 2499].map((at) => windows.indexOf(at))).toEqual([0, 0, 1, 2]);
  });

  it("are one short window where the width exceeds the run", () => {
    const windows = new Windows(300, 1000);
    expect(windows.count).toBe(1);
    expect(windows.lengthOf(0)).toBe(300);
  });
});

describe("the nearest rank", () => {
  // r = ceil(n k / 1000): the last n with a rank, and the first with the next one.
  it.each<[PerMille, Array<[count: number, rank: number]>]>([
    [500, [[1, 1], [2, 1], [3, 2], [4, 2], [5, 3], [999, 500], [1000, 500], [1001, 501]]], // prettier-ignore
    [900, [[1, 1], [10, 9], [11, 10], [20, 18], [21, 19]]], // prettier-ignore
    [950, [[1, 1], [19, 19], [20, 19], [21, 20], [40, 38], [41, 39]]], // prettier-ignore
    [990, [[1, 1], [99, 99], [100, 99], [101, 100], [200, 198], [201, 199]]], // prettier-ignore
    [999, [[1, 1], [999, 999], [1000, 999], [1001, 1000], [2000, 1998], [2001, 1999]]], // prettier-ignore
  ])("of %i per mille steps where n k / 1000 passes a whole number", (perMille, cases) => {
    for (const [count, rank] of cases) expect([count, nearestRank(count, perMille)]).toEqual([count, rank]);
  });

  it("is ceil(n k / 1000) in integers", () => {
    fc.assert(
      fc.property(fc.nat(2_000_000_000), fc.constantFrom<PerMille>(500, 900, 950, 990, 999), (count, perMille) => {
        expect(BigInt(nearestRank(count, perMille))).toBe((BigInt(count) * BigInt(perMille) + 999n) / 1000n);
      }),
    );
  });

  it("picks from the sorted samples, and nothing where there is none", () => {
    expect(percentileOf(Float64Array.of(10, 20, 30, 40), 500)).toBe(20);
    expect(percentileOf(Float64Array.of(7), 990)).toBe(7);
    expect(percentileOf(new Float64Array(), 500)).toBeUndefined();
  });
});

describe("exact moments", () => {
  it("round mean and deviation to the integer, half to even", () => {
    const moments = new ExactMoments();
    moments.add(2);
    moments.add(3);
    // Mean 2.5 -> 2; deviation 0.5 -> 0.
    expect([moments.mean(), moments.deviation()]).toEqual([2n, 0n]);
    moments.add(2);
    moments.add(7);
    // Mean 14 / 4 = 3.5 -> 4; variance (4 + 9 + 4 + 49) / 4 - 12.25 = 4.25, deviation 2.06 -> 2.
    expect([moments.mean(), moments.deviation()]).toEqual([4n, 2n]);
  });

  it("round a deviation of one and a half up to two", () => {
    const moments = new ExactMoments();
    moments.add(0);
    moments.add(3);
    expect(moments.deviation()).toBe(2n);
  });

  it("have none without samples", () => {
    expect(new ExactMoments().mean()).toBeUndefined();
    expect(new ExactMoments().deviation()).toBeUndefined();
  });

  it("are the sums in unbounded integers, in any order", () => {
    fc.assert(
      fc.property(fc.array(latency()), (values) => {
        const moments = new ExactMoments();
        for (const value of values) moments.add(value);
        expect(moments.sum).toBe(values.reduce((sum, value) => sum + BigInt(value), 0n));
        expect(moments.sumOfSquares).toBe(values.reduce((sum, value) => sum + BigInt(value) * BigInt(value), 0n));
      }),
    );
  });

  it("stay exact over more of the largest samples than a double could add up", () => {
    const moments = new ExactMoments();
    const largest = Number.MAX_SAFE_INTEGER;
    for (let i = 0; i < 200_000; i++) moments.add(largest);
    expect(moments.sum).toBe(200_000n * BigInt(largest));
    expect(moments.sumOfSquares).toBe(200_000n * BigInt(largest) * BigInt(largest));
    expect([moments.mean(), moments.deviation()]).toEqual([BigInt(largest), 0n]);
  });

  it("rest on integer division and roots that round as they say", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 1n << 200n), fc.bigInt(1n, 1n << 100n), (value, divisor) => {
        const root = squareRoot(value);
        expect(root * root <= value && value < (root + 1n) * (root + 1n)).toBe(true);
        const quotient = divideHalfEven(value, divisor);
        const twiceOff = 2n * (quotient * divisor - value);
        expect(-divisor <= twiceOff && twiceOff <= divisor).toBe(true);
        if (twiceOff === divisor || twiceOff === -divisor) expect(quotient % 2n).toBe(0n);
      }),
    );
    expect([0n, 1n, 2n, 3n, 4n, 8n, 9n].map(squareRoot)).toEqual([0n, 1n, 1n, 1n, 2n, 2n, 3n]);
    expect([1n, 3n, 5n, 7n].map((n) => divideHalfEven(n, 2n))).toEqual([0n, 2n, 2n, 4n]);
  });
});

describe("the logarithmic histogram", () => {
  it("gives every value back within 0.1 %", () => {
    fc.assert(
      fc.property(latency(), (value) => {
        const histogram = new LogHistogram();
        histogram.add(value);
        const back = BigInt(histogram.valueAt(1)) - BigInt(value);
        expect((back < 0n ? -back : back) * 1000n <= BigInt(value)).toBe(true);
      }),
    );
  });

  it("keeps the order of values across the doublings", () => {
    const histogram = new LogHistogram();
    const values = [0, 1, 1023, 1024, 1025, 1026, 2047, 2048, 4_294_967_295, 4_294_967_296, Number.MAX_SAFE_INTEGER];
    for (const value of values) histogram.add(value);
    const back = values.map((_, index) => histogram.valueAt(index + 1));
    expect(back).toEqual(back.toSorted((a, b) => a - b));
    // Widths: 1 below 1024, 2 from 1024, 4 from 2048; the middle of [1024, 1026) is 1025.
    expect(back.slice(0, 7)).toEqual([0, 1, 1023, 1025, 1025, 1027, 2047]);
  });

  it("merges to the same counts in any order", () => {
    const [a, b, both] = [new LogHistogram(), new LogHistogram(), new LogHistogram()];
    for (let i = 0; i < 100; i++) {
      (i % 3 === 0 ? a : b).add(i * 1013);
      both.add(i * 1013);
    }
    b.merge(a);
    expect(b.count).toBe(100);
    for (let rank = 1; rank <= 100; rank++) expect(b.valueAt(rank)).toBe(both.valueAt(rank));
  });

  it("has no value for a rank that does not exist", () => {
    expect(() => new LogHistogram().valueAt(1)).toThrow("rank 1 of 0 samples");
  });
});

describe("samples", () => {
  it("are exact up to the limit and estimated beyond it, with the least and the largest exact", () => {
    const samples = new Samples(4);
    for (const value of [1_000_003, 5, 2_000_003, 3_000_003]) samples.add(value);
    expect(samples.percentile(500)).toBe(1_000_003);
    samples.add(4_000_003);
    // From 2^20 buckets are 2048 wide: 2,000,003 lies in [1998848, 2000896), whose middle is 131 away; 0.1 % is 2000.
    expect(Math.abs(samples.percentile(500)! - 2_000_003)).toBeLessThanOrEqual(2000);
    expect(samples.percentile(990)).toBeLessThanOrEqual(samples.max);
    expect([samples.count, samples.min, samples.max]).toEqual([5, 5, 4_000_003]);
  });

  it("start anew after clear", () => {
    const samples = new Samples(2);
    for (const value of [7, 8, 9]) samples.add(value);
    samples.clear();
    expect([samples.count, samples.percentile(500)]).toEqual([0, undefined]);
    samples.add(3);
    expect([samples.count, samples.min, samples.max, samples.percentile(500)]).toEqual([1, 3, 3, 3]);
  });
});
