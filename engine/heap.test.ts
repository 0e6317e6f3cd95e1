import { describe, expect, it } from "vitest";
import { AFTER_MODELS, BEFORE_MODELS, OBSERVERS } from "./event-store.ts";
import { Simulation } from "./simulation.ts";

describe("the event order", () => {
  it("runs by time, then class, then order of scheduling", () => {
    const sim = new Simulation();
    const log: string[] = [];
    const note = (s: string) => void log.push(s);
    sim.scheduleAt(5, note, "b");
    sim.scheduleAt(5, note, "observer", OBSERVERS);
    sim.scheduleAt(5, note, "limit", AFTER_MODELS);
    sim.scheduleAt(5, note, "c");
    sim.scheduleAt(5, note, "early", BEFORE_MODELS);
    sim.scheduleAt(1, note, "a");
    sim.runUntil(10);
    expect(log).toEqual(["a", "early", "b", "c", "limit", "observer"]);
  });
});
