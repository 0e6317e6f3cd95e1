import type { Cluster } from "../cluster/cluster.ts";
import type { Node } from "../cluster/node.ts";
import type { ClusterObserver } from "../cluster/observer.ts";
import type { Pod } from "../cluster/pod.ts";
import type { Workload } from "../cluster/workload.ts";
import type { Simulation } from "../../engine/index.ts";
import type { EventLog } from "../../engine/results/event-log.ts";
import { BarePod } from "./bare-pod.ts";
import { DaemonSetController } from "./daemon-set.ts";
import { DeploymentController } from "./deployment.ts";
import { JobController } from "./job.ts";
import { StatefulSetController } from "./stateful-set.ts";

/** What a controller works with. */
export interface ControllerContext {
  simulation: Simulation;
  cluster: Cluster;
  events: EventLog;
  workload: Workload;
  /** The nodes to which the workload is pinned; undefined: the scheduler chooses. */
  nodes: readonly Node[] | undefined;
}

/** Keeps the pods of one workload. */
export interface WorkloadController {
  /** Makes and deletes pods until the workload has what it asks for. Must bear being called at any time. */
  reconcile(): void;
  /** A container of the workload's pods has been started again. */
  containerRestarted?(): void;
}

/**
 * The controllers of all workloads, as ideal ones: they see everything in the instant in which it happens, and act on it
 * at once. A pod that its node refuses in the very instant in which it was made is replaced at the next change of the
 * cluster, or the refusals would never end.
 */
export class Controllers implements ClusterObserver {
  readonly #simulation: Simulation;
  readonly #controllers = new Map<Workload, WorkloadController>();
  /** Workloads whose last pod was refused in the instant in which it was made. */
  #held = new Set<Workload>();

  constructor(simulation: Simulation, cluster: Cluster, events: EventLog) {
    this.#simulation = simulation;
    for (const workload of cluster.workloads) {
      const { node } = workload.entry;
      const nodes = node === undefined ? undefined : cluster.nodesNamed(node);
      this.#controllers.set(workload, controllerOf({ simulation, cluster, events, workload, nodes }));
    }
  }

  /** Makes the first pods, workload by workload. */
  start(): void {
    for (const controller of this.#controllers.values()) controller.reconcile();
  }

  /** The workload's replicas have changed. */
  scaled(workload: Workload): void {
    this.#reconcile(workload);
  }

  podDeleted(pod: Pod): void {
    this.#reconcile(pod.workload);
  }

  podTerminated(pod: Pod): void {
    if (pod.failure !== undefined && pod.createdAt === this.#simulation.now) {
      this.#held.add(pod.workload);
      return;
    }
    this.#changed();
    this.#reconcile(pod.workload);
  }

  podGone(pod: Pod): void {
    this.#changed();
    this.#reconcile(pod.workload);
  }

  containerStarted(pod: Pod, { runs }: { runs: number }): void {
    if (runs > 1) this.#controllers.get(pod.workload)?.containerRestarted?.();
  }

  nodeUp(): void {
    this.retry();
  }

  /** Looks again at every workload: something has changed that may let nodes take what they refused. */
  retry(): void {
    this.#changed();
    for (const workload of this.#controllers.keys()) this.#reconcile(workload);
  }

  /** Something has changed that may let nodes take what they refused. */
  #changed(): void {
    const held = this.#held;
    this.#held = new Set();
    for (const workload of held) this.#reconcile(workload);
  }

  #reconcile(workload: Workload): void {
    if (!this.#held.has(workload)) this.#controllers.get(workload)?.reconcile();
  }
}

function controllerOf(context: ControllerContext): WorkloadController {
  switch (context.workload.entry.kind) {
    case "Pod":
      return new BarePod(context);
    case "Deployment":
      return new DeploymentController(context);
    case "StatefulSet":
      return new StatefulSetController(context);
    case "DaemonSet":
      return new DaemonSetController(context);
    case "Job":
      return new JobController(context);
  }
}
