import { describe, expect, it } from "vitest";
import { Simulation } from "./simulation.ts";

describe("the event order", () => {
  it("runs by time, then class, then order of scheduling", () => {
    const sim = new Simulation();
    const log: string[] = [];
    const note = (s: string) => void log.push(s);
    sim.scheduleAt(5, note, "b");
    sim.scheduleAt(5, note, "observer", 1);
    sim.scheduleAt(5, note, "c");
    sim.scheduleAt(5, note, "early", -1);
    sim.scheduleAt(1, note, "a");
    sim.runUntil(10);
    expect(log).toEqual(["a", "early", "b", "c", "observer"]);
  });
});
