import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Simulation } from "../../simulation.ts";
import { END_OF_TIME, NS_PER_SECOND as S } from "../../time.ts";
import type { Flow } from "./flow-class.ts";
import { Network, type Route } from "./network.ts";
import { referenceEnds, type Transfer } from "./testing/reference.ts";

/** When each transfer ends on the engine. */
function engineEnds(capacities: readonly number[], transfers: readonly Transfer[]): number[] {
  const sim = new Simulation();
  const network = new Network(sim);
  const links = capacities.map((capacity) => network.link(capacity));
  const routes = new Map<string, Route>();
  const ends = transfers.map(() => Infinity);
  const note = (index: number): void => {
    ends[index] = sim.now;
  };
  transfers.forEach(({ links: path, bytes, at, weight, cap }, index) => {
    const route = routes.get(path.join()) ?? network.route(...path.map((link) => links[link]));
    routes.set(path.join(), route);
    sim.scheduleAt(at, () => route.start(bytes, note, index, weight, cap), undefined);
  });
  sim.runUntil(END_OF_TIME);
  return ends;
}

const path = (links: number) => fc.uniqueArray(fc.nat(links - 1), { minLength: 1, maxLength: 3 });

describe("transfers over random links", () => {
  it("end at the nanosecond that exact fractions give", () => {
    const transfer = fc.record<Transfer>({
      links: path(4),
      bytes: fc.integer({ min: 1, max: 99 }),
      at: fc.oneof(
        fc.nat(9).map((s) => s * S),
        fc.nat(9 * S),
      ),
      weight: fc.integer({ min: 1, max: 3 }),
      cap: fc.constantFrom(2, 7, 13, 1000),
    });
    const capacities = fc.tuple(
      fc.constantFrom(5, 20, 1000),
      fc.constantFrom(3, 50),
      fc.constantFrom(4, 11),
      fc.constantFrom(1, 17, 1000),
    );
    fc.assert(
      fc.property(capacities, fc.array(transfer, { minLength: 1, maxLength: 10 }), (given, transfers) => {
        expect(engineEnds(given, transfers)).toEqual(referenceEnds(given, transfers));
      }),
      { numRuns: 200 },
    );
  });

  it("conserve work: a link that is never idle is done with all of it at total / capacity", () => {
    const flow = fc.record<Transfer>({
      links: fc.constant([0]),
      bytes: fc.integer({ min: 1, max: 99 }),
      at: fc.nat(5 * S),
      weight: fc.integer({ min: 1, max: 5 }),
      cap: fc.constant(1000),
    });
    fc.assert(
      fc.property(fc.array(flow, { minLength: 1, maxLength: 40 }), (given) => {
        // A long transfer keeps the link busy from 0 s on.
        const transfers = [...given, { links: [0], bytes: 700, at: 0, weight: 1, cap: 1000 }];
        const total = transfers.reduce((sum, { bytes }) => sum + bytes, 0);
        // Each end is off by half a nanosecond at most, by which the link has carried more or less.
        const last = Math.max(...engineEnds([7], transfers));
        expect(Math.abs(last - (total / 7) * S)).toBeLessThanOrEqual(0.5 * transfers.length + 1e-3);
      }),
      { numRuns: 100 },
    );
  });
});

/** Something that changes the flows of a network. */
type Change =
  | { do: "start"; links: number[]; weight: number; cap: number; bytes: number }
  | { do: "withdraw"; flow: number }
  | { do: "capacity"; link: number; capacity: number };

interface Running {
  flow: Flow;
  links: number[];
  weight: number;
  cap: number;
}

/** What is not max-min fair about the rates: undefined if they are. */
function unfairness(capacities: number[], running: Running[]): string | undefined {
  const loads = capacities.map(() => 0);
  for (const { flow, links } of running) for (const link of links) loads[link] += flow.rate;
  const margin = 1e-9;
  for (const [link, load] of loads.entries()) {
    if (load > capacities[link] * (1 + margin)) return `link ${link} carries ${load} of ${capacities[link]}`;
  }
  const level = ({ flow, weight }: Running): number => flow.rate / weight;
  for (const one of running) {
    const { flow, links, cap } = one;
    if (flow.rate > cap * (1 + margin)) return `${flow.rate} is above the limit of ${cap}`;
    if (flow.rate > cap * (1 - margin)) continue;
    // Somewhere a full link must have no flow that is faster by weight.
    const hasBottleneck = links.some(
      (link) =>
        loads[link] >= capacities[link] * (1 - margin) &&
        running.every((other) => !other.links.includes(link) || level(other) <= level(one) * (1 + margin)),
    );
    if (!hasBottleneck) return `a flow over ${links} at ${flow.rate} could be faster without slowing a slower one`;
  }
  return undefined;
}

describe("rates after random starts, ends, withdrawals and new capacities", () => {
  const LINKS = 8;
  const change = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("start" as const),
        links: path(LINKS),
        weight: fc.integer({ min: 1, max: 5 }),
        cap: fc.constantFrom(Infinity, Infinity, 3, 10, 40),
        bytes: fc.integer({ min: 1, max: 2000 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("withdraw" as const), flow: fc.nat(100) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("capacity" as const),
        link: fc.nat(LINKS - 1),
        capacity: fc.constantFrom(1, 30, 100, 1000),
      }),
    },
  );

  it("are max-min fair by weight, within limits and capacities", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(10, 50, 100, 300), { minLength: LINKS, maxLength: LINKS }),
        fc.array(change, { minLength: 1, maxLength: 80 }),
        (given, changes) => {
          const sim = new Simulation();
          const network = new Network(sim);
          const capacities: number[] = [...given];
          const links = capacities.map((capacity) => network.link(capacity));
          const routes = new Map<string, Route>();
          let running: Running[] = [];
          for (const step of changes as Change[]) {
            if (step.do === "start") {
              const name = step.links.toSorted().join();
              const route = routes.get(name) ?? network.route(...step.links.map((link) => links[link]));
              routes.set(name, route);
              const flow = route.start(step.bytes, () => {}, undefined, step.weight, step.cap);
              running.push({ flow, links: step.links, weight: step.weight, cap: step.cap });
            } else if (step.do === "capacity") {
              capacities[step.link] = step.capacity;
              links[step.link].setCapacity(step.capacity);
            } else if (running.length > 0) running[step.flow % running.length].flow.withdraw();
            // Some of the transfers end in the 0.3 s between the changes.
            sim.runUntil(sim.now + 0.3 * S);
            running = running.filter(({ flow }) => flow.rate > 0);
            expect(unfairness(capacities, running)).toBeUndefined();
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
