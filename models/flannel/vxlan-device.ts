import type { Mac } from "./mac.ts";
import { mtuAfterRecreation, vxlanDeviceMtu } from "./mtu.ts";

/** A VXLAN device as netlink shows it; what is undefined is not set. */
export interface VxlanDevice {
  readonly linkType: string;
  readonly vni: number;
  readonly lowerIndex?: number;
  readonly sourceAddress?: string;
  readonly group?: string;
  readonly l2miss: boolean;
  readonly port?: number;
  readonly gbp: boolean;
  readonly mac: Mac;
  readonly mtu: number;
  readonly learning: boolean;
  readonly ttl: number;
}

/** Why a device cannot be kept. */
export type Incompatibility = "linkType" | "vni" | "lowerIndex" | "sourceAddress" | "group" | "l2miss" | "port" | "gbp";

/**
 * What makes a starting daemon delete the existing device of its name and make it anew, or undefined if it is kept as it
 * is (rule R11). Values that are not set on both sides are not compared, and MAC, MTU, learning and TTL never are: a plain
 * restart keeps the device, and with it MAC, routes, neighbours and FDB.
 * Source: flannel v0.28.9 pkg/backend/vxlan/device.go vxlanLinksIncompat.
 */
export function incompatibility(wanted: VxlanDevice, existing: VxlanDevice): Incompatibility | undefined {
  if (wanted.linkType !== existing.linkType) return "linkType";
  if (wanted.vni !== existing.vni) return "vni";
  if (differs(wanted.lowerIndex, existing.lowerIndex)) return "lowerIndex";
  if (differs(wanted.sourceAddress, existing.sourceAddress)) return "sourceAddress";
  if (differs(wanted.group, existing.group)) return "group";
  if (wanted.l2miss !== existing.l2miss) return "l2miss";
  if (differs(wanted.port, existing.port)) return "port";
  return wanted.gbp === existing.gbp ? undefined : "gbp";
}

function differs<T>(a: T | undefined, b: T | undefined): boolean {
  return !!a && !!b && a !== b;
}

/** The device's name. Source: flannel v0.28.9 pkg/backend/vxlan/vxlan.go createVXLANDevice. */
export function vxlanDeviceName(vni: number, family: 4 | 6): string {
  return family === 4 ? `flannel.${vni}` : `flannel-v6.${vni}`;
}

/** What the daemon's watcher makes of a device that somebody deleted. */
export interface Recreation {
  readonly deviceMtu: number;
  /** What the daemon believes from then on; nobody reads it. */
  readonly reportedMtu: number;
  readonly writesSubnetEnv: boolean;
  readonly replaysPeers: boolean;
}

/**
 * The device that the watcher makes in place of a deleted one (rule R11): an empty one. The kernel dropped routes,
 * neighbours and FDB with the old one, and the daemon announces no peer again, so that what is encapsulated stays broken
 * until it restarts. Source: flannel v0.28.9 pkg/backend/vxlan/vxlan_network.go reCreateVxlan (since v0.27.4).
 */
export function recreateDevice(requestedMtu: number, lowerMtu: number, underlay: 4 | 6): Recreation {
  const deviceMtu = vxlanDeviceMtu(requestedMtu, lowerMtu, underlay);
  return { deviceMtu, reportedMtu: mtuAfterRecreation(deviceMtu), writesSubnetEnv: false, replaysPeers: false };
}
