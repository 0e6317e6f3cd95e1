import { VXLAN_OVERHEAD_V4, VXLAN_OVERHEAD_V6 } from "./mtu.ts";

/** Header sizes in bytes. Source: RFC 791, RFC 8200, RFC 768, RFC 9293, RFC 7348, IEEE 802.3. */
export const ETHERNET = 14;
export const IPV4 = 20;
export const IPV6 = 40;
export const UDP = 8;
export const TCP = 20;
/** The timestamps option with its padding, which Linux sends on every segment unless it is switched off. */
export const TCP_TIMESTAMPS = 12;
export const IPV6_FRAGMENT = 8;
/** What a frame costs on the wire beyond the bytes that interfaces count: FCS 4, preamble 8, gap 12. */
export const WIRE_EXTRA = 24;
/** The shortest slot on the wire: a frame of 64 bytes with FCS, preamble and gap. */
export const MIN_SLOT = 84;
/** WireGuard's data message: outer UDP, header 16, tag 16. Source: linux drivers/net/wireguard/messages.h. */
const WIREGUARD = UDP + 32;
/** WireGuard pads plaintext to multiples of this, never beyond its MTU. Source: drivers/net/wireguard/send.c. */
const WIREGUARD_PADDING = 16;

/** How a packet crosses the underlay; `none` for host-gw, direct peers and plain hosts. */
export type Encapsulation = "none" | "vxlan-ipv4" | "vxlan-ipv6" | "udp" | "ipip" | "wireguard-ipv4" | "wireguard-ipv6";

/** Bytes of the IP header that packets carry on the underlay, and its version. */
export function underlayVersion(encapsulation: Encapsulation, inner: 4 | 6): 4 | 6 {
  if (encapsulation === "none") return inner;
  return encapsulation === "vxlan-ipv6" || encapsulation === "wireguard-ipv6" ? 6 : 4;
}

/**
 * Bytes of the IP packet on the underlay for an inner IP packet (rule R19). `deviceMtu` bounds WireGuard's padding.
 * Source: linux drivers/net/vxlan/vxlan_core.c, net/ipv4/ipip.c, drivers/net/wireguard/send.c.
 */
export function underlayIpBytes(encapsulation: Encapsulation, innerIpBytes: number, deviceMtu = Infinity): number {
  switch (encapsulation) {
    case "none":
      return innerIpBytes;
    case "vxlan-ipv4":
      return innerIpBytes + VXLAN_OVERHEAD_V4;
    case "vxlan-ipv6":
      return innerIpBytes + VXLAN_OVERHEAD_V6;
    case "udp":
      return innerIpBytes + IPV4 + UDP;
    case "ipip":
      return innerIpBytes + IPV4;
    default: {
      const padded = Math.ceil(innerIpBytes / WIREGUARD_PADDING) * WIREGUARD_PADDING;
      const plain = Math.max(innerIpBytes, Math.min(padded, deviceMtu));
      return plain + WIREGUARD + (encapsulation === "wireguard-ipv4" ? IPV4 : IPV6);
    }
  }
}

/** Bytes of a frame as interface counters see it: Ethernet header and IP packet. */
export function frameBytes(ipBytes: number): number {
  return ipBytes + ETHERNET;
}

/** Bytes of wire time that a frame takes, padding, FCS, preamble and gap included. */
export function slotBytes(frame: number): number {
  return Math.max(MIN_SLOT, frame + WIRE_EXTRA);
}

/** Bytes of the IP packet of a UDP datagram that is not fragmented. */
export function udpIpBytes(version: 4 | 6, payload: number): number {
  return payload + UDP + (version === 4 ? IPV4 : IPV6);
}

/** Payload of a full TCP segment. */
export function segmentPayload(version: 4 | 6, mtu: number, hasTimestamps: boolean): number {
  return mtu - (version === 4 ? IPV4 : IPV6) - TCP - (hasTimestamps ? TCP_TIMESTAMPS : 0);
}

/**
 * Fields of the outer header of VXLAN over IPv4, measured on linux 6.18. Source: linux drivers/net/vxlan/vxlan_core.c
 * vxlan_xmit_one, net/ipv4/ip_tunnel_core.c iptunnel_xmit.
 */
export const OUTER_HEADER = {
  ttl: 64,
  df: false,
  ip_id: "incrementing",
  dscp_copied: false,
  udp_checksum: "set",
  udp_dst: 8472,
  vxlan_flags: "0x08",
} as const;
