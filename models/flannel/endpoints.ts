import type { FlannelNode } from "./flannel-node.ts";
import { allocateIp, ipRanges } from "./host-local.ts";
import { networkOf } from "./ip.ts";
import { Endpoint } from "./packet.ts";

/** What the CNI's ADD answers. */
export type Attachment = { endpoint: Endpoint } | { failure: string };

/** The pods' interfaces on the nodes of one network, with the addresses that host-local gives them. */
export class Endpoints {
  readonly #family: 4 | 6;
  readonly #byPod = new Map<string, { node: FlannelNode; endpoint: Endpoint }>();

  constructor(family: 4 | 6) {
    this.#family = family;
  }

  /** The pod's interface, if it is attached to this node. */
  get(pod: string, node: FlannelNode): Endpoint | undefined {
    const known = this.#byPod.get(pod);
    return known?.node === node ? known.endpoint : undefined;
  }

  /** ADD: fails while the daemon has not written subnet.env since the node's boot, and when no address is free. */
  attach(pod: string, node: FlannelNode): Attachment {
    this.detach(pod);
    const subnet = this.#family === 4 ? node.subnets.v4 : node.subnets.v6;
    if (node.path.subnet === "" || subnet === undefined) {
      return { failure: "loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: no such file or directory" };
    }
    const ranges = ipRanges([networkOf(subnet)]);
    const ip = typeof ranges === "string" ? undefined : allocateIp(ranges, node.usedIps, node.lastIp);
    if (ip === undefined) return { failure: `no IP addresses available in range set of ${subnet.text}` };
    node.usedIps.add(ip);
    node.lastIp = ip;
    const endpoint = new Endpoint(pod, node.path, ip);
    this.#byPod.set(pod, { node, endpoint });
    return { endpoint };
  }

  /** DEL: its address is free again. */
  detach(pod: string): void {
    const known = this.#byPod.get(pod);
    if (known === undefined) return;
    known.node.usedIps.delete(known.endpoint.ip);
    known.endpoint.isAttached = false;
    this.#byPod.delete(pod);
  }
}
