import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/simulation.ts";
import { NS_PER_MS, NS_PER_SECOND } from "../../engine/time.ts";
import { IcmpLimiter } from "./icmp-limiter.ts";
import { neighbourOutageLoss } from "./neighbour-queue.ts";
import { Neighbour } from "./neighbour.ts";

interface Outcome {
  sent: number[];
  lost: number[];
  icmp: number;
  probes: number;
}

/** A constant-rate flow; the entry is missing from 1 s on for `gapMs`, a moment after a packet. */
function outage(rate: number, gapMs: number, truesize: number, lengthMs: number): Outcome {
  const sim = new Simulation();
  const limiter = new IcmpLimiter();
  const outcome: Outcome = { sent: [], lost: [], icmp: 0, probes: 0 };
  const neighbour = new Neighbour<number>(sim, {
    send: (packet) => outcome.sent.push(packet),
    dropOldest: (packet) => outcome.lost.push(packet),
    unreachable: (packet) => {
      outcome.lost.push(packet);
      if (limiter.allow(sim.now)) outcome.icmp++;
    },
    probe: () => outcome.probes++,
  });
  neighbour.set();
  const interval = NS_PER_SECOND / rate;
  let number = 0;
  const tick = () => {
    neighbour.output(number++, truesize);
    sim.schedule(interval, tick, undefined);
  };
  tick();
  sim.scheduleAt(NS_PER_SECOND + 1, () => neighbour.delete(), undefined);
  sim.scheduleAt(NS_PER_SECOND + 1 + gapMs * NS_PER_MS, () => neighbour.set(), undefined);
  sim.runUntil(lengthMs * NS_PER_MS);
  return outcome;
}

describe("a neighbour that is missing", () => {
  it("for 2 s at 100 packets a second loses 34 of 201, and nobody is told", () => {
    // 200 packets come in the gap, 166 wait: the first 34 are lost. Measured on linux 6.18: 34.
    const { lost, sent, icmp, probes } = outage(100, 2010, 1280, 6000);
    expect(lost.length).toBe(35);
    expect(outage(100, 2000, 1280, 6000).lost.length).toBe(34);
    expect([icmp, probes]).toEqual([0, 3]);
    expect(sent.length + lost.length).toBe(600);
    expect(lost).toEqual(Array.from({ length: 35 }, (_, i) => 101 + i));
  });

  it("for 5 s loses 334 of 501: 300 when the probes end, then 34 of the next round; six are told", () => {
    const { lost, icmp, probes } = outage(100, 5000, 1280, 9000);
    expect(lost.length).toBe(334);
    expect([icmp, probes]).toEqual([6, 5]);
  });

  it("keeps the order of what waited", () => {
    const { sent } = outage(100, 2000, 1280, 6000);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
  });

  it("loses what the closed form says, to two packets", () => {
    for (const [rate, gapMs, truesize] of [
      [100, 1500, 1280],
      [1000, 2500, 1280],
      [200, 1500, 2304],
      [50, 7000, 1280],
      [400, 8200, 4352],
    ]) {
      const closed = neighbourOutageLoss(
        { gapSeconds: gapMs / 1000, packetsPerSecond: rate },
        { limitBytes: 212_992, truesize, probes: 3, probeSeconds: 1 },
      );
      expect(Math.abs(outage(rate, gapMs, truesize, 12_000).lost.length - closed)).toBeLessThanOrEqual(2);
    }
  });

  it("fails at once when an incomplete entry is deleted, and starts anew with the next packet", () => {
    const sim = new Simulation();
    let unreachable = 0;
    const neighbour = new Neighbour<number>(sim, {
      send: () => undefined,
      dropOldest: () => undefined,
      unreachable: () => unreachable++,
      probe: () => undefined,
    });
    expect(neighbour.state).toBe("absent");
    neighbour.output(1, 100);
    expect([neighbour.state, neighbour.waiting]).toEqual(["incomplete", 1]);
    neighbour.delete();
    expect([neighbour.state, unreachable]).toEqual(["absent", 1]);
    neighbour.output(2, 100);
    neighbour.set();
    expect([neighbour.state, neighbour.waiting, sim.pending]).toEqual(["permanent", 0, 0]);
  });
});

describe("the ICMP limit", () => {
  it("lets a burst of six pass and then one a second", () => {
    const limiter = new IcmpLimiter();
    const allowed = (now: number) => Array.from({ length: 10 }, () => limiter.allow(now)).filter(Boolean).length;
    expect([allowed(0), allowed(NS_PER_SECOND / 2), allowed(NS_PER_SECOND), allowed(60 * NS_PER_SECOND)]).toEqual([
      6, 0, 1, 6,
    ]);
  });
});
