import { NO_EVENT, type Handle } from "../../engine/event-store.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { Ns } from "../../engine/time.ts";
import type { HopCosts } from "./costs.ts";
import type { PeerDaemon } from "./daemon.ts";
import type { Prefix } from "./ip.ts";
import type { Operation } from "./kernel-tables.ts";
import type { Lease, LeaseEvent } from "./lease.ts";
import type { SubnetManager } from "./lease-life.ts";
import type { Mac } from "./mac.ts";
import type { NetConf } from "./net-conf.ts";
import type { NodePath } from "./node-path.ts";

/** One node as the scenario gives it. */
export interface NetworkNode {
  readonly name: string;
  /** Its name for random streams. */
  readonly stream: string;
  readonly cpus: number;
  /** Nodes of one zone share a layer-2 segment; others are reached through a gateway. */
  readonly zone: string;
  /** bit/s; Infinity costs no time. */
  readonly bandwidth: number;
  readonly latencyNs: Ns;
  readonly mtu: number;
  /** It comes by `join` only. */
  readonly isAbsent: boolean;
}

export interface NetworkConf {
  readonly name: string;
  readonly conf: NetConf;
  readonly backend: "vxlan" | "host-gw" | "udp";
  readonly manager: SubnetManager;
  /** Before v0.9.0: neighbours on demand. */
  readonly asksForNeighbours: boolean;
  readonly costs: HopCosts;
  /** MTU of the pods in place of FLANNEL_MTU. */
  readonly podMtu?: number;
  readonly hasDefaultRoute: boolean;
  readonly wireExtra?: number;
  readonly queueLimit?: number;
  readonly charge?: (node: string, cpu: number, ns: Ns) => void;
}

/** A node, its daemon and what is known of it. */
export class FlannelNode {
  readonly node: NetworkNode;
  readonly path: NodePath;
  readonly index: number;
  /** The Node object exists. */
  exists = false;
  /** A daemon has once put the CNI's configuration there. */
  hasCniConf = false;
  daemon: PeerDaemon | undefined;
  /** Set while the daemon starts. */
  starting: Handle = NO_EVENT;
  /** How many changes of leases the list held with which the daemon began. */
  listedAt = 0;
  /** What the node announces; undefined before its daemon has a lease, and after that ended. */
  lease: Lease | undefined;
  /** The event that tells others of it. */
  added: LeaseEvent | undefined;
  /** The VTEP MAC in the node's annotation; with etcd there is none. */
  storedMac: Mac | undefined;
  /** The pods' subnets, by the controller-manager or by the last lease. */
  subnets: { v4?: Prefix; v6?: Prefix } = {};
  expiry: Handle = NO_EVENT;
  grantedAt: Ns = 0;
  readonly removed = new Map<string, Operation>();
  readonly usedIps = new Set<string>();
  lastIp: string | undefined;

  /** What it draws: VTEP MACs, subnets of etcd, and how long neighbours hold before v0.9.0. */
  readonly macs: RandomStream;
  readonly subnetDraws: RandomStream;
  readonly reachableTimes: RandomStream;

  /** `stream` makes a random stream for a purpose. */
  constructor(node: NetworkNode, path: NodePath, index: number, stream: (purpose: string) => RandomStream) {
    this.macs = stream("mac");
    this.subnetDraws = stream("subnet");
    this.reachableTimes = stream("reachable");
    this.node = node;
    this.path = path;
    this.index = index;
  }
}
