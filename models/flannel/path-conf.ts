import type { RandomStream } from "../../engine/random/streams.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import type { HopCosts } from "./costs.ts";
import type { NetworkConf, NetworkNode } from "./flannel-node.ts";
import type { TableStores } from "./kernel-tables.ts";
import { flannelMtu, vxlanDeviceMtu } from "./mtu.ts";
import { vxlanOptions } from "./net-conf.ts";
import type { NodePath } from "./node-path.ts";
import { vxlanDeviceName } from "./vxlan-device.ts";

/** Packets that may wait in front of the NIC. Source: linux net/sched/sch_generic.c pfifo, txqueuelen 1000. */
export const QDISC_LIMIT = 1000;
/** Packets that may wait for a core. Source: linux net/core/dev.c netdev_max_backlog. */
export const BACKLOG_LIMIT = 1000;
/** Packets that wait in front of the udp backend's process. Source: linux drivers/net/tun.c TUN_READQ_SIZE. */
export const TUN_QUEUE = 500;
/** How long an ICMP error is believed. Source: linux net/ipv4/route.c ip_rt_mtu_expires. */
export const PATH_MTU_NS: Ns = 600 * NS_PER_SECOND;

export interface PathConf {
  readonly name: string;
  /** The address on the underlay. */
  readonly ip: string;
  readonly family: 4 | 6;
  readonly backend: "vxlan" | "host-gw" | "udp";
  /** The device that the backend makes, and its MTU; host-gw has none. */
  readonly device: string | undefined;
  readonly deviceMtu: number;
  readonly podMtu: number;
  /** Cores that send, and queues of the NIC. */
  readonly cpus: number;
  /** bit/s; Infinity costs no time. */
  readonly bandwidth: number;
  readonly latencyNs: Ns;
  readonly underlayMtu: number;
  /** What a frame occupies of the wire beyond what interfaces count. */
  readonly wireExtra?: number;
  readonly queueLimit?: number;
  readonly costs: HopCosts;
  readonly hasDefaultRoute: boolean;
  /** Before v0.9.0: the whole network behind one route, and neighbours on demand by pod address. */
  readonly asksForNeighbours: boolean;
  /** Whether an address is on this node's segment. */
  readonly isOnLink: (ip: string) => boolean;
  readonly stores?: TableStores;
  readonly lossStream: RandomStream;
}

/** What a node's path needs of the network around it. */
export interface PathPorts {
  /** The node with this underlay address. */
  nodeAt(ip: string): NodePath | undefined;
  /** Softirq work of a core, as it is taken on. */
  charge?(cpu: number, ns: Ns): void;
  /** The kernel asks the daemon for a neighbour, before v0.9.0. */
  miss?(ip: string): void;
}

/** What a node of a network has to know of itself; `isOnLink` and `stores` are the network's. */
export function pathConf(
  network: NetworkConf,
  node: NetworkNode,
  index: number,
  lossStream: RandomStream,
  isOnLink: (ip: string) => boolean,
  stores?: TableStores,
): PathConf {
  const { conf, backend, podMtu, costs, hasDefaultRoute, asksForNeighbours, wireExtra, queueLimit } = network;
  const family = conf.enableIPv4 ? 4 : 6;
  const options = vxlanOptions(conf.backend, node.mtu);
  const option = backend === "vxlan" && typeof options !== "string" ? options.mtu : undefined;
  const ofPods = flannelMtu(backend, node.mtu, option);
  return {
    name: node.name,
    ip: underlayIp(family, index),
    family,
    backend,
    device: deviceName(network, family),
    deviceMtu: backend === "vxlan" ? vxlanDeviceMtu(ofPods, node.mtu, family) : ofPods,
    podMtu: podMtu ?? ofPods,
    cpus: node.cpus,
    bandwidth: node.bandwidth,
    latencyNs: node.latencyNs,
    underlayMtu: node.mtu,
    wireExtra,
    queueLimit,
    costs,
    hasDefaultRoute,
    asksForNeighbours,
    isOnLink,
    stores,
    lossStream,
  };
}

function deviceName({ backend, conf }: NetworkConf, family: 4 | 6): string | undefined {
  if (backend === "host-gw") return undefined;
  if (backend === "udp") return "flannel0";
  return vxlanDeviceName(vniOf(conf.backend), family);
}

/** The network identifier of the vxlan backend's options. */
export function vniOf(backend: Readonly<Record<string, unknown>>): number {
  const options = vxlanOptions(backend, 0);
  if (typeof options === "string") throw new Error(options);
  return options.vni;
}

/** Addresses of nodes on the underlay: 192.168.0.1, 192.168.0.2 ..., or fd00::1 ... */
export function underlayIp(family: 4 | 6, index: number): string {
  const n = index + 1;
  return family === 4 ? `192.168.${n >> 8}.${n & 255}` : `fd00::${n.toString(16)}`;
}
