import { describe, expect, it } from "vitest";
import { Simulation, SimulationError } from "../../engine/index.ts";
import { NS_PER_MS as MS, NS_PER_SECOND as SECOND } from "../../engine/time.ts";
import { RequestQueue } from "../cluster/request-queue.ts";
import { UnitThread } from "../cluster/testing/unit-thread.ts";
import type { Backend, Network, Request } from "./backend.ts";
import type { TrafficEntry } from "./schema.ts";
import { MOST_OPEN_REQUESTS, Source, type RequestLog } from "./source.ts";
import { entryOf, fixed, NotedLog, Pods, world } from "./testing/world.ts";

const constant = (perSecond: number) => ({ type: "constant", rate: { count: perSecond, per: SECOND } }) as const;
const RATE = { count: 1, per: SECOND };
const trace = (...ms: number[]) => ({ type: "trace" as const, rows: ms.map((at) => ({ at: at * MS })) });

/** Takes 10 ms there and 20 ms back. */
function slow(): { network: Network; bind: (simulation: Simulation) => void } {
  let run: Simulation;
  return {
    network: {
      carry: (request, direction, delivered) =>
        void run.schedule(direction === "request" ? 10 * MS : 20 * MS, delivered, request),
    },
    bind: (simulation) => {
      run = simulation;
    },
  };
}

function networked(given: Partial<TrafficEntry> & Pick<TrafficEntry, "arrivals">) {
  const { network, bind } = slow();
  const made = world(given, { network });
  bind(made.simulation);
  return made;
}

describe("a source of requests", () => {
  it("counts latency from the intended arrival, waiting in the server's queue included", () => {
    const { simulation, log } = world({ arrivals: trace(0, 5, 100), cpu: fixed(20 * MS) });
    simulation.runUntil(SECOND);
    expect(log.offeredMs).toEqual([0, 5, 100]);
    expect(log.completedMs).toEqual([
      [0, 20],
      [5, 40],
      [100, 120],
    ]);
  });

  it("replays a trace to the nanosecond, with its own demands and sizes where it has them", () => {
    const rows = [
      { at: 7, cpuNs: 3, requestBytes: 100 },
      { at: 123_456_789, responseBytes: 0 },
      { at: 200 * MS, cpuNs: 0, requestBytes: 1, responseBytes: 2 },
    ];
    const { simulation, log } = world({
      arrivals: { type: "trace", rows },
      cpu: fixed(MS),
      request: { size: fixed(10) },
      response: { size: fixed(1000) },
    });
    simulation.runUntil(SECOND);
    expect(log.completedMs.map(([arrived, at]) => [Math.round(arrived * MS), Math.round(at * MS)])).toEqual([
      [7, 10],
      [123_456_789, 124_456_789],
      [200 * MS, 200 * MS],
    ]);
    expect(log.bytes).toEqual([1100, 10, 3]);
  });

  it("fails at once without a ready pod", () => {
    const { simulation, log, addPod, at } = world({ arrivals: constant(10), cpu: fixed(MS) }, { pods: 0 });
    at(250, addPod);
    simulation.runUntil(450 * MS);
    expect(log.failedMs).toEqual([
      [0, 0],
      [100, 100],
      [200, 200],
    ]);
    expect(log.completedMs).toEqual([
      [300, 301],
      [400, 401],
    ]);
  });

  it("fails what its server held when the container ends", () => {
    const { simulation, log, pods, at } = world({ arrivals: trace(0, 1, 50), cpu: fixed(30 * MS), timeout: SECOND });
    at(10, () => {
      const [queue] = pods.ready;
      pods.remove(queue);
      queue.close();
    });
    simulation.runUntil(5 * SECOND);
    expect(log.failedMs).toEqual([
      [0, 10],
      [1, 10],
      [50, 50],
    ]);
    expect(log.completedMs).toEqual([]);
    expect(simulation.pending).toBe(0);
  });

  it("draws the same arrivals and demands as another source of the same stream name, and its own with its own", () => {
    const poisson = { type: "poisson", rate: { count: 100, per: SECOND } } as const;
    const cpu = { type: "exponential", mean: MS } as const;
    const run = (given: Partial<TrafficEntry>) => {
      const { simulation, log } = world({ arrivals: poisson, cpu, ...given }, { threads: 50 });
      simulation.runUntil(SECOND);
      return log.completedMs;
    };
    expect(run({ name: "a", stream: "web" })).toEqual(run({ name: "web" }));
    expect(run({ name: "a" })).not.toEqual(run({ name: "web" }));
  });

  it("shares draws between sources of one run that share a stream name", () => {
    const simulation = new Simulation({ seed: 5 });
    const arrivals = { type: "poisson", rate: { count: 100, per: SECOND } } as const;
    const logs = ["a", "b"].map((name) => {
      const log = new NotedLog();
      const entry = entryOf({ name, stream: "same", arrivals, cpu: { type: "exponential", mean: MS } });
      const pods = new Pods();
      const queue = new RequestQueue(0);
      queue.addThread((owner) => new UnitThread(simulation, owner));
      pods.add(queue);
      new Source({ simulation, entry, log, backends: pods }).start();
      return log;
    });
    simulation.runUntil(SECOND);
    expect(logs[0].completedMs.length).toBeGreaterThan(50);
    expect(logs[1].completedMs).toEqual(logs[0].completedMs);
  });

  it("ends the run, naming itself, when more than a million of its requests are open", () => {
    const arrivals = { type: "closed", users: MOST_OPEN_REQUESTS + 1, think: fixed(0) } as const;
    const quiet: RequestLog = { offered: () => {}, completed: () => {}, failed: () => {} };
    const { simulation } = world({ name: "flood", arrivals, cpu: fixed(SECOND) }, { log: quiet });
    let found: unknown;
    try {
      simulation.runUntil(SECOND);
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(SimulationError);
    expect((found as SimulationError).message).toMatch(/^at 0 s \(seed 1\): source "flood" has more than 1000000 open/);
  });

  it.each([
    ["closed users without demand or thought", { type: "closed", users: 1, think: fixed(0) }],
    ["phases without length", { type: "onoff", on: fixed(0), off: fixed(0), rate: RATE, process: "poisson" }],
  ] as const)("ends the run, naming itself, where no time passes: %s", (_, arrivals) => {
    const quiet: RequestLog = { offered: () => {}, completed: () => {}, failed: () => {} };
    const { simulation } = world({ name: "spin", arrivals, cpu: fixed(0) }, { log: quiet });
    expect(() => simulation.runUntil(SECOND)).toThrow(/^at 0 s \(seed 1\): source "spin" has gone on 1000000 times/);
  });

  it("takes a new rate, demand and timeout while it runs", () => {
    const { simulation, log, entry, source, at } = world({ arrivals: constant(10), cpu: fixed(MS) });
    at(250, () => {
      Object.assign(entry, { arrivals: constant(20), cpu: fixed(30 * MS) });
      source.changed();
    });
    at(340, () => {
      entry.timeout = 10 * MS;
      source.changed();
    });
    simulation.runUntil(400 * MS);
    // Half a distance is left at 250: 25 ms at the new rate, then every 50.
    expect(log.offeredMs).toEqual([0, 100, 200, 275, 325, 375]);
    expect(log.completedMs.slice(3)).toEqual([
      [275, 305],
      [325, 355],
    ]);
    expect(log.failedMs).toEqual([[375, 385]]);
  });

  it("keeps its pending arrival when something other than the rate changes", () => {
    const poisson = { type: "poisson", rate: { count: 50, per: SECOND } } as const;
    const run = (change: boolean) => {
      const { simulation, log, entry, source, at } = world({ arrivals: poisson });
      if (change) {
        at(300, () => {
          entry.cpu = fixed(MS);
          source.changed();
        });
      }
      simulation.runUntil(SECOND);
      return log.offeredMs;
    };
    expect(run(true)).toEqual(run(false));
  });
});

describe("a timeout", () => {
  it("lets a request succeed that completes at exactly the limit, and fails one that takes a nanosecond more", () => {
    const rows = [
      { at: 0, cpuNs: 50 * MS },
      { at: SECOND, cpuNs: 50 * MS + 1 },
    ];
    const { simulation, log } = world({ arrivals: { type: "trace", rows }, timeout: 50 * MS });
    simulation.runUntil(3 * SECOND);
    expect(log.completedMs).toEqual([[0, 50]]);
    expect(log.failedMs).toEqual([[1000, 1050]]);
  });

  it("does not stop the server, and the request counts nowhere else", () => {
    // The second waits for the first until 100, though that timed out at 60; it is late itself.
    const { simulation, log, source } = world({ arrivals: trace(0, 10, 200), cpu: fixed(100 * MS), timeout: 60 * MS });
    simulation.runUntil(150 * MS);
    expect(log.failedMs).toEqual([
      [0, 60],
      [10, 70],
    ]);
    expect(source.openRequests).toBe(1);
    simulation.runUntil(SECOND);
    expect(log.failedMs.slice(2)).toEqual([[200, 260]]);
    expect(log.completedMs).toEqual([]);
    expect(source.openRequests).toBe(0);
  });

  it("takes the request from its server with cancelOnTimeout, in service or waiting", () => {
    const { simulation, log, source } = world({
      arrivals: trace(0, 10, 20, 50),
      cpu: fixed(40 * MS),
      timeout: 35 * MS,
      cancelOnTimeout: true,
    });
    simulation.runUntil(SECOND);
    // In service: 0 to 35; then 10 until its own limit of 45; then 20 until 55; then 50 until 85.
    expect(log.failedMs).toEqual([
      [0, 35],
      [10, 45],
      [20, 55],
      [50, 85],
    ]);
    expect(source.openRequests).toBe(0);
    const waiting = world({
      arrivals: { type: "trace", rows: [{ at: 0, cpuNs: 90 * MS }, { at: 0 }, { at: 70 * MS }] },
      cpu: fixed(40 * MS),
      timeout: 90 * MS,
      cancelOnTimeout: true,
    });
    waiting.simulation.runUntil(SECOND);
    // The second of time 0 begins at 90, the instant of its limit, and is dropped in that instant.
    expect(waiting.log.completedMs).toEqual([
      [0, 90],
      [70, 130],
    ]);
    expect(waiting.log.failedMs).toEqual([[0, 90]]);
  });
});

describe("balance", () => {
  const arrivals = constant(100);
  const counts = (given: Partial<TrafficEntry>, ms: number, cpu = fixed(0)) => {
    const { simulation, pods } = world({ arrivals, cpu, ...given }, { pods: 3, threads: 100 });
    const found = pods.ready.map(() => 0);
    pods.ready.forEach((queue, i) => {
      const submit = queue.submit.bind(queue);
      queue.submit = (request: Request) => {
        found[i]++;
        submit(request);
      };
    });
    simulation.runUntil(ms * MS);
    return found;
  };

  it("is random by default: every ready pod with equal chance", () => {
    for (const count of counts({ balance: "random" }, 30_000)) {
      // 3000 requests, a third each: deviation sqrt(3000 x 1/3 x 2/3) = 25.8
      expect(Math.abs(count - 1000)).toBeLessThan(4 * 25.8);
    }
  });

  it("goes around with roundRobin", () => {
    expect(counts({ balance: "roundRobin" }, 100)).toEqual([4, 3, 3]);
  });

  it("takes the pod with the fewest open requests with leastConnections, the first of several", () => {
    expect(counts({ balance: "leastConnections" }, 100)).toEqual([10, 0, 0]);
    // Each is open for 25 ms, one comes every 10: the first three fill the pods, then the one that is free again serves.
    expect(counts({ balance: "leastConnections" }, 60, fixed(25 * MS))).toEqual([2, 2, 2]);
  });
});

describe("a network", () => {
  it("carries requests and responses, and both count as latency", () => {
    const { simulation, log } = networked({ arrivals: trace(0), cpu: fixed(5 * MS) });
    simulation.runUntil(SECOND);
    expect(log.completedMs).toEqual([[0, 35]]);
  });

  it("does not hold up a timeout, on either way", () => {
    for (const [timeoutMs, cancelOnTimeout] of [
      [8, false],
      [8, true],
      [30, false],
      [30, true],
    ] as const) {
      const given = { arrivals: trace(0), cpu: fixed(5 * MS), timeout: timeoutMs * MS, cancelOnTimeout };
      const { simulation, log, source, threads } = networked(given);
      simulation.runUntil(SECOND);
      expect(log.failedMs).toEqual([[0, timeoutMs]]);
      expect(log.completedMs).toEqual([]);
      expect(source.openRequests).toBe(0);
      // A request that was given up on the way does not reach the server's threads with cancelOnTimeout.
      expect(threads[0].wakeUps).toBe(timeoutMs === 8 && cancelOnTimeout ? 0 : 1);
    }
  });
});

describe("a request", () => {
  it("knows its backend, for the network's use", () => {
    const seen: Backend[] = [];
    const network: Network = {
      carry: (request, _direction, delivered) => {
        seen.push(request.backend);
        delivered(request);
      },
    };
    const { simulation, pods, log } = world({ arrivals: trace(0) }, { network });
    simulation.runUntil(MS);
    expect(seen).toEqual([pods.ready[0], pods.ready[0]]);
    expect(log.completedMs).toEqual([[0, 0]]);
  });
});
