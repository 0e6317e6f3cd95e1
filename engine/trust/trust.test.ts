import { describe, expect, it } from "vitest";
import { OBSERVERS } from "../event-store.ts";
import { FourAryHeap } from "../heap.ts";
import { Simulation, type SimulationOptions } from "../simulation.ts";
import { DrawLog, firstDifference } from "./draw-log.ts";

/** Two sources with equal periods that share a queue: their order at equal times decides who waits. */
function twoSources(options: SimulationOptions = {}, period = 100): { sim: Simulation; log: string[] } {
  const sim = new Simulation({ seed: 1, fingerprint: true, ...options });
  const log: string[] = [];
  const onArrival = (source: { name: string }) => {
    log.push(`${sim.now} ${source.name}`);
    sim.random(source.name).uniform();
    sim.schedule(period, onArrival, source);
  };
  sim.schedule(0, onArrival, { name: "a" });
  sim.schedule(0, onArrival, { name: "b" });
  return { sim, log };
}

describe("the fingerprint", () => {
  it("is the same for every run of the same events, on either event list", () => {
    const runs = [{}, {}, { eventList: (store: never) => new FourAryHeap(store) }].map((options) => {
      const { sim } = twoSources(options as SimulationOptions);
      sim.runUntil(10_000);
      return sim.fingerprint;
    });
    expect(runs[0]).toMatch(/^[0-9a-f]{8}$/);
    expect(new Set(runs).size).toBe(1);
    // Kept as a value: it must not depend on the machine or the version of Node.js.
    expect(runs[0]).toBe("486a3d6c");
  });

  it("differs when a time, the order of a tie, or a handler differs", () => {
    const print = (make: (sim: Simulation, note: (n: number) => void, other: (n: number) => void) => void) => {
      const sim = new Simulation({ fingerprint: true });
      make(
        sim,
        () => {},
        () => {},
      );
      sim.runUntil(100);
      return sim.fingerprint;
    };
    const base = print((sim, note) => [1, 2].forEach((n) => sim.scheduleAt(5, note, n)));
    expect(print((sim, note) => [1, 2].forEach((n) => sim.scheduleAt(5, note, n)))).toBe(base);
    expect(print((sim, note) => [2, 1].forEach((n) => sim.scheduleAt(5, note, n)))).not.toBe(base);
    expect(print((sim, note) => [1, 2].forEach((n) => sim.scheduleAt(6, note, n)))).not.toBe(base);
    expect(print((sim, note, other) => [note, other].forEach((f, i) => sim.scheduleAt(5, f, i + 1)))).not.toBe(base);
  });

  it("differs when an argument differs, of whatever kind", () => {
    const prints = [
      undefined,
      null,
      false,
      true,
      "",
      "a",
      5n,
      6n,
      5,
      5 + 2 ** 32,
      0.1,
      0.1 + 2 ** -40,
      NaN,
      Infinity,
    ].map((argument) => {
      const sim = new Simulation({ fingerprint: true });
      sim.schedule(1, () => {}, argument);
      sim.runUntil(2);
      return sim.fingerprint;
    });
    expect(new Set(prints).size).toBe(prints.length);
  });

  it("does not change when observers watch", () => {
    const plain = twoSources();
    plain.sim.runUntil(1000);
    const watched = twoSources();
    const seen: number[] = [];
    const onSample = () => {
      seen.push(watched.sim.now);
      watched.sim.schedule(50, onSample, undefined, OBSERVERS);
    };
    watched.sim.schedule(0, onSample, undefined, OBSERVERS);
    watched.sim.runUntil(1000);
    expect(seen.length).toBe(20);
    expect(watched.log).toEqual(plain.log);
    expect(watched.sim.fingerprint).toBe(plain.sim.fingerprint);
  });
});

describe("shuffled ties", () => {
  it("reorders events of one instant by the seed, and nothing else", () => {
    const plain = twoSources();
    const shuffled = twoSources({ shuffleTies: true });
    const again = twoSources({ shuffleTies: true });
    for (const { sim } of [plain, shuffled, again]) sim.runUntil(10_000);
    expect(shuffled.log).not.toEqual(plain.log);
    expect(shuffled.log).toEqual(again.log);
    expect(shuffled.log.toSorted()).toEqual(plain.log.toSorted());
    const first = (log: string[]) => log.filter((line, i) => i % 2 === 0 && line.endsWith("b")).length;
    expect(first(plain.log)).toBe(0);
    // 100 instants, each b first with probability 1/2: five standard deviations are 25.
    expect(Math.abs(first(shuffled.log) - 50)).toBeLessThan(25);
  });

  it("gives the same order on the heap and on the ladder, zero delays included", () => {
    const play = (eventList: SimulationOptions["eventList"]) => {
      const sim = new Simulation({ seed: 5, shuffleTies: true, eventList });
      const stream = sim.random("delays");
      const log: number[] = [];
      const onEvent = (id: number) => {
        log.push(id);
        if (log.length < 5000) sim.schedule(stream.below(3) * 10, onEvent, log.length);
      };
      for (let i = 0; i < 300; i++) sim.schedule(stream.below(10), onEvent, -i);
      sim.runUntil(1e9);
      return log;
    };
    expect(play(undefined)).toEqual(play((store) => new FourAryHeap(store)));
  });

  it("leaves the random numbers of the models as they are", () => {
    const draw = (shuffleTies: boolean) => new Simulation({ seed: 9, shuffleTies }).random("model").uniform();
    expect(draw(true)).toBe(draw(false));
  });
});

describe("the draw log", () => {
  it("names the first draw in which two runs differ, with its stream and simulated time", () => {
    const logs = [100, 100, 70].map((period) => {
      const drawLog = new DrawLog();
      twoSources({ drawLog }, period).sim.runUntil(500);
      return drawLog;
    });
    expect(firstDifference(logs[0], logs[1])).toBeUndefined();
    // Both runs draw for a and b at time 0; the third draw is a's second, at 100 ns or at 70 ns.
    expect(firstDifference(logs[0], logs[2])).toMatch(
      /^draw 3 differs: 0\.\d+ from "a" at 1e-7 s in the first run, 0\.\d+ from "a" at 7e-8 s in the second$/,
    );
  });

  it("says when one run draws more than the other", () => {
    const [short, long] = [100, 300].map((until) => {
      const drawLog = new DrawLog();
      twoSources({ drawLog }).sim.runUntil(until);
      return drawLog;
    });
    expect(short.length).toBe(2);
    expect(firstDifference(short, long)).toMatch(/^draw 3 differs: none in the first run, 0\.\d+ from "a"/);
  });

  it("changes no draw", () => {
    const plain = new Simulation({ seed: 3 }).random("x");
    const logged = new Simulation({ seed: 3, drawLog: new DrawLog() }).random("x");
    expect([logged.uniform(), logged.below(10)]).toEqual([plain.uniform(), plain.below(10)]);
  });
});
