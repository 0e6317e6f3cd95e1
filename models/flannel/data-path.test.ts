import { describe, expect, it } from "vitest";
import { NS_PER_MS, NS_PER_SECOND, NS_PER_US } from "../../engine/time.ts";
import { openConnection } from "./connection.ts";
import { datagrams, world } from "./testing/world.ts";

const SECOND = NS_PER_SECOND;

/** Starts one bulk TCP stream and gives its payload a second after `seconds`. */
function tcpGoodput(made: ReturnType<typeof world>, seconds: number, isGso = false): number {
  const { sim, network, pods } = made;
  const [a, b] = pods;
  const { client, server } = openConnection(sim, { network, isGso, from: a, to: b });
  client.send(2 ** 50);
  sim.runUntil(seconds * SECOND);
  return (server.receivedBytes * 8) / seconds;
}

describe("a datagram between nodes", () => {
  it("is counted with 42 bytes more at the pod, 28 at flannel.1 and 92 on the wire, and loses two of its TTL", () => {
    const made = world();
    const flow = datagrams(made, { payload: 64, count: 100 });
    made.sim.runUntil(SECOND);
    const [a, b] = made.network.nodes.map(({ path }) => path);
    expect(flow.receivedDatagrams).toBe(100);
    expect(made.pods[0].counters.txBytes).toBe(100 * 106);
    expect([a.tunnel.txBytes, a.eth0.txBytes, b.eth0.rxBytes]).toEqual([9200, 15_600, 15_600]);
    expect([b.tunnel.rxBytes, b.cni0.txBytes, made.pods[1].counters.rxBytes]).toEqual([9200, 10_600, 10_600]);
    expect(flow.lastTtl).toBe(62);
  });

  it("keeps its TTL on one node and touches neither flannel.1 nor eth0", () => {
    const made = world();
    made.pods[1] = made.network.endpoint("q", "n0")!;
    const flow = datagrams(made, { payload: 64, count: 10 });
    made.sim.runUntil(SECOND);
    const [{ path }] = made.network.nodes;
    expect([flow.receivedDatagrams, flow.lastTtl, path.tunnel.txPackets, path.eth0.txPackets]).toEqual([10, 64, 0, 0]);
  });

  it("takes the sum of its hops: two cores, the slot on the wire, the latency", () => {
    const made = world({ node: { bandwidth: 1e9, latencyNs: 50 * NS_PER_US } });
    let at = 0;
    datagrams(made, { payload: 1422, count: 1, onReceived: () => (at = made.sim.now) });
    made.sim.runUntil(SECOND);
    // 1450 bytes: send 3870 + 232 + encapsulate 1900, slot 1538 x 8 ns, 50,000, receive 3500 + 145 + decapsulate 1900.
    expect(at).toBe(6002 + 12_304 + 50_000 + 5545);
  });

  it("is lost without a word when the FDB entry is missing, and goes on when it is back", () => {
    const made = world();
    const flow = datagrams(made, { payload: 64, count: 600, everyNs: 10 * NS_PER_MS });
    made.sim.schedule(2 * SECOND, () => made.network.removeEntry("n0", "n1", "fdb"), undefined);
    made.sim.schedule(4 * SECOND, () => made.network.restoreEntry("n0", "n1", "fdb"), undefined);
    made.sim.runUntil(10 * SECOND);
    expect(600 - flow.receivedDatagrams).toBe(200);
    expect(made.network.nodes[0].path.tunnel.txDropped).toBe(200);
    expect(made.network.nodes[0].path.icmpUnreachable).toBe(0);
  });

  it("gets two net-unreachables when no route is there", () => {
    const made = world();
    const flow = datagrams(made, { payload: 64, count: 600, everyNs: 10 * NS_PER_MS });
    made.sim.schedule(2 * SECOND, () => made.network.removeEntry("n0", "n1", "route"), undefined);
    made.sim.schedule(4 * SECOND, () => made.network.restoreEntry("n0", "n1", "route"), undefined);
    made.sim.runUntil(10 * SECOND);
    expect(600 - flow.receivedDatagrams).toBe(200);
    expect(made.network.nodes[0].path.icmpUnreachable).toBe(2);
  });

  it("waits for a missing neighbour, 166 at most, and goes on in order when the entry is back", () => {
    const made = world();
    const flow = datagrams(made, { payload: 64, count: 600, everyNs: 10 * NS_PER_MS });
    made.sim.schedule(2 * SECOND, () => made.network.removeEntry("n0", "n1", "neighbour"), undefined);
    made.sim.schedule(4 * SECOND, () => made.network.restoreEntry("n0", "n1", "neighbour"), undefined);
    made.sim.runUntil(10 * SECOND);
    expect(600 - flow.receivedDatagrams).toBe(200 - 166);
  });
});

describe("bulk TCP", () => {
  it.each([
    ["vxlan", 1398 / 1538],
    ["host-gw", 1448 / 1538],
    ["udp", 1420 / 1538],
  ])("fills a link of 100 Mbit/s with %s to what the headers leave of it", (type, efficiency) => {
    const made = world({ netConf: { Backend: { Type: type } }, node: { bandwidth: 1e8, latencyNs: 50 * NS_PER_US } });
    expect(tcpGoodput(made, 4) / 1e8 / efficiency).toBeCloseTo(1, 2);
  });

  it("is bound by the sending core where the link is not the limit", () => {
    // One core sends 1450-byte packets in 3870 + 232 + 1900 = 6002 ns each: 1398 x 8 / 6.002 us.
    expect(tcpGoodput(world(), 0.5) / ((1398 * 8) / 6.002e-6)).toBeCloseTo(1, 1);
  });

  it("gets through a pod MTU that is too large after one ICMP error", () => {
    const made = world({ conf: { podMtu: 1500 }, node: { bandwidth: 1e8 } });
    expect(tcpGoodput(made, 2) / 1e8 / (1398 / 1538)).toBeCloseTo(1, 1);
  });

  it("goes on after losses on the wire", () => {
    const made = world({ node: { bandwidth: 1e8, latencyNs: NS_PER_MS } });
    made.network.link("n0", { loss: 0.001 });
    expect(tcpGoodput(made, 5)).toBeGreaterThan(1e7);
  });
});
