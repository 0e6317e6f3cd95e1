import { describe, expect, it, vi } from "vitest";
import { Simulation } from "../../simulation.ts";
import { NS_PER_SECOND as S } from "../../time.ts";
import { FlowClass } from "./flow-class.ts";
import { Network, type Route } from "./network.ts";

/** Routes over links of these capacities, and transfers that note their ends in seconds. */
function world(...capacities: number[]) {
  const sim = new Simulation();
  const network = new Network(sim);
  const links = capacities.map((capacity) => network.link(capacity));
  const ends: Record<string, number> = {};
  const note = (name: string): void => {
    ends[name] = sim.now / S;
  };
  const transfer = (route: Route, name: string, bytes: number, at = 0, weight = 1, cap = Infinity): void => {
    sim.scheduleAt(at * S, () => route.start(bytes, note, name, weight, cap), undefined);
  };
  return { sim, network, links, ends, transfer };
}

describe("a shared link", () => {
  it("gives equal shares, and what one leaves to the others from that instant on", () => {
    const { sim, network, links, ends, transfer } = world(100);
    const route = network.route(links[0]);
    transfer(route, "a", 100);
    transfer(route, "b", 100);
    transfer(route, "c", 100, 1);
    sim.runUntil(100 * S);
    // To 1 s a and b have 50 each. Three share then: at 2.5 s a and b have 100, c 50; c alone needs 0.5 s more.
    expect(ends).toEqual({ a: 2.5, b: 2.5, c: 3 });
  });

  it("shares in proportion to weights", () => {
    const { sim, network, links, ends, transfer } = world(90);
    const route = network.route(links[0]);
    transfer(route, "heavy", 120, 0, 2);
    transfer(route, "light", 60, 0, 1);
    transfer(route, "late", 30, 2, 1);
    sim.runUntil(100 * S);
    // 60 and 30 a second: both end at 2 s, where the late one has the link for itself.
    expect(ends.heavy).toBe(2);
    expect(ends.light).toBe(2);
    expect(ends.late).toBeCloseTo(2 + 30 / 90, 9);
  });

  it("leaves to others what a flow's own limit does not let it take", () => {
    const { sim, network, links, ends, transfer } = world(100);
    const route = network.route(links[0]);
    transfer(route, "slow", 40, 0, 1, 20);
    transfer(route, "fast", 260, 0);
    sim.runUntil(100 * S);
    // 20 and 80 to 2 s; the fast one has 100 left then.
    expect(ends).toEqual({ slow: 2, fast: 3 });
  });

  it("leaves capacity unused where every flow is at its limit", () => {
    const { sim, network, links, ends, transfer } = world(100);
    const route = network.route(links[0]);
    for (const [name, bytes] of [
      ["a", 100],
      ["b", 50],
      ["c", 50],
    ] as const) {
      transfer(route, name, bytes, 0, 1, 50);
    }
    sim.runUntil(100 * S);
    // 33.3 each to 1.5 s; a has 50 then and goes on at its limit of 50.
    expect(ends).toEqual({ a: 2.5, b: 1.5, c: 1.5 });
  });

  it("stands still without capacity and goes on where it was", () => {
    const { sim, network, links, ends, transfer } = world(10, Infinity);
    const route = network.route(...links);
    transfer(route, "a", 100);
    sim.scheduleAt(4 * S, () => links[0].setCapacity(0), undefined);
    sim.scheduleAt(50 * S, () => links[0].setCapacity(60), undefined);
    sim.scheduleAt(50 * S, () => links[1].setCapacity(30), undefined);
    sim.runUntil(100 * S);
    // 40 by 4 s; from 50 s on 30 a second for 60 bytes.
    expect(ends).toEqual({ a: 52 });
  });

  it("gives a withdrawn flow's share to the others and never calls it", () => {
    const { sim, network, links, ends, transfer } = world(10);
    const route = network.route(links[0]);
    const flow = route.start(100, () => (ends.withdrawn = sim.now), undefined);
    transfer(route, "a", 100);
    sim.scheduleAt(10 * S, () => expect([flow.withdraw(), flow.withdraw()]).toEqual([true, false]), undefined);
    sim.runUntil(100 * S);
    // 50 by 10 s, then 10 a second.
    expect(ends).toEqual({ a: 15 });
    expect([flow.isDone, flow.remainingBytes, flow.rate]).toEqual([false, 50, 0]);
  });

  it("without limits is done at once, in the order of the starts, but never within the start", () => {
    const { sim, network, links } = world(Infinity);
    const order: string[] = [];
    const route = network.route(links[0]);
    const note = (name: string): unknown => order.push(name);
    route.start(1e15, note, "a");
    route.start(5, note, "b");
    route.start(0, note, "c");
    expect(order).toEqual([]);
    sim.runUntil(1);
    // c is first to be done on the clock of service, but all end at one instant and are told as they started.
    expect(order).toEqual(["a", "b", "c"]);
  });

  it("ends a transfer of 0 bytes at once, even where nothing moves", () => {
    const { sim, network, links, ends, transfer } = world(0);
    transfer(network.route(links[0]), "empty", 0, 3);
    transfer(network.route(links[0]), "stuck", 1, 3);
    sim.runUntil(1000 * S);
    expect(ends).toEqual({ empty: 3 });
  });

  it("ends at the nearest nanosecond, ties to even", () => {
    const { sim, network, links, ends, transfer } = world(2e9);
    const route = network.route(links[0]);
    // 1 byte takes 0.5 ns, rounded to 0; 3 bytes 1.5, to 2; 5 bytes 2.5, to 2; 7 bytes 3.5, to 4.
    [1, 3, 5, 7].forEach((bytes, i) => transfer(route, `${bytes}`, bytes, i));
    sim.runUntil(100 * S);
    expect(Object.values(ends).map((end, i) => Math.round((end - i) * S))).toEqual([0, 2, 2, 4]);
  });

  it("tells whole bytes that remain, exact after any number of changes", () => {
    const { sim, network, links } = world(3);
    const route = network.route(links[0]);
    const flow = route.start(1_000_000, () => {}, undefined);
    const ignore = (): void => {};
    // Every second another flow comes for as long as it takes: shares of 3/2 and 3 bytes a second in turn.
    for (let i = 0; i < 1000; i++) sim.scheduleAt(i * 2 * S, () => route.start(3, ignore, undefined), undefined);
    // Each of the 1000 others gets its 3 bytes in 2 s, and so does the long one: 3000 bytes by 2000 s.
    const found: number[] = [];
    for (const at of [1000, 2000, 2001]) sim.scheduleAt(at * S, () => found.push(flow.remainingBytes), undefined);
    sim.runUntil(3000 * S);
    // 3 bytes a second from 2000 s on.
    expect(found).toEqual([1_000_000 - 1500, 1_000_000 - 3000, 1_000_000 - 3003]);
  });

  it("lets handlers start and withdraw flows of the same instant", () => {
    const { sim, network, links, ends } = world(10);
    const route = network.route(links[0]);
    const other = route.start(100, () => (ends.other = sim.now / S), undefined);
    const again = (): void => {
      expect(other.withdraw()).toBe(true);
      route.start(10, () => (ends.again = sim.now / S), undefined);
    };
    route.start(10, again, undefined);
    sim.runUntil(100 * S);
    // 5 a second each to 2 s; the new one has 10 a second.
    expect(ends).toEqual({ again: 3 });
  });
});

describe("a network of links", () => {
  it("gives what a slow link cannot take to those who go over a fast one", () => {
    const { sim, network, links, ends, transfer } = world(90, 20, 1000);
    const [registry, slow, fast] = links;
    transfer(network.route(registry, slow), "s1", 10);
    transfer(network.route(registry, slow), "s2", 10);
    transfer(network.route(registry, fast), "f", 140);
    sim.runUntil(100 * S);
    // Slow: 10 each. Fast: 90 - 20 = 70 to 1 s, then 90: 70 bytes are left, 70 / 90 s.
    expect([ends.s1, ends.s2]).toEqual([1, 1]);
    expect(ends.f).toBe(Math.round((1 + 70 / 90) * S) / S);
  });

  it("moves a bottleneck from the registry to a disk and back", () => {
    const { sim, network, links, ends, transfer } = world(100, 60, 80);
    const [registry, nic, disk] = links;
    const pull = network.route(registry, nic, disk);
    const write = network.route(disk);
    transfer(pull, "pull", 300);
    transfer(network.route(registry), "elsewhere", 1000);
    transfer(write, "write", 200, 2);
    sim.runUntil(100 * S);
    // Registry: 50 and 50 to 2 s. Then the disk halves: pull 40, write 40, elsewhere 60. The pull's last 200 bytes and the 200 of
    // the write end at 7 s, where elsewhere has 100 + 300; its 600 take 6 s more.
    expect(ends).toEqual({ pull: 7, write: 7, elsewhere: 13 });
  });

  it("passes a change on along a chain of bottlenecks, up and down in turn", () => {
    const { sim, network, links } = world(10, 12, 20);
    const flows = [
      network.route(links[0]).start(1e6, () => {}, undefined),
      network.route(links[0], links[1]).start(1e6, () => {}, undefined),
      network.route(links[1], links[2]).start(1e6, () => {}, undefined),
      network.route(links[2]).start(1e6, () => {}, undefined),
    ];
    const rates = (): number[] => flows.map(({ rate }) => rate);
    sim.runUntil(1);
    // 5, 5; 12 - 5 = 7; 20 - 7 = 13.
    expect(rates()).toEqual([5, 5, 7, 13]);
    links[0].setCapacity(4);
    sim.runUntil(2);
    expect(rates()).toEqual([2, 2, 10, 10]);
    flows[0].withdraw();
    sim.runUntil(3);
    expect(rates()).toEqual([0, 4, 8, 12]);
    links[1].setCapacity(3);
    sim.runUntil(4);
    expect(rates()).toEqual([0, 1.5, 1.5, 18.5]);
    expect(links.map(({ usedRate }) => usedRate)).toEqual([1.5, 3, 20]);
  });

  it("computes rates once for all that starts at an instant", () => {
    const { sim, network, links } = world(100, ...Array.from({ length: 50 }, () => 10));
    const settings = vi.spyOn(FlowClass.prototype, "setLevel");
    links.slice(1).forEach((nic) => {
      const route = network.route(links[0], nic);
      sim.scheduleAt(S, () => route.start(100, () => {}, undefined), undefined);
    });
    sim.runUntil(2 * S);
    expect(settings).toHaveBeenCalledTimes(50);
    settings.mockRestore();
  });

  it("leaves flows alone whose share does not change", () => {
    const { sim, network, links } = world(1000, 100, ...Array.from({ length: 50 }, () => 10));
    const [registry, shared, ...nics] = links;
    const ignore = (): void => {};
    for (const nic of nics) network.route(registry, nic).start(1e9, ignore, undefined);
    const onShared = nics.map((nic) => network.route(shared, nic));
    sim.runUntil(1);
    const settings = vi.spyOn(FlowClass.prototype, "setLevel");
    // The registry gives 500 of its 1000: only the flows behind the same NIC share with a new one.
    network.route(registry, nics[3]).start(1e9, ignore, undefined);
    sim.runUntil(2);
    expect(settings).toHaveBeenCalledTimes(2);
    settings.mockClear();
    // A second link is full with the first of its flows from 10 links; one more of a limit below its share moves all of them.
    for (const route of onShared.slice(10, 40)) route.start(1e9, ignore, undefined);
    sim.runUntil(3);
    settings.mockClear();
    onShared[45].start(1e9, ignore, undefined, 1, 1);
    sim.runUntil(4);
    // 30 flows of the full link, the 30 that share NICs with them, the new one and the one on its NIC.
    expect(settings).toHaveBeenCalledTimes(62);
    settings.mockRestore();
  });
});

describe("what a network refuses", () => {
  it("is bytes, weights, rates and routes that mean nothing", () => {
    const { network, links } = world(1, 2);
    const route = network.route(...links);
    const ignore = (): void => {};
    expect(() => route.start(1.5, ignore, undefined)).toThrow(
      "a transfer of 1.5 bytes; allowed: a whole number from 0",
    );
    expect(() => route.start(1, ignore, undefined, 0)).toThrow("a weight of 0; allowed: a whole number from 1");
    expect(() => route.start(1, ignore, undefined, 1, -1)).toThrow("a rate of -1 bytes a second");
    expect(() => links[0].setCapacity(Number.NaN)).toThrow(RangeError);
    expect(() => network.route()).toThrow("a route needs one link or more, each of them once");
    expect(() => network.route(links[0], links[0])).toThrow(RangeError);
  });
});
