import { NO_EVENT, type Ns, type Simulation } from "../../engine/index.ts";
import { compareVersions } from "../../engine/scenario/fields.ts";
import type { CounterTable } from "../../engine/results/counters.ts";
import type { EventLog } from "../../engine/results/event-log.ts";
import { NS_PER_SECOND } from "../../engine/time.ts";
import type { Cgroup } from "../cfs/cgroup.ts";
import { reportCpuStat } from "../cfs/counters.ts";
import { NodeScheduler } from "../cfs/scheduler.ts";
import { parseCgroupFile } from "../cfs/schema.ts";
import type { NodeAgent, PodRejection } from "../cluster/cluster.ts";
import { kubernetesMinor } from "../cluster/kubernetes-version.ts";
import type { Node } from "../cluster/node.ts";
import type { ClusterObserver } from "../cluster/observer.ts";
import type { PodContainer } from "../cluster/pod-container.ts";
import type { Pod, PodFailure } from "../cluster/pod.ts";
import type { ServiceMeter } from "../cluster/request-queue.ts";
import type { BackOff } from "../images/backoff.ts";
import { crashLoopBackOff } from "./crash-loop-backoff.ts";
import { isGateOn } from "./feature-gates.ts";
import { killTimeout } from "./grace.ts";
import { KubeletLoops } from "./loops.ts";
import { NodeCgroups, type PodCgroups, type Refusal } from "./node-cgroups.ts";
import { IDEAL_RUNTIME, type PodImages, type PodNetwork, type RuntimeLatencies } from "./pod-interfaces.ts";
import { PodWorker } from "./pod-worker.ts";
import { BACK_OFF_IS_ERROR_SINCE } from "./pod-workers.ts";
import { nodeRestartPeriod } from "./restart-schema.ts";

/** Source: kubernetes v1.34 pkg/kubelet/apis/config/v1beta1/defaults.go, SyncFrequency. */
const SYNC_FREQUENCY: Ns = 60 * NS_PER_SECOND;

export interface KubeletOptions {
  simulation: Simulation;
  node: Node;
  kubernetesVersion: string;
  events: EventLog;
  observers: readonly ClusterObserver[];
  latencies?: RuntimeLatencies;
  /** How the container runtime converts shares to cpu.weight; default: the newest runtimes' way. */
  containerWeight?: (shares: number) => number;
  images?: PodImages;
  network?: PodNetwork;
  /** What counts the requests in service of a container, if anything does. */
  meterOf?: (pod: Pod, container: PodContainer) => ServiceMeter | undefined;
}

/** What the eviction manager asks of its kubelet. */
export interface Eviction extends PodFailure {
  /** Grace period override in seconds. */
  graceSeconds: number;
}

/** The kubelet of one node: takes pods, has a worker for each, and carries out changes to them. */
export class Kubelet implements NodeAgent {
  readonly simulation: Simulation;
  readonly node: Node;
  readonly scheduler: NodeScheduler;
  readonly loops: KubeletLoops;
  readonly latencies: RuntimeLatencies;
  readonly images: PodImages | undefined;
  readonly network: PodNetwork | undefined;
  readonly meterOf: KubeletOptions["meterOf"];
  readonly observers: readonly ClusterObserver[];
  readonly syncFrequency: Ns;
  /** Whether a sync that meets nothing but back-off counts as failed. */
  readonly backOffIsError: boolean;
  readonly hasRandomPhases: boolean;
  /** Asked in turn about every pod that comes; the first that objects fails it. */
  readonly admission: Array<(pod: Pod) => PodFailure | undefined> = [];
  /** The restarts of its containers; begins afresh with the kubelet. */
  backOff: BackOff;

  readonly #minor: number;
  readonly #events: EventLog;
  readonly #cgroups: NodeCgroups;
  /** Its pods that are neither terminated nor gone, in the order in which they came. */
  readonly #workers = new Map<Pod, PodWorker>();
  /** Every cgroup that a pod or container has had, by its object in counters.csv, in the order of the pods. */
  readonly #counted = new Map<string, Cgroup[]>();

  constructor(options: KubeletOptions) {
    const { simulation, node, kubernetesVersion, events, observers, images, network, meterOf } = options;
    const { kernel, kubelet, capacity } = node.entry;
    this.simulation = simulation;
    this.node = node;
    this.observers = observers;
    this.latencies = options.latencies ?? IDEAL_RUNTIME;
    this.images = images;
    this.network = network;
    this.meterOf = meterOf;
    this.backOffIsError = compareVersions(kubernetesVersion, BACK_OFF_IS_ERROR_SINCE) >= 0;
    this.syncFrequency = kubelet.syncFrequency ?? SYNC_FREQUENCY;
    this.hasRandomPhases = kernel.phases === "random";
    this.#minor = kubernetesMinor(kubernetesVersion);
    this.#events = events;
    const stream = simulation.streams.fresh(`node/${node.stream}/ticks`);
    this.scheduler = new NodeScheduler(simulation, kernel, capacity.cpu, stream);
    this.#cgroups = new NodeCgroups({
      simulation,
      scheduler: this.scheduler,
      kernel,
      kubelet,
      kubernetesVersion,
      stream: node.stream,
      cpuCount: capacity.cpu,
      containerWeight: options.containerWeight,
      onRefused: (pod, cgroup, reason) => this.#reportRefusal(pod, cgroup, "", reason),
    });
    const loopStream = this.hasRandomPhases ? simulation.streams.fresh(`node/${node.stream}/kubelet`) : undefined;
    this.loops = new KubeletLoops(simulation, loopStream);
    this.backOff = this.#newBackOff();
  }

  /** The cgroups of its pods that are there, with those of their running containers; in the order of the pods. */
  *podCgroups(): Generator<{ pod: Pod; cgroups: PodCgroups }> {
    for (const [pod, { cgroups }] of this.#workers) if (cgroups !== undefined) yield { pod, cgroups };
  }

  /**
   * Takes a pod that has been bound to this node; `start` begins with it. Says instead why the node does not take it. At
   * time 0 the pod has been there for long, and what the kernel refuses to it counts too.
   */
  admit(pod: Pod): PodRejection | undefined {
    for (const admits of this.admission) {
      const failure = admits(pod);
      if (failure !== undefined) return { ...failure, refusals: [] };
    }
    const cgroups = this.#addCgroups(pod);
    if (Array.isArray(cgroups)) return rejection(cgroups);
    this.#workers.set(pod, new PodWorker(pod, cgroups, this));
    return undefined;
  }

  start(pod: Pod): void {
    this.#workers.get(pod)?.sync();
  }

  /** Somebody has deleted the pod: stops it with its own grace period. */
  delete(pod: Pod): void {
    this.#workers.get(pod)?.stop({ deletion: pod.spec.terminationGracePeriodSeconds });
  }

  /**
   * Kills a pod for the node's sake: it ends as Failed with this reason and message. `done` is called once: when nothing
   * of the pod runs any more (true), or when the wait for that is over (false, rule K8).
   * Source: kubernetes v1.34 pkg/kubelet/pod_workers.go, killPodNow.
   */
  evict(pod: Pod, { reason, message, graceSeconds }: Eviction, done?: (isKilled: boolean) => void): void {
    const worker = this.#workers.get(pod);
    if (worker === undefined) return done?.(true);
    this.event(pod, reason, message);
    const seconds = killTimeout(pod.spec.terminationGracePeriodSeconds, graceSeconds);
    let isWaiting = true;
    let timeout = NO_EVENT;
    const answer = (isKilled: boolean) => {
      if (!isWaiting) return;
      isWaiting = false;
      this.simulation.cancel(timeout);
      done?.(isKilled);
    };
    const giveUp = () => {
      this.event(pod, "ExceededGracePeriod", "Container runtime did not kill the pod within specified grace period.");
      answer(false);
    };
    timeout = this.simulation.schedule(seconds * NS_PER_SECOND, giveUp, undefined);
    worker.stop({ override: graceSeconds, failure: { reason, message } }, () => answer(true));
  }

  /** Everything that runs on the node is lost. */
  nodeDown(): void {
    for (const worker of this.#workers.values()) worker.nodeDown();
  }

  /** The node has booted: a new kubelet finds its pods and starts them over. */
  nodeUp(): void {
    this.loops.restart();
    this.backOff = this.#newBackOff();
    // Pods that come as replacements meanwhile are not among them.
    const workers = [...this.#workers];
    for (const [pod, worker] of workers) {
      if (pod.stage === "terminating") {
        worker.nodeUp(undefined);
        continue;
      }
      const cgroups = this.#addCgroups(pod);
      if (!Array.isArray(cgroups)) {
        worker.nodeUp(cgroups);
        continue;
      }
      const { reason, message } = rejection(cgroups);
      this.event(pod, reason, message);
      worker.stop({ failure: { reason, message } });
      worker.nodeUp(undefined);
    }
  }

  /** The kubelet begins again: it forgets its back-offs and looks at every pod; containers go on. */
  restart(): void {
    this.loops.restart();
    this.backOff = this.#newBackOff();
    this.event(this.node, "Starting", "Starting kubelet.");
    const workers = [...this.#workers.values()];
    for (const worker of workers) worker.kubeletRestarted();
  }

  /** The worker's pod is terminated, or its node has left the cluster. */
  forget({ pod }: PodWorker): void {
    this.#workers.delete(pod);
  }

  /** The node has left the cluster: nothing of its pods is left. */
  forgetAll(): void {
    this.#workers.clear();
  }

  /** Carries a changed CPU request or limit of a running pod to its cgroups. */
  resize(pod: Pod): void {
    const cgroups = this.#workers.get(pod)?.cgroups;
    if (cgroups === undefined) return;
    for (const { cgroup, reason } of this.#cgroups.resizePod(cgroups))
      this.#reportRefusal(pod.name, cgroup, "", reason);
  }

  /** Writes one cgroup file of a pod, or of a running container of it, as a user would. */
  writeCgroupFile(pod: Pod, container: string | undefined, file: string, value: string | number): void {
    const cgroups = this.#workers.get(pod)?.cgroups;
    const cgroup = container === undefined ? cgroups?.pod : cgroups?.containers.get(container);
    const reason = cgroup?.write(parseCgroupFile(this.node.entry.kernel.cgroup, file, value));
    if (cgroup !== undefined && reason !== undefined) {
      const name = container === undefined ? pod.name : `${pod.name}/${container}`;
      this.#reportRefusal(pod.name, name, ` of ${JSON.stringify(value)} to ${file}`, reason);
    }
  }

  /** cpu.stat of every pod and container that the node has had, restarted containers added up. */
  reportCounters(counters: CounterTable): void {
    for (const [object, cgroups] of this.#counted) {
      for (const cgroup of cgroups) reportCpuStat(counters, object, cgroup);
    }
  }

  /** An event of this kubelet about a pod or its node. */
  event({ object }: { object: string }, reason: string, message: string): void {
    this.#events.add(this.simulation.now, this.node.name, object, reason, message);
  }

  /** For workers: the cgroup of a container's next run. */
  addCgroup(cgroups: PodCgroups, { spec, runs }: PodContainer): Cgroup {
    const cgroup = this.#cgroups.addContainer(cgroups, spec, runs, this.simulation.now === 0);
    this.#count(`cgroup/${cgroups.name}/${spec.name}`, cgroup);
    return cgroup;
  }

  removeCgroup(cgroups: PodCgroups, { name }: PodContainer): void {
    this.#cgroups.removeContainer(cgroups, name);
  }

  removeCgroups(cgroups: PodCgroups): void {
    this.#cgroups.removePod(cgroups);
  }

  #addCgroups(pod: Pod): PodCgroups | Refusal[] {
    const { spec, cgroup } = pod.workload.entry;
    const cgroups = this.#cgroups.addPod(pod.name, pod.stream, spec, cgroup, this.simulation.now === 0);
    if (Array.isArray(cgroups)) return cgroups;
    this.#count(`cgroup/${pod.name}`, cgroups.pod);
    for (const { name } of pod.allContainers) this.#count(`cgroup/${pod.name}/${name}`);
    return cgroups;
  }

  /** Keeps the cgroup for counters.csv; without one, keeps the object's place there. */
  #count(object: string, ...cgroup: Cgroup[]): void {
    const cgroups = this.#counted.get(object);
    if (cgroups === undefined) this.#counted.set(object, cgroup);
    else cgroups.push(...cgroup);
  }

  #newBackOff(): BackOff {
    const { kubelet } = this.node.entry;
    return crashLoopBackOff({
      reducedDecay: isGateOn("ReduceDefaultCrashLoopBackOffDecay", kubelet.featureGates, this.#minor),
      maxContainerRestartPeriod: nodeRestartPeriod(kubelet, this.#minor),
    });
  }

  #reportRefusal(pod: string, cgroup: string, what: string, reason: string): void {
    const message = `write${what} in cgroup ${cgroup}: EINVAL: ${reason}`;
    this.event({ object: `pod/${pod}` }, "CgroupWriteRefused", message);
  }
}

/** How the kubelet reports a pod that it cannot take. Source: kubernetes v1.34 pkg/kubelet/lifecycle/predicate.go. */
function rejection(refusals: readonly Refusal[]): PodRejection {
  const whys = refusals.map(({ container, reason }) => (container === undefined ? reason : `${container}: ${reason}`));
  return { reason: "UnexpectedAdmissionError", message: `Allocate failed: ${whys.join("; ")}`, refusals };
}
