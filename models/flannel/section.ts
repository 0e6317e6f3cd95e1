import type { Path, PathProblem } from "../../engine/scenario/errors.ts";
import { didYouMean } from "../../engine/scenario/suggest.ts";
import type { HopCosts } from "./costs.ts";
import { sizeOf } from "./ip.ts";
import type { SubnetManager } from "./lease-life.ts";
import { parseNetConf, resolveBackend, type NetConf } from "./net-conf.ts";
import { subnetRanges } from "./subnet-range.ts";

/** Backends that the moving parts play. */
export const NETWORK_BACKENDS = ["vxlan", "host-gw", "udp"] as const;
export type NetworkBackend = (typeof NETWORK_BACKENDS)[number];

/** One network of the section `flannel`: net-conf.json's fields, and the simulator's own. */
export interface FlannelNetworkSection {
  /** Given in a list; the only network is called flannel. */
  name?: string;
  /** Entries of nodes; absent: all. */
  nodes?: string[];
  Network: string;
  EnableIPv4?: boolean;
  EnableIPv6?: boolean;
  Backend?: { Type: string; DirectRouting?: boolean };
  manager: SubnetManager;
  version: string;
  unit: "packet" | "gso";
  chargeCpu: boolean;
  podMTU?: number;
  costs: HopCosts;
}

export type FlannelSection = FlannelNetworkSection | FlannelNetworkSection[];

/** What the section must agree with. */
export interface SectionContext {
  nodes: ReadonlyArray<{ name: string; count?: number }>;
  traffic?: ReadonlyArray<{ flow?: unknown }>;
  timeline?: ReadonlyArray<{ action: string }>;
}

/** Actions that need a network. */
const ACTIONS = new Set(["flanneldStop", "flanneldStart", "link", "entryRemove", "entryRestore"]);

/** The networks of a section, in its order, each with its path. */
export function networksOf(section: FlannelSection | undefined): Array<{ network: FlannelNetworkSection; path: Path }> {
  if (section === undefined) return [];
  if (!Array.isArray(section)) return [{ network: section, path: ["flannel"] }];
  return section.map((network, i) => ({ network, path: ["flannel", i] }));
}

/** Whether the daemon is from before v0.9.0, when the kernel asked it for neighbours. */
export function asksForNeighbours(version: string): boolean {
  const minor = Number(/^v?0\.([0-9]+)/.exec(version)?.[1] ?? Infinity);
  return minor < 9;
}

/** net-conf.json as the daemon decodes it. */
export function netConfOf(network: FlannelNetworkSection): ReturnType<typeof parseNetConf> {
  return parseNetConf(network);
}

/** The backend of a network; the schema takes no others. */
export function backendOf(conf: NetConf): NetworkBackend {
  return resolveBackend(conf.backendType) as NetworkBackend;
}

/** What is wrong with the section that its schema does not see: what the daemons would refuse, and names. */
export function flannelProblems(section: FlannelSection | undefined, context: SectionContext): PathProblem[] {
  const problems: PathProblem[] = [];
  const owners = new Map<string, string>();
  const names = new Set<string>();
  for (const { network, path } of networksOf(section)) {
    const report = (message: string, ...steps: Path) => problems.push({ path: [...path, ...steps], message });
    if (network.name !== undefined && names.has(network.name)) {
      report(`the name ${network.name} is that of another network; choose another`, "name");
    }
    if (network.name !== undefined) names.add(network.name);
    for (const [i, entry] of (network.nodes ?? []).entries()) {
      if (!context.nodes.some(({ name }) => name === entry)) {
        const hint = didYouMean(
          entry,
          context.nodes.map(({ name }) => name),
        );
        report(`found ${JSON.stringify(entry)}; allowed: an entry of nodes${hint}`, "nodes", i);
      } else if (owners.has(entry)) {
        report(`${entry} is in network ${owners.get(entry)} already; a node is in at most one`, "nodes", i);
      }
      owners.set(entry, network.name ?? "flannel");
    }
    const parsed = netConfOf(network);
    if (!parsed.ok) report(parsed.message);
    else confProblems(network, parsed.conf, nodeCount(network, context), report);
  }
  return [...problems, ...usageProblems(section, context)];
}

/** Flows and actions that have no network, and entries about nodes that there are not. */
function usageProblems(section: FlannelSection | undefined, context: SectionContext): PathProblem[] {
  const problems: PathProblem[] = [];
  const needs = "needs a network: give the section flannel, or remove it";
  for (const [i, { flow }] of (context.traffic ?? []).entries()) {
    if (section === undefined && flow !== undefined)
      problems.push({ path: ["traffic", i, "flow"], message: `a flow ${needs}` });
  }
  const names = context.nodes.flatMap(({ name, count = 1 }) =>
    count === 1 ? [name] : Array.from({ length: count }, (_, k) => `${name}-${k}`),
  );
  for (const [i, entry] of (context.timeline ?? []).entries()) {
    if (!ACTIONS.has(entry.action)) continue;
    const path: Path = ["timeline", i];
    if (section === undefined) problems.push({ path: [...path, "action"], message: `${entry.action} ${needs}` });
    if ("peer" in entry && !names.includes(entry.peer as string)) {
      const message = `there is no node ${entry.peer as string}${didYouMean(entry.peer as string, names)}`;
      problems.push({ path: [...path, "peer"], message });
    }
  }
  return problems;
}

function nodeCount({ nodes }: FlannelNetworkSection, context: SectionContext): number {
  return context.nodes
    .filter(({ name }) => nodes === undefined || nodes.includes(name))
    .reduce((sum, { count = 1 }) => sum + count, 0);
}

function confProblems(
  { manager, version }: FlannelNetworkSection,
  conf: NetConf,
  count: number,
  report: (message: string, ...steps: Path) => void,
): void {
  const backend = backendOf(conf);
  if (!conf.enableIPv4 && !conf.enableIPv6) report("EnableIPv4 and EnableIPv6 are both false; allowed: at least one");
  if (backend === "udp" && (!conf.enableIPv4 || conf.enableIPv6)) report("the udp backend serves IPv4 alone");
  if (asksForNeighbours(version) && (conf.enableIPv6 || backend !== "vxlan")) {
    report(`version ${version} is played with vxlan over IPv4 alone`, "version");
  }
  if (conf.enableIPv6 && conf.v6.network === undefined) report("IPv6Network is required where EnableIPv6 is true");
  if (manager === "etcd") {
    if (!conf.enableIPv4) report("the etcd manager does not work with IPv6 alone", "manager");
    const ranges = subnetRanges(conf);
    if (!ranges.ok) report(ranges.refusal.message);
    return;
  }
  const network = conf.enableIPv4 ? conf.v4.network : conf.v6.network;
  if (network === undefined) return;
  const bits = network.family === 4 ? 24 : 64;
  const available = network.length >= bits ? 1n : sizeOf(network.family, network.length) / sizeOf(network.family, bits);
  if (BigInt(count) > available) {
    report(
      `${network.text} has ${available} subnets of /${bits} for ${count} nodes; allowed: a wider network`,
      network.family === 4 ? "Network" : "IPv6Network",
    );
  }
}
