import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND as S } from "../../engine/time.ts";
import { FairShare, type FairGroup } from "./fair-share.ts";

interface Transfer {
  group: number;
  bytes: number;
  at: number;
}

/** The same by its definition: progressive filling over single flows at every start and end. Ends in seconds. */
function fillProgressively(capacity: number, perFlow: number, groups: readonly number[], given: readonly Transfer[]) {
  const left = given.map(({ bytes }) => bytes);
  const ends = given.map(() => Infinity);
  let now = 0;
  while (ends.includes(Infinity)) {
    const open = given.flatMap((_, i) => (given[i].at <= now && ends[i] === Infinity ? [i] : []));
    const rates = new Map<number, number>();
    let rest = capacity;
    const groupRest = [...groups];
    let unfrozen = open;
    while (unfrozen.length > 0) {
      const inGroup = (g: number) => unfrozen.filter((i) => given[i].group === g).length;
      const step = Math.min(
        rest / unfrozen.length,
        ...unfrozen.map((i) => groupRest[given[i].group] / inGroup(given[i].group)),
        ...unfrozen.map((i) => perFlow - (rates.get(i) ?? 0)),
      );
      for (const i of unfrozen) {
        rates.set(i, (rates.get(i) ?? 0) + step);
        rest -= step;
        groupRest[given[i].group] -= step;
      }
      const isOpen = (i: number) =>
        rest > 1e-9 && groupRest[given[i].group] > 1e-9 && perFlow - (rates.get(i) ?? 0) > 1e-9;
      unfrozen = unfrozen.filter(isOpen);
    }
    const starts = given.flatMap(({ at }) => (at > now ? [at] : []));
    const next = Math.min(...starts, ...open.map((i) => now + left[i] / (rates.get(i) ?? 0)));
    for (const i of open) {
      left[i] -= (rates.get(i) ?? 0) * (next - now);
      if (left[i] < 1e-6) ends[i] = next;
    }
    now = next;
  }
  return ends;
}

/** Starts a transfer at a time in seconds and notes when it is done, in seconds. */
function transfer(
  sim: Simulation,
  ends: Record<string, number>,
  group: FairGroup,
  name: string,
  bytes: number,
  at = 0,
) {
  sim.scheduleAt(at * S, () => group.start(bytes, () => (ends[name] = sim.now / S)), undefined);
}

describe("a shared link", () => {
  it("gives equal shares, and what one leaves to the others from that instant on", () => {
    const sim = new Simulation();
    const ends: Record<string, number> = {};
    const link = new FairShare(sim, 100, Infinity).group(Infinity);
    transfer(sim, ends, link, "a", 100);
    transfer(sim, ends, link, "b", 100);
    transfer(sim, ends, link, "c", 100, 1);
    sim.runUntil(100 * S);
    // To 1 s a and b have 50 each. Three share then: at 2.5 s a and b have 100, c 50; c alone needs 0.5 s more.
    expect(ends).toEqual({ a: 2.5, b: 2.5, c: 3 });
  });

  it("leaves a connection's limit unused by others where all are limited", () => {
    const sim = new Simulation();
    const ends: Record<string, number> = {};
    const link = new FairShare(sim, 100, 50).group(Infinity);
    transfer(sim, ends, link, "a", 100);
    transfer(sim, ends, link, "b", 50);
    transfer(sim, ends, link, "c", 50);
    sim.runUntil(100 * S);
    // 33.3 each to 1.5 s; a has 50 then and goes on at its limit of 50.
    expect(ends).toEqual({ a: 2.5, b: 1.5, c: 1.5 });
  });

  it("is max-min fair over groups: what a slow group cannot take goes to the fast one", () => {
    const sim = new Simulation();
    const ends: Record<string, number> = {};
    const share = new FairShare(sim, 90, Infinity);
    const [slow, fast] = [share.group(20), share.group(1000)];
    transfer(sim, ends, slow, "s1", 10);
    transfer(sim, ends, slow, "s2", 10);
    transfer(sim, ends, fast, "f", 140);
    sim.runUntil(100 * S);
    // Slow: 10 each. Fast: 90 - 20 = 70 to 1 s, then 90: 70 bytes are left, 70 / 90 s.
    expect(ends.s1).toBe(1);
    expect(ends.f).toBeCloseTo(1 + 70 / 90, 8);
  });

  it("finishes at once without limits, in the order of the starts, but never within the start", () => {
    const sim = new Simulation();
    const order: string[] = [];
    const group = new FairShare(sim, Infinity, Infinity).group(Infinity);
    group.start(1e15, () => order.push("a"));
    group.start(5, () => order.push("b"));
    expect(order).toEqual([]);
    sim.runUntil(1);
    expect(order).toEqual(["a", "b"]);
  });

  it("stands still without capacity and goes on where it was", () => {
    const sim = new Simulation();
    const ends: Record<string, number> = {};
    const share = new FairShare(sim, 10, Infinity);
    const group = share.group(Infinity);
    transfer(sim, ends, group, "a", 100);
    sim.scheduleAt(4 * S, () => share.setLimits(0, Infinity), undefined);
    sim.scheduleAt(50 * S, () => share.setLimits(60, Infinity), undefined);
    sim.scheduleAt(50 * S, () => group.setCapacity(30), undefined);
    sim.runUntil(100 * S);
    // 40 by 4 s; from 50 s on 30 a second for 60 bytes.
    expect(ends).toEqual({ a: 52 });
  });

  it("gives a cancelled transfer's share to the others and never calls it", () => {
    const sim = new Simulation();
    const ends: Record<string, number> = {};
    const group = new FairShare(sim, 10, Infinity).group(Infinity);
    const stop = group.start(100, () => (ends.stopped = sim.now));
    transfer(sim, ends, group, "a", 100);
    sim.scheduleAt(10 * S, () => [stop(), stop()], undefined);
    sim.runUntil(100 * S);
    // 50 by 10 s, then 10 a second.
    expect(ends).toEqual({ a: 15 });
    expect(group.flows).toBe(0);
  });

  it("conserves work: a busy link of one group has carried its capacity at every finish", () => {
    const flows = fc.array(fc.record({ at: fc.integer({ min: 0, max: 5 }), bytes: fc.integer({ min: 1, max: 99 }) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(flows, (given) => {
        const sim = new Simulation();
        const ends: Record<string, number> = {};
        const group = new FairShare(sim, 7, Infinity).group(Infinity);
        const total = given.reduce((sum, { bytes }) => sum + bytes, 0);
        // One long transfer from 0 s on keeps the link busy, so the last end is total / capacity.
        transfer(sim, ends, group, "long", 700);
        given.forEach(({ at, bytes }, i) => transfer(sim, ends, group, `f${i}`, bytes, at));
        sim.runUntil(10_000 * S);
        const last = Math.max(...Object.values(ends));
        return Object.keys(ends).length === given.length + 1 && Math.abs(last - (700 + total) / 7) < 1e-6;
      }),
      { numRuns: 50 },
    );
  });

  it("agrees with progressive filling, flow by flow, over groups of every kind", () => {
    const flow = fc.record({ group: fc.nat(2), bytes: fc.integer({ min: 1, max: 99 }), at: fc.nat(9) });
    const setting = fc.record({
      capacity: fc.constantFrom(5, 20, 1000),
      perFlow: fc.constantFrom(2, 7, 1000),
      groups: fc.tuple(fc.constantFrom(3, 50), fc.constantFrom(4, 11), fc.constantFrom(1, 1000)),
    });
    fc.assert(
      fc.property(setting, fc.array(flow, { minLength: 1, maxLength: 12 }), ({ capacity, perFlow, groups }, given) => {
        const sim = new Simulation();
        const ends: Record<string, number> = {};
        const share = new FairShare(sim, capacity, perFlow);
        const made = groups.map((own) => share.group(own));
        given.forEach(({ group, bytes, at }, i) => transfer(sim, ends, made[group], `f${i}`, bytes, at));
        sim.runUntil(10_000 * S);
        const expected = fillProgressively(capacity, perFlow, groups, given);
        // A start moves to the nearest nanosecond; a dozen of them leave well under a microsecond.
        return expected.every((end, i) => Math.abs(ends[`f${i}`] - end) < 1e-6);
      }),
      { numRuns: 200 },
    );
  });
});
