import { describe, expect, it } from "vitest";
import { clampShares, sharesFromWeight, weightFromShares, weightFromSharesLinear } from "./weights.ts";

describe("shares and weights", () => {
  it("converts cpu.shares by the runtimes' older and newer formulas", () => {
    const shares = [2, 10, 102, 256, 512, 1024, 2048, 4096, 8192, 262_144];
    expect(shares.map(weightFromSharesLinear)).toEqual([1, 1, 4, 10, 20, 39, 79, 157, 313, 10_000]);
    expect(shares.map(weightFromShares)).toEqual([1, 4, 17, 35, 59, 100, 174, 303, 532, 10_000]);
  });

  it("never decreases with the shares, and stays within 1 and 10000", () => {
    for (const formula of [weightFromShares, weightFromSharesLinear]) {
      let before = 0;
      for (let shares = 0; shares <= 263_000; shares += shares < 3000 ? 1 : 977) {
        const weight = formula(shares);
        expect(weight).toBeGreaterThanOrEqual(Math.max(before, 1));
        expect(weight).toBeLessThanOrEqual(10_000);
        before = weight;
      }
    }
  });

  it("weighs cpu.weight 100 as 1024, rounding to the nearest", () => {
    // round(w x 1024 / 100): 39 -> 399.36, 1 -> 10.24, 3 -> 30.72
    expect([100, 39, 1, 3, 10_000].map(sharesFromWeight)).toEqual([1024, 399, 10, 31, 102_400]);
  });

  it("clamps shares silently, as the kernel does", () => {
    expect([0, 1, 2, 300_000].map(clampShares)).toEqual([2, 2, 2, 262_144]);
  });
});
