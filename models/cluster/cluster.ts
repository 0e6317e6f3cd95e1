import type { Simulation } from "../../engine/index.ts";
import type { EventLog } from "../../engine/results/event-log.ts";
import { nodesOf, type Node } from "./node.ts";
import type { ClusterObserver } from "./observer.ts";
import { Pod, type PodFailure } from "./pod.ts";
import type { NodeEntry, Workload as WorkloadEntry } from "./schema.ts";
import { Workload } from "./workload.ts";

/** Why a node does not take a pod; `refusals` says it container by container, where it can. */
export interface PodRejection extends PodFailure {
  refusals: ReadonlyArray<{ container?: string; reason: string }>;
}

/** The kubelet, as the cluster sees it. */
export interface NodeAgent {
  /** Takes a pod that has just been bound; it starts with `start`. */
  admit(pod: Pod): PodRejection | undefined;
  start(pod: Pod): void;
  /** Stops a pod that somebody has deleted. */
  delete(pod: Pod): void;
  nodeDown(): void;
  nodeUp(): void;
  /** The node has left the cluster: none of its pods is left. */
  forgetAll(): void;
}

/** Who finds a node for a pod, and binds it by `Cluster.bind`. */
export interface PodPlacer {
  add(pod: Pod): void;
}

/** What a controller says of a pod that it wants. */
export interface NewPod {
  workload: Workload;
  name: string;
  /** The number in its name, or that of its node; it names its random draws. */
  number: number;
  /** The nodes on which it may run; undefined: any. */
  nodes?: readonly Node[];
}

/**
 * The stage on which all mechanisms play: nodes, workloads and the pods that they have. Pods are made, bound and deleted
 * here; what happens to them in between is their kubelet's doing.
 *
 * Until `start` pods are only bound, in the order of the workloads, and admitted, all before the first one begins, as on
 * nodes where everything has been there for long.
 */
export class Cluster {
  readonly nodes: readonly Node[];
  readonly workloads: readonly Workload[];
  /** Told of everything that happens to pods and nodes, in this order. */
  readonly observers: ClusterObserver[] = [];

  readonly #simulation: Simulation;
  readonly #events: EventLog;
  readonly #incarnations = new Map<string, number>();
  #agentOf: ((node: Node) => NodeAgent) | undefined;
  #placer: PodPlacer | undefined;
  #waitingToStart: Pod[] | undefined = [];

  constructor(
    simulation: Simulation,
    events: EventLog,
    nodes: readonly NodeEntry[],
    workloads: readonly WorkloadEntry[],
  ) {
    this.#simulation = simulation;
    this.#events = events;
    this.nodes = nodes.flatMap((entry) => nodesOf(entry));
    this.workloads = workloads.map((entry) => new Workload(entry));
  }

  /** Gives the cluster its kubelets and its scheduler: to be called once, before the first pod is made. */
  connect(agentOf: (node: Node) => NodeAgent, placer: PodPlacer): void {
    this.#agentOf = agentOf;
    this.#placer = placer;
  }

  /** Pods whose objects exist, workload by workload. */
  get pods(): Pod[] {
    return this.workloads.flatMap((workload) => workload.pods);
  }

  /** The workload of this name; the scenario is valid, so there is one. */
  workload(name: string): Workload {
    return this.workloads.find((workload) => workload.name === name) as Workload;
  }

  /** The nodes for which a name stands: one, or all of an entry with count. */
  nodesNamed(name: string): Node[] {
    return this.nodes.filter((node) => node.name === name || node.entry.name === name);
  }

  /** Whether a pod of the run has had this name. */
  hasHad(podName: string): boolean {
    return this.#incarnations.has(podName);
  }

  /** Makes a pod and gives it to the scheduler. */
  createPod({ workload, name, number, nodes }: NewPod): Pod {
    const { now } = this.#simulation;
    // A name that comes back draws other numbers than before.
    const incarnation = this.#incarnations.get(name) ?? 0;
    this.#incarnations.set(name, incarnation + 1);
    const stream = `${workload.stream}-${number}${incarnation === 0 ? "" : `/${incarnation}`}`;
    const pod = new Pod({ name, workload, number, stream, createdAt: now, nodes, observers: this.observers });
    workload.pods.push(pod);
    this.#placer?.add(pod);
    return pod;
  }

  /** For the scheduler: the pod has found its node. */
  bind(pod: Pod, node: Node): void {
    pod.bind(node, this.#simulation.now);
    const assigned = `Successfully assigned default/${pod.name} to ${node.name}`;
    this.#events.add(this.#simulation.now, "", pod.object, "Scheduled", assigned);
    if (this.#waitingToStart !== undefined) {
      this.#waitingToStart.push(pod);
      return;
    }
    const rejected = this.#agent(node).admit(pod);
    if (rejected === undefined) {
      this.#agent(node).start(pod);
      return;
    }
    const { reason, message } = rejected;
    this.#events.add(this.#simulation.now, node.name, pod.object, reason, message);
    pod.failure = { reason, message };
    pod.terminated();
  }

  /** Begins with the pods that have been bound so far. Gives what their nodes refuse instead, and begins with none then. */
  start(): Array<{ pod: Pod; rejection: PodRejection }> {
    const pods = this.#waitingToStart ?? [];
    this.#waitingToStart = undefined;
    const rejected = pods.flatMap((pod) => {
      const rejection = this.#agent(pod.node).admit(pod);
      return rejection === undefined ? [] : [{ pod, rejection }];
    });
    if (rejected.length > 0) return rejected;
    for (const pod of pods) this.#agent(pod.node).start(pod);
    return [];
  }

  /** Deletes a pod, as `kubectl delete` does: it has its grace period; one that does not run goes at once. */
  deletePod(pod: Pod): void {
    if (pod.stage === "created" || pod.stage === "terminated") {
      pod.vanish();
      return;
    }
    pod.markDeleted();
    if (pod.stage === "bound" || pod.stage === "terminating") this.#agent(pod.node).delete(pod);
  }

  /** The node loses power: what runs on it is lost; its pods stay bound to it and start over when it is up again. */
  nodeDown(node: Node): void {
    if (node.state !== "up") return;
    node.state = "down";
    this.#nodeEvent(node, "NodeNotReady", `Node ${node.name} status is now: NodeNotReady`);
    this.#agent(node).nodeDown();
    for (const observer of this.observers) observer.nodeDown?.(node);
  }

  nodeUp(node: Node): void {
    if (node.state !== "down") return;
    node.state = "up";
    this.#nodeEvent(node, "Rebooted", `Node ${node.name} has been rebooted`);
    this.#nodeEvent(node, "NodeReady", `Node ${node.name} status is now: NodeReady`);
    for (const observer of this.observers) observer.nodeUp?.(node);
    this.#agent(node).nodeUp();
  }

  /** The node joins the cluster, with nothing on it. */
  nodeJoin(node: Node): void {
    if (node.state !== "absent") return;
    node.state = "up";
    this.#nodeEvent(node, "RegisteredNode", `Node ${node.name} event: Registered Node ${node.name} in Controller`);
    for (const observer of this.observers) observer.nodeUp?.(node);
  }

  /** The node leaves the cluster for good, and takes its pods with it. */
  nodeDelete(node: Node): void {
    if (node.state === "absent") return;
    if (node.state === "up") this.#agent(node).nodeDown();
    node.state = "absent";
    this.#nodeEvent(node, "RemovingNode", `Node ${node.name} event: Removing Node ${node.name} from Controller`);
    this.#agent(node).forgetAll();
    for (const observer of this.observers) observer.nodeDeleted?.(node);
    const pods = [...node.pods];
    for (const pod of pods) pod.vanish();
  }

  #agent(node: Node): NodeAgent {
    if (this.#agentOf === undefined) throw new Error("the cluster is not connected");
    return this.#agentOf(node);
  }

  #nodeEvent(node: Node, reason: string, message: string): void {
    this.#events.add(this.#simulation.now, "", node.object, reason, message);
  }
}
