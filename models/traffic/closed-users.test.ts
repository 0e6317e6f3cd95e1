import { describe, expect, it } from "vitest";
import { NS_PER_MS as MS, NS_PER_SECOND as SECOND } from "../../engine/time.ts";
import type { RequestLog } from "./source.ts";
import { fixed, world } from "./testing/world.ts";

const closed = (users: number, thinkMs: number) => ({ type: "closed", users, think: fixed(thinkMs * MS) }) as const;

describe("closed users", () => {
  it("all ask at time 0, wait, think, and ask again", () => {
    const { simulation, log } = world({ arrivals: closed(2, 30), cpu: fixed(10 * MS) });
    simulation.runUntil(101 * MS);
    // A: 0 to 10, thinks to 40; B: waits to 10, done at 20, thinks to 50; then they never meet again.
    expect(log.completedMs).toEqual([
      [0, 10],
      [0, 20],
      [40, 50],
      [50, 60],
      [80, 90],
      [90, 100],
    ]);
  });

  it("that do not think are threads that always run, also where other threads are idle", () => {
    const { simulation, threads } = world({ arrivals: closed(1, 0), cpu: fixed(10 * MS) }, { threads: 4 });
    simulation.runUntil(SECOND);
    expect(threads.map((thread) => thread.wakeUps)).toEqual([1, 0, 0, 0]);
  });

  it("keep the law of interactive systems: throughput x (response + think) = users", () => {
    const arrivals = { type: "closed", users: 20, think: { type: "exponential", mean: 100 * MS } } as const;
    const { simulation, log } = world({ arrivals, cpu: { type: "exponential", mean: 8 * MS } });
    simulation.runUntil(200 * SECOND);
    const throughput = log.completedMs.length / 200;
    const response = log.completedMs.reduce((sum, [from, to]) => sum + to - from, 0) / log.completedMs.length / 1000;
    // Thinking times vary: about 20,000 of them have a mean within 100 ms (1 +- 4 / sqrt(20,000)).
    expect(Math.abs(throughput * (response + 0.1) - 20)).toBeLessThan(20 * 0.03);
  });

  it("go on at the timeout, while the server still works for them", () => {
    const { simulation, log } = world({ arrivals: closed(1, 5), cpu: fixed(40 * MS), timeout: 30 * MS });
    simulation.runUntil(150 * MS);
    // Asks at 0, 35, 70, 105, 140; the server is busy from 0 to 40, 80, 120: one answer in time never comes.
    expect(log.offeredMs).toEqual([0, 35, 70, 105, 140]);
    expect(log.failedMs).toEqual([
      [0, 30],
      [35, 65],
      [70, 100],
      [105, 135],
    ]);
  });

  it("leave the queue with cancelOnTimeout", () => {
    const arrivals = closed(1, 5);
    const { simulation, log } = world({ arrivals, cpu: fixed(40 * MS), timeout: 30 * MS, cancelOnTimeout: true });
    simulation.runUntil(60 * MS);
    expect([log.failedMs, log.offeredMs]).toEqual([[[0, 30]], [0, 35]]);
  });

  it("whom no pod serves ask again when one becomes ready, or after thinking if that is later", () => {
    const { simulation, log, addPod, at } = world({ arrivals: closed(1, 30), cpu: fixed(10 * MS) }, { pods: 0 });
    at(200, addPod);
    simulation.runUntil(220 * MS);
    expect(log.failedMs).toEqual([[0, 0]]);
    expect(log.completedMs).toEqual([[200, 210]]);
    const early = world({ arrivals: closed(2, 30), cpu: fixed(10 * MS) }, { pods: 0 });
    early.at(20, early.addPod);
    early.simulation.runUntil(60 * MS);
    expect(early.log.completedMs).toEqual([
      [30, 40],
      [30, 50],
    ]);
  });

  it("share pods that become ready together", () => {
    const options = { pods: 0 };
    const given = { arrivals: closed(6, 0), cpu: fixed(10 * MS), balance: "roundRobin" as const };
    const { simulation, pods, addPod, at } = world(given, options);
    at(50, addPod);
    at(50, addPod);
    simulation.runUntil(51 * MS);
    expect(pods.ready.map((queue) => queue.openRequests)).toEqual([3, 3]);
  });

  it("that neither think nor ask for anything run events and no stack", () => {
    let completed = 0;
    const log: RequestLog = {
      offered: () => {},
      completed: () => {
        if (++completed === 50_000) simulation.stop();
      },
      failed: () => {},
    };
    const { simulation } = world({ arrivals: closed(1, 0) }, { log });
    simulation.runUntil(SECOND);
    expect(completed).toBe(50_000);
    expect(simulation.eventCount).toBeGreaterThan(49_000);
  });
});
