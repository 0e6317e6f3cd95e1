import { describe, expect, it } from "vitest";
import { Channel, Mutex, select } from "../go/index.ts";
import { FourAryHeap } from "../heap.ts";
import { Server } from "../resources/index.ts";
import { Simulation, type SimulationOptions } from "../simulation.ts";
import { asked } from "./asked.ts";
import { allOf, anyOf, Delay } from "./combinators.ts";
import { Interrupted, Processes } from "./process.ts";
import { Servers } from "./servers.ts";
import type { ProcessBody } from "./waitable.ts";

const PROCESSES = 12;
const STEPS = 10;
const STRIKES = 20;

/** A world of processes that wait for this and that by chance, while others interrupt and cancel them by chance. */
function play(seed: number, options: SimulationOptions = {}) {
  const sim = new Simulation({ ...options, seed });
  const processes = new Processes(sim);
  const pool = new Servers("pool", 2);
  const server = new Server(sim, 2);
  const mutex = new Mutex("mutex");
  const channels = [new Channel<number>("unbuffered"), new Channel<number>("buffered", 2)];
  const chance = sim.random("chance");
  const unit = () => asked("a unit", (granted) => server.request(granted, undefined));
  const count = { held: 0, sent: 0, received: 0 };
  const log: string[] = [];

  function* hold(release: () => void): ProcessBody {
    count.held++;
    try {
      yield chance.below(4);
    } finally {
      count.held--;
      release();
    }
  }

  function* step(): ProcessBody {
    const channel = channels[chance.below(2)];
    const patience = new Delay(sim, chance.below(4));
    switch (chance.below(8)) {
      case 0:
        yield* pool.acquire(chance.below(3));
        return yield* hold(() => pool.release());
      case 1:
        yield* mutex;
        return yield* hold(() => mutex.unlock());
      case 2: {
        const { ticket } = yield* unit();
        return yield* hold(() => ticket.release());
      }
      case 3:
        if ((yield* anyOf(channel.send(1), patience)).index === 0) count.sent++;
        return;
      case 4:
        if ((yield* anyOf(channel.receive(), patience)).index === 0) count.received++;
        return;
      case 5: {
        const { index } = yield* select([{ receive: channels[0] }, { send: channels[1], value: 1 }], {
          stream: chance,
        });
        if (index === 0) count.received++;
        else count.sent++;
        return;
      }
      case 6: {
        const first = yield* anyOf(pool.acquire(), unit(), patience);
        if (first.index === 0) pool.release();
        if (typeof first.value === "object") first.value.ticket.release();
        return;
      }
      default: {
        const { value } = yield* anyOf(allOf(pool.acquire(), unit()), patience);
        if (value === undefined) return;
        pool.release();
        value[1].ticket.release();
      }
    }
  }

  function* body(name: string): ProcessBody {
    for (let i = 0; i < STEPS; i++) {
      try {
        yield* step();
        log.push(`${sim.now} ${name} ${i}`);
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        log.push(`${sim.now} ${name} ${error.message}`);
      }
    }
  }

  const all = Array.from({ length: PROCESSES }, (_, i) => processes.spawn(`p${i}`, body(`p${i}`)));
  for (let i = 0; i < STRIKES; i++) {
    const victim = all[chance.below(PROCESSES)];
    const strike = chance.below(2) === 0 ? () => victim.interrupt(i) : () => victim.cancel();
    sim.scheduleAt(1 + chance.below(30), strike, undefined);
  }
  sim.runUntil(10_000);
  return { sim, processes, pool, server, mutex, channels, count, log };
}

describe("processes that are interrupted and cancelled at random", () => {
  it("lose no server, unit, lock or value, with ties in the order of scheduling and shuffled", () => {
    for (let seed = 1; seed <= 60; seed++) {
      for (const shuffleTies of [false, true]) {
        const { sim, pool, server, mutex, channels, count } = play(seed, { shuffleTies });
        // Whoever has not ended waits for a channel and holds nothing.
        expect([count.held, pool.inUse, server.inUse, mutex.isLocked, sim.pending]).toEqual([0, 0, 0, false, 0]);
        expect([pool.queueLength, server.waiting, channels[1].blockedReceivers]).toEqual([0, 0, 0]);
        expect(count.sent).toBe(count.received + channels[1].length);
      }
    }
  });

  it("go the same way on either event list", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [ladder, heap] = [play(seed), play(seed, { eventList: (store) => new FourAryHeap(store) })];
      expect(ladder.log.length).toBeGreaterThan(50);
      expect(heap.log).toEqual(ladder.log);
      expect(heap.processes.deadlock()).toBe(ladder.processes.deadlock());
    }
  });
});
