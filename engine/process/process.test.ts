import { describe, expect, it } from "vitest";
import { OBSERVERS } from "../event-store.ts";
import { Simulation } from "../simulation.ts";
import { AllOf, allOf, AnyOf, anyOf, Delay } from "./combinators.ts";
import { Interrupted, ProcessFailure, Processes, type Process } from "./process.ts";
import { Signal } from "./signal.ts";
import { Channel } from "../go/channel.ts";
import type { ProcessBody, Waitable, Yieldable } from "./waitable.ts";

function world() {
  const sim = new Simulation({ seed: 7 });
  const log: string[] = [];
  return { sim, processes: new Processes(sim), log, note: (text: string) => void log.push(`${sim.now} ${text}`) };
}

function* sleeper(delay: number): ProcessBody {
  yield delay;
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

describe("processes that meet", () => {
  it("go on once, whichever branch of a wait is first, when what they wait for in several ends", () => {
    const { sim, processes, log, note } = world();
    const child = processes.spawn("child", sleeper(100));
    function* body(): ProcessBody {
      note(`branch ${(yield* anyOf(child, allOf(child))).index}`);
      yield 10;
      note("first delay");
      yield 10;
      note("second delay");
    }
    processes.spawn("waiter", body());
    sim.scheduleAt(1, () => child.cancel(), undefined);
    sim.runUntil(1000);
    expect(log).toEqual(["1 branch 0", "11 first delay", "21 second delay"]);
  });

  it("interrupt one that has not begun at its first wait", () => {
    const { sim, processes, log, note } = world();
    function* body(): ProcessBody {
      try {
        yield 5;
      } catch (error) {
        note((error as Interrupted).message);
      }
    }
    processes.spawn("early", body()).interrupt("too late");
    sim.runUntil(10);
    expect(log).toEqual(["0 interrupted: too late"]);
  });

  it("cancel one whose wait is over before an interrupt strikes it", () => {
    const { sim, processes, log, note } = world();
    const signal = new Signal("go");
    function* body(): ProcessBody {
      try {
        yield* signal;
        note("woken");
        yield 5;
        note("never");
      } finally {
        note("cleared up");
      }
    }
    const one = processes.spawn("one", body());
    const onTime = () => {
      signal.fire(undefined);
      one.interrupt("late");
      one.cancel();
    };
    sim.scheduleAt(3, onTime, undefined);
    sim.runUntil(10);
    expect(log).toEqual(["3 woken", "3 cleared up"]);
    expect([one.state, one.waitsFor]).toEqual(["cancelled", "nothing"]);
  });

  it("do not go on as if one had ended well that failed, should the run go on", () => {
    const { sim, processes, log, note } = world();
    function* failing(): ProcessBody {
      yield 1;
      throw new Error("boom");
    }
    const child = processes.spawn("child", failing());
    function* waiter(): ProcessBody {
      yield* child;
      note("went on");
    }
    processes.spawn("waiter", waiter());
    expect(() => sim.runUntil(10)).toThrow("boom");
    sim.runUntil(20);
    expect(log).toEqual([]);
  });

  it("go on at the instant at which they were woken although another one failed in between, should the run go on", () => {
    const { sim, processes, log, note } = world();
    const signal = new Signal("go");
    function* failing(): ProcessBody {
      yield 1;
      signal.fire(undefined);
      throw new Error("boom");
    }
    function* waiter(): ProcessBody {
      yield* signal;
      note("went on");
    }
    processes.spawn("waiter", waiter());
    processes.spawn("failing", failing());
    expect(() => sim.runUntil(10)).toThrow("boom");
    sim.runUntil(20);
    expect(log).toEqual(["1 went on"]);
  });

  it("are told what may be yielded where they yield something else", () => {
    const { sim, processes } = world();
    function* body(): ProcessBody {
      yield undefined as unknown as Yieldable;
    }
    processes.spawn("a", body());
    expect(() => sim.runUntil(10)).toThrow(
      "it yielded undefined: a process may yield a delay in nanoseconds or something to wait for",
    );
  });

  it("are listed while they live, in the order in which they were started, however many have ended", () => {
    const { sim, processes } = world();
    for (let i = 0; i < 1000; i++) processes.spawn(`p${i}`, sleeper(i % 100 === 7 ? 1000 : i % 10));
    sim.runUntil(500);
    // Every hundredth from the seventh on.
    const names = processes.live.map(({ name }) => name);
    expect(names).toEqual(Array.from({ length: 10 }, (_, i) => `p${i * 100 + 7}`));
  });
});

describe("a deadlock", () => {
  it("is not hidden by observers that wait", () => {
    const { sim, processes } = world();
    const answer = new Signal("answer");
    function* body(): ProcessBody {
      yield* answer;
    }
    processes.spawn("a", body());
    const sample = (): void => void sim.schedule(10, sample, undefined, OBSERVERS);
    sample();
    sim.runUntil(100);
    expect(processes.deadlock()).toBe("a waits for signal answer");
  });

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
