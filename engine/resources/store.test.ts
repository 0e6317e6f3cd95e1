import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Simulation } from "../simulation.ts";
import { Store } from "./store.ts";

function world(capacity?: number) {
  const sim = new Simulation();
  const store = new Store<number>(sim, capacity);
  const log: string[] = [];
  const put = (item: number) => store.put(item, (n: number) => log.push(`put ${n}`), item);
  const get = (name: string) => store.get((who: string, item: number) => log.push(`${who} got ${item}`), name);
  const settle = (): string[] => {
    sim.runUntil(sim.now + 1);
    return log.splice(0);
  };
  return { store, put, get, settle };
}

describe("a store", () => {
  it("gives items in the order in which they came, to those who ask in the order of their asking", () => {
    const { put, get, settle } = world();
    get("a");
    get("b");
    put(1);
    put(2);
    put(3);
    expect(settle()).toEqual(["put 1", "a got 1", "put 2", "b got 2", "put 3"]);
    get("c");
    expect(settle()).toEqual(["c got 3"]);
  });

  it("with a capacity lets those who put wait for room", () => {
    const { store, put, get, settle } = world(2);
    [1, 2, 3, 4].map(put);
    expect(settle()).toEqual(["put 1", "put 2"]);
    expect([store.size, store.waitingPuts]).toEqual([2, 2]);
    get("a");
    expect(settle()).toEqual(["a got 1", "put 3"]);
  });

  it("forgets what is withdrawn: the item of a put, the turn of a get", () => {
    const { put, get, settle } = world(1);
    const [one, two] = [put(1), put(2)];
    put(3);
    settle();
    expect([one.withdraw(), two.withdraw()]).toEqual([false, true]);
    const a = get("a");
    get("b");
    get("c");
    expect(a.withdraw()).toBe(true);
    expect(settle()).toEqual(["b got 1", "put 3", "c got 3"]);
  });

  it("acts at once where asked so, unless that would overtake somebody", () => {
    const { store, put, get, settle } = world(1);
    expect([store.tryGet(), store.tryPut(7), store.tryPut(8)]).toEqual([undefined, true, false]);
    put(9);
    expect(store.tryGet()).toBe(7);
    // There is room, but 9 waits for it.
    expect(store.tryPut(8)).toBe(false);
    expect(settle()).toEqual(["put 9"]);
    get("a");
    // There is an item, but a waits for it.
    expect(store.tryGet()).toBeUndefined();
    expect(settle()).toEqual(["a got 9"]);
  });

  it("loses and reorders nothing, and never holds more than its capacity", () => {
    const steps = fc.array(fc.constantFrom("put", "get", "wait"), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (given, capacity) => {
        const sim = new Simulation();
        const store = new Store<number>(sim, capacity);
        const got: number[] = [];
        let puts = 0;
        for (const step of given) {
          if (step === "put") store.put(puts++, () => {}, undefined);
          else if (step === "get") store.get((_: undefined, item: number) => got.push(item), undefined);
          else sim.runUntil(sim.now + 1);
          expect(store.size).toBeLessThanOrEqual(capacity);
        }
        sim.runUntil(sim.now + 1);
        const gets = given.filter((step) => step === "get").length;
        expect(got).toEqual(Array.from({ length: Math.min(puts, gets) }, (_, i) => i));
        expect(store.size + store.waitingPuts).toBe(Math.max(0, puts - gets));
      }),
    );
  });
});
