import { contains, parseAddress, type Address, type Prefix } from "./ip.ts";
import { KUBE_PROXY_MARK } from "./defaults.ts";

export interface MasqueradeQuery {
  /** FLANNEL_NETWORK. */
  readonly network: Prefix;
  /** The node's own subnet. */
  readonly podCidr: Prefix;
  readonly source: Address;
  readonly destination: Address;
  /** The packet's mark; kube-proxy sets bit 0x4000 on what it will masquerade itself. */
  readonly mark: number;
}

/** The verdict of chain FLANNEL-POSTRTG: the rule that matched decides, and no match leaves the packet alone. */
export type MasqueradeVerdict = "marked" | "return" | "masquerade" | "no match";

/**
 * Walks the chain FLANNEL-POSTRTG of table nat, first match first (rule R18): what kube-proxy marked, pod to network,
 * network to pod and outside to pod return; what leaves the network and is not multicast is masqueraded, and so is what
 * comes from outside to a pod of another node. The chain exists with `--ip-masq` only.
 * Source: flannel v0.28.9 pkg/trafficmngr/iptables/iptables.go masqRules, masqIP6Rules.
 */
export function masquerade(query: MasqueradeQuery): MasqueradeVerdict {
  const { network, podCidr, source, destination } = query;
  const fromNetwork = contains(network, source);
  const toNetwork = contains(network, destination);
  const toPod = contains(podCidr, destination);
  if ((query.mark & KUBE_PROXY_MARK) === KUBE_PROXY_MARK) return "marked";
  if (contains(podCidr, source) && toNetwork) return "return";
  if (fromNetwork && toPod) return "return";
  if (!fromNetwork && toPod) return "return";
  if (fromNetwork && !isMulticast(destination)) return "masquerade";
  if (!fromNetwork && toNetwork) return "masquerade";
  return "no match";
}

/** Whether chain FLANNEL-FWD of table filter accepts a packet itself. Source: as above, forwardRules. */
export function isForwardAccepted(network: Prefix, source: Address, destination: Address): boolean {
  return contains(network, source) || contains(network, destination);
}

const MULTICAST_FIRST = { 4: parseAddress("224.0.0.0"), 6: parseAddress("ff00::") };

function isMulticast(address: Address): boolean {
  const shift = address.family === 4 ? 28n : 120n;
  return address.value >> shift === (MULTICAST_FIRST[address.family]?.value ?? 0n) >> shift;
}
