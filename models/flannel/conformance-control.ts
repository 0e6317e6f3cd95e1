import { NS_PER_SECOND } from "../../engine/time.ts";
import { adapter, premise, type Adapters, type Found } from "../conformance/adapter.ts";
import { annotationKeys } from "./annotations.ts";
import { cniDelegate, type JsonObject } from "./cni.ts";
import { RENEW_RETRY_NS } from "./defaults.ts";
import { decideLease, drawSubnets, type LeaseRecord } from "./etcd-lease.ts";
import { allocateIp, ipRanges } from "./host-local.ts";
import { containsPrefix, formatAddress, parseNetwork, parsePrefix, prefixOf, type Prefix } from "./ip.ts";
import { kubeSubnets } from "./kube-lease.ts";
import { isRenewMarginValid, leaseLife, type SubnetManager } from "./lease-life.ts";
import { parseNetConf, resolveBackend, type NetConf } from "./net-conf.ts";
import { previousSubnet, readBack, readSubnetEnv, subnetEnvLines } from "./subnet-env.ts";
import { parseSubnetKey, subnetKey } from "./subnet-key.ts";
import { subnetCount, subnetRange, subnetRanges, type RefusalCode, type SubnetRange } from "./subnet-range.ts";

/** The reference cases' words for a refused configuration. */
const REFUSALS: Readonly<Record<RefusalCode, string>> = {
  "network-missing": "network missing",
  "subnet-len-too-long": "subnet length too long",
  "too-few-subnets": "network must hold at least four subnets",
  "network-too-small": "network too small",
  "min-outside-network": "minimum outside network",
  "max-outside-network": "maximum outside network",
  "min-off-boundary": "minimum not on a subnet boundary",
  "max-off-boundary": "maximum not on a subnet boundary",
};

/** What the daemon's process does where it cannot go on. */
const EXIT = "exit 1";
const POD_RESULT = "sandbox creation fails and is retried by the kubelet";

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`"${text}" is no CIDR`);
  return parsed;
}

export function confOf(document: unknown): NetConf {
  const result = parseNetConf(document);
  if (!result.ok) throw new Error(result.message);
  return result.conf;
}

function managerOf(name: string): SubnetManager {
  premise(["kube", "kubernetes", "etcd", "local"].includes(name), `the manager "${name}"`);
  return name.startsWith("kube") ? "kube" : "etcd";
}

interface SubnetConfig {
  network: string;
  subnetLen?: number | null;
  subnetMin?: string | null;
  subnetMax?: string | null;
  validated?: boolean;
}

const subnetConfig = adapter((given: SubnetConfig) => {
  const v6 = given.network.includes(":");
  const name = (field: string): string => (v6 ? `IPv6${field}` : field);
  const conf = confOf({
    EnableIPv4: !v6,
    EnableIPv6: v6,
    [name("Network")]: given.network,
    [name("SubnetLen")]: given.subnetLen,
    [name("SubnetMin")]: given.subnetMin,
    [name("SubnetMax")]: given.subnetMax,
  });
  if (given.validated === false) return { accepted: true, error: null };
  const family = v6 ? 6 : 4;
  const result = subnetRange(family, v6 ? conf.v6 : conf.v4);
  if (!result.ok) return { accepted: false, error: REFUSALS[result.refusal.code] };
  const { range } = result;
  return {
    accepted: true,
    subnetLen: range.length,
    subnetMin: formatAddress({ family, value: range.min }),
    subnetMax: formatAddress({ family, value: range.max }),
    usableSubnets: Number(subnetCount(range)),
  };
});

const backendType = adapter((given: { netConf?: unknown; backendType?: string }) => {
  const type = given.netConf === undefined ? (given.backendType ?? "") : confOf(plain(given.netConf)).backendType;
  const resolved = resolveBackend(type);
  if (resolved === undefined) return { backendType: type, error: "unknown backend type", startResult: EXIT };
  return { backendType: type, resolvedBackend: resolved };
});

const kubeManager = adapter((given: { manager: string; netConf: unknown }) => {
  const parsed = parseNetConf(plain(given.netConf));
  if (!parsed.ok) return { accepted: false, error: parsed.message };
  if (managerOf(given.manager) === "etcd") {
    const ranges = subnetRanges(parsed.conf);
    return ranges.ok
      ? { accepted: true, subnetTakenFrom: "etcd lease" }
      : { accepted: false, error: REFUSALS[ranges.refusal.code] };
  }
  // A node whose podCIDR is as long as no SubnetLen would make it: if it is taken, nothing else was asked.
  const network = parsed.conf.v4.network;
  if (network === undefined) return { accepted: true };
  const podCIDR = prefixOf(4, network.address, Math.min(network.length + 1, 32));
  const subnets = kubeSubnets(parsed.conf, { annotations: {}, podCIDR: podCIDR.text });
  const isPodCidr = subnets.ok && subnets.v4?.text === podCIDR.text;
  return { accepted: subnets.ok, subnetTakenFrom: isPodCidr ? "node podCIDR" : undefined };
});

const subnetKeyFamily = adapter((given: { key: string }) => {
  const parsed = parseSubnetKey(given.key);
  if (parsed === undefined) return { parsed: false };
  return {
    parsed: true,
    v4: parsed.v4.text,
    v6: parsed.v6?.text ?? null,
    key: subnetKey(parsed.v4, parsed.v6),
  };
});

interface SubnetEnvGiven {
  line?: string;
  network?: string;
  subnet?: string;
  ipv6Network?: string;
  ipv6Subnet?: string;
  mtu: number;
  ipMasq: boolean;
}

const subnetEnv = adapter((given: SubnetEnvGiven) => {
  if (given.line !== undefined) {
    return { cidrs: readBack(given.line).map(({ text }) => text), cidr: previousSubnet(given.line)?.text ?? null };
  }
  const v4 = prefixPair(given.network, given.subnet);
  const v6 = prefixPair(given.ipv6Network, given.ipv6Subnet);
  return { lines: subnetEnvLines({ v4, v6, mtu: given.mtu, ipMasq: given.ipMasq }) };
});

function prefixPair(network?: string, subnet?: string): { network: Prefix; subnet: Prefix } | undefined {
  return network && subnet ? { network: prefix(network), subnet: prefix(subnet) } : undefined;
}

interface LeaseGiven {
  subnetMin: string;
  subnetMax: string;
  subnetLen: number;
  existing: string[];
  existingPublicIP?: string;
  publicIP?: string;
  previousSubnet?: string | null;
}

const etcdLease = adapter((given: LeaseGiven) => {
  const min = prefix(`${given.subnetMin}/${given.subnetLen}`);
  const range: SubnetRange = {
    family: min.family,
    network: prefixOf(min.family, 0n, 0),
    length: given.subnetLen,
    min: min.address,
    max: prefix(`${given.subnetMax}/${given.subnetLen}`).address,
  };
  const publicIp = given.existingPublicIP ?? "another node";
  const leases: LeaseRecord[] = given.existing.map((text) => ({ v4: prefix(text), publicIp }));
  const previous = given.previousSubnet ? { v4: prefix(given.previousSubnet) } : undefined;
  const decision = decideLease({ v4: range, leases, publicIp: given.publicIP ?? "this node", previous });
  if (decision.kind === "out of subnets") return { error: decision.kind, candidates: [], count: 0, candidateCount: 0 };
  if (decision.kind !== "draw") {
    return { subnet: (decision.kind === "reuse" ? decision.lease.v4 : decision.v4).text };
  }
  const texts = decision.v4.map(({ text }) => text);
  // Each draw of an unbiased source leads to a candidate of its own.
  const isUniform = texts.every((text, i) => drawSubnets(decision, () => i).v4.text === text);
  return {
    candidates: texts,
    count: texts.length,
    candidateCount: texts.length,
    first: texts[0],
    last: texts.at(-1),
    choice: isUniform ? "uniform over candidates" : "biased",
    subnet: texts.length === 1 ? texts[0] : undefined,
    subnetIsNot: previous === undefined || texts.includes(previous.v4.text) ? undefined : previous.v4.text,
  };
});

const leaseRenew = adapter((given: { ttlHours?: number; renewMarginMinutes: number }) => {
  if (!isRenewMarginValid(given.renewMarginMinutes)) return { startResult: EXIT };
  const life = leaseLife("etcd", given.renewMarginMinutes, given.ttlHours);
  return {
    startResult: "running",
    renewAfterSeconds: (life.renewAfterNs ?? 0) / NS_PER_SECOND,
    retryAfterFailureSeconds: RENEW_RETRY_NS / NS_PER_SECOND,
  };
});

const kubeLease = adapter((given: { manager: string; elapsedHours: number }) => {
  const manager = managerOf(given.manager);
  const life = leaseLife(manager);
  const elapsedNs = given.elapsedHours * 3600 * NS_PER_SECOND;
  return {
    renewals: life.renewAfterNs === undefined ? 0 : Math.floor(elapsedNs / life.renewAfterNs),
    leaseStillUsed: life.ttlNs === undefined || (life.renewAfterNs ?? Infinity) < life.ttlNs,
    subnet: manager === "kube" ? "podCIDR of the node" : undefined,
  };
});

const kubePodCidr = adapter((given: { network: string; podCIDR: string | null }) => {
  const v6 = given.network.includes(":");
  const conf = confOf({ EnableIPv4: !v6, EnableIPv6: v6, [v6 ? "IPv6Network" : "Network"]: given.network });
  const subnets = kubeSubnets(conf, { annotations: {}, podCIDR: given.podCIDR ?? undefined });
  if (!subnets.ok) return { accepted: false, error: subnets.reason };
  return { accepted: true, error: null, subnet: (subnets.v4 ?? subnets.v6)?.text };
});

const containsCidr = adapter((given: { outer: string; inner: string }) => {
  const [outer, inner] = [parseNetwork(given.outer), parseNetwork(given.inner)];
  if (outer === undefined || inner === undefined) throw new Error("no CIDR");
  return { contains: containsPrefix(outer, inner) };
});

const annotationPrefix = adapter((given: { prefix: string }) => {
  const keys = annotationKeys(given.prefix);
  return { backendTypeKey: keys?.backendType ?? null, error: keys === undefined };
});

interface DelegateGiven {
  env: Readonly<Record<string, string | number | boolean>>;
  name?: string;
  cniVersion?: string;
  delegate?: JsonObject;
  ipam?: JsonObject;
  runtimeConfig?: JsonObject;
}

const delegate = adapter((given: DelegateGiven) => {
  const text = Object.entries(given.env).map(([key, value]) => `${key}=${value}\n`);
  const env = readSubnetEnv(text.join(""));
  if (!env.ok) return { error: true, missing: env.missing };
  const name = given.name ?? "cni-flannel";
  const [own, ipam, runtimeConfig] = [plain(given.delegate), plain(given.ipam), plain(given.runtimeConfig)];
  const conf = { name, cniVersion: given.cniVersion, delegate: own, ipam, runtimeConfig };
  const result = cniDelegate(conf, env.env);
  return result.ok ? (result.delegate as Found) : { error: true };
});

const cniEnv = adapter((given: { subnetEnv: string | null }) => {
  const env = given.subnetEnv === null ? undefined : readSubnetEnv(given.subnetEnv);
  if (env === undefined) return { error: true, podResult: POD_RESULT };
  return env.ok ? { error: false, missing: [] } : { error: true, missing: env.missing, podResult: POD_RESULT };
});

const hostLocal = adapter((given: { subnets: string[]; inUse: string[]; lastReserved: string | null }) => {
  const ranges = ipRanges(given.subnets.map(prefix));
  if (typeof ranges === "string") return { ip: null, error: true };
  const ip = allocateIp(ranges, new Set(given.inUse), given.lastReserved ?? undefined);
  return { ip: ip ?? null, error: ip === undefined };
});

/** A copy that is read whole, for documents that the rules decode themselves. */
function plain<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}

/** Families of configuration, leases and the CNI plugin. */
export const controlAdapters: Adapters = {
  "subnet-config": subnetConfig,
  "backend-type": backendType,
  "kube-manager": kubeManager,
  "subnet-key": subnetKeyFamily,
  "subnet-env": subnetEnv,
  "lease-*": etcdLease,
  "lease-renew": leaseRenew,
  "kube-lease": kubeLease,
  "kube-podcidr": kubePodCidr,
  "contains-cidr": containsCidr,
  "annotation-prefix": annotationPrefix,
  "cni-delegate": delegate,
  "cni-env": cniEnv,
  "host-local": hostLocal,
};
