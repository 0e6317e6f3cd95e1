import { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import { openConnection } from "./connection.ts";
import { DEFAULT_HOP_COSTS } from "./costs.ts";
import type { Operation } from "./kernel-tables.ts";
import { parseNetConf } from "./net-conf.ts";
import type { NetworkConf } from "./flannel-node.ts";
import { FlannelNetwork } from "./network.ts";
import type { NodePath } from "./node-path.ts";
import type { Endpoint } from "./packet.ts";
import { backendOf } from "./section.ts";
import { UdpFlow, type PathMtuDiscovery } from "./udp-flow.ts";

/** The little network of the measurements, in the model: node A and node B with a pod each. */
export interface LiveNetwork {
  sim: Simulation;
  network: FlannelNetwork;
  a: NodePath;
  b: NodePath;
  podA: Endpoint;
  podB: Endpoint;
}

export interface LiveOptions {
  backend?: "vxlan" | "host-gw" | "udp";
  family?: 4 | 6;
  podMtu?: number;
  /** bit/s, counted in frames without FCS, preamble and gap, as a token bucket does. */
  shaper?: number;
  mtu?: number;
  hasDefaultRoute?: boolean;
}

/** Builds it. */
export function liveNetwork(options: LiveOptions = {}): LiveNetwork {
  const { backend = "vxlan", family = 4, podMtu, shaper = Infinity, mtu = 1500, hasDefaultRoute = false } = options;
  const sim = new Simulation({ seed: 1 });
  const parsed = parseNetConf({
    Network: "10.244.0.0/16",
    EnableIPv4: family === 4,
    EnableIPv6: family === 6,
    IPv6Network: family === 6 ? "fd00:10:244::/48" : undefined,
    Backend: { Type: backend },
  });
  if (!parsed.ok) throw new Error(parsed.message);
  const conf: NetworkConf = {
    name: "live",
    conf: parsed.conf,
    backend: backendOf(parsed.conf),
    manager: "kube",
    asksForNeighbours: false,
    costs: DEFAULT_HOP_COSTS,
    podMtu,
    hasDefaultRoute,
    wireExtra: 0,
  };
  const nodes = ["a", "b"].map((name) => ({
    name,
    stream: name,
    cpus: 2,
    zone: "",
    bandwidth: shaper,
    latencyNs: 0,
    mtu,
    isAbsent: false,
  }));
  const network = new FlannelNetwork(sim, conf, nodes);
  const [a, b] = network.nodes.map(({ path }) => path);
  const [podA, podB] = ["a", "b"].map((node) => network.endpoint(`pod-${node}`, node) as Endpoint);
  return { sim, network, a, b, podA, podB };
}

/** What `count` datagrams left in sockets and in the counters of the devices. */
export interface DatagramCounts {
  sent: number;
  accepted: number;
  refused: number;
  received: number;
  podTx: [packets: number, bytes: number];
  tunnelTx: [packets: number, bytes: number];
  wire: [packets: number, bytes: number];
  tunnelRxBytes: number;
}

/** Sends datagrams of one size, one a millisecond. */
export function replayDatagrams(
  live: LiveNetwork,
  payload: number,
  count: number,
  discovery: PathMtuDiscovery,
): DatagramCounts {
  const { sim, network, a, b, podA, podB } = live;
  const read = () => ({
    pod: [podA.counters.txPackets, podA.counters.txBytes],
    tunnel: [a.tunnel.txPackets, a.tunnel.txBytes],
    wire: [a.eth0.txPackets, a.eth0.txBytes],
    rx: b.tunnel.rxBytes,
  });
  const before = read();
  const begin = sim.now;
  const EVERY_NS = 1_000_000;
  const flow = new UdpFlow(sim, podA, podB, network.nextHash(podA, podB), {
    mtu: network.podMtu,
    family: network.family,
    discovery,
    payload,
    dueAt: (n) => (n < count ? begin + n * EVERY_NS : undefined),
  });
  flow.start();
  sim.runUntil(begin + count * EVERY_NS + NS_PER_SECOND);
  const after = read();
  const difference = (key: "pod" | "tunnel" | "wire"): [number, number] => [
    after[key][0] - before[key][0],
    after[key][1] - before[key][1],
  ];
  return {
    sent: flow.offered,
    accepted: flow.accepted,
    refused: flow.refused,
    received: flow.receivedDatagrams,
    podTx: difference("pod"),
    tunnelTx: difference("tunnel"),
    wire: difference("wire"),
    tunnelRxBytes: after.rx - before.rx,
  };
}

export interface Outage {
  removed: "fdb" | "arp" | "route" | "all" | "device";
  gapNs: Ns;
  /** When the entry goes. */
  at: Ns;
  packetsPerSecond: number;
  payload: number;
  sent: number;
}

/** Sends at a constant rate while entries of the sending node are missing for a while. */
export function replayOutage(live: LiveNetwork, outage: Outage) {
  const { sim, network, a, podA, podB } = live;
  const { packetsPerSecond, payload, sent, at, gapNs, removed } = outage;
  const arrived = new Set<number>();
  const flow = new UdpFlow(sim, podA, podB, network.nextHash(podA, podB), {
    mtu: network.podMtu,
    family: network.family,
    discovery: "dont",
    payload,
    dueAt: (n) => (n < sent ? Math.floor((n * NS_PER_SECOND) / packetsPerSecond) : undefined),
    onReceived: (_, number) => arrived.add(number),
  });
  flow.start();
  const tables: Array<Operation["table"]> =
    removed === "arp"
      ? ["neighbour"]
      : removed === "fdb" || removed === "route"
        ? [removed]
        : ["neighbour", "fdb", "route"];
  const remove = () => {
    // The neighbour names the MAC under which the FDB has its entry, so it goes last.
    for (const table of tables.toReversed()) network.removeEntry("a", "b", table);
    if (removed === "device") a.deleteDevice();
  };
  const mac = a.mac ?? "";
  const restore = () => {
    if (removed === "device") a.createDevice(mac);
    for (const table of tables) network.restoreEntry("a", "b", table);
  };
  sim.scheduleAt(at, remove, undefined);
  sim.scheduleAt(at + gapNs, restore, undefined);
  sim.runUntil(Math.ceil((sent * NS_PER_SECOND) / packetsPerSecond) + 10 * NS_PER_SECOND);
  const lost = Array.from({ length: sent }, (_, number) => number).filter((number) => !arrived.has(number));
  return {
    received: flow.receivedDatagrams,
    lost: lost.length,
    lastLost: lost.at(-1),
    tunnelTxDropped: a.tunnel.txDropped,
    eth0TxPackets: a.eth0.txPackets,
    icmpUnreachable: a.icmpUnreachable,
  };
}

/** Goodput in bit/s of one TCP stream over so many seconds, and its segments' payload. */
export function replayTcp(live: LiveNetwork, seconds: number): { goodput: number; segment: number } {
  const { sim, network, podA, podB } = live;
  const { client, server } = openConnection(sim, { network, isGso: false, from: podA, to: podB });
  let segment = 0;
  server.onBytes = (bytes) => (segment = Math.max(segment, bytes));
  client.send(2 ** 50);
  sim.runUntil(seconds * NS_PER_SECOND);
  return { goodput: (server.receivedBytes * 8) / seconds, segment };
}

/** Goodput in bit/s of an open loop of datagrams over so many seconds. */
export function replayUdp(live: LiveNetwork, seconds: number, payload: number, rate: number): number {
  const { sim, network, podA, podB } = live;
  const flow = new UdpFlow(sim, podA, podB, network.nextHash(podA, podB), {
    mtu: network.podMtu,
    family: network.family,
    discovery: "dont",
    payload,
    dueAt: (n) => Math.floor((n * payload * 8 * NS_PER_SECOND) / rate),
  });
  flow.start();
  sim.runUntil(seconds * NS_PER_SECOND);
  return (flow.receivedBytes * 8) / seconds;
}
