import type { AnnotationKeys } from "./annotations.ts";
import { containsPrefix, parseAddress, formatAddress, parseNetwork, type Family, type Prefix } from "./ip.ts";
import type { FamilyLease, Lease, LeaseEvent } from "./lease.ts";
import { formatMac, parseMac, type Mac } from "./mac.ts";
import type { NetConf } from "./net-conf.ts";

/** What the kube manager sees of a Node object. */
export interface NodeView {
  readonly annotations: Readonly<Record<string, string>>;
  readonly podCIDR?: string;
  readonly podCIDRs?: readonly string[];
}

export type KubeSubnets =
  | { ok: true; v4?: Prefix; v6?: Prefix }
  | { ok: false; reason: "podCIDR not assigned" | "podCIDR not contained in Network" | "podCIDRs malformed" };

/**
 * The subnets of the own node: its podCIDR, which must lie in the configured network (rule R7). SubnetLen, SubnetMin and
 * SubnetMax play no part. Source: flannel v0.28.9 pkg/subnet/kube/kube.go AcquireLease.
 */
export function kubeSubnets(conf: NetConf, node: NodeView): KubeSubnets {
  if (!node.podCIDR) return { ok: false, reason: "podCIDR not assigned" };
  const cidrs = podNetworks(node);
  if (cidrs === undefined) return { ok: false, reason: "podCIDRs malformed" };
  const subnets: { v4?: Prefix; v6?: Prefix } = {};
  for (const cidr of cidrs) {
    const isOn = cidr.family === 4 ? conf.enableIPv4 : conf.enableIPv6;
    if (!isOn) continue;
    const network = cidr.family === 4 ? conf.v4.network : conf.v6.network;
    if (network === undefined || !containsPrefix(network, cidr)) {
      return { ok: false, reason: "podCIDR not contained in Network" };
    }
    if (cidr.family === 4) subnets.v4 = cidr;
    else subnets.v6 = cidr;
  }
  return { ok: true, ...subnets };
}

/** The backend-data annotation of a vxlan node, byte for byte as Go writes it. */
export function vxlanBackendData(vni: number, mac: Mac): string {
  return `{"VNI":${vni},"VtepMAC":"${mac}"}`;
}

/** The MAC address in backend data, or undefined if they do not decode. */
export function vtepMacOf(backendData: string | undefined): Mac | undefined {
  if (backendData === undefined) return undefined;
  try {
    const data: unknown = JSON.parse(backendData);
    if (typeof data !== "object" || data === null || !("VtepMAC" in data) || typeof data.VtepMAC !== "string") {
      return undefined;
    }
    const bytes = parseMac(data.VtepMAC);
    return bytes === undefined ? undefined : formatMac(bytes);
  } catch {
    return undefined;
  }
}

/** What a daemon announces of itself; data and IP of a family that is off are absent. */
export interface LeaseAttributes {
  readonly backendType: string;
  readonly v4?: { readonly publicIp: string; readonly backendData: string };
  readonly v6?: { readonly publicIp: string; readonly backendData: string };
}

/**
 * The annotations that the daemon patches into its node, or undefined if they are there already (rule R7). The
 * `public-ip-overwrite` annotations win over the detected addresses.
 * Source: flannel v0.28.9 pkg/subnet/kube/kube.go AcquireLease.
 */
export function annotationPatch(
  keys: AnnotationKeys,
  annotations: Readonly<Record<string, string>>,
  attributes: LeaseAttributes,
): Record<string, string> | undefined {
  const patch: Record<string, string> = {
    [keys.backendType]: attributes.backendType,
    [keys.kubeSubnetManager]: "true",
  };
  if (attributes.v4 !== undefined) {
    patch[keys.backendData] = attributes.v4.backendData;
    patch[keys.publicIp] = annotations[keys.publicIpOverwrite] || attributes.v4.publicIp;
  }
  if (attributes.v6 !== undefined) {
    patch[keys.backendV6Data] = attributes.v6.backendData;
    patch[keys.publicIpv6] = annotations[keys.publicIpv6Overwrite] || attributes.v6.publicIp;
  }
  return Object.entries(patch).some(([key, value]) => annotations[key] !== value) ? patch : undefined;
}

/**
 * The lease that a peer reads from a Node object, or undefined where it logs an error and goes on (rule R7).
 * Source: flannel v0.28.9 pkg/subnet/kube/kube.go nodeToLease.
 */
export function leaseOfNode(keys: AnnotationKeys, conf: NetConf, node: NodeView): Lease | undefined {
  const cidrs = podNetworks(node);
  if (cidrs === undefined) return undefined;
  const familyLease = (family: Family, ipKey: string, dataKey: string): FamilyLease | undefined => {
    const address = parseAddress(node.annotations[ipKey] ?? "");
    const subnet = cidrs.find((cidr) => cidr.family === family);
    if (address?.family !== family || subnet === undefined) return undefined;
    return { subnet, publicIp: formatAddress(address), vtepMac: vtepMacOf(node.annotations[dataKey]) };
  };
  const v4 = conf.enableIPv4 ? familyLease(4, keys.publicIp, keys.backendData) : undefined;
  const v6 = conf.enableIPv6 ? familyLease(6, keys.publicIpv6, keys.backendV6Data) : undefined;
  if ((conf.enableIPv4 && v4 === undefined) || (conf.enableIPv6 && v6 === undefined)) return undefined;
  return { v4, v6, backendType: node.annotations[keys.backendType] ?? "" };
}

/**
 * The event that a change of a Node object makes (rule R7); `undefined` for an object that is not there. An update that
 * leaves type, data and public IP of one enabled family alone makes none, even if the other family changed, and an update
 * never makes a REMOVE of what was. Heartbeats, labels and the five-minute resync therefore make none.
 * Source: flannel v0.28.9 pkg/subnet/kube/kube.go handleAddLeaseEvent, handleUpdateLeaseEvent.
 */
export function nodeEvent(
  keys: AnnotationKeys,
  conf: NetConf,
  before: NodeView | undefined,
  after: NodeView | undefined,
): LeaseEvent | undefined {
  const node = after ?? before;
  if (node === undefined || node.annotations[keys.kubeSubnetManager] !== "true") return undefined;
  if (before !== undefined && after !== undefined) {
    const isUnchanged = (...names: string[]): boolean =>
      names.every((name) => before.annotations[name] === after.annotations[name]);
    if (conf.enableIPv4 && isUnchanged(keys.backendData, keys.backendType, keys.publicIp)) return undefined;
    if (conf.enableIPv6 && isUnchanged(keys.backendV6Data, keys.backendType, keys.publicIpv6)) return undefined;
  }
  const lease = leaseOfNode(keys, conf, node);
  return lease === undefined ? undefined : { type: after === undefined ? "remove" : "add", lease };
}

function podNetworks(node: NodeView): Prefix[] | undefined {
  const texts = node.podCIDRs !== undefined && node.podCIDRs.length > 0 ? node.podCIDRs : [node.podCIDR ?? ""];
  if (texts.length > 2) return undefined;
  const networks = texts.map(parseNetwork);
  return networks.every((network) => network !== undefined) ? networks : undefined;
}
