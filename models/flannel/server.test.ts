import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ln } from "../../engine/math/index.ts";
import { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND, roundNs } from "../../engine/time.ts";
import { md1, overloadLoss } from "./closed-forms.ts";
import { Link } from "./link.ts";
import { Server } from "./server.ts";

/** Poisson arrivals of `rate` a second; calls `arrive` for each. */
function poisson(sim: Simulation, rate: number, arrive: () => void): void {
  const stream = sim.random("arrivals");
  const next = () => sim.schedule(roundNs((-ln(1 - stream.uniform()) / rate) * NS_PER_SECOND), tick, undefined);
  const tick = () => {
    arrive();
    next();
  };
  next();
}

describe("a server", () => {
  it("serves in order, each unit for its fixed cost and its bytes", () => {
    const sim = new Simulation();
    const done: Array<[string, number]> = [];
    const server = new Server<string>(sim, { perUnitNs: 1000, perBytePs: 300 }, 10, (unit) =>
      done.push([unit, sim.now]),
    );
    server.offer("a", 1000);
    server.offer("b", 5);
    server.offer("c", 5);
    sim.runUntil(10_000);
    // a: 1000 + 300 ns; b: 1000 + 1.5 ns, of which 0.5 is carried to c: 1000 + 2 ns.
    expect(done).toEqual([
      ["a", 1300],
      ["b", 2301],
      ["c", 3303],
    ]);
    expect(server.busyNs).toBe(3303);
  });

  it("drops what comes while its queue is full", () => {
    const sim = new Simulation();
    const server = new Server<number>(sim, { perUnitNs: 100, perBytePs: 0 }, 2, () => undefined);
    expect([1, 2, 3, 4].map((unit) => server.offer(unit, 0))).toEqual([true, true, true, false]);
    sim.runUntil(101);
    expect([server.offer(5, 0), server.offer(6, 0), server.inside]).toEqual([true, false, 3]);
    expect([server.accepted, server.dropped]).toEqual([4, 2]);
  });

  it("follows Lindley's recursion for any arrivals", () => {
    const arrivals = fc.array(fc.tuple(fc.nat(5000), fc.nat(9000)), { maxLength: 50 });
    fc.assert(
      fc.property(arrivals, (gaps) => {
        const sim = new Simulation();
        const ends: number[] = [];
        const server = new Server<number>(sim, { perUnitNs: 700, perBytePs: 1000 }, 1000, () => ends.push(sim.now));
        const expected: number[] = [];
        let at = 0;
        let free = 0;
        for (const [gap, bytes] of gaps) {
          at += gap;
          free = Math.max(free, at) + 700 + bytes;
          expected.push(free);
          sim.scheduleAt(at, (size: number) => void server.offer(0, size), bytes);
        }
        sim.runUntil(1e9);
        expect(ends).toEqual(expected);
      }),
    );
  });

  it("makes Poisson arrivals wait as M/D/1 says, within 3 % at 80 %", () => {
    const sim = new Simulation({ seed: 1 });
    const service = 12_304;
    let waited = 0;
    let count = 0;
    const server = new Server<number>(sim, { perUnitNs: service, perBytePs: 0 }, Infinity, (arrived) => {
      waited += sim.now - arrived - service;
      count++;
    });
    poisson(sim, (0.8 * NS_PER_SECOND) / service, () => server.offer(sim.now, 0));
    sim.runUntil(4 * NS_PER_SECOND);
    // 260,000 arrivals; the standard error of the mean is about 1 %, since waits within a busy period hang together.
    expect(waited / count / md1(service, 0.8).wait).toBeGreaterThan(0.97);
    expect(waited / count / md1(service, 0.8).wait).toBeLessThan(1.03);
  });

  it("loses 1 - 1/rho under overload and delays the rest by its whole queue", () => {
    const sim = new Simulation();
    let last = 0;
    const server = new Server<number>(
      sim,
      { perUnitNs: 1500, perBytePs: 0 },
      100,
      (arrived) => (last = sim.now - arrived),
    );
    const tick = () => {
      server.offer(sim.now, 0);
      sim.schedule(1000, tick, undefined);
    };
    tick();
    sim.runUntil(100_000_000);
    // The 100 that fill the queue at first are 0.1 % of the arrivals.
    expect(server.dropped / 100_000).toBeCloseTo(overloadLoss(1.5), 2);
    expect(last).toBeGreaterThan(100 * 1500);
    expect(last).toBeLessThanOrEqual(101 * 1500);
  });
});

describe("a link", () => {
  it("carries 812,743 full frames a second at 10 Gbit/s, to the frame", () => {
    const sim = new Simulation();
    let arrived = 0;
    const link = new Link<null>(sim, { bandwidth: 1e10, latencyNs: 0, queueLimit: 1 }, () => {
      arrived++;
      link.send(null, 1538);
    });
    link.send(null, 1538);
    link.send(null, 1538);
    sim.runUntil(NS_PER_SECOND);
    // 10^10 / (1538 x 8) = 812,743.8: a slot is 1230.4 ns, and no fraction is lost.
    expect(arrived).toBe(812_743);
  });

  it("lets units travel while others are sent, and counts only what waits against its queue", () => {
    const sim = new Simulation();
    const arrivals: number[] = [];
    const link = new Link<null>(sim, { bandwidth: 8e9, latencyNs: 50_000, queueLimit: 1 }, () =>
      arrivals.push(sim.now),
    );
    expect([link.send(null, 1000), link.send(null, 1000), link.send(null, 1000)]).toEqual([true, true, false]);
    sim.runUntil(1000);
    expect([link.inside, link.send(null, 1000), link.inside]).toEqual([1, true, 2]);
    sim.runUntil(100_000);
    expect(arrivals).toEqual([51_000, 52_000, 53_000]);
    expect([link.sent, link.dropped]).toEqual([3, 1]);
  });

  it("without bandwidth limit costs its latency only, and loses the share it is told to", () => {
    const sim = new Simulation({ seed: 7 });
    let arrived = 0;
    const conf = { bandwidth: Infinity, latencyNs: 5, queueLimit: 0, loss: 0.25 };
    const link = new Link<null>(sim, conf, () => arrived++, sim.random("loss"));
    for (let i = 0; i < 10_000; i++) link.send(null, 1500);
    sim.runUntil(6);
    expect(arrived + link.lost).toBe(10_000);
    // 2500 expected, standard deviation 43.
    expect(Math.abs(link.lost - 2500)).toBeLessThan(180);
    link.configure({ ...conf, loss: 1 });
    link.send(null, 1500);
    sim.runUntil(100);
    expect(link.lost + arrived).toBe(10_001);
  });
});
