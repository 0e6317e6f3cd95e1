import { parseNetwork, prefixOf, type Prefix } from "./ip.ts";

/** What a daemon writes into /run/flannel/subnet.env, once per start. */
export interface SubnetEnv {
  readonly v4?: { readonly network: Prefix; readonly subnet: Prefix };
  readonly v6?: { readonly network: Prefix; readonly subnet: Prefix };
  readonly mtu: number;
  readonly ipMasq: boolean;
}

/**
 * The lines of subnet.env in their order; the subnet is written with its first host address, the bridge's (rule R9).
 * Source: flannel v0.28.9 pkg/subnet/subnet.go WriteSubnetFile.
 */
export function subnetEnvLines(env: SubnetEnv): string[] {
  const lines: string[] = [];
  if (env.v4) lines.push(`FLANNEL_NETWORK=${env.v4.network.text}`, `FLANNEL_SUBNET=${firstHost(env.v4.subnet)}`);
  if (env.v6)
    lines.push(`FLANNEL_IPV6_NETWORK=${env.v6.network.text}`, `FLANNEL_IPV6_SUBNET=${firstHost(env.v6.subnet)}`);
  lines.push(`FLANNEL_MTU=${env.mtu}`, `FLANNEL_IPMASQ=${env.ipMasq}`);
  return lines;
}

function firstHost(subnet: Prefix): string {
  return prefixOf(subnet.family, subnet.address + 1n, subnet.length).text;
}

/**
 * The networks that a restarted daemon reads back from one line `KEY=CIDR,CIDR`; what is no CIDR of the key's family is
 * skipped (rule R9). Source: flannel v0.28.9 main.go ReadCIDRsFromSubnetFile, ReadIP6CIDRsFromSubnetFile.
 */
export function readBack(line: string): Prefix[] {
  const equals = line.indexOf("=");
  if (equals < 0) return [];
  const family = line.slice(0, equals).trim().startsWith("FLANNEL_IPV6_") ? 6 : 4;
  const texts = line
    .slice(equals + 1)
    .trim()
    .split(",");
  return texts.flatMap((text) => parseNetwork(text) ?? []).filter((network) => network.family === family);
}

/** The previous subnet in such a line: only if it is a single one. Source: flannel v0.28.9 main.go ReadCIDRFromSubnetFile. */
export function previousSubnet(line: string): Prefix | undefined {
  const networks = readBack(line);
  return networks.length === 1 ? networks[0] : undefined;
}

/** subnet.env as the CNI plugin reads it. */
export interface CniSubnetEnv {
  readonly networks: readonly Prefix[];
  readonly subnet?: Prefix;
  readonly networks6: readonly Prefix[];
  readonly subnet6?: Prefix;
  readonly mtu: number;
  readonly ipMasq: boolean;
}

export type CniSubnetEnvResult =
  | { ok: true; env: CniSubnetEnv }
  /** `missing`: the variables that are not there; empty if one does not parse. */
  | { ok: false; missing: string[]; message: string };

/**
 * Reads the text of subnet.env as the CNI plugin does at every ADD (rule R14). One family is enough.
 * Source: flannel-io/cni-plugin 092e6d26 flannel.go loadFlannelSubnetEnv, missing.
 */
export function readSubnetEnv(text: string): CniSubnetEnvResult {
  let networks: Prefix[] = [];
  let networks6: Prefix[] = [];
  let subnet: Prefix | undefined;
  let subnet6: Prefix | undefined;
  let mtu: number | undefined;
  let ipMasq: boolean | undefined;
  for (const line of text.split(/\r?\n/)) {
    const equals = line.indexOf("=");
    const key = equals < 0 ? line : line.slice(0, equals);
    const value = equals < 0 ? "" : line.slice(equals + 1);
    switch (key) {
      case "FLANNEL_NETWORK":
      case "FLANNEL_IPV6_NETWORK": {
        const parsed = value.split(",").map(parseNetwork);
        if (!parsed.every((network) => network !== undefined)) return malformed(key, value);
        const unique = parsed.filter(
          (network, i) => parsed.findIndex(({ text: other }) => other === network.text) === i,
        );
        if (key === "FLANNEL_NETWORK") networks = unique;
        else networks6 = unique;
        break;
      }
      case "FLANNEL_SUBNET":
      case "FLANNEL_IPV6_SUBNET": {
        const parsed = parseNetwork(value);
        if (parsed === undefined) return malformed(key, value);
        if (key === "FLANNEL_SUBNET") subnet = parsed;
        else subnet6 = parsed;
        break;
      }
      case "FLANNEL_MTU":
        if (!/^\d+$/.test(value) || Number(value) > 0xffff_ffff) return malformed(key, value);
        mtu = Number(value);
        break;
      case "FLANNEL_IPMASQ":
        if (equals < 0) return malformed(key, value);
        ipMasq = value === "true";
        break;
    }
  }
  const missing: string[] = [];
  if (networks.length === 0 && networks6.length === 0) missing.push("FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK");
  if (subnet === undefined && subnet6 === undefined) missing.push("FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET");
  if (mtu === undefined) missing.push("FLANNEL_MTU");
  if (ipMasq === undefined) missing.push("FLANNEL_IPMASQ");
  if (mtu === undefined || ipMasq === undefined || missing.length > 0) {
    return { ok: false, missing, message: `subnet.env lacks ${missing.join(", ")}` };
  }
  return { ok: true, env: { networks, subnet, networks6, subnet6, mtu, ipMasq } };
}

function malformed(key: string, value: string): CniSubnetEnvResult {
  return { ok: false, missing: [], message: `${key} in subnet.env: found "${value}", which does not parse` };
}
