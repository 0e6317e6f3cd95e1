import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Simulation } from "../simulation.ts";
import { Server, type ServerTicket } from "./server.ts";

/** Brings jobs to a server at given times, each for a while, and notes when they begin. */
function play(capacity: number, jobs: readonly { at: number; work: number; priority?: number }[]) {
  const sim = new Simulation();
  const server = new Server(sim, capacity);
  const tickets: ServerTicket[] = [];
  const begins: number[] = [];
  const order: number[] = [];
  let most = 0;
  const granted = (i: number): void => {
    begins[i] = sim.now;
    order.push(i);
    most = Math.max(most, server.inUse);
    sim.schedule(jobs[i].work, (j: number) => tickets[j].release(), i);
  };
  jobs.forEach(({ at, priority }, i) => {
    sim.scheduleAt(at, () => (tickets[i] = server.request(granted, i, priority)), undefined);
  });
  sim.runUntil(1e9);
  return { begins, order, most, server };
}

describe("a FIFO server", () => {
  it("serves in the order of arrival, as many at once as it has units", () => {
    const jobs = [10, 4, 3, 5].map((work) => ({ at: 0, work }));
    // Two units: the third begins when the second ends (4), the fourth when the third does (7).
    expect(play(2, jobs).begins).toEqual([0, 0, 4, 7]);
  });

  it("grants at the instant of the request, but never within the call", () => {
    const sim = new Simulation();
    const server = new Server(sim, 1);
    const log: string[] = [];
    const ticket = server.request(() => log.push(`granted at ${sim.now}`), undefined);
    expect([log, server.inUse, ticket.isWaiting]).toEqual([[], 0, true]);
    sim.runUntil(1);
    expect([log, server.inUse, ticket.isHeld]).toEqual([["granted at 0"], 1, true]);
  });

  it("forgets a request that is withdrawn, at the instant of its grant too", () => {
    const sim = new Simulation();
    const server = new Server(sim, 1);
    const granted: string[] = [];
    const note = (name: string): unknown => granted.push(name);
    const first = server.request(note, "first");
    const second = server.request(note, "second");
    const third = server.request(note, "third");
    expect(first.withdraw()).toBe(true);
    sim.runUntil(1);
    expect(granted).toEqual(["second"]);
    expect(second.withdraw()).toBe(false);
    second.release();
    // The unit is free and the third is next; withdrawn at this instant it never gets it.
    expect([third.withdraw(), third.withdraw()]).toEqual([true, false]);
    sim.runUntil(2);
    expect([granted, server.inUse, server.waiting]).toEqual([["second"], 0, 0]);
  });

  it("gives a unit at once to who asks for it so, unless others wait", () => {
    const sim = new Simulation();
    const server = new Server(sim, 2);
    const ticket = server.tryRequest();
    expect([ticket?.isHeld, server.inUse]).toEqual([true, 1]);
    server.request(() => {}, undefined);
    expect(server.tryRequest()).toBeUndefined();
    sim.runUntil(1);
    expect(server.tryRequest()).toBeUndefined();
    ticket!.release();
    expect(server.tryRequest()?.isHeld).toBe(true);
  });

  it("refuses to release what is not held", () => {
    const sim = new Simulation();
    const ticket = new Server(sim, 1).request(() => {}, undefined);
    expect(() => ticket.release()).toThrow("cannot release a unit that the ticket does not hold");
    sim.runUntil(1);
    ticket.release();
    expect(() => ticket.release()).toThrow(Error);
  });

  it("takes a new capacity: more units serve at once, fewer are missing as they come back", () => {
    const sim = new Simulation();
    const server = new Server(sim, 1);
    const held: number[] = [];
    const tickets = [0, 1, 2, 3].map((i) => server.request((j: number) => held.push(j), i));
    sim.runUntil(1);
    server.setCapacity(3);
    sim.runUntil(2);
    expect(held).toEqual([0, 1, 2]);
    server.setCapacity(1);
    tickets[0].release();
    tickets[1].release();
    sim.runUntil(3);
    expect([held.length, server.inUse]).toEqual([3, 1]);
    tickets[2].release();
    sim.runUntil(4);
    expect(held).toEqual([0, 1, 2, 3]);
    expect(() => server.setCapacity(-1)).toThrow("a capacity of -1; allowed: a whole number from 0, or Infinity");
  });

  const jobs = fc.array(fc.record({ at: fc.nat(50), work: fc.nat(20) }), { minLength: 1, maxLength: 40 });

  it("begins jobs in the order of arrival, holds no more than its units, and is never idle while one waits", () => {
    fc.assert(
      fc.property(jobs, fc.integer({ min: 1, max: 4 }), (given, capacity) => {
        const { begins, order, most } = play(capacity, given);
        const arrivals = given.map((_, i) => i).toSorted((a, b) => given[a].at - given[b].at || a - b);
        expect(order).toEqual(arrivals);
        expect(most).toBeLessThanOrEqual(capacity);
        // Its definition: each job begins on the unit that is free first.
        const free = Array.from({ length: capacity }, () => 0);
        for (const i of arrivals) {
          const unit = free.indexOf(Math.min(...free));
          const begin = Math.max(given[i].at, free[unit]);
          expect(begins[i]).toBe(begin);
          free[unit] = begin + given[i].work;
        }
      }),
    );
  });
});

describe("a priority server", () => {
  it("serves the lowest number first and equals in the order of arrival, without interrupting", () => {
    const jobs = [
      { at: 0, work: 10, priority: 5 },
      { at: 1, work: 10, priority: 2 },
      { at: 2, work: 10, priority: 1 },
      { at: 3, work: 10, priority: 2 },
      { at: 4, work: 10, priority: 1 },
    ];
    expect(play(1, jobs).order).toEqual([0, 2, 4, 1, 3]);
  });
});
