import type { Ns } from "../../engine/index.ts";
import { podPhase, type PodPhase } from "../kubelet/phase.ts";
import type { ClusterObserver } from "./observer.ts";
import type { Node } from "./node.ts";
import { PodContainer } from "./pod-container.ts";
import { podPriority, type PodSpec } from "./pod-spec.ts";
import type { Workload } from "./workload.ts";

/**
 * created: no node yet. bound: its kubelet has it; pulls, starts and serves. terminating: its containers are being
 * stopped. terminated: nothing of it runs, its object is still there with its last phase. gone: its object is deleted.
 */
export type PodStage = "created" | "bound" | "terminating" | "terminated" | "gone";

/** What a stage may lead to: a pod without a node goes at once, and a node that goes takes its pods with it. */
const NEXT: Readonly<Record<PodStage, readonly PodStage[]>> = {
  created: ["bound", "gone"],
  bound: ["terminating", "terminated", "gone"],
  terminating: ["terminated", "gone"],
  terminated: ["gone"],
  gone: [],
};

/** Why a pod failed, as in its status. */
export interface PodFailure {
  /** As Evicted, OutOfcpu, UnexpectedAdmissionError. */
  reason: string;
  message: string;
}

export interface PodOptions {
  name: string;
  workload: Workload;
  /** Its place in the workload: the number in its name, or that of its node for a DaemonSet. */
  number: number;
  /** Its name for random streams. */
  stream: string;
  createdAt: Ns;
  /** The nodes on which it may run, by its own field or its controller's; undefined: any. */
  nodes?: readonly Node[];
  observers: readonly ClusterObserver[];
}

/** One pod from created to gone: the one place where its stages follow each other. */
export class Pod {
  readonly name: string;
  readonly workload: Workload;
  readonly number: number;
  readonly stream: string;
  readonly createdAt: Ns;
  readonly nodes: readonly Node[] | undefined;
  readonly initContainers: readonly PodContainer[];
  readonly containers: readonly PodContainer[];
  stage: PodStage = "created";
  /** Somebody deleted it: its controller does not count it any more, and it gets no requests. */
  isDeleted = false;
  failure: PodFailure | undefined;
  ip: string | undefined;

  readonly #observers: readonly ClusterObserver[];
  #node: Node | undefined;
  #boundAt: Ns = 0;
  #isReady = false;
  #finalPhase: "Succeeded" | "Failed" | undefined;

  constructor({ name, workload, number, stream, createdAt, nodes, observers }: PodOptions) {
    this.name = name;
    this.workload = workload;
    this.number = number;
    this.stream = stream;
    this.createdAt = createdAt;
    this.nodes = nodes;
    this.#observers = observers;
    const { initContainers = [], containers } = workload.entry.spec;
    this.initContainers = initContainers.map(
      (spec) => new PodContainer(spec, spec.restartPolicy === "Always" ? "sidecar" : "init"),
    );
    this.containers = containers.map((spec) => new PodContainer(spec, "regular"));
  }

  get spec(): PodSpec {
    return this.workload.entry.spec;
  }

  /** As events name it. */
  get object(): string {
    return `pod/${this.name}`;
  }

  get priority(): number {
    return podPriority(this.spec);
  }

  /** Its configuration comes from a file on its node: no scheduler, no controller. */
  get isStatic(): boolean {
    return this.workload.entry.metadata.annotations["kubernetes.io/config.source"] === "file";
  }

  /** Its node; it must have been bound. */
  get node(): Node {
    if (this.#node === undefined) throw new Error(`pod ${this.name} has no node`);
    return this.#node;
  }

  get isBound(): boolean {
    return this.#node !== undefined;
  }

  get boundAt(): Ns {
    return this.#boundAt;
  }

  /** All its containers, in the order in which they start. */
  get allContainers(): readonly PodContainer[] {
    return this.initContainers.length === 0 ? this.containers : [...this.initContainers, ...this.containers];
  }

  get phase(): PodPhase {
    if (this.#finalPhase !== undefined) return this.#finalPhase;
    return this.stage === "created" ? "Pending" : this.#phaseOfContainers(false);
  }

  /** Whether its controller counts it: neither deleted nor finished. */
  get isActive(): boolean {
    return !this.isDeleted && (this.stage === "created" || this.stage === "bound" || this.stage === "terminating");
  }

  /** Whether requests may be sent to it: its containers and sidecars are ready, and nobody stops it. */
  get isReady(): boolean {
    return this.#isReady;
  }

  bind(node: Node, at: Ns): void {
    this.#node = node;
    this.#boundAt = at;
    node.pods.push(this);
    this.#enter("bound");
    this.#tell((observer) => observer.podBound?.(this));
  }

  /** Somebody asks for its end. Stopping it is its kubelet's part. */
  markDeleted(): void {
    if (this.isDeleted) return;
    this.isDeleted = true;
    this.updateReadiness();
    this.#tell((observer) => observer.podDeleted?.(this));
  }

  /** Its containers are being stopped. */
  terminate(): void {
    this.#enter("terminating");
    this.updateReadiness();
    this.#tell((observer) => observer.podTerminating?.(this));
  }

  /** Nothing of it runs any more, and nothing will. */
  terminated(): void {
    const hasSucceeded = this.failure === undefined && this.#phaseOfContainers(true) === "Succeeded";
    this.#finalPhase = hasSucceeded ? "Succeeded" : "Failed";
    this.#enter("terminated");
    this.updateReadiness();
    this.#tell((observer) => observer.podTerminated?.(this));
  }

  /** Its object is deleted. */
  vanish(): void {
    this.#enter("gone");
    this.updateReadiness();
    this.#node?.remove(this);
    this.workload.remove(this);
    this.#tell((observer) => observer.podGone?.(this));
  }

  /** To be called whenever something on which its readiness depends has changed. */
  updateReadiness(): void {
    const isReady = this.#servesNow();
    if (isReady === this.#isReady) return;
    this.#isReady = isReady;
    this.workload.readinessChanged();
    this.#tell((observer) => (isReady ? observer.podReady?.(this) : observer.podUnready?.(this)));
  }

  #phaseOfContainers(isTerminal: boolean): PodPhase {
    return podPhase({
      restartPolicy: this.spec.restartPolicy,
      initContainers: this.initContainers.map(({ kind, status }) => ({ isSidecar: kind === "sidecar", status })),
      containers: this.containers.map(({ status }) => status),
      isTerminal,
      isStatic: this.isStatic,
    });
  }

  #servesNow(): boolean {
    if (this.stage !== "bound" || this.isDeleted || this.#node?.state !== "up") return false;
    return (
      this.containers.every(({ isReady }) => isReady) &&
      this.initContainers.every(({ kind, isReady }) => kind === "init" || isReady)
    );
  }

  #enter(stage: PodStage): void {
    if (!NEXT[this.stage].includes(stage))
      throw new Error(`pod ${this.name} cannot become ${stage}: it is ${this.stage}`);
    this.stage = stage;
  }

  #tell(what: (observer: ClusterObserver) => void): void {
    for (const observer of this.#observers) what(observer);
  }
}
