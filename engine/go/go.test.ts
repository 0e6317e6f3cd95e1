import { describe, expect, it } from "vitest";
import { anyOf, Delay } from "../process/combinators.ts";
import type { ProcessBody } from "../process/waitable.ts";
import { Channel, ChannelPanic, NilChannel, select } from "./index.ts";
import { world } from "./testing/world.ts";

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

  it("len and cap of a channel are its values and its room, 0 for a nil channel", () => {
    const ch = new Channel<number>("ch", 3);
    ch.trySend(1);
    expect([ch.length, ch.capacity]).toEqual([1, 3]);
    const nil = new NilChannel<number>();
    expect([nil.length, nil.capacity]).toEqual([0, 0]);
    expect(() => new Channel("ch", -1)).toThrow("channel ch: a capacity of -1; allowed: a whole number from 0");
  });

  it("a receive from a full channel lets the first blocked sender put its value behind the buffered ones", () => {
    const { sim, go, log, note } = world();
    const ch = new Channel<number>("ch", 1);
    ch.trySend(1);
    go("sender", function* () {
      yield* ch.send(2);
      note("sent");
    });
    go("receiver", function* () {
      yield 5;
      note(`got ${(yield* ch.receive()).value}, len ${ch.length}`);
    });
    sim.runUntil(10);
    expect(log).toEqual(["5 got 1, len 1", "5 sent"]);
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

  it("with a default takes a case that is ready, and never a nil channel's", () => {
    const { sim, go, log, note } = world();
    const ready = new Channel<number>("ready", 1);
    ready.trySend(1);
    go("selector", function* () {
      for (let i = 0; i < 2; i++) {
        const cases = [{ receive: new NilChannel<number>() }, { receive: ready }];
        note((yield* select(cases, { hasDefault: true })).index);
      }
    });
    sim.runUntil(10);
    expect(log).toEqual(["0 1", "0 -1"]);
  });

  it("that chooses a send on a closed channel panics, and so does one that waits to send when it is closed", () => {
    const { sim, go, log, note } = world();
    const [open, ch] = [new Channel<number>("open"), new Channel<number>("ch")];
    const selector = function* () {
      try {
        yield* select([{ receive: open }, { send: ch, value: 1 }]);
      } catch (error) {
        note(`${error instanceof ChannelPanic} ${(error as Error).message}`);
      }
    };
    go("waiting", selector);
    sim.scheduleAt(3, () => ch.close(), undefined);
    sim.scheduleAt(4, () => void go("late", selector), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["3 true send on closed channel ch", "4 true send on closed channel ch"]);
    expect(open.blockedReceivers).toBe(0);
  });

  it("never meets itself on one channel, but another select", () => {
    const { sim, go, log, note, processes } = world();
    const ch = new Channel<string>("ch");
    const both = (name: string) => () =>
      (function* () {
        const { index } = yield* select([{ receive: ch }, { send: ch, value: name }]);
        note(`${name} case ${index}`);
      })();
    go("a", both("a"));
    sim.runUntil(5);
    expect(log).toEqual([]);
    go("b", both("b"));
    sim.runUntil(10);
    // Both of b's cases are ready; without a stream it takes the first, the receive.
    expect(log).toEqual(["5 b case 0", "5 a case 1"]);
    expect(processes.live).toEqual([]);
    expect([ch.blockedReceivers, ch.blockedSenders]).toEqual([0, 0]);
  });

  it("takes one value of a channel that stands in two of its cases", () => {
    const { sim, go, log, note } = world();
    const ch = new Channel<number>("ch");
    go("selector", function* () {
      note((yield* select([{ receive: ch }, { receive: ch }])).received?.value);
    });
    sim.scheduleAt(1, () => void note(`${ch.trySend(7)} ${ch.trySend(8)}`), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["1 true false", "1 7"]);
  });

  it("draws one number for each choice among several cases, and none where there is no choice", () => {
    const draws = (ready: number) => {
      const { sim, go } = world();
      let drawn = 0;
      const stream = { name: "counted", uniform: () => 0, below: () => (drawn++, 0) };
      const channels = [0, 1, 2].map((n) => new Channel<number>(`${n}`, 1));
      for (const channel of channels.slice(0, ready)) channel.trySend(1);
      go("selector", function* () {
        const cases = channels.map((receive) => ({ receive }));
        yield* select(cases, { stream, hasDefault: true });
      });
      sim.runUntil(1);
      return drawn;
    };
    expect([draws(0), draws(1), draws(2), draws(3)]).toEqual([0, 0, 1, 1]);
  });

  it("beside a delay has a timeout, after which it stands in no line any more", () => {
    const { sim, go, log, note } = world();
    const [a, b] = [new Channel<number>("a"), new Channel<number>("b")];
    go("selector", function* () {
      const cases = select([{ receive: a }, { send: b, value: 1 }]);
      note((yield* anyOf(cases, new Delay(sim, 5))).index);
    });
    sim.runUntil(10);
    expect(log).toEqual(["5 1"]);
    expect([a.blockedReceivers, b.blockedSenders]).toEqual([0, 0]);
  });
});
