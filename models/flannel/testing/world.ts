import { Simulation } from "../../../engine/simulation.ts";
import { DEFAULT_HOP_COSTS } from "../costs.ts";
import { parseNetConf } from "../net-conf.ts";
import type { NetworkConf, NetworkNode } from "../flannel-node.ts";
import { FlannelNetwork } from "../network.ts";
import type { Endpoint } from "../packet.ts";
import { backendOf } from "../section.ts";
import { UdpFlow, type UdpOptions } from "../udp-flow.ts";

/** A small network with a pod on every node, for tests. */
export interface World {
  sim: Simulation;
  network: FlannelNetwork;
  pods: Endpoint[];
}

export interface WorldOptions {
  netConf?: Record<string, unknown>;
  conf?: Partial<NetworkConf>;
  node?: Partial<NetworkNode>;
  nodes?: number;
  /** Zones of the nodes in turn. */
  zones?: readonly string[];
}

/** Nodes `n0`, `n1` ... with pods `p0`, `p1` ... */
export function world({ netConf = {}, conf = {}, node = {}, nodes = 2, zones = [""] }: WorldOptions = {}): World {
  const sim = new Simulation({ seed: 1 });
  const parsed = parseNetConf({ Network: "10.244.0.0/16", Backend: { Type: "vxlan" }, ...netConf });
  if (!parsed.ok) throw new Error(parsed.message);
  const network = new FlannelNetwork(
    sim,
    {
      name: "flannel",
      conf: parsed.conf,
      backend: backendOf(parsed.conf),
      manager: "kube",
      asksForNeighbours: false,
      costs: DEFAULT_HOP_COSTS,
      hasDefaultRoute: false,
      ...conf,
    },
    Array.from({ length: nodes }, (_, i) => ({
      name: `n${i}`,
      stream: `n${i}`,
      cpus: 2,
      zone: zones[i % zones.length],
      bandwidth: Infinity,
      latencyNs: 0,
      mtu: 1500,
      isAbsent: false,
      ...node,
    })),
  );
  const pods = Array.from({ length: nodes }, (_, i) => network.endpoint(`p${i}`, `n${i}`) as Endpoint);
  return { sim, network, pods };
}

/** `count` datagrams from one pod to another at equal distances, from `firstAt` on. */
export function datagrams(
  { sim, network, pods: [a, b] }: World,
  options: Partial<UdpOptions> & { payload: number; count: number; everyNs?: number; firstAt?: number },
): UdpFlow {
  const { count, everyNs = 1_000_000, firstAt = 0 } = options;
  const flow = new UdpFlow(sim, a, b, network.nextHash(a, b), {
    mtu: network.podMtu,
    family: network.family,
    discovery: "dont",
    dueAt: (n) => (n < count ? firstAt + n * everyNs : undefined),
    ...options,
  });
  flow.start();
  return flow;
}
