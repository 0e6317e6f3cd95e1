import { describe, expect, it } from "vitest";
import { OBSERVERS } from "./event-store.ts";
import { Simulation } from "./simulation.ts";
import { DrawLog, firstDifference } from "./trust/draw-log.ts";

describe("a run", () => {
  it.each([1.5, NaN, Infinity, 2 ** 53])(
    "refuses to end at %d ns, which the clock cannot show, and stays where it is",
    (until) => {
      const sim = new Simulation();
      expect(() => sim.runUntil(until)).toThrow(RangeError);
      expect(sim.now).toBe(0);
    },
  );

  it("refuses to end in the past", () => {
    const sim = new Simulation();
    sim.runUntil(10);
    expect(() => sim.runUntil(9)).toThrow("cannot run until 9 ns: it is 10 ns already");
  });

  it("cannot be run by one of its own handlers", () => {
    const sim = new Simulation();
    const ran: number[] = [];
    sim.schedule(5, () => sim.runUntil(50), undefined);
    sim.schedule(20, () => void ran.push(sim.now), undefined);
    expect(() => sim.runUntil(10)).toThrow("the simulation runs already");
    expect(ran).toEqual([]);
    // After what went wrong it can be run again.
    sim.runUntil(30);
    expect(ran).toEqual([20]);
  });

  it("refuses delays that are negative, no integers, or end after the clock does", () => {
    const sim = new Simulation();
    sim.runUntil(100);
    for (const delay of [-1, 0.5, NaN, Infinity, 2 ** 53 - 100]) {
      expect(() => sim.schedule(delay, () => {}, undefined)).toThrow(RangeError);
    }
    expect(() => sim.scheduleAt(99, () => {}, undefined)).toThrow("cannot schedule an event at 99 ns");
    sim.scheduleAt(2 ** 53 - 1, () => {}, undefined);
    expect(sim.pending).toBe(1);
  });

  it("has work while anything but observers waits", () => {
    const sim = new Simulation();
    sim.schedule(50, () => {}, undefined, OBSERVERS);
    expect(sim.hasWork).toBe(false);
    sim.schedule(20, () => {}, undefined);
    expect(sim.hasWork).toBe(true);
    sim.runUntil(30);
    expect([sim.hasWork, sim.pending]).toEqual([false, 1]);
  });

  it("logs the draws of its models, and not those that shuffle ties", () => {
    const run = (shuffleTies: boolean) => {
      const drawLog = new DrawLog();
      const sim = new Simulation({ seed: 1, drawLog, shuffleTies });
      sim.schedule(1, () => void sim.random("model").uniform(), undefined);
      sim.runUntil(2);
      return drawLog;
    };
    expect(firstDifference(run(false), run(true))).toBeUndefined();
  });
});
