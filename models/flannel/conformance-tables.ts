import { NS_PER_SECOND } from "../../engine/time.ts";
import { adapter, NotCovered, premise, type Adapter, type Adapters, type Found } from "../conformance/adapter.ts";
import { annotationKeys, DEFAULT_ANNOTATION_PREFIX } from "./annotations.ts";
import { confOf, prefix } from "./conformance-control.ts";
import { PEER_PROGRAMMING_US, ROUTE_CHECK_NS } from "./defaults.ts";
import { prefixOf } from "./ip.ts";
import { KernelTables, routeText, type Operation, type Route } from "./kernel-tables.ts";
import { nodeEvent, vxlanBackendData, type NodeView } from "./kube-lease.ts";
import { LeaseWatcher, type Lease, type LeaseEvent } from "./lease.ts";
import { formatMac, parseMac, randomMac, storedMac } from "./mac.ts";
import { flannelMtu, vxlanDeviceMtu, type MtuBackend } from "./mtu.ts";
import { planPeer, playPlan, type VxlanContext } from "./peer-plan.ts";
import { hostGwRefusal, RouteNetwork } from "./route-network.ts";
import { incompatibility, recreateDevice, vxlanDeviceName, type VxlanDevice } from "./vxlan-device.ts";
import { joinWrites } from "./closed-forms.ts";

const DEVICE = vxlanDeviceName(1, 4);
const UNDERLAY = "eth0";

interface MtuGiven {
  backend: MtuBackend;
  externalInterfaceMtu: number;
  mtuOption?: number | null;
  underlay?: "IPv4" | "IPv6";
}

const mtu = adapter((given: MtuGiven) => {
  const value = flannelMtu(given.backend, given.externalInterfaceMtu, given.mtuOption ?? undefined);
  const underlay = given.underlay === "IPv6" ? 6 : 4;
  if (given.backend !== "vxlan") return { FLANNEL_MTU: value };
  return {
    FLANNEL_MTU: value,
    deviceMtuRequested: value,
    deviceMtuAfterKernelClamp: vxlanDeviceMtu(value, given.externalInterfaceMtu, underlay),
  };
});

const mtuRecreate = adapter((given: { event: string; externalInterfaceMtu: number; underlay?: "IPv4" | "IPv6" }) => {
  premise(/\bdeleted\b.*\brecreated\b/.test(given.event), given.event);
  const requested = flannelMtu("vxlan", given.externalInterfaceMtu);
  const made = recreateDevice(requested, given.externalInterfaceMtu, given.underlay === "IPv6" ? 6 : 4);
  return {
    deviceMtu: made.deviceMtu,
    reportedNetworkMtu: made.reportedMtu,
    subnetEnvRewritten: made.writesSubnetEnv,
    peerEntriesReplayed: made.replaysPeers,
  };
});

const vtepMac = adapter(
  (given: { randomBytes?: string; backendDataAnnotation?: string | null; deviceExists?: boolean }) => {
    if (given.randomBytes !== undefined) return { mac: randomMac(parseMac(given.randomBytes) ?? []) };
    premise(given.deviceExists === false, "the MAC address of a device that exists is its own");
    const stored = storedMac(given.backendDataAnnotation ?? undefined);
    return { macUsed: stored ?? "random, locally administered unicast" };
  },
);

const EXISTING: VxlanDevice = {
  linkType: "vxlan",
  vni: 1,
  lowerIndex: 2,
  sourceAddress: "192.168.0.10",
  group: "239.0.0.1",
  l2miss: false,
  port: 8472,
  gbp: false,
  mac: "02:00:00:00:00:01",
  mtu: 1450,
  learning: false,
  ttl: 0,
};

/** Another value of every attribute, and the names that cases give it. */
const CHANGES: ReadonlyArray<readonly [RegExp, Partial<VxlanDevice>]> = [
  [/^(link)?type$/i, { linkType: "dummy" }],
  [/^(vni|vxlanId)$/i, { vni: 2 }],
  [/^(lower|vtep|external|parent)(Device|Dev|Interface|Iface|Link)?(Index)?$/i, { lowerIndex: 3 }],
  [/^(source|src|vtep|local)(Address|Addr|IP)$/i, { sourceAddress: "192.168.0.11" }],
  [/^group(Address|Addr)?$/i, { group: "239.0.0.2" }],
  [/^l2miss$/i, { l2miss: true }],
  [/^(udp|destination|dst)?port$/i, { port: 4789 }],
  [/^gbp$/i, { gbp: true }],
  [/^(mac|hardware|hw)(Address|Addr)?$/i, { mac: "02:00:00:00:00:02" }],
  [/^mtu$/i, { mtu: 1400 }],
  [/^(no)?learning$/i, { learning: true }],
  [/^ttl$/i, { ttl: 64 }],
];

const deviceRecreate = adapter((given: { existingDeviceDiffersIn: string }) => {
  const change = CHANGES.find(([name]) => name.test(given.existingDeviceDiffersIn))?.[1];
  if (change === undefined) throw new NotCovered(`the attribute ${given.existingDeviceDiffersIn}`);
  return { deviceDeletedAndRecreated: incompatibility({ ...EXISTING, ...change }, EXISTING) !== undefined };
});

interface Peer {
  type?: "add" | "remove";
  subnet: string;
  publicIP: string;
  vtepMAC: string;
  backendType: string;
}

interface TablesGiven {
  observer: Peer;
  events?: Peer[];
  directlyConnectedPublicIPs?: string[];
  tablesBefore?: {
    routes: Readonly<Record<string, string>>;
    arp: Readonly<Record<string, string>>;
    fdb: Readonly<Record<string, string>>;
  };
  whileDaemonDown?: string[];
}

const tables = adapter((given: TablesGiven) => {
  const device = DEVICE;
  const kernel = new KernelTables([device]);
  for (const [dst, text] of Object.entries(given.tablesBefore?.routes ?? {}))
    kernel.routes.set(dst, routeOf(dst, text));
  for (const [ip, mac] of Object.entries(given.tablesBefore?.arp ?? {})) kernel.neighbours.set(ip, { mac, device });
  for (const [mac, ip] of Object.entries(given.tablesBefore?.fdb ?? {})) kernel.fdb.set(mac, { ip, device });
  const direct = new Set(given.directlyConnectedPublicIPs);
  const context: VxlanContext = { v4: device, isDirect: (publicIp) => direct.has(publicIp) };
  const watcher = new LeaseWatcher(leaseOf(given.observer));
  for (const peer of given.events ?? []) {
    const event = watcher.update({ type: peer.type ?? "add", lease: leaseOf(peer) });
    const plan = event && planPeer(event, context);
    if (plan?.kind === "steps") playPlan(plan.steps, (operation) => kernel.apply(operation) !== undefined);
  }
  // Without a daemon nobody writes; the tables are the kernel's own and stay, whatever happens to the cluster.
  const whileDown = given.whileDaemonDown?.map((text) => text === "nothing changes") ?? [];
  return {
    routes: object(kernel.routes, routeText),
    arp: object(kernel.neighbours, ({ mac }) => mac),
    fdb: object(kernel.fdb, ({ ip }) => ip),
    packetsLost: whileDown.length > 0 && whileDown.every(Boolean) ? 0 : undefined,
  };
});

function leaseOf(peer: Peer): Lease {
  const bytes = parseMac(peer.vtepMAC);
  const vtepMac = bytes && formatMac(bytes);
  return { v4: { subnet: prefix(peer.subnet), publicIp: peer.publicIP, vtepMac }, backendType: peer.backendType };
}

function routeOf(dst: string, text: string): Route {
  const [, via, device] = /^via (\S+)(?: dev (\S+))?/.exec(text) ?? [];
  if (via === undefined) throw new NotCovered(`the route "${text}"`);
  return { dst, via, device, isOnlink: text.endsWith(" onlink") };
}

function object<T>(map: Iterable<[string, T]>, show: (value: T) => string): Record<string, string> {
  return Object.fromEntries([...map].map(([key, value]) => [key, show(value)]));
}

interface WritesGiven {
  event: "add" | "remove";
  direct?: boolean;
  neighbourFails?: boolean;
  fdbFails?: boolean;
  routeFails?: boolean;
}

/** A peer's event on an otherwise empty node, with the writes to one table failing for good if the case says so. */
const peerWrites = adapter((given: WritesGiven) => {
  premise(["add", "remove"].includes(given.event), `the event "${given.event}"`);
  const fails = { neighbour: given.neighbourFails, fdb: given.fdbFails, route: given.routeFails };
  const kernel = new KernelTables([DEVICE]);
  const lease = peerLease(1);
  const context: VxlanContext = { v4: DEVICE, isDirect: () => given.direct === true };
  const play = (type: "add" | "remove", failing: typeof fails) => {
    const plan = planPeer({ type, lease }, context);
    if (plan.kind !== "steps") return [];
    return playPlan(plan.steps, (operation) => {
      if (failing[operation.table] === true && operation.verb !== "delete") return true;
      return kernel.apply(operation) !== undefined;
    });
  };
  if (given.event === "remove") play("add", { neighbour: false, fdb: false, route: false });
  return {
    operations: play(given.event, fails).map(({ operation, tries }) => operationText(operation, tries)),
    route: kernel.routes.size > 0 ? "present" : "absent",
  };
});

function operationText(operation: Operation, tries: number): string {
  const words = `${operation.table} ${operation.verb}`;
  if (operation.verb === "delete") return words;
  if (tries > 1) return `${words} (up to ${tries} tries)`;
  if (operation.table !== "route") return `${words} permanent`;
  return operation.route.isOnlink === true ? `${words} onlink` : `${words} direct`;
}

function peerLease(index: number): Lease {
  const high = Math.floor(index / 256);
  const low = index % 256;
  const subnet = prefixOf(4, BigInt(10 * 2 ** 24 + index * 256), 24);
  return {
    v4: { subnet, publicIp: `192.168.${high}.${low}`, vtepMac: formatMac([2, 0, 0, 0, high, low]) },
    backendType: "vxlan",
  };
}

/** What a case says in words about a change of a Node object, as the annotations that change. */
const NODE_CHANGES: ReadonlyArray<readonly [RegExp, ReadonlyArray<"data" | "data6" | "ip" | "ip6" | "type">]> = [
  [/annotations unchanged|heartbeat|labels?\b|resync|nothing changed|conditions? /, []],
  [/only (the )?backend-v6-data changed/, ["data6"]],
  [/only (the )?backend-data changed/, ["data"]],
  [/only (the )?public-ipv6 changed/, ["ip6"]],
  [/only (the )?public-ip changed/, ["ip"]],
  [/only (the )?backend-type changed/, ["type"]],
  [/backend-data and backend-v6-data changed|both families changed/, ["data", "data6"]],
];

const nodeEvents = adapter((given: { event: string; dualStack?: boolean }) => {
  const keys = annotationKeys(DEFAULT_ANNOTATION_PREFIX);
  const [, fate] = /^node (?:object )?(created|added|deleted|removed)\b/.exec(given.event) ?? [];
  const changed = fate === undefined ? NODE_CHANGES.find(([words]) => words.test(given.event))?.[1] : [];
  if (keys === undefined || changed === undefined) throw new NotCovered(given.event);
  const conf = confOf({
    Network: "10.244.0.0/16",
    IPv6Network: "fd00::/48",
    EnableIPv6: given.dualStack ?? false,
    Backend: { Type: "vxlan" },
  });
  const node = (what: readonly string[]): NodeView => ({
    podCIDRs: ["10.244.1.0/24", "fd00:0:0:1::/64"],
    annotations: {
      [keys.kubeSubnetManager]: "true",
      [keys.backendType]: what.includes("type") ? "host-gw" : "vxlan",
      [keys.backendData]: vxlanBackendData(1, what.includes("data") ? "02:00:00:00:00:02" : "02:00:00:00:00:01"),
      [keys.backendV6Data]: vxlanBackendData(1, what.includes("data6") ? "02:00:00:00:06:02" : "02:00:00:00:06:01"),
      [keys.publicIp]: what.includes("ip") ? "192.168.0.12" : "192.168.0.11",
      [keys.publicIpv6]: what.includes("ip6") ? "2001:db8::12" : "2001:db8::11",
    },
  });
  const before = fate === "created" || fate === "added" ? undefined : node([]);
  const after = fate === "deleted" || fate === "removed" ? undefined : node(changed);
  return { leaseEvents: nodeEvent(keys, conf, before, after) === undefined ? 0 : 1 };
});

/** Events of a peer's lease and of its Node object, told apart by what they ask for. */
const events: Adapter = (given, asked) => (asked.includes("leaseEvents") ? nodeEvents : peerWrites)(given, asked);

type Told = readonly ["add" | "remove", string, string?];

function eventOf([type, subnet, publicIp]: Told, backendType: string): LeaseEvent {
  return { type, lease: { v4: { subnet: prefix(subnet), publicIp: publicIp ?? "" }, backendType } };
}

function bareLease(subnet: string): Lease {
  return eventOf(["add", subnet], "vxlan").lease;
}

const watcher = adapter((given: { own: string; known?: string[]; snapshot?: string[]; events?: Told[] }) => {
  const state = new LeaseWatcher(bareLease(given.own), given.known?.map(bareLease));
  const events = given.snapshot === undefined ? [] : state.reset(given.snapshot.map(bareLease));
  for (const told of given.events ?? []) events.push(...[state.update(eventOf(told, "vxlan")) ?? []].flat());
  return { events: events.map(({ type, lease: { v4 } }) => [type, v4?.subnet.text]) };
});

interface RepairGiven {
  backend?: string;
  event?: string;
  events?: Told[];
  publicIP?: string;
  interfaceIP?: string;
}

/** Routes of host-gw, and what the two backends do about a route that somebody else deleted. */
const routes = adapter((given: RepairGiven): Found => {
  if (given.events !== undefined) {
    const network = new RouteNetwork(new KernelTables([UNDERLAY]), UNDERLAY);
    for (const told of given.events) network.handle(eventOf(told, "host-gw"));
    return { cachedRoutes: network.cached.map(({ dst, via }) => [dst, via]) };
  }
  if (given.publicIP !== undefined) {
    const refusal = hostGwRefusal(given.publicIP, given.interfaceIP ?? given.publicIP);
    return refusal === undefined ? { accepted: true } : { accepted: false, startResult: "exit 1" };
  }
  premise(/route deleted by a third party/.test(given.event ?? ""), given.event ?? "no event");
  premise(given.backend === "vxlan" || given.backend === "host-gw", `the backend "${given.backend}"`);
  const kernel = new KernelTables([UNDERLAY, DEVICE]);
  const repair = given.backend === "vxlan" ? vxlanRepair(kernel) : hostGwRepair(kernel);
  const [[dst]] = kernel.routes;
  kernel.routes.delete(dst);
  repair.periodic();
  if (kernel.routes.get(dst) !== undefined) return { restored: true, withinSeconds: ROUTE_CHECK_NS / NS_PER_SECOND };
  repair.announce();
  return {
    restored: false,
    until: kernel.routes.get(dst) !== undefined ? "next add event for that node or daemon restart" : undefined,
  };
});

interface Repair {
  /** What the daemon does by itself while time passes. */
  periodic(): void;
  /** What it does when the peer is announced again. */
  announce(): void;
}

function vxlanRepair(kernel: KernelTables): Repair {
  const announce = (): void => {
    const plan = planPeer({ type: "add", lease: peerLease(1) }, { v4: DEVICE, isDirect: () => false });
    if (plan.kind === "steps") playPlan(plan.steps, (operation) => kernel.apply(operation) !== undefined);
  };
  announce();
  return { periodic: () => undefined, announce };
}

function hostGwRepair(kernel: KernelTables): Repair {
  const network = new RouteNetwork(kernel, UNDERLAY);
  const announce = (): void => network.handle({ type: "add", lease: { ...peerLease(1), backendType: "host-gw" } });
  announce();
  return { periodic: () => void network.check(), announce };
}

const tableSize = adapter((given: { nodes: number; backend: string; directRouting?: boolean }) => {
  premise(given.backend === "vxlan" || given.backend === "host-gw", `the backend "${given.backend}"`);
  const kernel = new KernelTables([DEVICE, UNDERLAY]);
  const network = new RouteNetwork(kernel, UNDERLAY);
  const isVxlan = given.backend === "vxlan";
  const isDirect = given.directRouting === true;
  for (let i = 1; i < given.nodes; i++) {
    const lease = { ...peerLease(i), backendType: given.backend };
    if (!isVxlan) network.handle({ type: "add", lease });
    else {
      const plan = planPeer({ type: "add", lease }, { v4: DEVICE, isDirect: () => isDirect });
      if (plan.kind === "steps") playPlan(plan.steps, (operation) => kernel.apply(operation) !== undefined);
    }
  }
  const { routes: remoteRoutes, neighbours: permanentNeighbours, fdb: fdbEntries } = kernel.sizes;
  return { remoteRoutes, permanentNeighbours, fdbEntries };
});

const joinProgramming = adapter((given: { nodes: number; microsecondsPerPeer?: number }) => ({
  writes: joinWrites(given.nodes),
  milliseconds: ((given.nodes - 1) * (given.microsecondsPerPeer ?? PEER_PROGRAMMING_US)) / 1000,
}));

/** Families of devices, tables and routes. */
export const tableAdapters: Adapters = {
  mtu,
  "mtu-*": mtu,
  "mtu-recreate": mtuRecreate,
  "vtep-mac": vtepMac,
  "device-recreate": deviceRecreate,
  "tables-*": tables,
  "events-*": events,
  watcher,
  hostgw: routes,
  vxlan: routes,
  "table-size": tableSize,
  "join-programming": joinProgramming,
};
