import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NS_PER_MS, NS_PER_SECOND as S } from "../../engine/time.ts";
import { pullLimiter, PullLimiter } from "./pull-limiter.ts";

describe("the registry rate limit", () => {
  it("starts full and admits again at the very nanosecond at which a token is whole", () => {
    // 3 a second: a token needs 333,333,333.3 ns, so the first whole nanosecond that has it is 333,333,334.
    const limiter = new PullLimiter(3, 2);
    expect([0, 0, 0].map((at) => limiter.tryAccept(at))).toEqual([true, true, false]);
    expect(limiter.tryAccept(333_333_333)).toBe(false);
    expect(limiter.tryAccept(333_333_334)).toBe(true);
  });

  it("loses nothing by being asked often", () => {
    const limiter = new PullLimiter(5, 1);
    limiter.tryAccept(0);
    const admitted: number[] = [];
    for (let ms = 1; ms <= 1000; ms++) if (limiter.tryAccept(ms * NS_PER_MS)) admitted.push(ms);
    expect(admitted).toEqual([200, 400, 600, 800, 1000]);
  });

  it("never holds more than the burst, after a rest of weeks either", () => {
    const limiter = new PullLimiter(50, 3);
    const at = 90 * 24 * 3600 * S;
    expect([1, 2, 3, 4].map(() => limiter.tryAccept(at))).toEqual([true, true, true, false]);
  });

  it("does not exist for a rate of 0, and admits nothing with a burst of 0", () => {
    expect(pullLimiter(0, 10)).toBeUndefined();
    expect(pullLimiter(2000, 0)?.tryAccept(S)).toBe(false);
  });

  it("admits at most burst + qps x span in any span", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: S }), { maxLength: 60 }),
        (qps, burst, gaps) => {
          const limiter = new PullLimiter(qps, burst);
          let now = 0;
          const admitted: number[] = [];
          for (const gap of gaps) {
            now += gap;
            if (limiter.tryAccept(now)) admitted.push(now);
          }
          return admitted.every((from, i) =>
            admitted.slice(i).every((to, more) => (more + 1 - burst) * S <= qps * (to - from)),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});
