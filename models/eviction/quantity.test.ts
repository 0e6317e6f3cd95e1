import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/simulation.ts";
import { Quantity } from "./quantity.ts";
import { GI, MI, SECOND } from "./testing/world.ts";

describe("a quantity", () => {
  it("reaches 4 GiB at 50 MB/s from 180 MiB in the first nanosecond in which it is there", () => {
    const sim = new Simulation();
    const memory = new Quantity(sim, { value: 180 * MI });
    memory.setRate(50_000_000);
    // (4294967296 - 188743680) / 5e7 = 82.12447232 s, a whole number of nanoseconds
    expect(memory.firstAtLeast(4 * GI)).toBe(82_124_472_320);
    expect(memory.exact(82_124_472_319)).toEqual({ whole: 4 * GI - 1, rest: 950_000_000 });
    expect(memory.firstAtLeast(180 * MI)).toBe(0);
    expect(memory.firstBelow(180 * MI)).toBe(Infinity);
  });

  it("falls below a level in the first nanosecond after it leaves it", () => {
    const memory = new Quantity(new Simulation(), { value: 10 });
    memory.setRate(-3);
    // 10 - 3t < 7 after exactly 1 s; < 10 at once, in the first nanosecond
    expect(memory.firstBelow(7)).toBe(SECOND + 1);
    expect(memory.firstBelow(10)).toBe(1);
    expect(memory.firstAtLeast(11)).toBe(Infinity);
  });

  it("keeps fractions over changes of rate: a third of a second at 1/s, three times, is one", () => {
    const sim = new Simulation();
    const count = new Quantity(sim, { per: 3 });
    count.setRate(1);
    for (const at of [1, 2, 3]) sim.scheduleAt(at, () => count.setRate(1), undefined);
    sim.runUntil(3);
    expect(count.exact()).toEqual({ whole: 1, rest: 0 });
  });

  it("takes along its fraction when it moves to another sum", () => {
    const sim = new Simulation();
    const [old, next] = [new Quantity(sim, { per: 10 }), new Quantity(sim, { per: 10 })];
    const part = new Quantity(sim, { value: 4, sum: old });
    part.setRate(3);
    // 4 + 3 x 5 / 10 = 5.5
    sim.scheduleAt(5, () => part.moveTo(next), undefined);
    sim.scheduleAt(15, () => part.moveTo(undefined), undefined);
    sim.runUntil(10);
    expect(old.exact()).toEqual({ whole: 0, rest: 0 });
    // and 3 x 5 / 10 more
    expect(next.exact()).toEqual({ whole: 7, rest: 0 });
    sim.runUntil(20);
    expect(next.exact()).toEqual({ whole: 0, rest: 0 });
    expect(part.exact()).toEqual({ whole: 10, rest: 0 });
    expect(() => part.moveTo(new Quantity(sim))).toThrow("sum's time");
  });

  it("refuses parts of a unit", () => {
    const memory = new Quantity(new Simulation());
    expect(() => memory.add(0.5)).toThrow("whole units");
    expect(() => memory.setRate(0.5)).toThrow("whole number");
  });
});

describe("a watch", () => {
  it("reports each passing once, at its instant, and again after the value was on the other side", () => {
    const sim = new Simulation();
    const memory = new Quantity(sim, { value: 0 });
    const seen: number[] = [];
    memory.watch("atLeast", 10, () => void seen.push(sim.now));
    memory.setRate(5);
    sim.scheduleAt(3 * SECOND, () => memory.setRate(-5), undefined);
    sim.scheduleAt(6 * SECOND, () => memory.add(20), undefined);
    sim.scheduleAt(7 * SECOND, () => memory.add(1), undefined);
    sim.runUntil(10 * SECOND);
    expect(seen).toEqual([2 * SECOND, 6 * SECOND]);
  });

  it("reports a passing once, though the rate changes at that very instant", () => {
    const sim = new Simulation();
    const memory = new Quantity(sim);
    const seen: number[] = [];
    memory.watch("atLeast", 10, () => void seen.push(sim.now));
    memory.watch("atLeast", 10, () => memory.setRate(1));
    memory.setRate(5);
    sim.runUntil(20 * SECOND);
    expect(seen).toEqual([2 * SECOND]);
  });

  it("does not report what is undone within the instant, and reports at once what holds already", () => {
    const sim = new Simulation();
    const memory = new Quantity(sim, { value: 5 });
    const seen: string[] = [];
    memory.watch("atLeast", 10, () => void seen.push("at least 10"));
    memory.watch("below", 6, () => void seen.push("below 6"));
    memory.add(10);
    memory.add(-10);
    sim.runUntil(1);
    expect(seen).toEqual(["below 6"]);
  });

  it("follows its level, and ends when cancelled, leaving no event behind", () => {
    const sim = new Simulation();
    const memory = new Quantity(sim);
    const seen: number[] = [];
    const watch = memory.watch("atLeast", 100, () => void seen.push(sim.now));
    memory.setRate(1);
    watch.setLevel(3);
    sim.runUntil(4 * SECOND);
    watch.setLevel(6);
    watch.cancel();
    memory.add(50);
    expect(sim.pending).toBe(0);
    sim.runUntil(10 * SECOND);
    expect(seen).toEqual([3 * SECOND]);
  });

  it("does not take a dip within one instant for a new passing", () => {
    const sim = new Simulation();
    const memory = new Quantity(sim, { value: 10 });
    let passings = 0;
    memory.watch("atLeast", 10, () => {
      passings++;
    });
    sim.scheduleAt(
      5,
      () => {
        memory.add(-10);
        memory.add(10);
      },
      undefined,
    );
    sim.runUntil(10);
    expect(passings).toBe(1);
  });
});

describe("a sum", () => {
  it("passes a level where its parts do together: 3 + 5 a second reach 40 in 5 s", () => {
    const sim = new Simulation();
    const node = new Quantity(sim);
    const parts = [3, 5].map((rate) => {
      const part = new Quantity(sim, { sum: node });
      part.setRate(rate);
      return part;
    });
    let at = 0;
    node.watch("atLeast", 40, () => {
      at = sim.now;
    });
    sim.runUntil(8 * SECOND);
    expect(at).toBe(5 * SECOND);
    for (const part of parts) part.set(0);
    expect(node.exact()).toEqual({ whole: 0, rest: 0 });
    expect(node.rate).toBe(8);
  });
});

interface Change {
  after: number;
  part: number;
  kind: "add" | "set" | "setRate";
  value: number;
}

const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({
    after: fc.nat(15),
    part: fc.nat(2),
    kind: fc.constantFrom("add", "set", "setRate"),
    value: fc.integer({ min: -30, max: 30 }),
  }),
  { maxLength: 14 },
);

const PER = 7;

describe("for any course of changes", () => {
  it("parts and sum are what counting nanosecond by nanosecond gives, and watches report every passing", () => {
    fc.assert(
      fc.property(changes, fc.integer({ min: -20, max: 20 }), (drawn, level) => {
        const sim = new Simulation();
        const sum = new Quantity(sim, { per: PER });
        const parts = [0, 1, 2].map(() => new Quantity(sim, { sum }));
        // The reference: values and rates in sevenths, moved one nanosecond at a time.
        const values = [0, 0, 0];
        const rates = [0, 0, 0];
        const passings: number[] = [];
        const expected: number[] = [];
        sum.watch("atLeast", level, () => void passings.push(sim.now));
        let wasAbove = false;
        let next = 0;
        let due = drawn.length > 0 ? drawn[0].after : Infinity;
        for (let now = 0; now < 260; now++) {
          for (; due === now; due = next < drawn.length ? now + drawn[next].after : Infinity) {
            const { part, kind, value } = drawn[next++];
            sim.scheduleAt(now, () => parts[part][kind](value), undefined, -1);
            if (kind === "add") values[part] += value * PER;
            if (kind === "set") values[part] = value * PER;
            if (kind === "setRate") rates[part] = value;
          }
          sim.runUntil(now + 1);
          const total = values.reduce((a, b) => a + b, 0);
          const isAbove = total >= level * PER;
          if (isAbove && !wasAbove) expected.push(now);
          wasAbove = isAbove;
          for (let i = 0; i < 3; i++) {
            values[i] += rates[i];
            const { whole, rest } = parts[i].exact();
            expect(whole * PER + rest).toBe(values[i]);
          }
          const { whole, rest } = sum.exact();
          expect(whole * PER + rest).toBe(values.reduce((a, b) => a + b, 0));
        }
        expect(passings).toEqual(expected);
      }),
      { numRuns: 80 },
    );
  });

  it("the instant of a passing is the first one, however large value and rate are", () => {
    const large = fc.integer({ min: 1, max: 2 ** 45 });
    fc.assert(
      fc.property(large, large, fc.integer({ min: 1, max: 2 ** 40 }), (start, rise, rate) => {
        const memory = new Quantity(new Simulation(), { value: start });
        memory.setRate(rate);
        const at = memory.firstAtLeast(start + rise);
        if (at === Infinity) {
          expect((BigInt(rise) * 1_000_000_000n) / BigInt(rate)).toBeGreaterThanOrEqual(2 ** 53 - 2);
          return;
        }
        expect(memory.exact(at).whole).toBeGreaterThanOrEqual(start + rise);
        expect(memory.exact(at - 1).whole).toBeLessThan(start + rise);
        memory.setRate(-rate);
        const below = memory.firstBelow(start - 5);
        if (below === Infinity) return;
        expect(memory.exact(below).whole).toBeLessThan(start - 5);
        expect(memory.exact(below - 1).whole).toBeGreaterThanOrEqual(start - 5);
      }),
    );
  });
});
