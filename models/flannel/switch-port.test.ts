import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND } from "../../engine/time.ts";
import { DEFAULT_HOP_COSTS } from "./costs.ts";
import { SwitchPort } from "./switch-port.ts";
import { datagrams, world } from "./testing/world.ts";

describe("a switch port", () => {
  it("does not delay a sender that is alone and no faster than the port", () => {
    const sim = new Simulation();
    const at: number[] = [];
    const port = new SwitchPort<string>(sim, 1e9, () => at.push(sim.now));
    // 1250 bytes are 10 us at 1 Gbit/s.
    for (const n of [1, 2, 3]) sim.schedule(n * 10_000, () => port.arrive("unit", 1250, 10_000), undefined);
    sim.runUntil(100_000);
    expect(at).toEqual([10_000, 20_000, 30_000]);
  });

  it("lets what two senders send at once leave one after the other", () => {
    const sim = new Simulation();
    const at: number[] = [];
    const port = new SwitchPort<string>(sim, 1e9, () => at.push(sim.now));
    sim.schedule(10_000, () => port.arrive("a", 1250, 10_000), undefined);
    sim.schedule(10_000, () => port.arrive("b", 1250, 10_000), undefined);
    sim.runUntil(100_000);
    expect(at).toEqual([10_000, 20_000]);
  });

  it("brings a fast sender down to the slower receiver's bandwidth, and drops what its buffer does not hold", () => {
    const sim = new Simulation();
    let delivered = 0;
    const port = new SwitchPort<string>(sim, 1e9, () => delivered++);
    const every = (n: number) => sim.schedule(n * 1000, () => port.arrive("unit", 1250, 1000), undefined);
    for (let n = 1; n <= 100_000; n++) every(n);
    sim.runUntil(NS_PER_SECOND);
    // 0.1 s at ten times the bandwidth: 10,000 pass, and the 1230 that the buffer holds follow.
    expect(delivered).toBeGreaterThan(11_200);
    expect(delivered).toBeLessThan(11_250);
    expect(port.dropped).toBe(100_000 - delivered);
  });

  it("is what two nodes share that send to a third one", () => {
    const costs = { ...DEFAULT_HOP_COSTS, sendNs: 0, encapsulateNs: 0, receiveNs: 0, decapsulateNs: 0 };
    const made = world({ nodes: 3, node: { bandwidth: 1e9 }, conf: { costs } });
    const options = { payload: 1422, count: 40_000, everyNs: 13_000 };
    const first = datagrams(made, options);
    const second = datagrams({ ...made, pods: [made.pods[2], made.pods[1]] }, options);
    made.sim.runUntil(NS_PER_SECOND);
    // Each alone fills 12.304 of 13 us; together they get 1 Gbit/s: a slot each 12.304 us for 0.52 s, and the buffer.
    const received = first.receivedDatagrams + second.receivedDatagrams;
    expect(received / (520_000_000 / 12_304 + 1000)).toBeCloseTo(1, 2);
  });
});
