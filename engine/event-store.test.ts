import { describe, expect, it } from "vitest";
import { EventStore, NO_EVENT, type Handle } from "./event-store.ts";
import { FourAryHeap } from "./heap.ts";
import { LadderQueue } from "./ladder.ts";
import { Simulation } from "./simulation.ts";

const nothing = () => {};

describe.each([
  ["heap", (store: EventStore) => new FourAryHeap(store)],
  ["ladder", (store: EventStore) => new LadderQueue(store)],
])("a handle, on the %s", (_, eventList) => {
  it("is stale from the call of its handler on, and every use of it is then a no-op", () => {
    const sim = new Simulation({ eventList });
    let handle: Handle = NO_EVENT;
    const found: unknown[] = [];
    const onEvent = () => {
      found.push(sim.cancel(handle), sim.reschedule(handle, 50), sim.timeOf(handle));
      // Takes the slot that the handle named; the stale handle must not reach the new event.
      sim.schedule(5, nothing, undefined);
      found.push(sim.cancel(handle), sim.pending);
    };
    handle = sim.schedule(10, onEvent, undefined);
    expect(sim.timeOf(handle)).toBe(10);
    sim.runUntil(11);
    expect(found).toEqual([false, false, undefined, false, 1]);
  });

  it("cancels an event of the running instant up to the call of its handler", () => {
    const sim = new Simulation({ eventList });
    const ran: string[] = [];
    const note = (name: string) => void ran.push(name);
    let later: Handle = NO_EVENT;
    let sooner: Handle = NO_EVENT;
    const onFirst = () => {
      sooner = sim.schedule(0, note, "sooner");
      expect(sim.cancel(sooner)).toBe(true);
      expect(sim.cancel(sooner)).toBe(false);
      expect(sim.cancel(later)).toBe(true);
    };
    sim.scheduleAt(7, onFirst, undefined);
    later = sim.scheduleAt(7, note, "later");
    sim.scheduleAt(7, note, "last");
    sim.runUntil(8);
    expect(ran).toEqual(["last"]);
  });

  it("stays valid when its event is moved, and the event then counts as scheduled last", () => {
    const sim = new Simulation({ eventList });
    const ran: string[] = [];
    const note = (name: string) => void ran.push(name);
    const moved = sim.scheduleAt(3, note, "moved");
    sim.scheduleAt(9, note, "other");
    expect(sim.reschedule(moved, 9)).toBe(true);
    expect(sim.timeOf(moved)).toBe(9);
    sim.runUntil(10);
    expect(ran).toEqual(["other", "moved"]);
  });
});

describe("the event store", () => {
  it("keeps handles exact where the generation of a slot wraps at 2^29", () => {
    const store = new EventStore();
    const slot = store.allocate(1, 0, nothing, undefined);
    // The generation is the last of the eight integers of a record.
    store["integers"][slot * 8 + 7] = 2 ** 29 - 1;
    const last = store.handleOf(slot);
    // (2^29 - 1) x 2^24 + 1 = 2^53 - 2^24 + 1.
    expect(last).toBe(2 ** 53 - 2 ** 24 + 1);
    expect(store.slotOf(last)).toBe(slot);
    store.release(slot);
    expect(store.slotOf(last)).toBe(-1);
    expect(store.allocate(2, 0, nothing, undefined)).toBe(slot);
    // Generation 0 again.
    expect(store.handleOf(slot)).toBe(slot);
    expect(store.slotOf(last)).toBe(-1);
  });

  it("never mistakes NO_EVENT or a handle of a slot not used yet for an event", () => {
    const store = new EventStore();
    expect(store.slotOf(NO_EVENT)).toBe(-1);
    expect(store.slotOf(5)).toBe(-1);
  });

  it("keeps times, orders and generations when it grows beyond its capacity", () => {
    const store = new EventStore(2);
    const handles = Array.from({ length: 9 }, (_, i) => store.handleOf(store.allocate(i * 10, 0, nothing, i)));
    expect(handles.map((h) => store.timeOf(store.slotOf(h)))).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80]);
    expect(handles.map((h) => store.argumentOf(store.slotOf(h)))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(new Set(handles.map((h) => store.orderOf(store.slotOf(h)))).size).toBe(9);
  });

  it("gives out every slot but that of nobody, whom every chain ends with", () => {
    const store = new EventStore(4);
    expect([1, 2, 3, 4, 5].map(() => store.allocate(7, undefined, nothing, 0))).toEqual([1, 2, 3, 4, 5]);
    expect([store.timeOf(0), store.nextOf(0), store.size]).toEqual([Infinity, 0, 5]);
  });

  it("says what most events are to run when there are more than it can hold", () => {
    const store = new EventStore(4, undefined, 8);
    const onTimeout = () => {};
    for (let i = 0; i < 7; i++) store.allocate(i, undefined, i % 3 === 0 ? nothing : onTimeout, undefined);
    // 7 slots beside nobody's; 0, 3 and 6 run something else.
    expect(() => store.allocate(8, undefined, onTimeout, undefined)).toThrow(
      "more than 7 pending events; most of them, 4, are to run onTimeout",
    );
  });

  it("lets go of handler and argument when an event is released", () => {
    const store = new EventStore();
    const slot = store.allocate(1, 0, nothing, { large: true });
    store.release(slot);
    expect([store.handlerOf(slot), store.argumentOf(slot)]).toEqual([undefined, undefined]);
  });
});
