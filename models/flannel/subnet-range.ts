import { bitsOf, contains, formatAddress, maskOf, sizeOf, type Address, type Family, type Prefix } from "./ip.ts";
import type { FamilyConf, NetConf } from "./net-conf.ts";

/** The range that the etcd manager leases subnets from, all of one length. */
export interface SubnetRange {
  readonly family: Family;
  readonly network: Prefix;
  readonly length: number;
  readonly min: bigint;
  readonly max: bigint;
}

/** Why a configuration is refused (rule R3). */
export type RefusalCode =
  | "network-missing"
  | "subnet-len-too-long"
  | "too-few-subnets"
  | "network-too-small"
  | "min-outside-network"
  | "max-outside-network"
  | "min-off-boundary"
  | "max-off-boundary";

export interface Refusal {
  readonly code: RefusalCode;
  /** What was found, what is allowed. */
  readonly message: string;
}

export type RangeResult = { ok: true; range: SubnetRange } | { ok: false; refusal: Refusal };

/**
 * Fills in and checks the subnet fields of one family (rule R3). Only the etcd manager does this: with the kube manager
 * the file is decoded and SubnetLen, SubnetMin and SubnetMax are never looked at.
 * Source: flannel v0.28.9 pkg/subnet/config.go CheckNetworkConfig.
 */
export function subnetRange(family: Family, conf: FamilyConf): RangeResult {
  const names = family === 4 ? "Subnet" : "IPv6Subnet";
  const bits = bitsOf(family);
  const network = conf.network;
  if (network === undefined || (network.address === 0n && network.length === 0)) {
    return refuse("network-missing", `${family === 4 ? "Network" : "IPv6Network"} is required`);
  }
  // A subnet needs at least four addresses, and a network four subnets, since the first one is left out.
  const longest = bits - 2;
  const standard = family === 4 ? 24 : 64;
  let length = conf.subnetLen;
  if (length === undefined) {
    if (network.length > longest - 2) {
      return refuse("network-too-small", `found ${network.text}; the network must be a /${longest - 2} or wider`);
    }
    length = network.length <= standard - 2 ? standard : network.length + 2;
  } else if (length > longest) {
    return refuse("subnet-len-too-long", `${names}Len: found ${length}; it must be at most ${longest}`);
  } else if (length < network.length + 2) {
    return refuse(
      "too-few-subnets",
      `${names}Len: found ${length} in ${network.text}; it must be at least ${network.length + 2}, for four subnets`,
    );
  }
  const size = sizeOf(family, length);
  const end = network.address + sizeOf(family, network.length);
  const min = conf.subnetMin?.value ?? network.address + size;
  const max = conf.subnetMax?.value ?? end - size;
  const mask = maskOf(family, length);
  for (const [value, which] of [
    [min, "min"],
    [max, "max"],
  ] as const) {
    const address: Address = { family, value };
    if (!contains(network, address)) return refuse(`${which}-outside-network`, outside(names, which, address, network));
  }
  for (const [value, which] of [
    [min, "min"],
    [max, "max"],
  ] as const) {
    if ((value & mask) !== value) {
      const field = `${names}${which === "min" ? "Min" : "Max"}`;
      return refuse(
        `${which}-off-boundary`,
        `${field}: found ${formatAddress({ family, value })}; it must begin a /${length}`,
      );
    }
  }
  return { ok: true, range: { family, network, length, min, max } };
}

/** The ranges of the families that are on, or the first refusal. */
export function subnetRanges(
  conf: NetConf,
): { ok: true; v4?: SubnetRange; v6?: SubnetRange } | { ok: false; refusal: Refusal } {
  const v4 = conf.enableIPv4 ? subnetRange(4, conf.v4) : undefined;
  if (v4?.ok === false) return v4;
  const v6 = conf.enableIPv6 ? subnetRange(6, conf.v6) : undefined;
  if (v6?.ok === false) return v6;
  return { ok: true, v4: v4?.range, v6: v6?.range };
}

/** Subnets from the first to the last of the range, both included. */
export function subnetCount(range: SubnetRange): bigint {
  return range.max < range.min ? 0n : (range.max - range.min) / sizeOf(range.family, range.length) + 1n;
}

/** Whether a subnet may be leased under this range. Source: pkg/subnet/etcd/local_manager.go isSubnetConfigCompat. */
export function isInRange(range: SubnetRange, subnet: Prefix): boolean {
  return subnet.length === range.length && subnet.address >= range.min && subnet.address <= range.max;
}

function outside(names: string, which: "min" | "max", address: Address, network: Prefix): string {
  const field = `${names}${which === "min" ? "Min" : "Max"}`;
  return `${field}: found ${formatAddress(address)}; it must lie in ${network.text}`;
}

function refuse(code: RefusalCode, message: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { code, message } };
}
