import { describe, expect, it } from "vitest";
import { Channel } from "../go/channel.ts";
import { select } from "../go/select.ts";
import { WaitGroup } from "../go/sync.ts";
import { Simulation } from "../simulation.ts";
import { AllOf, allOf, AnyOf, anyOf, Delay } from "./combinators.ts";
import { Processes } from "./process.ts";
import { Servers } from "./servers.ts";
import { Signal } from "./signal.ts";
import type { ProcessBody, Waitable } from "./waitable.ts";

/** Plays a process that waits for `waited`, notes which branch was first, and then passes two delays of 10 ns. */
function play(waited: Waitable<{ index: number }>, happen: () => void): string[] {
  const sim = new Simulation({ seed: 1 });
  const log: string[] = [];
  const note = (text: string) => void log.push(`${sim.now} ${text}`);
  function* body(): ProcessBody {
    note(`branch ${(yield* waited).index}`);
    yield 10;
    note("first delay");
    yield 10;
    note("second delay");
  }
  new Processes(sim).spawn("waiter", body());
  sim.scheduleAt(1, happen, undefined);
  sim.runUntil(100);
  return log;
}

const ONCE = ["1 branch 0", "11 first delay", "21 second delay"];

describe("a process that waits for one thing in several branches goes on once, with the first of them", () => {
  it("when it is a signal", () => {
    const signal = new Signal("stop");
    expect(play(new AnyOf<unknown>([signal, new AllOf([signal])]), () => signal.fire())).toEqual(ONCE);
  });

  it("when it is a channel that closes under receivers", () => {
    const stop = new Channel<never>("stop");
    expect(play(new AnyOf<unknown>([stop.receive(), new AnyOf([stop.receive()])]), () => stop.close())).toEqual(ONCE);
  });

  it("when it is a channel that closes under two receive cases of a select", () => {
    const stop = new Channel<never>("stop");
    expect(play(select([{ receive: stop }, { receive: stop }]), () => stop.close())).toEqual(ONCE);
  });

  it("when it is a wait group", () => {
    const group = new WaitGroup("pods");
    group.add(1);
    expect(play(new AnyOf<unknown>([group, new AnyOf([group])]), () => group.done())).toEqual(ONCE);
  });

  it("when it is a channel that closes under two senders: the panic comes once", () => {
    const sim = new Simulation({ seed: 1 });
    const full = new Channel<number>("full");
    const log: string[] = [];
    function* body(): ProcessBody {
      try {
        yield* new AllOf([full.send(1), full.send(2)]);
      } catch (error) {
        log.push((error as Error).message);
      }
      yield 10;
      log.push(`${sim.now}`);
    }
    new Processes(sim).spawn("sender", body());
    sim.scheduleAt(1, () => full.close(), undefined);
    sim.runUntil(100);
    expect(log).toEqual(["send on closed channel full", "11"]);
  });
});

describe("branches of one wait that meet each other", () => {
  it("are over at once for the first of several, which withdraws or takes back the rest", () => {
    const sim = new Simulation({ seed: 1 });
    const channel = new Channel<number>("self");
    const servers = new Servers("pool", 1);
    const log: unknown[] = [];
    function* body(): ProcessBody {
      const branches = [channel.receive(), channel.send(7), servers.acquire()];
      log.push(yield* new AnyOf<unknown>(branches));
      yield 10;
      log.push(sim.now);
    }
    new Processes(sim).spawn("itself", body());
    sim.runUntil(100);
    expect(log).toEqual([{ index: 0, value: { value: 7, ok: true } }, 10]);
    expect([channel.blockedReceivers, channel.blockedSenders, servers.inUse]).toEqual([0, 0, 0]);
  });

  it("do not end a wait for all while others have not begun", () => {
    const sim = new Simulation({ seed: 1 });
    const channel = new Channel<number>("self");
    const log: unknown[] = [];
    function* body(): ProcessBody {
      log.push(yield* new AllOf<unknown>([channel.receive(), channel.send(7), new Delay(sim, 5)]));
      log.push(sim.now);
      yield 10;
      log.push(sim.now);
    }
    new Processes(sim).spawn("itself", body());
    sim.runUntil(100);
    expect(log).toEqual([[{ value: 7, ok: true }, undefined, undefined], 5, 15]);
  });
});

describe("waits of several types", () => {
  it("keep their types: the first gives one of them, all give each of them in its place", () => {
    const sim = new Simulation({ seed: 1 });
    const processes = new Processes(sim);
    const word = new Signal<string>("word");
    const child = processes.spawn(
      "child",
      (function* (): ProcessBody<number> {
        yield 3;
        word.fire("go");
        return 42;
      })(),
    );
    const found: Array<string | number> = [];
    function* body(): ProcessBody {
      const { index, value } = yield* anyOf(word, child);
      const first: string | number = value;
      const [text, count] = yield* allOf(word, child, new Delay(sim, 10));
      // These lines compile because the types are those of the waits.
      found.push(index, first, text.length, count.toFixed(1), sim.now);
    }
    processes.spawn("waiter", body());
    sim.runUntil(100);
    // The child fires the signal before it ends.
    expect(found).toEqual([0, "go", 2, "42.0", 13]);
  });
});
