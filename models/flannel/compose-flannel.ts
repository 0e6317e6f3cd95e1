import type { Outputs } from "../../engine/results/outputs.ts";
import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import type { CpuThread, ThreadOwner } from "../cluster/cpu-thread.ts";
import type { Backend, BackendSet, Network } from "../traffic/backend.ts";
import { BulkFlow, type FlowLog } from "./bulk-flow.ts";
import type { FlowSection } from "./flow-schema.ts";
import type { NetworkNode } from "./flannel-node.ts";
import { FlannelNetwork } from "./network.ts";
import { reportNetwork } from "./network-report.ts";
import { Endpoint } from "./packet.ts";
import { RequestNetwork, type PlacesFor } from "./request-network.ts";
import { asksForNeighbours, backendOf, netConfOf, networksOf, type FlannelSection } from "./section.ts";
import { SoftirqLoad } from "./softirq-load.ts";
import type { FlannelAction } from "./timeline-schema.ts";

/** A node of the cluster, as far as the network sees it. */
interface ClusterNode {
  readonly name: string;
  readonly stream: string;
  readonly entry: {
    readonly name: string;
    readonly capacity: { readonly cpu: number };
    readonly labels: Readonly<Record<string, string>>;
    readonly nic?: { readonly bandwidth?: number; readonly latency: Ns; readonly mtu: number };
  };
}

interface ClusterPod {
  readonly name: string;
  readonly isBound: boolean;
  readonly isReady: boolean;
  /** Only where it is bound. */
  readonly node: ClusterNode;
  readonly allContainers: ReadonlyArray<{ readonly run?: { readonly queue: Backend } }>;
}

/** What the CNI answers: as the kubelet's PodNetwork has it. */
type NetworkResult = { kind: "ok"; ip: string } | { kind: "failed"; message: string; isNetworkDown: boolean };

/** The stage, as far as the network sees it. */
export interface FlannelStage {
  readonly nodes: readonly ClusterNode[];
  /** All pods, or those of one workload. */
  pods(workload?: string): readonly ClusterPod[];
}

export interface FlannelOptions {
  simulation: Simulation;
  section: FlannelSection | undefined;
  stage: FlannelStage;
  outputs: Outputs;
  /** Nodes that come by `nodeJoin` only. */
  isAbsent: (node: string) => boolean;
  /** Makes a kernel thread on one CPU of a node, outside all pods; needed where chargeCpu is set. */
  createThread?: (node: string, cpu: number, owner: ThreadOwner) => CpuThread;
}

/** A traffic entry, as far as the network sees it. */
export interface CarriedEntry {
  readonly name: string;
  readonly from?: string;
}

/** Label that gives a node's zone: nodes of one zone share a layer-2 segment. */
const ZONE_LABEL = "topology.kubernetes.io/zone";
/** MTU of a node without `nic`. */
const DEFAULT_MTU = 1500;
/** Where clients outside the cluster are; an address for documentation. */
const OUTSIDE_IP = "203.0.113.1";

/**
 * The flannel networks of a scenario, put on the stage: carries requests and flows, gives pods their addresses (the
 * kubelet's PodNetwork), and follows what happens to nodes (an observer of the cluster).
 */
export class Flannel {
  readonly networks: readonly FlannelNetwork[];
  readonly #options: FlannelOptions;
  readonly #byNode = new Map<string, { network: FlannelNetwork; isGso: boolean }>();
  readonly #pods = new WeakMap<Backend, ClusterPod>();
  readonly #flows: Array<{ name: string; flow: BulkFlow }> = [];
  readonly #loads = new Map<string, SoftirqLoad>();

  constructor(options: FlannelOptions) {
    const { simulation, section, stage, outputs } = options;
    this.#options = options;
    this.networks = networksOf(section).map(({ network: given }) => {
      const parsed = netConfOf(given);
      if (!parsed.ok) throw new Error(parsed.message);
      const isOurs = ({ entry }: ClusterNode) => given.nodes === undefined || given.nodes.includes(entry.name);
      const nodes = stage.nodes.filter(isOurs).map((node) => this.#networkNode(node));
      const conf = {
        name: given.name ?? "flannel",
        conf: parsed.conf,
        backend: backendOf(parsed.conf),
        manager: given.manager,
        asksForNeighbours: asksForNeighbours(given.version),
        costs: given.costs,
        podMtu: given.podMTU,
        hasDefaultRoute: true,
        charge: given.chargeCpu ? (node: string, cpu: number, ns: Ns) => this.#charge(node, cpu, ns) : undefined,
      };
      const network = new FlannelNetwork(simulation, conf, nodes, outputs.events);
      const isGso = given.unit === "gso" && conf.backend !== "udp";
      for (const { name } of nodes) this.#byNode.set(name, { network, isGso });
      return network;
    });
  }

  /** What carries the requests of an entry; undefined where there is no network at all. */
  networkOf(entry: CarriedEntry): Network | undefined {
    if (this.networks.length === 0) return undefined;
    const places = this.#placesFor(entry);
    return new RequestNetwork(this.#options.simulation, places);
  }

  /** The bulk transfer of an entry that has `flow`; it begins by `start`. */
  flowOf(entry: CarriedEntry & { flow: FlowSection }, log: FlowLog, backends: BackendSet): BulkFlow {
    const places = this.#placesFor(entry);
    const pair = (n: number) => {
      const { ready } = backends;
      return ready.length === 0 ? undefined : places(ready[n % ready.length]);
    };
    const flow = new BulkFlow(this.#options.simulation, entry.flow, log, { pair }, backends);
    this.#flows.push({ name: entry.name, flow });
    return flow;
  }

  /** Carries out an action of the timeline; `nodes` are those that its `node` names. */
  act(action: FlannelAction, nodes: readonly string[]): void {
    for (const name of nodes) {
      const network = this.#byNode.get(name)?.network;
      if (network === undefined) continue;
      switch (action.action) {
        case "flanneldStop":
          network.stopDaemon(name);
          break;
        case "flanneldStart":
          network.startDaemon(name);
          break;
        case "link":
          network.link(name, { ...action, latencyNs: action.latency });
          break;
        case "entryRemove":
          network.removeEntry(name, action.peer, action.table);
          break;
        default:
          network.restoreEntry(name, action.peer, action.table);
      }
    }
  }

  /** The node has joined, or boots. */
  nodeUp({ name }: { readonly name: string }): void {
    this.#byNode.get(name)?.network.up(name);
  }

  nodeDown({ name }: { readonly name: string }): void {
    this.#byNode.get(name)?.network.down(name);
  }

  /** The Node object is deleted, and its machine stops. */
  nodeDeleted({ name }: { readonly name: string }): void {
    const network = this.#byNode.get(name)?.network;
    network?.delete(name);
    network?.down(name);
  }

  /** The CNI's ADD for the sandbox of a pod; nodes outside all networks have an ideal one. */
  attach({ name, node }: ClusterPod, done: (result: NetworkResult) => void): void {
    const network = this.#byNode.get(node.name)?.network;
    if (network === undefined) return done({ kind: "ok", ip: "" });
    const attached = network.attach(name, node.name);
    if ("endpoint" in attached) return done({ kind: "ok", ip: attached.endpoint.ip });
    // Before the first daemon of a node there is no CNI configuration at all.
    const isNetworkDown = network.node(node.name)?.hasCniConf !== true;
    done({ kind: "failed", message: attached.failure, isNetworkDown });
  }

  /** The CNI's DEL. */
  detach(pod: ClusterPod): void {
    if (pod.isBound) this.#byNode.get(pod.node.name)?.network.detach(pod.name);
  }

  /** Devices, tables and flows go into the counters: to be called once, after the run. */
  finish(): void {
    const { counters } = this.#options.outputs;
    for (const network of this.networks) reportNetwork(network, counters);
    for (const { name, flow } of this.#flows) {
      const object = `flow/${name}`;
      const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
      const [sent, received] = [
        sum(flow.tcp.map((end) => end.packetsSent)) + sum(flow.udp.map((each) => each.accepted)),
        sum(flow.tcp.map((end) => end.packetsReceived)) + sum(flow.udp.map((each) => each.receivedDatagrams)),
      ];
      counters.add(object, "sim_tx_packets", sent);
      counters.add(object, "sim_rx_packets", received);
      counters.add(object, "sim_rx_bytes", sum([...flow.tcp, ...flow.udp].map((each) => each.receivedBytes)));
      if (flow.tcp.length > 0) counters.add(object, "RetransSegs", sum(flow.tcp.map((end) => end.retransmitted)));
      if (flow.udp.length > 0) counters.add(object, "sim_refused", sum(flow.udp.map((each) => each.refused)));
    }
  }

  #networkNode({ name, stream, entry }: ClusterNode): NetworkNode {
    const { nic, capacity, labels } = entry;
    return {
      name,
      stream,
      cpus: capacity.cpu,
      zone: labels[ZONE_LABEL] ?? "",
      bandwidth: nic?.bandwidth ?? Infinity,
      latencyNs: nic?.latency ?? 0,
      mtu: nic?.mtu ?? DEFAULT_MTU,
      isAbsent: this.#options.isAbsent(name),
    };
  }

  /** Clients of an entry take turns: its workload's ready pods, or one client outside the cluster. */
  #placesFor({ from }: CarriedEntry): PlacesFor {
    const outside = new Endpoint("outside", undefined, OUTSIDE_IP);
    let turn = 0;
    return (backend) => {
      const server = this.#podOf(backend);
      const place = server && this.#byNode.get(server.node.name);
      const to = server && place?.network.endpoint(server.name, server.node.name);
      if (place === undefined || to === undefined) return undefined;
      if (from === undefined) return { ...place, from: outside, to };
      const clients = this.#options.stage.pods(from).filter((pod) => pod.isReady);
      if (clients.length === 0) return { ...place, from: outside, to };
      const client = clients[turn++ % clients.length];
      const own = this.#byNode.get(client.node.name);
      const endpoint = own?.network.endpoint(client.name, client.node.name);
      return own === undefined || endpoint === undefined
        ? { ...place, from: outside, to }
        : { ...own, from: endpoint, to };
    };
  }

  #podOf(backend: Backend): ClusterPod | undefined {
    const known = this.#pods.get(backend);
    if (known !== undefined) return known;
    for (const pod of this.#options.stage.pods()) {
      if (!pod.isBound) continue;
      for (const { run } of pod.allContainers) if (run !== undefined) this.#pods.set(run.queue, pod);
    }
    return this.#pods.get(backend);
  }

  #charge(node: string, cpu: number, ns: Ns): void {
    const { createThread } = this.#options;
    if (createThread === undefined) return;
    const key = `${node} ${cpu}`;
    let load = this.#loads.get(key);
    if (load === undefined) {
      load = new SoftirqLoad((owner) => createThread(node, cpu, owner));
      this.#loads.set(key, load);
    }
    load.charge(ns);
  }
}
