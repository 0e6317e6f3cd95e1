import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/index.ts";
import { NS_PER_MS as MS } from "../../engine/time.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { KernelConfig } from "./kernel.ts";
import { NodeScheduler } from "./scheduler.ts";

/** A stream whose draws are given: the first integers and the first uniforms, then zeros. */
function given(integers: number[], uniforms: number[]): RandomStream {
  return { name: "given", below: () => integers.shift() ?? 0, uniform: () => uniforms.shift() ?? 0 };
}

const kernel: KernelConfig = {
  version: "6.12",
  hz: 250,
  cgroup: "v2",
  flavor: "upstream",
  bandwidthSlice: 5 * MS,
  phases: "random",
};

describe.each(["6.12", "6.18"])("one thread under a quota on Linux %s", (version) => {
  it("takes slices, runs into debt up to a tick, is throttled, and repays", () => {
    // HZ 250 with ticks at 1, 5, 9 ... ms; quota 20 ms per 100 ms with refills at 50, 150, 250 ms; one 28 ms job at 0.
    const sim = new Simulation();
    const scheduler = new NodeScheduler(sim, { ...kernel, version }, 1, given([1 * MS], []));
    const group = scheduler.createGroup("a", undefined, {
      bandwidth: { quota: 20 * MS, period: 100 * MS, burst: 0 },
      stream: given([0], [0.5]),
    });
    let doneAt = -1;
    const thread = scheduler.createThread(group, {
      workDone: () => {
        doneAt = sim.now;
        return 0;
      },
    });
    sim.scheduleAt(0, () => thread.start(28 * MS), undefined);

    const seen: Array<[number, number, number]> = [];
    const look = () => {
      const queue = group.queues[0];
      seen.push([sim.now / MS, queue?.remaining ?? 0, group.pool.runtime]);
    };
    // Just after the instants of the table, and observing changes nothing.
    for (const at of [0, 9, 13, 21, 50, 53, 57, 150, 250]) sim.scheduleAt(at * MS, look, undefined, 1);
    sim.runUntil(400 * MS);

    expect(seen).toEqual([
      [0, 5 * MS, 15 * MS],
      // Ticks that cannot matter are not played: at 9 ms the 4 ms since 5 ms are not charged yet, as nothing depends on it.
      [9, 5 * MS, 10 * MS],
      [13, 5 * MS, 2 * MS],
      [21, -1 * MS, 0],
      [50, 1, 19 * MS - 1],
      [53, 5 * MS, 11 * MS],
      [57, 1 * MS, 11 * MS],
      [150, 1 * MS, 20 * MS],
      [250, 1 * MS, 20 * MS],
    ]);
    expect(doneAt).toBe(57 * MS);
    expect(group.usage).toBe(28 * MS);
    const { nrPeriods, nrThrottled, throttledTime, isActive } = group.pool;
    expect({ nrPeriods, nrThrottled, throttledTime, isActive }).toEqual({
      nrPeriods: 3,
      nrThrottled: 1,
      throttledTime: 29 * MS,
      isActive: false,
    });
  });
});
