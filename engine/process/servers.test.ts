import { describe, expect, it } from "vitest";
import { Simulation } from "../simulation.ts";
import { AllOf, AnyOf, Delay } from "./combinators.ts";
import { Processes } from "./process.ts";
import { Servers } from "./servers.ts";
import type { ProcessBody } from "./waitable.ts";

function world(capacity: number) {
  const sim = new Simulation({ seed: 1 });
  const processes = new Processes(sim);
  const servers = new Servers("pool", capacity);
  const log: string[] = [];
  function* user(name: string, hold: number, rank = 0): ProcessBody {
    yield servers.acquire(rank);
    log.push(`${sim.now} ${name}`);
    try {
      yield hold;
    } finally {
      servers.release();
    }
  }
  return { sim, processes, servers, log, user };
}

describe("servers", () => {
  it("serve first come, first served, a process for each server", () => {
    const { sim, processes, log, user } = world(2);
    for (const name of ["a", "b", "c", "d"]) processes.spawn(name, user(name, 10));
    sim.runUntil(100);
    expect(log).toEqual(["0 a", "0 b", "10 c", "10 d"]);
  });

  it("serve the smaller rank first, and equal ranks by arrival", () => {
    const { sim, processes, log, user } = world(1);
    const ranks = { first: 0, low: 5, middle: 3, high: -1, "middle too": 3 };
    for (const [name, rank] of Object.entries(ranks)) processes.spawn(name, user(name, 10, rank));
    sim.runUntil(100);
    expect(log).toEqual(["0 first", "10 high", "20 middle", "30 middle too", "40 low"]);
  });

  it("are handed out at once when they become more, and as they are released when they become fewer", () => {
    const { sim, processes, servers, log, user } = world(1);
    for (const name of ["a", "b", "c", "d"]) processes.spawn(name, user(name, 10));
    const setTo = (capacity: number) => {
      servers.capacity = capacity;
    };
    sim.scheduleAt(5, setTo, 3);
    sim.scheduleAt(7, setTo, 1);
    sim.runUntil(100);
    // b and c begin at 5; a ends at 10, but two are still in use for one server; d begins when both have ended at 15.
    expect(log).toEqual(["0 a", "5 b", "5 c", "15 d"]);
    expect(servers.inUse).toBe(0);
  });

  it("are not lost when one who waits for several gets another, is interrupted, or is cancelled at the same instant", () => {
    const { sim, processes, servers, log } = world(1);
    const never = new Servers("never", 0);
    servers.tryAcquire();
    function* racer(): ProcessBody {
      const { index } = yield* new AnyOf<unknown>([servers.acquire(), new Delay(sim, 5)]);
      log.push(`branch ${index}`);
    }
    function* holder(): ProcessBody {
      yield servers.acquire();
      try {
        yield 50;
      } finally {
        servers.release();
      }
    }
    function* collector(): ProcessBody {
      yield* new AllOf([servers.acquire(), never.acquire()]);
    }
    processes.spawn("racer", racer());
    const cancelled = processes.spawn("cancelled", holder());
    const interrupted = processes.spawn("collector", collector());
    const onRelease = () => {
      servers.release();
      cancelled.cancel();
    };
    sim.scheduleAt(10, onRelease, undefined);
    sim.runUntil(20);
    // The server went from the cancelled holder to the collector, who waits for the other one.
    expect([servers.inUse, servers.queueLength, never.queueLength]).toEqual([1, 0, 1]);
    interrupted.cancel();
    sim.runUntil(30);
    expect([log, servers.inUse, never.queueLength]).toEqual([["branch 1"], 0, 0]);
  });

  it("cannot be released more often than acquired", () => {
    expect(() => new Servers("pool", 1).release()).toThrow("servers pool: released more often than acquired");
    expect(() => new Servers("pool", 1.5)).toThrow("must be an integer of at least 0, not 1.5");
  });
});
