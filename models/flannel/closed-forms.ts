import {
  frameBytes,
  MIN_SLOT,
  segmentPayload,
  slotBytes,
  underlayIpBytes,
  underlayVersion,
  type Encapsulation,
} from "./encapsulation.ts";
import { flannelMtu, vxlanDeviceMtu } from "./mtu.ts";

/** The closed forms that the moving parts must reproduce (rule R23). Rates are in bit/s, times in seconds. */

export interface Goodput {
  /** MTU of the inner packets. */
  innerMtu: number;
  segmentPayload: number;
  /** Bytes of wire time, or of shaper tokens, that one full segment costs. */
  slotBytes: number;
  /** Payload per byte of slot. */
  efficiency: number;
}

/**
 * The share of a link that a bulk TCP flow turns into payload when the link is the limit. `countsWire`: whether FCS,
 * preamble and gap count, as on a wire; a token bucket counts the frame alone.
 */
export function tcpGoodput(
  encapsulation: Encapsulation,
  innerVersion: 4 | 6,
  underlayMtu: number,
  hasTimestamps: boolean,
  countsWire: boolean,
): Goodput {
  const innerMtu = innerMtuOf(encapsulation, innerVersion, underlayMtu);
  const payload = segmentPayload(innerVersion, innerMtu, hasTimestamps);
  const frame = frameBytes(underlayIpBytes(encapsulation, innerMtu, innerMtu));
  const slot = countsWire ? slotBytes(frame) : frame;
  return { innerMtu, segmentPayload: payload, slotBytes: slot, efficiency: payload / slot };
}

/** The largest inner packet that crosses in one piece, as flannel and the kernel set it up. */
export function innerMtuOf(encapsulation: Encapsulation, innerVersion: 4 | 6, underlayMtu: number): number {
  switch (encapsulation) {
    case "none":
      return underlayMtu;
    case "vxlan-ipv4":
    case "vxlan-ipv6":
      return vxlanDeviceMtu(
        flannelMtu("vxlan", underlayMtu),
        underlayMtu,
        underlayVersion(encapsulation, innerVersion),
      );
    case "udp":
    case "ipip":
      return flannelMtu(encapsulation, underlayMtu);
    default:
      return flannelMtu("wireguard", underlayMtu);
  }
}

/** Seconds that a slot takes on a link. */
export function serializationSeconds(slot: number, bitPerSecond: number): number {
  return (Math.max(slot, MIN_SLOT) * 8) / bitPerSecond;
}

/** Mean wait of an M/D/1 queue in the unit of `service`, and mean number waiting (Pollaczek-Khinchine). */
export function md1(service: number, utilisation: number): { wait: number; waiting: number } {
  const wait = (utilisation * service) / (2 * (1 - utilisation));
  return { wait, waiting: (utilisation * utilisation) / (2 * (1 - utilisation)) };
}

/** Share of packets lost in a finite queue under steady overload; 0 up to full utilisation. */
export function overloadLoss(utilisation: number): number {
  return utilisation <= 1 ? 0 : 1 - 1 / utilisation;
}

/** Bytes on the way at full rate: bandwidth times delay. */
export function bandwidthDelayBytes(bitPerSecond: number, rttSeconds: number): number {
  return (bitPerSecond * rttSeconds) / 8;
}

/** Netlink writes that a new node makes of its peers, neighbour, FDB and route each. */
export function joinWrites(nodes: number): number {
  return 3 * (nodes - 1);
}
