import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Line } from "./line.ts";
import type { Waiter } from "./waitable.ts";

interface Named extends Waiter {
  name: number;
  rank: number;
}

function waiter(name: number, rank: number): Named {
  return { name, rank, value: undefined, place: undefined, wake: () => {}, fail: () => {} };
}

describe("a line", () => {
  it("serves by rank and then by arrival, whoever leaves in between", () => {
    const step = fc.oneof(
      fc.record({ action: fc.constant("enter" as const), rank: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ action: fc.constant("leave" as const), who: fc.nat(200) }),
      fc.record({ action: fc.constant("shift" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const line = new Line();
        // The same by sorting anew each time.
        let expected: Named[] = [];
        const all: Named[] = [];
        for (const each of steps) {
          if (each.action === "enter") {
            const next = waiter(all.length, each.rank);
            all.push(next);
            line.enter(next, each.rank);
            expected = [...expected, next].toSorted((a, b) => a.rank - b.rank || a.name - b.name);
          } else if (each.action === "shift") {
            expect(line.shift()).toBe(expected.shift());
          } else if (all.length > 0) {
            const who = all[each.who % all.length];
            line.leave(who);
            expected = expected.filter((other) => other !== who);
          }
          expect(line.length).toBe(expected.length);
        }
        while (expected.length > 0) expect(line.shift()).toBe(expected.shift());
        expect(line.shift()).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("closes up instead of growing when most of its places are empty", () => {
    const line = new Line();
    const first = waiter(0, 0);
    line.enter(first, 0);
    for (let i = 1; i <= 10_000; i++) {
      const other = waiter(i, 0);
      line.enter(other, 0);
      line.leave(other);
    }
    expect(line.length).toBe(1);
    expect(line["waiters"].length).toBeLessThan(100);
    expect(line.shift()).toBe(first);
  });
});
