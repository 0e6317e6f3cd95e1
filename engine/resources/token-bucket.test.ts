import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Simulation } from "../simulation.ts";
import { NS_PER_SECOND as S } from "../time.ts";
import { TokenBucket } from "./token-bucket.ts";

describe("a token bucket", () => {
  it("holds at most its burst and fills at its rate", () => {
    const sim = new Simulation();
    const bucket = new TokenBucket(sim, { tokens: 5 }, 10);
    for (let i = 0; i < 10; i++) expect(bucket.tryTake()).toBe(true);
    expect(bucket.tryTake()).toBe(false);
    // One token each 0.2 s.
    sim.runUntil(0.2 * S - 1);
    expect(bucket.tryTake()).toBe(false);
    sim.runUntil(0.2 * S);
    expect(bucket.tryTake()).toBe(true);
    sim.runUntil(100 * S);
    expect(bucket.tokens).toBe(10);
  });

  it("lets requests wait in their order, each to the first nanosecond at which its tokens are there", () => {
    const sim = new Simulation();
    const bucket = new TokenBucket(sim, { tokens: 3 }, 4, 1);
    const granted: [string, number][] = [];
    const note = (name: string): unknown => granted.push([name, sim.now]);
    bucket.take(1, note, "a");
    bucket.take(4, note, "b");
    bucket.take(1, note, "c");
    expect(bucket.tryTake()).toBe(false);
    sim.runUntil(10 * S);
    // 4 tokens take 4/3 s = 1,333,333,333.3 ns, so the last is there at ...334. What came beyond the burst by then is lost: the
    // next takes 1/3 s = 333,333,333.3 ns from there on.
    expect(granted).toEqual([
      ["a", 0],
      ["b", 1_333_333_334],
      ["c", 1_666_666_668],
    ]);
  });

  it("lets the next go on when the first withdraws", () => {
    const sim = new Simulation();
    const bucket = new TokenBucket(sim, { tokens: 1 }, 10, 2);
    const granted: number[] = [];
    const large = bucket.take(10, () => granted.push(-1), undefined);
    bucket.take(3, () => granted.push(sim.now), undefined);
    sim.runUntil(0.5 * S);
    expect([large.withdraw(), large.withdraw()]).toEqual([true, false]);
    sim.runUntil(20 * S);
    // 2 + 1 tokens at 1 s.
    expect([granted, bucket.waiting]).toEqual([[S], 0]);
  });

  it("takes another rate from now on and keeps what has come", () => {
    const sim = new Simulation();
    const bucket = new TokenBucket(sim, { tokens: 1 }, 10, 0);
    const granted: number[] = [];
    bucket.take(3, () => granted.push(sim.now), undefined);
    sim.runUntil(1.5 * S);
    bucket.setRate({ tokens: 0 });
    sim.runUntil(10 * S);
    expect([granted, bucket.tokens]).toEqual([[], 1]);
    bucket.setRate({ tokens: 30, perNs: 60 * S });
    sim.runUntil(20 * S);
    // 1.5 tokens are missing at half a token a second.
    expect(granted).toEqual([13 * S]);
  });

  it("is exact where products pass 2^53", () => {
    const sim = new Simulation();
    // 1,234,567,891 bytes a second, 16 MiB of burst; a request for all of it after a long time, and then another.
    const bucket = new TokenBucket(sim, { tokens: 1_234_567_891 }, 16_777_216, 1);
    const granted: number[] = [];
    sim.runUntil(4_000_000 * S + 7);
    bucket.take(16_777_216, () => granted.push(sim.now), undefined);
    bucket.take(16_777_216, () => granted.push(sim.now), undefined);
    sim.runUntil(4_000_001 * S);
    // 16,777,216e9 / 1,234,567,891 = 13,589,545.0003 ns: at ...546.
    expect(granted.map((at) => at - 4_000_000 * S)).toEqual([7, 7 + 13_589_546]);
  });

  it("refuses what it could never give", () => {
    const sim = new Simulation();
    const bucket = new TokenBucket(sim, { tokens: 5 }, 10);
    expect(() => bucket.tryTake(11)).toThrow("a request for 11 tokens; allowed: at most the burst, 10");
    expect(() => bucket.take(0.5, () => {}, undefined)).toThrow("request of 0.5; allowed: a whole number from 0");
    expect(() => new TokenBucket(sim, { tokens: 5, perNs: 0 }, 10)).toThrow(RangeError);
    expect(() => new TokenBucket(sim, { tokens: 5 }, 10, 11)).toThrow("at most the burst, 10");
  });

  it("is min(burst, tokens + rate x elapsed) in exact fractions, however often it is looked at", () => {
    const steps = fc.array(fc.record({ wait: fc.nat(3 * S), take: fc.nat(5) }), { maxLength: 50 });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 2_000_000_000 }),
        fc.integer({ min: 1, max: 7 * S }),
        (given, tokens, perNs) => {
          const sim = new Simulation();
          const bucket = new TokenBucket(sim, { tokens, perNs }, 5, 0);
          // Tokens x perNs.
          let expected = 0n;
          const full = 5n * BigInt(perNs);
          for (const { wait, take } of given) {
            sim.runUntil(sim.now + wait);
            expected += BigInt(wait) * BigInt(tokens);
            if (expected > full) expected = full;
            expect(bucket.tokens).toBe(Number(expected / BigInt(perNs)));
            if (bucket.tryTake(take)) expected -= BigInt(take) * BigInt(perNs);
          }
        },
      ),
    );
  });
});
