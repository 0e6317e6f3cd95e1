/** Bytes that a VXLAN packet has more than the inner IP packet: inner Ethernet 14, VXLAN 8, UDP 8, outer IP 20 or 40. */
export const VXLAN_OVERHEAD_V4 = 50;
export const VXLAN_OVERHEAD_V6 = 70;

/** Backends whose MTU flannel derives itself. */
export type MtuBackend = "vxlan" | "host-gw" | "udp" | "ipip" | "wireguard";

// Source: flannel v0.28.9 pkg/backend: vxlan/vxlan_network.go encapOverhead, udp/udp_network_amd64.go encapOverhead,
// ipip/ipip.go ensureIPIPDevice, wireguard/wireguard_network.go overhead.
const OVERHEAD: Readonly<Record<MtuBackend, number>> = { vxlan: 50, "host-gw": 0, udp: 28, ipip: 20, wireguard: 80 };

/**
 * FLANNEL_MTU, the MTU that pods get (rule R10). The Backend's MTU option is read by vxlan and wireguard only. With
 * vxlan neither the family of the underlay nor DirectRouting changes it.
 */
export function flannelMtu(backend: MtuBackend, externalMtu: number, option?: number): number {
  const base = backend === "vxlan" || backend === "wireguard" ? (option ?? externalMtu) : externalMtu;
  return base - OVERHEAD[backend];
}

/**
 * The MTU that a VXLAN device gets when it is made with `requested` on a lower device of `lowerMtu` (rule R10): silently
 * cut to what the lower device can carry. Source: linux drivers/net/vxlan/vxlan_core.c vxlan_config_apply.
 */
export function vxlanDeviceMtu(requested: number, lowerMtu: number, underlay: 4 | 6): number {
  return Math.min(requested, lowerMtu - (underlay === 4 ? VXLAN_OVERHEAD_V4 : VXLAN_OVERHEAD_V6));
}

/**
 * Changes the MTU of an existing VXLAN device: the new MTU, or undefined where the kernel refuses with EINVAL. A later
 * change of the lower device does not reach it. Source: linux drivers/net/vxlan/vxlan_core.c vxlan_change_mtu.
 */
export function changedVxlanMtu(requested: number, lowerMtu: number, underlay: 4 | 6): number | undefined {
  return vxlanDeviceMtu(requested, lowerMtu, underlay) === requested ? requested : undefined;
}

/**
 * What the daemon believes the network's MTU to be after its watcher made flannel.1 anew (rule R11): it takes the
 * device's MTU for the underlay's and subtracts the overhead a second time. Nothing acts on it: subnet.env is not written
 * again. Source: flannel v0.28.9 pkg/backend/vxlan/vxlan_network.go reCreateVxlan, MTU.
 */
export function mtuAfterRecreation(deviceMtu: number): number {
  return deviceMtu - OVERHEAD.vxlan;
}
