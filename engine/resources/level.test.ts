import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Simulation } from "../simulation.ts";
import { Level } from "./level.ts";

function world(capacity?: number, initial?: number) {
  const sim = new Simulation();
  const level = new Level(sim, capacity, initial);
  const log: string[] = [];
  const note = (text: string): unknown => log.push(text);
  const settle = (): string[] => {
    sim.runUntil(sim.now + 1);
    return log.splice(0);
  };
  return { level, note, settle };
}

describe("a level", () => {
  it("lets those who take wait for the amount, strictly in their order", () => {
    const { level, note, settle } = world();
    level.get(10, note, "large");
    level.get(1, note, "small");
    level.put(5, note, "added");
    // The small one would fit but is behind the large one.
    expect([settle(), level.amount]).toEqual([["added"], 5]);
    level.put(7, note, "added");
    expect([settle(), level.amount]).toEqual([["added", "large", "small"], 1]);
  });

  it("lets those who add wait for room", () => {
    const { level, note, settle } = world(10, 8);
    level.put(4, note, "4");
    level.put(1, note, "1");
    expect([settle(), level.waitingPuts]).toEqual([[], 2]);
    level.get(3, note, "taken");
    expect([settle(), level.amount]).toEqual([["taken", "4", "1"], 10]);
  });

  it("lets those behind go on when the first withdraws", () => {
    const { level, note, settle } = world(10, 3);
    const large = level.get(10, note, "large");
    level.get(3, note, "small");
    expect(settle()).toEqual([]);
    expect([large.withdraw(), large.withdraw()]).toEqual([true, false]);
    expect([settle(), level.amount]).toEqual([["small"], 0]);
  });

  it("acts at once where asked so, unless that would overtake somebody", () => {
    const { level, note } = world(10, 5);
    expect([level.tryGet(6), level.tryGet(4), level.tryPut(10), level.tryPut(3)]).toEqual([false, true, false, true]);
    level.get(9, note, "waits");
    expect(level.tryGet(1)).toBe(false);
  });

  it("refuses amounts that it could never hold", () => {
    const { level, note } = world(10);
    expect(() => level.get(11, note, "")).toThrow("an amount of 11; allowed: from 0 to the capacity, 10");
    expect(() => level.put(-1, note, "")).toThrow(RangeError);
    expect(() => level.tryPut(Number.NaN)).toThrow(RangeError);
    expect(() => world(10, 11)).toThrow("a level of 11 in a capacity of 10");
  });

  it("is what was added less what was taken, from 0 to its capacity", () => {
    const step = fc.record({ isPut: fc.boolean(), amount: fc.nat(10), wait: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { level, settle } = world(10, 4);
        let expected = 4;
        for (const { isPut, amount, wait } of steps) {
          const done = (sign: number): void => {
            expected += sign * amount;
          };
          if (isPut) level.put(amount, done, 1);
          else level.get(amount, done, -1);
          if (wait) settle();
          expect(level.amount).toBe(expected);
          expect(level.amount >= 0 && level.amount <= 10).toBe(true);
        }
        settle();
        expect(level.amount).toBe(expected);
      }),
    );
  });
});
