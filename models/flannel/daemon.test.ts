import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/simulation.ts";
import { NS_PER_MS, NS_PER_SECOND, NS_PER_US } from "../../engine/time.ts";
import { DEFAULT_WRITE_COSTS, hostGwBackend, udpBackend, vxlanBackend, writesTo } from "./backends.ts";
import { PeerDaemon } from "./daemon.ts";
import { prefixOf } from "./ip.ts";
import { KernelTables, type Operation } from "./kernel-tables.ts";
import type { Lease, LeaseEvent } from "./lease.ts";
import { formatMac } from "./mac.ts";
import { RouteNetwork } from "./route-network.ts";
import { ProxyTable } from "./udp-proxy.ts";

const context = { v4: "flannel.1", isDirect: () => false };

function lease(n: number): Lease {
  const mac = formatMac([2, 0, 0, 0, n >> 8, n]);
  const subnet = prefixOf(4, BigInt(0x0a000000 + n * 256), 24);
  return { v4: { subnet, publicIp: `172.16.${n >> 8}.${n & 255}`, vtepMac: mac }, backendType: "vxlan" };
}

function add(n: number): LeaseEvent {
  return { type: "add", lease: lease(n) };
}

function start(write?: (operation: Operation) => boolean) {
  const sim = new Simulation({ seed: 3 });
  const tables = new KernelTables(["flannel.1"]);
  const finished: number[] = [];
  const backend = vxlanBackend(context, write ?? writesTo(tables), sim.random("flannel/retry"));
  const daemon = new PeerDaemon(sim, backend, () => void finished.push(sim.now));
  return { sim, tables, daemon, finished };
}

describe("a daemon", () => {
  it("programs a peer in 70 us, one after the other, the route last", () => {
    const { sim, tables, daemon, finished } = start();
    for (const n of [1, 2, 3]) daemon.push(add(n));
    sim.runUntil(25 * NS_PER_US);
    expect(tables.sizes).toEqual({ routes: 0, neighbours: 1, fdb: 1 });
    sim.runUntil(NS_PER_MS);
    expect(finished).toEqual([70, 140, 210].map((us) => us * NS_PER_US));
    expect([daemon.events, daemon.writes, daemon.pending]).toEqual([3, 9, 0]);
  });

  it("on a new node in a cluster of 5,000 is busy for 0.35 s", () => {
    const { sim, tables, daemon, finished } = start();
    for (let n = 1; n < 5000; n++) daemon.push(add(n));
    sim.runUntil(NS_PER_SECOND);
    // 4,999 x 70 us = 349.93 ms.
    expect(finished.at(-1)).toBe(349_930 * NS_PER_US);
    expect(tables.sizes).toEqual({ routes: 4999, neighbours: 4999, fdb: 4999 });
  });

  it("holds every later event up for 51 to 52 s while one write keeps failing", () => {
    const kernel = new KernelTables(["flannel.1"]);
    const { sim, daemon, finished } = start(
      (operation) =>
        (operation.table === "fdb" && operation.ip === "172.16.0.1") || kernel.apply(operation) !== undefined,
    );
    daemon.push(add(1));
    daemon.push(add(2));
    sim.runUntil(600 * NS_PER_SECOND);
    expect(finished[0]).toBeGreaterThan(51_100 * NS_PER_MS);
    expect(finished[0]).toBeLessThan(52_001 * NS_PER_MS);
    expect(finished[1] - finished[0]).toBe(70 * NS_PER_US);
    expect([...kernel.routes].map(([dst]) => dst)).toEqual(["10.0.2.0/24"]);
  });

  it("that is killed leaves what it wrote and misses what happens, until it is told again", () => {
    const { sim, tables, daemon } = start();
    daemon.push(add(1));
    daemon.push(add(2));
    sim.runUntil(15 * NS_PER_US);
    daemon.stop();
    daemon.push(add(3));
    sim.runUntil(NS_PER_SECOND);
    expect(tables.sizes).toEqual({ routes: 0, neighbours: 1, fdb: 0 });
    daemon.start();
    for (const n of [1, 2, 3]) daemon.push(add(n));
    sim.runUntil(2 * NS_PER_SECOND);
    expect(tables.sizes).toEqual({ routes: 3, neighbours: 3, fdb: 3 });
  });

  it("spends no more than the decoding on a lease of another backend", () => {
    const { sim, daemon, finished } = start();
    daemon.push({ type: "add", lease: { ...lease(1), backendType: "host-gw" } });
    sim.runUntil(NS_PER_MS);
    expect(finished).toEqual([DEFAULT_WRITE_COSTS.eventNs]);
  });

  it("may be killed by what a write sets off, and handed events by what it finished", () => {
    const { sim, tables, daemon } = start((operation) => {
      if (operation.table === "fdb") daemon.stop();
      return tables.apply(operation) !== undefined;
    });
    daemon.push(add(1));
    sim.runUntil(NS_PER_SECOND);
    expect(tables.sizes).toEqual({ routes: 0, neighbours: 1, fdb: 1 });

    const again = new Simulation();
    const kernel = new KernelTables(["flannel.1"]);
    const backend = vxlanBackend(context, writesTo(kernel), again.random("flannel/retry"));
    const chained: PeerDaemon = new PeerDaemon(again, backend, () => {
      if (chained.events < 3) chained.push(add(chained.events + 1));
    });
    chained.push(add(1));
    again.runUntil(NS_PER_SECOND);
    expect([chained.events, kernel.sizes.routes]).toEqual([3, 3]);
  });
});

describe("the other backends' daemons", () => {
  it("host-gw repairs a route within 10 s, but not while it is dead", () => {
    const sim = new Simulation();
    const kernel = new KernelTables(["eth0"]);
    const daemon = new PeerDaemon(sim, hostGwBackend(new RouteNetwork(kernel, "eth0")));
    daemon.push({ type: "add", lease: { ...lease(1), backendType: "host-gw" } });
    sim.runUntil(12 * NS_PER_SECOND);
    expect([daemon.writes, kernel.routes.size]).toEqual([1, 1]);
    kernel.routes.delete("10.0.1.0/24");
    sim.runUntil(19 * NS_PER_SECOND);
    expect(kernel.routes.size).toBe(0);
    sim.runUntil(21 * NS_PER_SECOND);
    expect(kernel.routes.size).toBe(1);
    daemon.stop();
    kernel.routes.delete("10.0.1.0/24");
    sim.runUntil(60 * NS_PER_SECOND);
    expect([kernel.routes.size, sim.pending]).toEqual([0, 0]);
    daemon.start();
    sim.runUntil(71 * NS_PER_SECOND);
    expect(kernel.routes.size).toBe(1);
  });

  it("udp fills the proxy's table at the price of the decoding", () => {
    const sim = new Simulation();
    const table = new ProxyTable();
    const daemon = new PeerDaemon(sim, udpBackend(table));
    daemon.push(add(1));
    daemon.push(add(2));
    sim.runUntil(2 * DEFAULT_WRITE_COSTS.eventNs + 1);
    expect([daemon.events, table.size]).toEqual([2, 2]);
  });
});
