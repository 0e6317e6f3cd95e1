import { describe, expect, it } from "vitest";
import { Simulation } from "../simulation.ts";
import { AllOf, AnyOf, Delay } from "./combinators.ts";
import { Interrupted, ProcessFailure, Processes, type Process } from "./process.ts";
import { Signal } from "./signal.ts";
import { Channel } from "../go/channel.ts";
import type { ProcessBody, Waitable } from "./waitable.ts";

function world() {
  const sim = new Simulation({ seed: 7 });
  const log: string[] = [];
  return { sim, processes: new Processes(sim), log, note: (text: string) => void log.push(`${sim.now} ${text}`) };
}

describe("a process", () => {
  it("waits for delays, signals and other processes, and gives its result to who waits for it", () => {
    const { sim, processes, log, note } = world();
    const go = new Signal<string>("go");
    const child = processes.spawn(
      "child",
      (function* (): ProcessBody<number> {
        yield 5;
        note(`got ${yield* go}`);
        return 42;
      })(),
    );
    processes.spawn(
      "parent",
      (function* (): ProcessBody {
        yield 10;
        go.fire("now");
        note(`child gave ${yield* child}`);
        // A wait that is over already takes no event.
        note(`and again ${yield* child}`);
      })(),
    );
    sim.runUntil(100);
    expect(log).toEqual(["10 got now", "10 child gave 42", "10 and again 42"]);
    expect(processes.live).toEqual([]);
  });

  it("is interrupted with a cause where it waits, and may go on", () => {
    const { sim, processes, log, note } = world();
    const sleeper = processes.spawn(
      "sleeper",
      (function* (): ProcessBody {
        try {
          yield 100;
        } catch (error) {
          note(`${(error as Interrupted).message}, cause ${(error as Interrupted).cause}`);
        }
        yield 5;
        note("done");
      })(),
    );
    sim.scheduleAt(20, () => sleeper.interrupt("fire"), undefined);
    sim.runUntil(1000);
    expect(log).toEqual(["20 interrupted: fire, cause fire", "25 done"]);
  });

  it("is cancelled where it waits: its finally blocks run and its wait is withdrawn", () => {
    const { sim, processes, log, note } = world();
    const go = new Signal("go");
    const waiter = processes.spawn(
      "waiter",
      (function* (): ProcessBody {
        try {
          yield* go;
          note("never");
        } finally {
          note("cleaned up");
        }
      })(),
    );
    sim.scheduleAt(3, () => waiter.cancel(), undefined);
    sim.scheduleAt(4, () => go.fire(), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["3 cleaned up"]);
    expect(waiter.state).toBe("cancelled");
  });

  it("that fails takes the run down, with its name, the simulated time and the seed", () => {
    const { sim, processes } = world();
    processes.spawn(
      "puller",
      (function* (): ProcessBody {
        yield 2_000_000_000;
        throw new Error("no such image");
      })(),
    );
    let failure: unknown;
    try {
      sim.runUntil(3_000_000_000);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(ProcessFailure);
    expect((failure as Error).message).toBe("at 2 s (seed 7): process puller failed: no such image");
  });

  it("waits for the first of several things and withdraws the rest", () => {
    const { sim, processes, log, note } = world();
    const slow = new Signal<string>("slow");
    const late = new Delay(sim, 50);
    processes.spawn(
      "racer",
      (function* (): ProcessBody {
        const first = yield* new AnyOf<string | void>([slow, new Delay(sim, 10), late]);
        note(`branch ${first.index}`);
        yield 1;
        note(`pending ${sim.pending}`);
      })(),
    );
    sim.runUntil(100);
    // The 50 ns timer was withdrawn: nothing is pending when the process is the running event.
    expect(log).toEqual(["10 branch 1", "11 pending 0"]);
  });

  it("waits for all of several things, and gets their values in order", () => {
    const { sim, processes, log, note } = world();
    const signals = [new Signal<string>("a"), new Signal<string>("b"), new Signal<string>("c")];
    signals[1].fire("B");
    sim.scheduleAt(7, () => signals[2].fire("C"), undefined);
    sim.scheduleAt(9, () => signals[0].fire("A"), undefined);
    processes.spawn(
      "gatherer",
      (function* (): ProcessBody {
        note((yield* new AllOf(signals)).join(""));
      })(),
    );
    sim.runUntil(100);
    expect(log).toEqual(["9 ABC"]);
  });

  it("withdraws the branches that have begun when one of several refuses", () => {
    const { sim, processes, log, note } = world();
    const closed = new Channel<number>("closed");
    closed.close();
    for (const several of [AnyOf<unknown>, AllOf<unknown>]) {
      processes.spawn(
        several.name,
        (function* (): ProcessBody {
          try {
            yield* new several([new Delay(sim, 10), closed.send(1)]) as Waitable<unknown>;
          } catch (error) {
            note((error as Error).message);
          }
        })(),
      );
    }
    sim.runUntil(5);
    expect(log).toEqual(["0 send on closed channel closed", "0 send on closed channel closed"]);
    expect(sim.pending).toBe(0);
  });

  it("that another one starts begins as soon as that one waits, before the next event", () => {
    const { sim, processes, log, note } = world();
    processes.spawn(
      "parent",
      (function* (): ProcessBody {
        sim.schedule(0, () => note("event"), undefined);
        processes.spawn(
          "child",
          (function* (): ProcessBody {
            note("child");
            yield 1;
          })(),
        );
        note("parent");
        yield 1;
      })(),
    );
    sim.runUntil(10);
    expect(log).toEqual(["0 parent", "0 child", "0 event"]);
  });

  it("resumes in the order of the wake-ups when several wait for one signal", () => {
    const { sim, processes, log, note } = world();
    const go = new Signal("go");
    const waiting = (name: string) =>
      processes.spawn(
        name,
        (function* (): ProcessBody {
          yield* go;
          note(name);
        })(),
      );
    for (const name of ["b", "a", "c"]) waiting(name);
    sim.scheduleAt(1, () => go.fire(), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["1 b", "1 a", "1 c"]);
  });
});

describe("a deadlock", () => {
  it("is reported as who waits for what, once nothing can happen any more", () => {
    const { sim, processes } = world();
    const never = new Signal("answer");
    const first: Process = processes.spawn(
      "first",
      (function* (): ProcessBody {
        yield 5;
        yield* never;
      })(),
    ) as Process;
    processes.spawn(
      "second",
      (function* (): ProcessBody {
        yield* first;
      })(),
    );
    expect(processes.deadlock()).toBeUndefined();
    sim.runUntil(10);
    expect(processes.deadlock()).toBe("first waits for signal answer\nsecond waits for the end of process first");
  });
});
