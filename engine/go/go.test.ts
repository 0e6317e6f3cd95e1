import { describe, expect, it } from "vitest";
import { Processes } from "../process/process.ts";
import type { ProcessBody } from "../process/waitable.ts";
import { Simulation } from "../simulation.ts";
import { NS_PER_SECOND as S } from "../time.ts";
import {
  Backoff,
  CANCELED,
  Channel,
  ChannelPanic,
  Context,
  DEADLINE_EXCEEDED,
  Mutex,
  NilChannel,
  ResettingBackoff,
  Ticker,
  WaitGroup,
  jitterUntil,
  select,
  until,
} from "./index.ts";

/** A simulation whose processes are given as generator functions by name. */
function world(seed = 1) {
  const sim = new Simulation({ seed });
  const processes = new Processes(sim);
  const log: string[] = [];
  const note = (text: unknown) => void log.push(`${sim.now} ${text}`);
  const go = (name: string, body: () => ProcessBody) => processes.spawn(name, body());
  return { sim, processes, log, note, go };
}

describe("channels: a rule of the language each", () => {
  it("a send on an unbuffered channel blocks until a receiver is there", () => {
    const { sim, go, log, note } = world();
    const ch = new Channel<string>("ch");
    go("sender", function* () {
      yield* ch.send("x");
      note("sent");
    });
    go("receiver", function* () {
      yield 10;
      note(`got ${(yield* ch.receive()).value}`);
    });
    sim.runUntil(100);
    expect(log).toEqual(["10 got x", "10 sent"]);
  });

  it("a send on a buffered channel blocks only while the buffer is full", () => {
    const { sim, go, log, note } = world();
    const ch = new Channel<number>("ch", 2);
    go("sender", function* () {
      for (const value of [1, 2, 3]) {
        yield* ch.send(value);
        note(`sent ${value}, len ${ch.length}`);
      }
    });
    go("receiver", function* () {
      yield 5;
      note(`got ${(yield* ch.receive()).value}`);
    });
    sim.runUntil(100);
    expect(log).toEqual(["0 sent 1, len 1", "0 sent 2, len 2", "5 got 1", "5 sent 3, len 2"]);
  });

  it("values arrive in the order in which they were sent, and blocked senders are served in theirs", () => {
    const { sim, go } = world();
    const ch = new Channel<number>("ch", 1);
    const got: Array<number | undefined> = [];
    for (const value of [1, 2, 3, 4]) {
      go(`sender ${value}`, function* () {
        yield* ch.send(value);
      });
    }
    go("receiver", function* () {
      yield 5;
      for (let i = 0; i < 4; i++) got.push((yield* ch.receive()).value);
    });
    sim.runUntil(100);
    expect(got).toEqual([1, 2, 3, 4]);
  });

  it("blocked receivers are served in the order in which they came", () => {
    const { sim, go, log, note } = world();
    const ch = new Channel<number>("ch");
    for (const name of ["a", "b"]) {
      go(name, function* () {
        note(`${name} ${(yield* ch.receive()).value}`);
      });
    }
    go("sender", function* () {
      yield* ch.send(1);
      yield* ch.send(2);
    });
    sim.runUntil(10);
    expect(log).toEqual(["0 a 1", "0 b 2"]);
  });

  it("a nil channel blocks senders and receivers for ever", () => {
    const { sim, go, log, note, processes } = world();
    const nil = new NilChannel<number>();
    go("sender", function* () {
      yield* nil.send(1);
      note("never");
    });
    go("receiver", function* () {
      yield* nil.receive();
      note("never");
    });
    sim.runUntil(10);
    expect(log).toEqual([]);
    expect(processes.deadlock()).toBe(
      "sender waits for send on channel nil\nreceiver waits for receive on channel nil",
    );
  });

  it("a closed channel gives what is in its buffer, then zero values at once", () => {
    const { sim, go, log, note } = world();
    const ch = new Channel<number>("ch", 3);
    ch.trySend(7);
    ch.close();
    go("receiver", function* () {
      for (let i = 0; i < 3; i++) {
        const { value, ok } = yield* ch.receive();
        note(`${value} ${ok}`);
      }
    });
    sim.runUntil(10);
    expect(log).toEqual(["0 7 true", "0 undefined false", "0 undefined false"]);
  });

  it("closing wakes every blocked receiver with ok false", () => {
    const { sim, go, log, note } = world();
    const ch = new Channel<number>("ch");
    for (const name of ["a", "b"]) {
      go(name, function* () {
        note(`${name} ${(yield* ch.receive()).ok}`);
      });
    }
    sim.scheduleAt(3, () => ch.close(), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["3 a false", "3 b false"]);
  });

  it("a send on a closed channel panics, also for a sender that was blocked when it was closed", () => {
    const { sim, go, log, note } = world();
    const ch = new Channel<number>("ch");
    const sender = function* (): ProcessBody {
      try {
        yield* ch.send(1);
      } catch (error) {
        note((error as Error).message);
      }
    };
    go("blocked", sender);
    sim.scheduleAt(3, () => ch.close(), undefined);
    sim.scheduleAt(4, () => void go("late", sender), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["3 send on closed channel ch", "4 send on closed channel ch"]);
  });

  it("closing a closed or a nil channel panics", () => {
    const ch = new Channel<number>("ch");
    ch.close();
    expect(() => ch.close()).toThrow(ChannelPanic);
    expect(() => new NilChannel().close()).toThrow(ChannelPanic);
  });

  it("a withdrawn wait leaves the line: an interrupted receiver takes nothing", () => {
    const { sim, go, processes } = world();
    const ch = new Channel<number>("ch");
    const receiver = go("receiver", function* () {
      yield* ch.receive();
    });
    sim.scheduleAt(1, () => receiver.cancel(), undefined);
    sim.runUntil(2);
    expect(ch.blockedReceivers).toBe(0);
    expect(ch.trySend(1)).toBe(false);
    expect(processes.live).toEqual([]);
  });
});

describe("select: a rule of the language each", () => {
  it("takes the case that is ready", () => {
    const { sim, go, log, note } = world();
    const [a, b] = [new Channel<string>("a"), new Channel<string>("b", 1)];
    b.trySend("x");
    go("selector", function* () {
      const { index, received } = yield* select([{ receive: a }, { receive: b }]);
      note(`${index} ${received?.value}`);
    });
    sim.runUntil(10);
    expect(log).toEqual(["0 1 x"]);
  });

  it("chooses among several ready cases by the seeded stream, uniformly", () => {
    const { sim, go } = world(3);
    const stream = sim.random("select");
    const counts = [0, 0, 0];
    go("selector", function* () {
      for (let i = 0; i < 3000; i++) {
        const channels = [0, 1, 2].map((n) => new Channel<number>(`${n}`, 1));
        for (const channel of channels) channel.trySend(1);
        counts[
          (yield* select(
            channels.map((receive) => ({ receive })),
            { stream },
          )).index
        ]++;
      }
    });
    sim.runUntil(10);
    // A third of 3000 each; three standard deviations are 77.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(80);
  });

  it("takes the first ready case in the list when no stream is given", () => {
    const { sim, go, log, note } = world();
    const channels = [0, 1, 2].map((n) => new Channel<number>(`${n}`, 1));
    for (const channel of channels.slice(1)) channel.trySend(1);
    go("selector", function* () {
      note((yield* select(channels.map((receive) => ({ receive })))).index);
    });
    sim.runUntil(10);
    expect(log).toEqual(["0 1"]);
  });

  it("with a default never waits", () => {
    const { sim, go, log, note } = world();
    go("selector", function* () {
      note((yield* select([{ receive: new Channel<number>("a") }], { hasDefault: true })).index);
    });
    sim.runUntil(10);
    expect(log).toEqual(["0 -1"]);
  });

  it("waits for the first case and leaves the other lines", () => {
    const { sim, go, log, note } = world();
    const [a, b] = [new Channel<string>("a"), new Channel<string>("b")];
    go("selector", function* () {
      const { index } = yield* select([{ receive: a }, { send: b, value: "y" }]);
      note(`case ${index}; waiting on a: ${a.blockedReceivers}, on b: ${b.blockedSenders}`);
    });
    go("receiver", function* () {
      yield 4;
      note(`got ${(yield* b.receive()).value}`);
    });
    sim.runUntil(10);
    expect(log).toEqual(["4 got y", "4 case 1; waiting on a: 0, on b: 0"]);
  });

  it("never chooses a nil channel, and always can receive from a closed one", () => {
    const { sim, go, log, note } = world();
    const closed = new Channel<number>("closed");
    closed.close();
    go("selector", function* () {
      const { index, received } = yield* select([{ receive: new NilChannel<number>() }, { receive: closed }]);
      note(`${index} ${received?.ok}`);
    });
    sim.runUntil(10);
    expect(log).toEqual(["0 1 false"]);
  });

  it("without cases blocks for ever", () => {
    const { sim, go, processes } = world();
    go("selector", function* () {
      yield* select([]);
    });
    sim.runUntil(10);
    expect(processes.deadlock()).toBe("selector waits for a select without cases");
  });
});

describe("sync and context", () => {
  it("a wait group lets waiters go when its count is zero, and panics below", () => {
    const { sim, go, log, note } = world();
    const group = new WaitGroup("pods");
    group.add(2);
    go("waiter", function* () {
      yield* group;
      note("all done");
    });
    for (const at of [3, 8]) sim.scheduleAt(at, () => group.done(), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["8 all done"]);
    expect(() => group.done()).toThrow(/negative/);
  });

  it("a mutex is held by one at a time, first come first served", () => {
    const { sim, go, log, note } = world();
    const mutex = new Mutex("m");
    for (const name of ["a", "b", "c"]) {
      go(name, function* () {
        yield* mutex;
        note(`${name} in`);
        yield 5;
        mutex.unlock();
      });
    }
    sim.runUntil(100);
    expect(log).toEqual(["0 a in", "5 b in", "10 c in"]);
    expect(() => mutex.unlock()).toThrow(/unlocked/);
  });

  it("cancelling a context closes Done of it and of all below, and of nothing above", () => {
    const { sim } = world();
    const root = Context.background(sim);
    const parent = root.withCancel("parent");
    const child = parent.withCancel("child").withCancel("grandchild");
    parent.cancel();
    expect([parent.done.isClosed, child.done.isClosed, root.done.isClosed]).toEqual([true, true, false]);
    expect(child.error).toBe(CANCELED);
    expect(parent.withCancel("late").done.isClosed).toBe(true);
    expect(() => root.cancel()).toThrow(/background/);
  });

  it("a deadline ends a context, and the earlier of two counts", () => {
    const { sim, go, log, note } = world();
    const parent = Context.background(sim).withTimeout("parent", 10);
    const child = parent.withTimeout("child", 50);
    go("waiter", function* () {
      yield* child.done.receive();
      note(child.error);
    });
    sim.runUntil(100);
    expect(log).toEqual([`10 ${DEADLINE_EXCEEDED}`]);
    expect(child.deadline).toBe(10);
  });
});

describe("tickers and loops", () => {
  it("a ticker drops the ticks that nobody took in time", () => {
    const { sim, go, log, note } = world();
    const ticker = new Ticker(sim, "tick", 10);
    go("slow reader", function* () {
      yield 35;
      for (let i = 0; i < 3; i++) note((yield* ticker.channel.receive()).value);
      ticker.stop();
    });
    sim.runUntil(200);
    // The tick of 10 waited in the channel; those of 20 and 30 were dropped.
    expect(log).toEqual(["35 10", "40 40", "50 50"]);
    expect(sim.pending).toBe(0);
  });

  it("Until calls at once and then a period after each call's end, until it is stopped", () => {
    const { sim, processes, log, note } = world();
    const stop = new Channel<never>("stop");
    const step = function* (): ProcessBody {
      note("call");
      yield 3;
    };
    processes.spawn("loop", until(sim, step, 10, stop));
    sim.scheduleAt(30, () => stop.close(), undefined);
    sim.runUntil(100);
    expect(log).toEqual(["0 call", "13 call", "26 call"]);
  });

  it("JitterUntil that does not slide keeps its period from start to start, lengthened by the jitter", () => {
    const { sim, processes } = world();
    const stop = new Channel<never>("stop");
    const starts: number[] = [];
    const step = function* (): ProcessBody {
      starts.push(sim.now);
      yield 40;
    };
    const options = { jitterFactor: 0.5, stream: sim.random("jitter"), isSliding: false };
    processes.spawn("loop", jitterUntil(sim, step, 1000, stop, options));
    sim.runUntil(100_000);
    const gaps = starts.slice(1).map((at, i) => at - starts[i]);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1500);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(100);
  });
});

describe("back-off as apimachinery has it", () => {
  const stream = new Simulation({ seed: 1 }).random("backoff");
  const delays = (backoff: { step(): number }, count: number) =>
    Array.from({ length: count }, () => backoff.step() / S);

  it("grows by the factor up to the cap, and stays there", () => {
    const backoff = new Backoff({ duration: 0.8 * S, factor: 2, steps: 38, cap: 30 * S }, stream);
    expect(delays(backoff, 8)).toEqual([0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]);
    expect(backoff.stepsLeft).toBe(0);
  });

  it("stays as it is without steps or without a factor", () => {
    expect(delays(new Backoff({ duration: S, steps: 0, factor: 2 }, stream), 3)).toEqual([1, 1, 1]);
    expect(delays(new Backoff({ duration: S, steps: 5 }, stream), 3)).toEqual([1, 1, 1]);
    expect(delays(new Backoff({ duration: S, steps: 1, factor: 10 }, stream), 3)).toEqual([1, 10, 10]);
  });

  it("lengthens by at most the jitter, never shortens", () => {
    const backoff = new Backoff({ duration: S, steps: 1000, factor: 1, jitter: 0.3 }, stream);
    for (const delay of delays(backoff, 500)) {
      expect(delay).toBeGreaterThanOrEqual(1);
      expect(delay).toBeLessThanOrEqual(1.3);
    }
  });

  it("begins again after a time without use, strictly longer than the reset time", () => {
    const sim = new Simulation();
    const backoff = new ResettingBackoff(
      sim,
      new Backoff({ duration: S, factor: 2, steps: 9, cap: 10 * S }, stream),
      10 * S,
    );
    expect(delays(backoff, 3)).toEqual([1, 2, 4]);
    sim.runUntil(10 * S);
    expect(delays(backoff, 1)).toEqual([8]);
    sim.runUntil(20 * S + 1);
    expect(delays(backoff, 2)).toEqual([1, 2]);
  });
});
