import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/index.ts";
import { Recorder } from "../../engine/statistics/recorder.ts";
import { NS_PER_MS as MS, NS_PER_SECOND as SECOND } from "../../engine/time.ts";
import { RequestQueue } from "../cluster/request-queue.ts";
import { UnitThread } from "../cluster/testing/unit-thread.ts";
import type { TrafficEntry } from "./schema.ts";
import { entryOf, fixed, Pods } from "./testing/world.ts";
import { Traffic } from "./traffic.ts";

const tenPerSecond = { type: "constant", rate: { count: 10, per: SECOND } } as const;

function recorded(entries: TrafficEntry[], change?: { at: number; index: number; entry: Partial<TrafficEntry> }) {
  const simulation = new Simulation({ seed: 1 });
  const recorder = new Recorder({ durationNs: SECOND, warmupNs: 500 * MS, windowNs: 100 * MS });
  const traffic = new Traffic(simulation, recorder, entries, () => {
    const pods = new Pods();
    const queue = new RequestQueue(0);
    queue.addThread((owner) => new UnitThread(simulation, owner));
    pods.add(queue);
    return pods;
  });
  traffic.start();
  if (change !== undefined) {
    const { at, index, entry } = change;
    const apply = () => {
      Object.assign(entries[index], entry);
      traffic.changed(index);
    };
    simulation.scheduleAt(at, apply, undefined);
  }
  simulation.runUntil(SECOND);
  return recorder.sources;
}

describe("the traffic of a scenario", () => {
  it("makes one source an entry, in their order, with bytes where a size is given", () => {
    const size = { size: fixed(100) };
    const row = { at: 0, responseBytes: 7 };
    const sources = recorded([
      entryOf({ name: "plain", arrivals: tenPerSecond }),
      entryOf({ name: "sized", arrivals: tenPerSecond, request: size }),
      entryOf({ name: "traced", arrivals: { type: "trace", rows: [row] } }),
      entryOf({ name: "untraced", arrivals: { type: "trace", rows: [{ at: 0 }] } }),
    ]);
    expect(sources.map(({ name, hasBytes }) => [name, hasBytes])).toEqual([
      ["plain", false],
      ["sized", true],
      ["traced", true],
      ["untraced", false],
    ]);
    expect(sources[1].summaryFigures().bytes).toBe(500);
    expect(sources[2].windowFigures(0).bytes).toBe(7);
  });

  it("is recorded by moment of arrival, completion and failure", () => {
    // 10 a second of 150 ms each: the server does 6 in the second, the last of them, done at 900, arrived at 500.
    const [source] = recorded([entryOf({ arrivals: tenPerSecond, cpu: fixed(150 * MS) })]);
    const figures = Array.from({ length: 10 }, (_, i) => source.windowFigures(i));
    expect(figures.map(({ offered }) => offered)).toEqual(Array.from({ length: 10 }, () => 1));
    expect(figures.map(({ completed }) => completed)).toEqual([0, 1, 0, 1, 1, 0, 1, 1, 0, 1]);
    const summary = source.summaryFigures();
    expect([summary.offered, summary.completed, summary.failed, summary.inFlight]).toEqual([5, 1, 0, 4]);
  });

  it("changes by index", () => {
    const entries = ["a", "b"].map((name) => entryOf({ name, arrivals: { ...tenPerSecond } }));
    const rate = { count: 20, per: SECOND };
    const sources = recorded(entries, { at: 500 * MS, index: 1, entry: { arrivals: { type: "constant", rate } } });
    expect(sources.map((source) => source.summaryFigures().offered)).toEqual([5, 10]);
  });
});
