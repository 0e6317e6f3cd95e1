import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMs, formatPerSecond, formatScaled, formatSeconds } from "./numbers.ts";

const ns = () => fc.oneof(fc.nat(2_000_000_000), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

describe("a time in a results file", () => {
  it.each([
    [0, "0"],
    [1, "0.000001"],
    [10, "0.00001"],
    [999_999, "0.999999"],
    [1_000_000, "1"],
    [1_500_000, "1.5"],
    [12_000_340_000, "12000.34"],
    [Number.MAX_SAFE_INTEGER, "9007199254.740991"],
  ])("of %i ns is exact in milliseconds", (value, text) => {
    expect(formatMs(value)).toBe(text);
    expect(formatMs(BigInt(value))).toBe(text);
  });

  it.each([
    [0, "0"],
    [1, "0.000000001"],
    [100, "0.0000001"],
    [1_000_000_000, "1"],
    [60_000_000_000, "60"],
    [1_250_000_000, "1.25"],
    [Number.MAX_SAFE_INTEGER, "9007199.254740991"],
  ])("of %i ns is exact in seconds", (value, text) => {
    expect(formatSeconds(value)).toBe(text);
  });

  it("reads back as the nanoseconds it came from, without exponent and trailing zeros", () => {
    fc.assert(
      fc.property(ns(), fc.constantFrom(0, 6, 9), (value, decimals) => {
        const text = formatScaled(value, decimals);
        expect(text).toMatch(/^(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$/);
        const [whole, fraction = ""] = text.split(".");
        expect(BigInt(whole + fraction.padEnd(decimals, "0"))).toBe(BigInt(value));
      }),
    );
  });

  it("keeps the zeros of a whole number, and its sign", () => {
    expect([formatScaled(100, 0), formatScaled(-1_500_000, 6), formatScaled(-5n, 6)]).toEqual([
      "100",
      "-1.5",
      "-0.000005",
    ]);
  });
});

describe("a rate in a results file", () => {
  it.each([
    [30, 1_000_000_000, "30"],
    [1, 3_000_000_000, "0.333333"],
    [2, 3_000_000_000, "0.666667"],
    [45, 500_000_000, "90"],
    [0, 7, "0"],
    // 1 in 2,000,000 s is 0.0000005: half of the last digit, to the even 0; 3 are 0.0000015, to 0.000002.
    [1, 2_000_000_000_000_000, "0"],
    [3, 2_000_000_000_000_000, "0.000002"],
    [5, 2_000_000_000_000_000, "0.000002"],
    [7, 2_000_000_000_000_000, "0.000004"],
    // 10 GB in 1 ns: no exponent.
    [10_000_000_000, 1, "10000000000000000000"],
  ])("of %i in %i ns is rounded half to even at the sixth decimal", (count, span, text) => {
    expect(formatPerSecond(count, span)).toBe(text);
  });

  it("is never further from the quotient than half of the last digit", () => {
    fc.assert(
      fc.property(ns(), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (count, span) => {
        const [whole, fraction = ""] = formatPerSecond(count, span).split(".");
        const micro = BigInt(whole + fraction.padEnd(6, "0"));
        const twiceOff = 2n * (micro * BigInt(span) - BigInt(count) * 10n ** 15n);
        expect(twiceOff <= BigInt(span) && -twiceOff <= BigInt(span)).toBe(true);
        if (twiceOff === BigInt(span) || -twiceOff === BigInt(span)) expect(micro % 2n).toBe(0n);
      }),
    );
  });
});
