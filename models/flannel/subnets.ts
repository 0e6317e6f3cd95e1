import { decideLease, drawSubnets, type LeaseRecord } from "./etcd-lease.ts";
import type { FlannelNode, NetworkConf } from "./flannel-node.ts";
import { contains, prefixOf, sizeOf, type Prefix } from "./ip.ts";
import { subnetRanges, type SubnetRange } from "./subnet-range.ts";

/** Prefix lengths that nodes get. Source: kubernetes v1.34 kube-controller-manager --node-cidr-mask-size-ipv4, -ipv6. */
const NODE_MASK = { 4: 24, 6: 64 } as const;

/** One family of the controller-manager's podCIDRs. Source: kubernetes v1.34 pkg/controller/nodeipam/ipam/cidrset. */
class PodCidrs {
  readonly #network: Prefix;
  readonly #length: number;
  readonly #count: number;
  readonly #taken = new Set<string>();
  #next = 0;

  constructor(network: Prefix) {
    this.#network = network;
    this.#length = Math.max(NODE_MASK[network.family], network.length);
    const { family } = network;
    this.#count = Number(sizeOf(family, network.length) / sizeOf(family, this.#length));
  }

  /** The next free one, going round; undefined if all are taken. */
  take(): Prefix | undefined {
    for (let tries = 0; tries < this.#count; tries++) {
      const { family, address } = this.#network;
      const at = address + BigInt(this.#next) * sizeOf(family, this.#length);
      this.#next = (this.#next + 1) % this.#count;
      const subnet = prefixOf(family, at, this.#length);
      if (this.#taken.has(subnet.text) || !contains(this.#network, { family, value: at })) continue;
      this.#taken.add(subnet.text);
      return subnet;
    }
    return undefined;
  }

  release(subnet: Prefix | undefined): void {
    if (subnet !== undefined) this.#taken.delete(subnet.text);
  }
}

/** Gives nodes their subnets: podCIDRs with the kube manager, leases with etcd. */
export class Subnets {
  readonly #conf: NetworkConf;
  readonly #nodes: readonly FlannelNode[];
  readonly #ranges: { v4?: SubnetRange; v6?: SubnetRange } = {};
  readonly #v4: PodCidrs | undefined;
  readonly #v6: PodCidrs | undefined;

  /** Throws Error for ranges that the etcd manager refuses. */
  constructor(conf: NetworkConf, nodes: readonly FlannelNode[]) {
    this.#conf = conf;
    this.#nodes = nodes;
    const { enableIPv4, enableIPv6, v4, v6 } = conf.conf;
    if (conf.manager === "etcd") {
      const ranges = subnetRanges(conf.conf);
      if (!ranges.ok) throw new Error(ranges.refusal.message);
      this.#ranges = ranges;
      return;
    }
    if (enableIPv4 && v4.network !== undefined) this.#v4 = new PodCidrs(v4.network);
    if (enableIPv6 && v6.network !== undefined) this.#v6 = new PodCidrs(v6.network);
  }

  /** A Node object has come. */
  assign(node: FlannelNode): void {
    if (this.#conf.manager === "kube") node.subnets = { v4: this.#v4?.take(), v6: this.#v6?.take() };
  }

  /** A Node object has gone. */
  release(node: FlannelNode): void {
    this.#v4?.release(node.subnets.v4);
    this.#v6?.release(node.subnets.v6);
  }

  /** A daemon asks etcd for a lease: the own one, the previous one, or a draw. */
  acquire(node: FlannelNode): void {
    const { v4, v6 } = this.#ranges;
    if (v4 === undefined) return;
    const leases: LeaseRecord[] = this.#nodes.flatMap(({ lease, path }) =>
      lease?.v4 === undefined ? [] : [{ v4: lease.v4.subnet, v6: lease.v6?.subnet, publicIp: path.conf.ip }],
    );
    const previous = node.subnets.v4 === undefined ? undefined : { v4: node.subnets.v4, v6: node.subnets.v6 };
    const decision = decideLease({ v4, v6, leases, publicIp: node.path.conf.ip, previous });
    if (decision.kind === "reuse") node.subnets = { v4: decision.lease.v4, v6: decision.lease.v6 };
    else if (decision.kind === "create") node.subnets = { v4: decision.v4, v6: decision.v6 };
    else if (decision.kind === "draw") {
      node.subnets = drawSubnets(decision, (n) => node.subnetDraws.below(n));
    } else node.subnets = {};
  }
}
