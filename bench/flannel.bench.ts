import { Simulation } from "../engine/index.ts";
import { DEFAULT_HOP_COSTS } from "../models/flannel/costs.ts";
import { parseNetConf, type NetConf } from "../models/flannel/net-conf.ts";
import { FlannelNetwork } from "../models/flannel/network.ts";
import type { Endpoint } from "../models/flannel/packet.ts";
import { UdpFlow } from "../models/flannel/udp-flow.ts";
import type { BenchCase } from "./case.ts";
import { ns3Packets } from "./peers.ts";

const PAYLOAD = 1400;
const PACKETS_PER_BATCH = 20_000;
/** Below what one sending core carries with VXLAN, and below the link. */
const GAP_NS = 12_000;
const NODES = 5_000;

function netConf(network: string): NetConf {
  const parsed = parseNetConf({ Network: network, Backend: { Type: "vxlan" } });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.conf;
}

/** Nodes on 10 Gbit/s; the last `absent` of them join later. */
export function flannelNetwork(count: number, absent = 0): { sim: Simulation; network: FlannelNetwork } {
  const sim = new Simulation({ seed: 1 });
  const conf = {
    name: "bench",
    conf: netConf("10.0.0.0/8"),
    backend: "vxlan" as const,
    manager: "kube" as const,
    asksForNeighbours: false,
    costs: DEFAULT_HOP_COSTS,
    hasDefaultRoute: true,
  };
  const nodes = Array.from({ length: count }, (_, i) => ({
    name: `node-${i}`,
    stream: `node-${i}`,
    cpus: 4,
    zone: "",
    bandwidth: 10_000_000_000,
    latencyNs: 50_000,
    mtu: 1500,
    isAbsent: i >= count - absent,
  }));
  return { sim, network: new FlannelNetwork(sim, conf, nodes) };
}

/** Datagrams from pod to pod across two nodes, through every hop; the state stays from batch to batch. */
function packets(): () => number {
  const { sim, network } = flannelNetwork(2);
  const from = network.endpoint("client", "node-0") as Endpoint;
  const to = network.endpoint("server", "node-1") as Endpoint;
  const flow = new UdpFlow(sim, from, to, network.nextHash(from, to), {
    mtu: network.podMtu,
    family: 4,
    discovery: "dont",
    payload: PAYLOAD,
    dueAt: (n) => n * GAP_NS,
  });
  flow.start();
  return () => {
    const before = flow.receivedDatagrams;
    sim.runUntil(sim.now + PACKETS_PER_BATCH * GAP_NS);
    return flow.receivedDatagrams - before;
  };
}

/** A node joins 4,999 others, programs them all and is programmed by all, then goes again. */
function join(): () => number {
  const { sim, network } = flannelNetwork(NODES, 1);
  const name = `node-${NODES - 1}`;
  const SETTLED_NS = 5_000_000_000;
  return () => {
    const before = network.writes;
    network.join(name);
    sim.runUntil(sim.now + SETTLED_NS);
    network.down(name);
    network.delete(name);
    sim.runUntil(sim.now + SETTLED_NS);
    return network.writes - before;
  };
}

/** Made at the first batch, so that benchmarks that are not asked for cost nothing. */
function lazily(make: () => () => number): () => number {
  let batch: (() => number) | undefined;
  return () => (batch ??= make())();
}

export const cases: BenchCase[] = [
  {
    name: "flannel/packets",
    unit: "packets of 1400 bytes from pod to pod across nodes",
    run: lazily(packets),
    peers: [ns3Packets.peer()],
  },
  {
    name: "flannel/5000-nodes",
    unit: "table entries written while a node joins 4,999 others and leaves",
    run: lazily(join),
  },
];
