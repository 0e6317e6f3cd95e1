import { NS_PER_MS, NS_PER_US, type Ns } from "../../engine/time.ts";
import { DEFAULT_WRITE_COSTS, type WriteCosts } from "./backends.ts";

/**
 * What one unit (a packet, or a super-packet) costs at every hop, and what the daemon's work costs. Bytes are counted in
 * picoseconds each: 160 is 0.16 ns a byte.
 */
export interface HopCosts {
  /** Pod, veth, bridge and veth to a pod of the same node, on the sender's core. */
  readonly sameNodeNs: Ns;
  /** Pod, veth, bridge, forwarding and qdisc of the sending node, without encapsulation, on the sender's core. */
  readonly sendNs: Ns;
  readonly sendBytePs: number;
  /** What VXLAN adds to it. */
  readonly encapsulateNs: Ns;
  /** What every wire packet of an encapsulated super-packet adds: segmentation in software, for want of an offload. */
  readonly segmentNs: Ns;
  /** NIC, softirq, forwarding, bridge and veth of the receiving node, on the core that the NIC's hash chose. */
  readonly receiveNs: Ns;
  readonly receiveBytePs: number;
  /** What VXLAN adds to it. */
  readonly decapsulateNs: Ns;
  /** One passage through the process of the udp backend: two system calls and two copies. */
  readonly proxyNs: Ns;
  readonly proxyBytePs: number;
  /** From a change at the API server or etcd to a daemon that watches it. */
  readonly watchNs: Ns;
  /** From a neighbour miss to the entry that the daemon writes for it, before v0.9.0. */
  readonly missNs: Ns;
  readonly writes: WriteCosts;
}

/**
 * Sources of the defaults:
 * - send, encapsulate: 243,000 datagrams a second of 1448 bytes without encapsulation and 166,900 of 1398 bytes with VXLAN
 *   from one sending core make 4.1 us and 6.0 us, of which 1.9 us are VXLAN's (InfraBuilder benchmark-k8s-cni-2020-08, Xeon
 *   E5-1630 v3); the cost by byte lets 8898-byte datagrams reach the 9.85 Gbit/s of the same lab.
 * - segment: one TCP stream of 8.3 to 8.7 Gbit/s at pod MTU 1450 in that lab, and 19.6 to 20.6 Gbit/s at 8950 in edition
 *   2024-01 against 28.3 to 33.9 without VXLAN.
 * - receive: with send it makes the round trip of 14.3 us between two nodes without encapsulation, decapsulate one of about
 *   20 us with VXLAN, sameNode the 9.9 us on one node (measured on linux 6.18).
 * - proxy: 94,620 packets a second, both directions together, through one forwarding process (measured on linux 6.18, MTU
 *   1500); the cost by byte makes the 3.7 Gbit/s at MTU 9000.
 * - watch, miss: estimates.
 */
export const DEFAULT_HOP_COSTS: HopCosts = {
  sameNodeNs: 5 * NS_PER_US,
  sendNs: 3_870,
  sendBytePs: 160,
  encapsulateNs: 1_900,
  segmentNs: 1 * NS_PER_US,
  receiveNs: 3_500,
  receiveBytePs: 100,
  decapsulateNs: 1_900,
  proxyNs: 10 * NS_PER_US,
  proxyBytePs: 500,
  watchNs: 10 * NS_PER_MS,
  missNs: 100 * NS_PER_US,
  writes: DEFAULT_WRITE_COSTS,
};
