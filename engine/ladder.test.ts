import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventList } from "./event-list.ts";
import { type EventStore, type Handle, type PriorityClass } from "./event-store.ts";
import { FourAryHeap } from "./heap.ts";
import { LadderQueue } from "./ladder.ts";
import { Simulation } from "./simulation.ts";
import { END_OF_TIME, NS_PER_MS } from "./time.ts";

type MakeList = (store: EventStore) => EventList;
const heap: MakeList = (store) => new FourAryHeap(store);
const ladder: MakeList = (store) => new LadderQueue(store);

/** How one event of a random schedule goes on, when it runs. */
interface Step {
  action: "one" | "two" | "now" | "cancel" | "reschedule" | "none";
  delay: number;
  priority: PriorityClass;
  victim: number;
}

/** Plays a schedule on an event list and writes down every event that runs, and what waits now and then. */
function play(makeList: MakeList, start: number[], steps: Step[], limit = 3000): number[] {
  const sim = new Simulation({ eventList: makeList });
  const log: number[] = [];
  const handles: Handle[] = [];
  let made = 0;
  const add = (delay: number, priority: PriorityClass) => {
    handles.push(sim.schedule(Math.min(delay, END_OF_TIME - sim.now), onEvent, made++, priority));
  };
  function onEvent(id: number): void {
    log.push(sim.now, id, sim.pending);
    if (log.length > limit) return;
    const step = steps[id % steps.length];
    const victim = handles[(id * 7 + step.victim) % handles.length];
    switch (step.action) {
      case "two":
        add(step.delay, step.priority);
        add(Math.floor(step.delay / 2), 0);
        break;
      case "one":
        add(step.delay, step.priority);
        break;
      case "now":
        add(0, step.priority);
        add(step.delay, 0);
        break;
      case "cancel":
        log.push(sim.cancel(victim) ? 1 : 0);
        add(step.delay, step.priority);
        break;
      case "reschedule":
        log.push(sim.reschedule(victim, Math.min(sim.now + step.delay, END_OF_TIME)) ? 1 : 0, sim.timeOf(victim) ?? -1);
        break;
      case "none":
    }
  }
  for (const time of start) add(time, 0);
  sim.runUntil(1000);
  sim.runUntil(1_000_000);
  for (const time of start) add(time % 1500, 0);
  sim.runUntil(END_OF_TIME);
  return log;
}

const priority = fc.constantFrom<PriorityClass>(-1, 0, 0, 0, 1, 2);
const delay = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 2000 }).map((d) => d - (d % 100)),
  fc.integer({ min: 0, max: 2000 }),
  fc.integer({ min: 0, max: 5_000_000 }),
  fc.integer({ min: 0, max: END_OF_TIME }),
);
const step = fc.record<Step>({
  action: fc.constantFrom("one", "two", "two", "now", "cancel", "cancel", "reschedule", "none"),
  delay,
  priority,
  victim: fc.nat(1000),
});

describe("the ladder queue", () => {
  it("runs random schedules in the order of the heap, with ties, classes, cancellations and reschedules", () => {
    fc.assert(
      fc.property(
        fc.array(delay, { minLength: 1, maxLength: 300 }),
        fc.array(step, { minLength: 1, maxLength: 60 }),
        (start, steps) => {
          expect(play(ladder, start, steps)).toEqual(play(heap, start, steps));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps thousands of events in the order of the heap, whatever the spread of their delays", () => {
    const spread: Record<string, (u: number, i: number) => number> = {
      uniform: (u) => Math.floor(u * 1e6),
      constant: () => 1000,
      ticks: (u) => Math.floor(u * 20) * 4_000_000,
      skewed: (u, i) => (i % 10 === 0 ? Math.floor(u * 1e12) : Math.floor(u * 100)),
      heavy: (u) => Math.floor(100 / (u * u + 1e-12)),
      zeros: (u, i) => (i % 2 === 0 ? 0 : Math.floor(u * 1e5)),
    };
    for (const draw of Object.values(spread)) {
      const [a, b] = [ladder, heap].map((makeList) => {
        const sim = new Simulation({ seed: 7, eventList: makeList });
        const stream = sim.random("delays");
        const log: number[] = [];
        const onEvent = (id: number) => {
          log.push(id);
          sim.schedule(draw(stream.uniform(), id), onEvent, id);
          if (log.length === 12_000) sim.stop();
        };
        for (let i = 0; i < 3000; i++) sim.schedule(draw(stream.uniform(), i), onEvent, i);
        sim.runUntil(END_OF_TIME);
        return log;
      });
      expect(a).toEqual(b);
    }
  });

  it("runs a burst of 100,000 events within 1 ms in the order of the heap, cancellations among them", () => {
    const [a, b] = [ladder, heap].map((makeList) => {
      const sim = new Simulation({ seed: 1, eventList: makeList });
      const stream = sim.random("burst");
      let hash = 0;
      let count = 0;
      const onEvent = (id: number) => {
        hash = (Math.imul(hash, 31) + id) | 0;
        count++;
      };
      const onBurst = () => {
        const handles = Array.from({ length: 100_000 }, (_, i) => sim.schedule(stream.below(NS_PER_MS), onEvent, i));
        for (let i = 0; i < 50_000; i++) sim.cancel(handles[stream.below(handles.length)]);
      };
      // Far events on both sides of the burst, so that it falls into one bucket.
      for (let i = 1; i <= 200; i++) sim.schedule(i * 1_000_000_000, onEvent, -i);
      sim.schedule(1_500_000_000, onBurst, undefined);
      sim.runUntil(END_OF_TIME);
      return { hash, count };
    });
    expect(a).toEqual(b);
  });

  it("lists waiting events in the order in which they will run, wherever it keeps them", () => {
    const sim = new Simulation({ seed: 3 });
    let list: EventList | undefined;
    let store: EventStore | undefined;
    const traced = new Simulation({
      eventList: (s) => {
        store = s;
        return (list = new LadderQueue(s));
      },
    });
    const stream = sim.random("times");
    const expected: number[] = [];
    const ran: number[] = [];
    const onEvent = (id: number) => void ran.push(id);
    const onList = () => {
      for (let i = 0; i < 100; i++) traced.schedule(0, onEvent, 10_000 + i);
      for (let i = 0; i < 500; i++) traced.schedule(stream.below(40_000), onEvent, 20_000 + i);
      for (const slot of list!.slots()) expected.push(store!.argumentOf(slot) as number);
      expect(traced.pending).toBe(expected.length);
      ran.length = 0;
    };
    for (let i = 0; i < 2000; i++) traced.scheduleAt(stream.below(100_000), onEvent, i);
    traced.scheduleAt(50_000, onList, undefined);
    traced.runUntil(END_OF_TIME);
    expect(ran).toEqual(expected);
    expect(ran.length).toBeGreaterThan(1400);
  });
});
