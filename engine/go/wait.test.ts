import { describe, expect, it } from "vitest";
import type { ProcessBody } from "../process/waitable.ts";
import { Simulation } from "../simulation.ts";
import { NS_PER_SECOND as S } from "../time.ts";
import {
  Backoff,
  backoffUntil,
  Channel,
  jitterUntil,
  ResettingBackoff,
  Ticker,
  until,
  type ResetFrom,
} from "./index.ts";
import { world } from "./testing/world.ts";

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

  it("after Stop or Reset no tick of before is received, as in Go from 1.23 on", () => {
    const { sim } = world();
    const [stopped, reset] = [new Ticker(sim, "stopped", 10), new Ticker(sim, "reset", 10)];
    sim.runUntil(15);
    expect([stopped.channel.length, reset.channel.length]).toEqual([1, 1]);
    stopped.stop();
    reset.reset(30);
    expect([stopped.channel.tryReceive(), reset.channel.tryReceive()]).toEqual([undefined, undefined]);
    sim.runUntil(44);
    expect(reset.channel.length).toBe(0);
    // A period of 30 from the reset at 15 on.
    sim.runUntil(46);
    expect([reset.channel.tryReceive()?.value, stopped.channel.length]).toEqual([45, 0]);
  });

  it("a ticker refuses a period that is no whole number above zero", () => {
    const { sim } = world();
    for (const period of [0, -1, 1.5, Number.NaN]) {
      expect(() => new Ticker(sim, "t", period)).toThrow(`ticker t: a period of ${period} ns; allowed:`);
    }
    expect(sim.pending).toBe(0);
  });

  it("a loop whose channel is closed before it begins calls nothing, and one closed during a call ends after it", () => {
    const { sim, processes, log, note } = world();
    const closed = new Channel<never>("closed");
    closed.close();
    processes.spawn(
      "never",
      until(sim, () => note("never"), 10, closed),
    );
    const stop = new Channel<never>("stop");
    const step = function* (): ProcessBody {
      note("begins");
      yield 5;
      note("ends");
    };
    processes.spawn("loop", until(sim, step, 10, stop));
    sim.scheduleAt(3, () => stop.close(), undefined);
    sim.runUntil(100);
    expect(log).toEqual(["0 begins", "5 ends"]);
    expect(processes.live).toEqual([]);
  });

  it("a stop at the instant of the next call wins", () => {
    const { sim, processes, log, note } = world();
    const stop = new Channel<never>("stop");
    processes.spawn(
      "loop",
      until(sim, () => note("call"), 10, stop),
    );
    sim.runUntil(5);
    // Scheduled after the loop's timer of 10, so the timer is first.
    sim.scheduleAt(10, () => stop.close(), undefined);
    sim.runUntil(100);
    expect(log).toEqual(["0 call"]);
  });

  it("a loop that does not slide calls again at once after a call that took longer than the period", () => {
    const { sim, processes, log, note } = world();
    const stop = new Channel<never>("stop");
    const durations = [25, 3, 3, 3];
    const step = function* (): ProcessBody {
      note("call");
      yield durations.shift() ?? 0;
    };
    processes.spawn("loop", jitterUntil(sim, step, 10, stop, { isSliding: false }));
    sim.scheduleAt(50, () => stop.close(), undefined);
    sim.runUntil(100);
    expect(log).toEqual(["0 call", "25 call", "35 call", "45 call"]);
  });

  it("JitterUntil with a jitter refuses to go on without a stream", () => {
    const { sim } = world();
    const stop = new Channel<never>("stop");
    expect(() => jitterUntil(sim, () => {}, 10, stop, { jitterFactor: 0.5 })).toThrow("needs a random stream");
  });

  it("BackoffUntil waits as its back-off says, from the end of a call or from its start", () => {
    const starts = (isSliding: boolean) => {
      const { sim, processes } = world();
      const stop = new Channel<never>("stop");
      const found: number[] = [];
      const step = function* (): ProcessBody {
        found.push(sim.now);
        yield 15;
      };
      const backoff = new Backoff({ duration: 10, factor: 2, steps: 9, cap: 40 }, sim.random("back-off"));
      processes.spawn("loop", backoffUntil(sim, step, backoff, stop, isSliding));
      sim.runUntil(200);
      return found;
    };
    // Calls of 15 ns, then 10, 20, 40, 40.
    expect(starts(true)).toEqual([0, 25, 60, 115, 170]);
    // 10 ns are over before the first call ends at 15; then 20, 40, 40 from the starts.
    expect(starts(false)).toEqual([0, 15, 35, 75, 115, 155, 195]);
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

  it("jitters each delay by itself: what is added to one does not grow into the next", () => {
    const always = { name: "most", uniform: () => 0.5, below: () => 0 };
    const backoff = new Backoff({ duration: S, factor: 2, steps: 9, cap: 5 * S, jitter: 1 }, always);
    // Half of 1, 2, 4, 5, 5 on top; the cap holds the delay before its jitter.
    expect(delays(backoff, 5)).toEqual([1.5, 3, 6, 7.5, 7.5]);
  });

  it("begins again a time after it last began, used or not, where it counts from there", () => {
    const play = (from: ResetFrom, resetAfter = 10 * S) => {
      const sim = new Simulation();
      const backoff = new ResettingBackoff(
        sim,
        new Backoff({ duration: S, factor: 2, steps: 9 }, stream),
        resetAfter,
        from,
      );
      const found: number[] = [];
      for (const at of [0, 4, 8, 11, 11]) {
        sim.runUntil(at * S);
        found.push(backoff.step() / S);
      }
      return found;
    };
    expect(play("lastUse")).toEqual([1, 2, 4, 8, 16]);
    // 11 s after the start is more than 10 s.
    expect(play("lastReset")).toEqual([1, 2, 4, 1, 2]);
    expect(play("lastReset", 0)).toEqual([1, 1, 1, 1, 1]);
  });
});
