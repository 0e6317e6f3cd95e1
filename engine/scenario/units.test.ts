import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatDuration,
  formatMilli,
  formatSize,
  parseBitRate,
  parseByteRate,
  parseDecimalNs,
  parseDuration,
  parseMilliQuantity,
  parsePercentage,
  parseQuantity,
  parseRate,
  parseSize,
} from "./units.ts";

describe("durations", () => {
  it.each([
    ["0", 0],
    ["+5s", 5_000_000_000],
    ["100ms", 100_000_000],
    ["25us", 25_000],
    ["25\u00b5s", 25_000],
    ["25\u03bcs", 25_000],
    ["1m30s", 90_000_000_000],
    ["1h0m0.5s", 3_600_500_000_000],
    ["1.5h", 5_400_000_000_000],
    [".5s", 500_000_000],
    ["5.s", 5_000_000_000],
    // 0.1 s + 0.2 s, which floats do not add up to 0.3 s.
    ["0.1s0.2s", 300_000_000],
    // Go cuts off what is below a nanosecond.
    ["1.9ns", 1],
    ["9007199254740991ns", Number.MAX_SAFE_INTEGER],
  ])("reads %s as %d ns", (text, ns) => expect(parseDuration(text)).toBe(ns));

  it.each([
    ["", /allowed: a duration/],
    ["10", /without a unit/],
    ["1e3s", /unit "e"/],
    ["-1s", /negative/],
    ["1d", /unit "d" is unknown/],
    ["30sec", /did you mean 30s\?/],
    ["1S", /did you mean 1s\?/],
    ["1m 30s", /unit "m " is unknown/],
    [".s", /allowed: a duration/],
    ["9007199254740992ns", /end of simulated time/],
    ["99999999999999999999h", /end of simulated time/],
    [`${"1".repeat(100)}s`, /allowed: a duration/],
  ])("refuses %j", (text, message) => expect(() => parseDuration(text)).toThrow(message));

  it("prints every duration so that it reads back exactly", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (ns) => {
        expect(parseDuration(formatDuration(ns))).toBe(ns);
      }),
    );
  });

  it("prints as Go does", () => {
    expect([0, 1, 25_000, 1_500_000, 90_000_000_000, 3_600_000_000_000].map(formatDuration)).toEqual([
      "0s",
      "1ns",
      "25us",
      "1.5ms",
      "1m30s",
      "1h0m0s",
    ]);
  });
});

describe("sizes", () => {
  it.each([
    ["0", 0],
    ["1KB", 1000],
    ["1.5GiB", 1_610_612_736],
    ["64Ki", 65_536],
    ["180Mi", 188_743_680],
    ["1TB", 1e12],
    ["1G", 1e9],
  ])("reads %s as %d bytes", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each([
    ["100", /without a unit/],
    ["1.5B", /whole number of bytes/],
    ["-1KB", /allowed: a size/],
    ["1kb", /allowed: a size/],
    ["1e300", /too large/],
    ["KB", /allowed: a size/],
  ])("refuses %s", (text, message) => expect(() => parseSize(text)).toThrow(message));

  it("prints every size so that it reads back exactly, whole units with a suffix", () => {
    expect([0, 1024, 1536, 4 * 1024 * 1024 * 1024].map(formatSize)).toEqual(["0", "1Ki", "1536", "4Gi"]);
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => void expect(parseQuantity(formatSize(bytes))).toBe(bytes)));
  });
});

describe("rates", () => {
  it("keeps 10 a minute exact, and shifts decimals into the time", () => {
    expect(parseRate("30/s")).toEqual({ count: 30, per: 1_000_000_000 });
    expect(parseRate("10/m")).toEqual({ count: 10, per: 60_000_000_000 });
    expect(parseRate("10/h")).toEqual({ count: 10, per: 3_600_000_000_000 });
    expect(parseRate("0.5/s")).toEqual({ count: 5, per: 10_000_000_000 });
    expect(parseRate("0/s")).toEqual({ count: 0, per: 1_000_000_000 });
  });

  it.each(["30", "30/ms", "-1/s", "1e300/s", "1000000001/s", "/s", "1/s/s"])("refuses %s", (text) => {
    expect(() => parseRate(text)).toThrow(/allowed/);
  });

  it("takes bits and bytes a second, with or without /s", () => {
    expect(parseBitRate("1Gbit")).toBe(1e9);
    expect(parseBitRate("50MB/s")).toBe(4e8);
    expect(parseByteRate("200MB")).toBe(2e8);
    expect(parseByteRate("8Kbit/s")).toBe(1000);
    expect(() => parseByteRate("1bit")).toThrow(/whole number of bytes/);
    expect(() => parseBitRate("10")).toThrow(/a rate such as/);
    expect(() => parseBitRate("0.5bit")).toThrow(/whole number of bits/);
  });

  it("reads percentages as ratios", () => {
    expect(parsePercentage("15%")).toBe(0.15);
    expect(parsePercentage("12.5%")).toBe(0.125);
    expect(() => parsePercentage("101%")).toThrow(/0% to 100%/);
    expect(() => parsePercentage("15")).toThrow(/0% to 100%/);
  });
});

describe("Kubernetes quantities", () => {
  it.each([
    ["500m", 500],
    ["1", 1000],
    ["0.1", 100],
    ["2.5", 2500],
    // Rounded up: a thousandth is the least that CPU has.
    ["100u", 1],
    ["1n", 1],
    ["1e3", 1_000_000],
    ["1E-3", 1],
    ["1k", 1_000_000],
  ])("reads %s of CPU as %d thousandths", (text, milli) => expect(parseMilliQuantity(text)).toBe(milli));

  it.each([
    ["4Gi", 4_294_967_296],
    ["1.5Gi", 1_610_612_736],
    ["128974848", 128_974_848],
    ["129e6", 129_000_000],
    ["129M", 129_000_000],
    // 0.3 x 1024 = 307.2, rounded up.
    ["0.3Ki", 308],
    ["1E", 1e18],
  ])("reads %s of memory as %d bytes", (text, bytes) => {
    if (bytes > Number.MAX_SAFE_INTEGER) expect(() => parseQuantity(text)).toThrow(/too large/);
    else expect(parseQuantity(text)).toBe(bytes);
  });

  it.each([
    ["4GiB", /did you mean 4Gi\?/],
    ["4GB", /did you mean 4G\?/],
    ["4gi", /did you mean 4Gi\?/],
    ["4K", /did you mean 4k\?/],
    ["-4Gi", /allowed: a Kubernetes quantity/],
    ["1 Gi", /allowed: a Kubernetes quantity/],
    ["1e3Ki", /allowed: a Kubernetes quantity/],
    ["1e300", /too large/],
    ["1e999999999", /allowed: a Kubernetes quantity/],
    ["", /allowed: a Kubernetes quantity/],
    ["Gi", /allowed: a Kubernetes quantity/],
    ["NaN", /allowed: a Kubernetes quantity/],
  ])("refuses %j", (text, message) => expect(() => parseQuantity(text)).toThrow(message));

  it("prints thousandths so that they read back exactly", () => {
    fc.assert(fc.property(fc.maxSafeNat(), (milli) => void expect(parseMilliQuantity(formatMilli(milli))).toBe(milli)));
  });
});

describe("decimal columns", () => {
  it("become nanoseconds without passing through a float", () => {
    // 0.1 + 0.2 in floats is 0.30000000000000004; 1.1 s x 1e9 is 1100000000.0000002.
    expect(parseDecimalNs("1.1", 1_000_000_000)).toBe(1_100_000_000);
    expect(parseDecimalNs("1e-7", 1_000_000_000)).toBe(100);
    // Half a nanosecond goes to the even neighbour.
    expect(parseDecimalNs("0.0000000005", 1_000_000_000)).toBe(0);
    expect(parseDecimalNs("0.0000000015", 1_000_000_000)).toBe(2);
    expect(() => parseDecimalNs("-1", 1)).toThrow(/at least 0/);
    expect(() => parseDecimalNs("nan", 1)).toThrow(/decimal number/);
    expect(() => parseDecimalNs("1e300", 1)).toThrow(/at most/);
  });

  it("are exact for every number of milliseconds with six decimals", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000), fc.nat(999_999), (whole, fraction) => {
        const text = `${whole}.${String(fraction).padStart(6, "0")}`;
        expect(parseDecimalNs(text, 1_000_000)).toBe(whole * 1_000_000 + fraction);
      }),
    );
  });
});
