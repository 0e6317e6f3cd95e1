import {
  frameBytes,
  IPV4,
  IPV6,
  IPV6_FRAGMENT,
  udpIpBytes,
  underlayIpBytes,
  underlayVersion,
  type Encapsulation,
} from "./encapsulation.ts";

/**
 * Sizes of the IP packets that a packet of `ipBytes` becomes on a link of this MTU (rule R20): one if it fits; otherwise
 * fragments whose data are multiples of 8 but for the last, each with its own header, in IPv6 with a fragment header.
 * Throws RangeError where the MTU has no room for 8 bytes of data. Source: RFC 791, RFC 8200 section 4.5;
 * linux net/ipv4/ip_output.c ip_do_fragment, net/ipv6/ip6_output.c ip6_fragment.
 */
export function fragments(version: 4 | 6, ipBytes: number, mtu: number): number[] {
  if (ipBytes <= mtu) return [ipBytes];
  const header = version === 4 ? IPV4 : IPV6;
  const each = version === 4 ? header : header + IPV6_FRAGMENT;
  const room = Math.floor((mtu - each) / 8) * 8;
  if (room < 8) throw new RangeError(`an MTU of ${mtu} has no room for an IPv${version} fragment`);
  const sizes: number[] = [];
  for (let data = ipBytes - header; data > 0; data -= room) sizes.push(each + Math.min(room, data));
  return sizes;
}

export interface DatagramPath {
  readonly encapsulation: Encapsulation;
  readonly innerVersion: 4 | 6;
  /** MTU of the pod's interface. */
  readonly podMtu: number;
  /** MTU of the interface that node A forwards to: flannel.1, or the external one where nothing is encapsulated. */
  readonly deviceMtu: number;
  readonly underlayMtu: number;
}

/** What becomes of a UDP datagram on its way out of node A; sizes are of IP packets, in order. */
export type DatagramFate =
  | {
      kind: "sent";
      /** As the pod sends them. */
      pod: number[];
      /** As they enter flannel.1, or the external interface. */
      device: number[];
      /** As they leave on the underlay. */
      underlay: number[];
      /** Bytes that the external interface counts. */
      underlayBytes: number;
    }
  /** EMSGSIZE in the pod: nothing is sent. */
  | { kind: "refused" }
  /** Node A drops it and tells the pod the MTU: ICMP fragmentation needed, or Packet Too Big. */
  | { kind: "too big"; pod: number[]; mtu: number }
  /** Lost without a word: an encapsulated packet over IPv6 that the underlay cannot carry. */
  | { kind: "lost"; pod: number[]; device: number[] };

/**
 * Follows a UDP datagram from the socket to the wire (rule R20). The pod fragments to its own MTU; node A fragments what
 * is too big for flannel.1 unless DF is set, in IPv6 never; the outer IPv4 packet has DF clear, so that a too small
 * underlay fragments it silently, whatever the inner DF says.
 * Source: linux net/ipv4/ip_forward.c, net/ipv6/ip6_output.c ip6_forward, drivers/net/vxlan/vxlan_core.c vxlan_xmit_one;
 * sizes agree with measurements on linux 6.18.
 *
 * Simplified: what an IPv6 underlay cannot carry is lost (read in ip6_fragment, not measured).
 */
export function sendDatagram(path: DatagramPath, payload: number, dontFragment: boolean): DatagramFate {
  const version = path.innerVersion;
  const ipBytes = udpIpBytes(version, payload);
  if (dontFragment && ipBytes > path.podMtu) return { kind: "refused" };
  const pod = fragments(version, ipBytes, path.podMtu);
  if (pod.some((size) => size > path.deviceMtu) && (dontFragment || version === 6)) {
    return { kind: "too big", pod, mtu: path.deviceMtu };
  }
  const device = pod.flatMap((size) => fragments(version, size, path.deviceMtu));
  const outer = device.map((size) => underlayIpBytes(path.encapsulation, size, path.deviceMtu));
  const outerVersion = underlayVersion(path.encapsulation, version);
  if (outerVersion === 6 && outer.some((size) => size > path.underlayMtu)) return { kind: "lost", pod, device };
  const underlay = outer.flatMap((size) => fragments(outerVersion, size, path.underlayMtu));
  return {
    kind: "sent",
    pod,
    device,
    underlay,
    underlayBytes: underlay.reduce((sum, size) => sum + frameBytes(size), 0),
  };
}
