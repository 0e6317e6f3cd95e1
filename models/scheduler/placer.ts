import type { Simulation } from "../../engine/index.ts";
import type { EventLog } from "../../engine/results/event-log.ts";
import { allocatable, podRequests } from "../cluster/fit.ts";
import type { Node } from "../cluster/node.ts";
import type { ClusterObserver } from "../cluster/observer.ts";
import type { Pod } from "../cluster/pod.ts";
import {
  failedSchedulingMessage,
  filterReasons,
  NOT_ALLOWED,
  nonZeroRequests,
  scores,
  type NodeInfo,
  type PodInfo,
} from "./rules.ts";
import { DAEMON_TOLERATIONS } from "./tolerations.ts";

export interface PlacerOptions {
  simulation: Simulation;
  events: EventLog;
  /** In the scenario's order; those of equal score are taken in it. */
  nodes: readonly Node[];
  /** Called with the node of a pod that has found one. */
  bind: (pod: Pod, node: Node) => void;
}

/** A pod that waits for room. */
interface Pending {
  pod: Pod;
  order: number;
  /** What the last attempt said; the same is not said again. */
  message: string;
}

/**
 * A small faithful scheduler: one pod at a time, by the filters and scores that a scenario can touch, with sums over the
 * pods that are bound. Pods are taken in the order in which they are made. One that fits nowhere waits, holds up none that
 * come after it, and is tried again, by priority and then in the order of waiting, as soon as a node or a pod has made
 * room.
 * Source: kubernetes v1.34 pkg/scheduler/backend/queue/scheduling_queue.go (activeQ, unschedulablePods).
 *
 * Simplified: it takes no time, ties go to the first node instead of a random one, and nothing is preempted.
 */
export class Placer implements ClusterObserver {
  readonly #options: PlacerOptions;
  readonly #infos = new Map<Node, NodeInfo>();
  /** What every pod that counts on its node has been counted with. */
  readonly #counted = new Map<Pod, PodInfo>();
  #pending: Pending[] = [];
  #order = 0;
  #isRetrying = false;

  constructor(options: PlacerOptions) {
    this.#options = options;
    for (const node of options.nodes) this.#infos.set(node, emptyInfo(node));
    options.simulation.invariant("the scheduler's sums are those of the pods", () => this.#imbalance());
  }

  /** Pods that wait for room. */
  get pending(): readonly Pod[] {
    return this.#pending.map(({ pod }) => pod);
  }

  /** Takes a new pod: places it at once if it fits, or among the waiting ones if those are about to be tried again. */
  add(pod: Pod): void {
    const entry: Pending = { pod, order: this.#order++, message: "" };
    if (!this.#isRetrying && this.#place(entry)) return;
    this.#pending.push(entry);
  }

  /** Tries the waiting pods again, in this instant: something has changed that may make room. */
  retry(): void {
    if (this.#isRetrying || this.#pending.length === 0) return;
    this.#isRetrying = true;
    this.#options.simulation.schedule(0, retryAll, this);
  }

  retryAll(): void {
    this.#isRetrying = false;
    const waiting = this.#pending.toSorted((a, b) => b.pod.priority - a.pod.priority || a.order - b.order);
    this.#pending = [];
    const left = waiting.filter((entry) => entry.pod.stage === "created" && !this.#place(entry));
    // What was added meanwhile waits behind.
    this.#pending = [...left, ...this.#pending];
  }

  podBound(pod: Pod): void {
    const info = podInfo(pod);
    this.#counted.set(pod, info);
    this.#count(pod.node, info, 1);
  }

  /** The pod's requests have changed. */
  resized(pod: Pod): void {
    if (!this.#release(pod)) return;
    this.podBound(pod);
    this.retry();
  }

  podTerminated(pod: Pod): void {
    if (this.#release(pod)) this.retry();
  }

  podGone(pod: Pod): void {
    if (!pod.isBound) this.#pending = this.#pending.filter((entry) => entry.pod !== pod);
    else if (this.#release(pod)) this.retry();
  }

  nodeUp(): void {
    this.retry();
  }

  #place(entry: Pending): boolean {
    const { simulation, events, nodes, bind } = this.#options;
    const { pod } = entry;
    const candidates = (pod.nodes ?? nodes).filter(({ state }) => state !== "absent");
    const info = podInfo(pod);
    const feasible: Node[] = [];
    const reasons = new Map<string, number>();
    const refuse = (reason: string, count = 1) => reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    for (const node of candidates) {
      const refused = this.#refusals(pod, info, node);
      if (refused.length === 0) feasible.push(node);
      for (const reason of refused) refuse(reason);
    }
    if (feasible.length > 0) {
      bind(pod, feasible.length === 1 ? feasible[0] : this.#best(info, feasible));
      return true;
    }
    const total = nodes.filter(({ state }) => state !== "absent").length;
    if (total > candidates.length) refuse(NOT_ALLOWED, total - candidates.length);
    const message = failedSchedulingMessage(total, reasons);
    if (message !== entry.message) events.add(simulation.now, "", pod.object, "FailedScheduling", message);
    entry.message = message;
    return false;
  }

  #refusals(pod: Pod, info: PodInfo, node: Node): string[] {
    if (pod.isStatic) return node.state === "up" ? [] : ["node(s) were down"];
    if (node.state === "down") return ["node(s) had untolerated taint {node.kubernetes.io/unreachable: }"];
    return filterReasons(info, this.#infoOf(node));
  }

  #best(info: PodInfo, nodes: readonly Node[]): Node {
    const points = scores(
      info,
      nodes.map((node) => this.#infoOf(node)),
    );
    let best = 0;
    for (let i = 1; i < nodes.length; i++) if (points[i] > points[best]) best = i;
    return nodes[best];
  }

  /** What is wrong with the sums that are kept; undefined if nothing is. */
  #imbalance(): string | undefined {
    for (const [node, { requested }] of this.#infos) {
      const counted = node.pods.filter((pod) => this.#counted.has(pod));
      const cpu = counted.reduce((sum, pod) => sum + (this.#counted.get(pod)?.requests.cpu ?? 0), 0);
      if (requested.cpu !== cpu || requested.pods !== counted.length) {
        return `node ${node.name} has ${counted.length} pods with ${cpu}m, and ${requested.pods} with ${requested.cpu}m are counted`;
      }
    }
    return undefined;
  }

  #infoOf(node: Node): NodeInfo {
    return this.#infos.get(node) as NodeInfo;
  }

  /** The pod takes nothing of its node any more; false if it did not before. */
  #release(pod: Pod): boolean {
    const info = this.#counted.get(pod);
    if (info === undefined) return false;
    this.#counted.delete(pod);
    this.#count(pod.node, info, -1);
    return true;
  }

  #count(node: Node, info: PodInfo, sign: 1 | -1): void {
    const { requested, nonZero } = this.#infoOf(node);
    for (const resource of ["cpu", "memory", "ephemeral-storage", "pods"] as const) {
      requested[resource] += sign * info.requests[resource];
    }
    nonZero.cpu += sign * info.nonZero.cpu;
    nonZero.memory += sign * info.nonZero.memory;
  }
}

function emptyInfo(node: Node): NodeInfo {
  return {
    allocatable: allocatable(node.entry),
    requested: { cpu: 0, memory: 0, "ephemeral-storage": 0, pods: 0 },
    nonZero: { cpu: 0, memory: 0 },
    // Both lists may change while the scenario runs.
    get taints() {
      return node.conditionTaints.length === 0 ? node.entry.taints : [...node.entry.taints, ...node.conditionTaints];
    },
    labels: node.entry.labels,
  };
}

function podInfo(pod: Pod): PodInfo {
  const { spec } = pod;
  const requests = { ...podRequests(spec), pods: 1 };
  const isDaemon = pod.workload.entry.kind === "DaemonSet";
  return {
    requests,
    nonZero: nonZeroRequests(requests),
    tolerations: isDaemon ? [...DAEMON_TOLERATIONS, ...spec.tolerations] : spec.tolerations,
    nodeSelector: spec.nodeSelector ?? {},
  };
}

function retryAll(placer: Placer): void {
  placer.retryAll();
}
