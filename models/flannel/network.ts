import type { EventLog } from "../../engine/results/event-log.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import { hostGwBackend, udpBackend, vxlanBackend, type SharedPlans } from "./backends.ts";
import { PeerDaemon, type DaemonBackend } from "./daemon.ts";
import { Endpoints, type Attachment } from "./endpoints.ts";
import { removeEntry, restoreEntry } from "./entry-edits.ts";
import { FlannelNode, type NetworkConf, type NetworkNode } from "./flannel-node.ts";
import { contains, parseAddress, type Prefix } from "./ip.ts";
import type { Operation } from "./kernel-tables.ts";
import type { FamilyLease, Lease, LeaseEvent } from "./lease.ts";
import { LazyStream } from "./lazy-stream.ts";
import { leaseLife } from "./lease-life.ts";
import { randomMac } from "./mac.ts";
import { missBackend } from "./miss-backend.ts";
import { vxlanOptions } from "./net-conf.ts";
import { NodePath } from "./node-path.ts";
import { packedStores } from "./packed-store.ts";
import type { Endpoint } from "./packet.ts";
import { pathConf, underlayIp, vniOf, type PathConf } from "./path-conf.ts";
import { RouteNetwork } from "./route-network.ts";
import { settle } from "./settle.ts";
import { Subnets } from "./subnets.ts";
import { ProxyTable } from "./udp-proxy.ts";
import { vxlanDeviceName } from "./vxlan-device.ts";

/** The informer is asked whether it has synchronised once a second. Source: flannel pkg/subnet/kube/kube.go wait.Poll. */
const INFORMER_POLL_NS: Ns = NS_PER_SECOND;
/** Above this many nodes tables are kept packed. */
const PACKED_FROM = 64;

/**
 * One flannel network in time: nodes with their daemons, the leases, and the paths of packets between them. Nodes that
 * are there at time 0 have been for long: they know one another.
 */
export class FlannelNetwork {
  readonly conf: NetworkConf;
  readonly nodes: readonly FlannelNode[];
  /** Netlink writes that daemons tried. */
  writes = 0;

  readonly #sim: Simulation;
  readonly #events: EventLog | undefined;
  readonly #byName = new Map<string, FlannelNode>();
  readonly #byIp = new Map<string, FlannelNode>();
  readonly #endpoints: Endpoints;
  readonly #subnets: Subnets;
  readonly #usesV4: boolean;
  readonly #salt: number;
  #isSettled = true;
  /** Lease events under way to daemons or waiting there, and daemons that start. */
  #busy = 0;
  /** Changes of leases so far. */
  #published = 0;
  readonly #plans: SharedPlans = new WeakMap();
  #nextPort = 0;
  #misses = 0;

  /** Throws Error for a network that the daemons would refuse; `sectionProblems` finds that before. */
  constructor(sim: Simulation, conf: NetworkConf, nodes: readonly NetworkNode[], events?: EventLog) {
    this.#sim = sim;
    this.conf = conf;
    this.#events = events;
    this.#usesV4 = conf.conf.enableIPv4;
    this.#endpoints = new Endpoints(this.#usesV4 ? 4 : 6);
    this.#salt = Math.floor(sim.streams.fresh(`flannel/${nodes[0]?.stream ?? ""}/hash`).uniform() * 2 ** 32);
    const stores = nodes.length >= PACKED_FROM ? packedStores() : undefined;
    this.nodes = nodes.map((node, index) => {
      const path = new NodePath(sim, this.#pathConf(node, index, stores?.()), {
        nodeAt: (ip) => this.#byIp.get(ip)?.path,
        charge: conf.charge && ((cpu, ns) => conf.charge?.(node.name, cpu, ns)),
        miss: (ip) => this.#missed(flannelNode, ip),
      });
      const flannelNode: FlannelNode = new FlannelNode(node, path, index, (purpose) => this.#stream(node, purpose));
      this.#byName.set(node.name, flannelNode);
      this.#byIp.set(path.conf.ip, flannelNode);
      return flannelNode;
    });
    this.#subnets = new Subnets(conf, this.nodes);
    for (const node of this.nodes) {
      if (node.node.isAbsent) node.path.isUp = false;
      else {
        node.exists = true;
        this.#subnets.assign(node);
        this.#begin(node);
      }
    }
    this.#settle();
    this.#isSettled = false;
  }

  node(name: string): FlannelNode | undefined {
    return this.#byName.get(name);
  }

  /** The CNI's ADD for a pod. */
  attach(pod: string, nodeName: string): Attachment {
    const node = this.#byName.get(nodeName);
    return node === undefined ? { failure: `no node ${nodeName}` } : this.#endpoints.attach(pod, node);
  }

  /** The CNI's DEL for a pod. */
  detach(pod: string): void {
    this.#endpoints.detach(pod);
  }

  /** The interface of a pod on a node of this network, attached now if it is not yet; undefined where that fails. */
  endpoint(pod: string, nodeName: string): Endpoint | undefined {
    const node = this.#byName.get(nodeName);
    if (node === undefined) return undefined;
    const known = this.#endpoints.get(pod, node);
    if (known !== undefined) return known;
    const attached = this.#endpoints.attach(pod, node);
    return "endpoint" in attached ? attached.endpoint : undefined;
  }

  /** The flow hash of one more connection between two endpoints. */
  nextHash(from: Endpoint, to: Endpoint): number {
    let hash = this.#salt ^ Math.imul(++this.#nextPort, 0x9e3779b1);
    for (const text of [from.ip, to.ip]) {
      for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    }
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  get podMtu(): number {
    return this.nodes[0].path.conf.podMtu;
  }

  get family(): 4 | 6 {
    return this.#usesV4 ? 4 : 6;
  }

  // --- what the timeline does to nodes ---

  /** A Node object comes, its machine runs, its daemon starts. */
  join(name: string): void {
    const node = this.#byName.get(name);
    if (node === undefined || node.exists) return;
    node.exists = true;
    node.path.isUp = true;
    this.#subnets.assign(node);
    this.startDaemon(name);
  }

  /** The Node object goes: with the kube manager its lease ends. */
  delete(name: string): void {
    const node = this.#byName.get(name);
    if (node === undefined || !node.exists) return;
    node.exists = false;
    node.storedMac = undefined;
    this.#subnets.release(node);
    if (this.conf.manager === "kube") this.#withdraw(node);
  }

  /** The machine stops without a word. */
  down(name: string): void {
    const node = this.#byName.get(name);
    if (node === undefined || !node.path.isUp) return;
    this.stopDaemon(name);
    node.path.powerOff();
  }

  /** The machine boots, with a new Node object if there is none: empty tables, no device, and a daemon that starts. */
  up(name: string): void {
    const node = this.#byName.get(name);
    if (node === undefined || node.path.isUp) return;
    if (!node.exists) return this.join(name);
    node.path.isUp = true;
    this.startDaemon(name);
  }

  /** Kills the daemon; the kernel's tables stay, but the udp backend's device goes with its process. */
  stopDaemon(name: string): void {
    const node = this.#byName.get(name);
    if (node === undefined) return;
    if (this.#sim.cancel(node.starting)) this.#free(1);
    if (node.daemon === undefined) return;
    const { pending } = node.daemon;
    node.daemon.stop();
    node.daemon = undefined;
    this.#free(pending);
    if (this.conf.backend === "udp") {
      node.path.proxyTable = undefined;
      node.path.deleteDevice();
    }
    if (this.conf.manager === "etcd") this.#awaitExpiry(node);
  }

  startDaemon(name: string): void {
    const node = this.#byName.get(name);
    if (node === undefined || node.daemon !== undefined || !node.path.isUp) return;
    if (this.#sim.timeOf(node.starting) !== undefined) return;
    this.#busy++;
    const wait = this.conf.manager === "kube" ? INFORMER_POLL_NS : 0;
    node.starting = this.#sim.schedule(
      wait,
      () => {
        this.#begin(node);
        this.#free(1);
      },
      undefined,
    );
  }

  /** Changes a node's wire; bandwidth in bit/s, loss a probability. */
  link(name: string, change: { bandwidth?: number; latencyNs?: Ns; loss?: number }): void {
    this.#byName.get(name)?.path.configureLink(change);
  }

  /** A user deletes one entry of a node about a peer, remembering it. */
  removeEntry(name: string, peer: string, table: Operation["table"]): void {
    const node = this.#byName.get(name);
    const lease = this.#leasePart(this.#byName.get(peer));
    if (node !== undefined && lease !== undefined) removeEntry(node, peer, lease, table);
  }

  /** The user enters it again. */
  restoreEntry(name: string, peer: string, table: Operation["table"]): void {
    const node = this.#byName.get(name);
    if (node !== undefined) restoreEntry(node, peer, table);
  }

  // --- leases ---

  #pathConf(node: NetworkNode, index: number, stores?: PathConf["stores"]): PathConf {
    const isOnLink = (ip: string) => this.#byIp.get(ip)?.node.zone === node.zone;
    return pathConf(this.conf, node, index, this.#stream(node, "loss"), isOnLink, stores);
  }

  #stream(node: NetworkNode, purpose: string): RandomStream {
    return new LazyStream(this.#sim.streams, `flannel/${node.stream}/${purpose}`);
  }

  /** A daemon has its configuration: it makes or keeps its device, gets its lease, and begins to watch. */
  #begin(node: FlannelNode): void {
    const { path } = node;
    const { manager, backend, asksForNeighbours } = this.conf;
    if (path.mac === undefined) {
      const stored = manager === "kube" ? node.storedMac : undefined;
      const mac = stored ?? randomMac(Array.from({ length: 6 }, () => node.macs.below(256)));
      path.createDevice(mac);
    }
    this.#subnets.acquire(node);
    const main = this.#usesV4 ? node.subnets.v4 : node.subnets.v6;
    if (main === undefined) {
      this.#log(node, "FlannelFailed", manager === "kube" ? "node pod cidr not assigned" : "out of subnets");
      return;
    }
    path.subnet = main.text;
    node.hasCniConf = true;
    if (asksForNeighbours && path.conf.device !== undefined) {
      const route = { dst: "*", via: "", device: path.conf.device, isOnlink: true };
      path.apply({ table: "route", verb: "replace", route });
    }
    const part = (subnet: Prefix | undefined, family: 4 | 6): FamilyLease | undefined =>
      subnet && { subnet, publicIp: this.#publicIp(node, family), vtepMac: path.mac };
    const lease: Lease = { v4: part(node.subnets.v4, 4), v6: part(node.subnets.v6, 6), backendType: backend };
    const isNews = JSON.stringify(lease, leaseKeys) !== JSON.stringify(node.lease ?? {}, leaseKeys);
    node.lease = lease;
    node.added = { type: "add", lease };
    if (manager === "kube") node.storedMac = path.mac;
    node.grantedAt = this.#sim.now;
    this.#sim.cancel(node.expiry);
    if (this.#isSettled) {
      node.daemon = this.#daemon(node);
      return;
    }
    node.listedAt = this.#published;
    node.daemon = this.#daemon(node);
    for (const other of this.nodes) {
      if (other !== node && other.added !== undefined) this.#push(node, other.added);
    }
    if (isNews) this.#publish(node, node.added);
    this.#log(node, "FlannelStarted", `lease ${path.subnet}`);
  }

  #publicIp(node: FlannelNode, family: 4 | 6): string {
    return family === this.family ? node.path.conf.ip : underlayIp(family, node.index);
  }

  /** Without its daemon nobody renews a lease of etcd: it ends 24 h after its last grant. */
  #awaitExpiry(node: FlannelNode): void {
    const { ttlNs, renewAfterNs } = leaseLife("etcd");
    if (ttlNs === undefined || renewAfterNs === undefined || node.lease === undefined) return;
    const age = this.#sim.now - node.grantedAt;
    const lastGrant = node.grantedAt + Math.floor(age / renewAfterNs) * renewAfterNs;
    node.expiry = this.#sim.scheduleAt(lastGrant + ttlNs, () => this.#withdraw(node), undefined);
  }

  #withdraw(node: FlannelNode): void {
    const { lease } = node;
    if (lease === undefined) return;
    node.lease = undefined;
    node.added = undefined;
    this.#publish(node, { type: "remove", lease });
  }

  /** What a node announces reaches every daemon that watches by now, after the latency of the watch. */
  #publish(node: FlannelNode, event: LeaseEvent): void {
    const sequence = ++this.#published;
    this.#busy++;
    const deliver = () => {
      for (const other of this.nodes) if (other !== node && other.listedAt < sequence) this.#push(other, event);
      this.#free(1);
    };
    this.#sim.schedule(this.conf.costs.watchNs, deliver, undefined);
  }

  #push(node: FlannelNode, event: LeaseEvent): void {
    if (node.daemon === undefined) return;
    this.#busy++;
    node.daemon.push(event);
  }

  /** Work is done; when there is none left, every daemon knows what there is to know. */
  #free(count: number): void {
    this.#busy -= count;
    if (this.#busy > 0 || count === 0) return;
    let entries = 0;
    let nodes = 0;
    for (const { path, daemon } of this.nodes) {
      const { routes, neighbours, fdb } = path.tables.sizes;
      entries += routes + neighbours + fdb + (path.proxyTable?.size ?? 0);
      if (daemon !== undefined) nodes++;
    }
    const message = `${nodes} nodes hold ${entries} entries; ${this.writes} writes so far`;
    this.#events?.add(this.#sim.now, "", `flannel/${this.conf.name}`, "FlannelConverged", message);
  }

  #log(node: FlannelNode, reason: string, message: string): void {
    if (!this.#isSettled) this.#events?.add(this.#sim.now, node.node.name, `node/${node.node.name}`, reason, message);
  }

  // --- daemons ---

  #daemon(node: FlannelNode, backend = this.#backend(node)): PeerDaemon {
    return new PeerDaemon(this.#sim, backend, () => {
      node.path.tablesChanged();
      this.#free(1);
    });
  }

  #backend(node: FlannelNode): DaemonBackend {
    const { backend, costs, asksForNeighbours } = this.conf;
    const { path } = node;
    const write = (operation: Operation): boolean => {
      this.writes++;
      return path.apply(operation) !== undefined;
    };
    if (backend === "udp") return udpBackend((path.proxyTable = new ProxyTable()), costs.writes);
    if (backend === "host-gw") {
      // A list of what ought to be there belongs to the process: a new one begins with none.
      return hostGwBackend(new RouteNetwork(path.tables, "eth0"), costs.writes);
    }
    if (asksForNeighbours) return missBackend(path.conf.device!, write, costs.writes);
    const context = this.#vxlanContext(node);
    const plans = context.hasDirect ? undefined : this.#plans;
    return vxlanBackend(context, write, this.#stream(node.node, "retries"), costs.writes, plans);
  }

  #vxlanContext(node: FlannelNode) {
    const options = vxlanOptions(this.conf.conf.backend, node.node.mtu);
    const hasDirect = typeof options !== "string" && options.directRouting;
    const vni = vniOf(this.conf.conf.backend);
    const isDirect = (ip: string) => hasDirect && this.#byIp.get(ip)?.node.zone === node.node.zone;
    return {
      v4: this.conf.conf.enableIPv4 ? vxlanDeviceName(vni, 4) : undefined,
      v6: this.conf.conf.enableIPv6 ? vxlanDeviceName(vni, 6) : undefined,
      hasDirect,
      isDirect,
    };
  }

  /** Before v0.9.0: the daemon answers a neighbour miss, if it lives, some time later. */
  #missed(node: FlannelNode, ip: string): void {
    const address = parseAddress(ip);
    if (node.daemon === undefined || address === undefined || this.#misses >= MOST_MISSES) return;
    const peer = this.nodes.find(({ lease }) => {
      const part = address.family === 4 ? lease?.v4 : lease?.v6;
      return part !== undefined && contains(part.subnet, address);
    });
    const mac = this.#leasePart(peer)?.vtepMac;
    if (mac === undefined) return;
    this.#misses++;
    const answer = () => {
      this.#misses--;
      const half = REACHABLE_NS / 2;
      const forNs = half + node.reachableTimes.below(REACHABLE_NS);
      this.writes++;
      node.path.setReachable(ip, mac, forNs);
    };
    this.#sim.schedule(this.conf.costs.missNs, answer, undefined);
  }

  #leasePart(node: FlannelNode | undefined): FamilyLease | undefined {
    return this.#usesV4 ? node?.lease?.v4 : node?.lease?.v6;
  }

  /** Enters what nodes that have been there for long know of one another. */
  #settle(): void {
    const make = (node: FlannelNode) => this.#backend(node);
    settle(this.conf, this.nodes, make, (node, backend) => {
      node.daemon?.stop();
      node.daemon = this.#daemon(node, backend);
      node.path.tablesChanged();
    });
    this.writes = 0;
  }
}

/** Source: flannel v0.8.0 pkg/backend/vxlan, the channel of misses. */
const MOST_MISSES = 100;
/** Source: linux net/core/neighbour.c base_reachable_time 30 s, times 0.5 to 1.5. */
const REACHABLE_NS: Ns = 30 * NS_PER_SECOND;

/** Leases compare by what they announce; a bigint has no JSON. */
function leaseKeys(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
