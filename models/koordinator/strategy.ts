import type { Ns, Simulation } from "../../engine/index.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { CounterTable } from "../../engine/results/counters.ts";
import type { Cgroup } from "../cfs/cgroup.ts";
import type { KernelConfig } from "../cfs/kernel.ts";
import type { NodeScheduler } from "../cfs/scheduler.ts";
import type { PodSpec } from "../cluster/schema.ts";
import { CgroupWriter, fileOf, readUs, type Refusal, type Setting } from "./cgroup-writer.ts";
import { podConfig, type BurstConfig, type BurstStrategy } from "./config.ts";
import { COLLECT_INTERVAL, NODE_STATE_WINDOW, RECONCILE_INTERVAL, SAMPLE_WINDOW, USER_TICK } from "./defaults.ts";
import { ThrottleMeter, UsageMeter } from "./metrics.ts";
import { nodeState, sharePoolUsage, type NodeState } from "./node-state.ts";
import { isBurstable, koordinatorQos } from "./qos.ts";
import {
  baseQuotaUs,
  operationOnNode,
  quotaCeilingUs,
  quotaOperation,
  quotaWrites,
  targetQuotaUs,
} from "./quota-scaling.ts";
import { staticBurstUs } from "./static-burst.ts";
import { TokenLimiter, tokenCapacity, usagePercent } from "./token-limiter.ts";

/** A pod as koordlet sees it. */
export interface ManagedPod {
  readonly name: string;
  /** Its name for random streams. */
  readonly stream: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
  /** Its phase is Pending or Running. */
  readonly isActive: boolean;
  readonly pod: Cgroup;
  /** Those of its running containers. */
  readonly containers: ReadonlyMap<string, Cgroup>;
}

/** A write to a cgroup file that did not happen. */
export interface RefusedWrite extends Refusal {
  pod: ManagedPod;
  /** Undefined: the pod's own cgroup. */
  container: string | undefined;
  file: string;
  value: number;
}

export interface CpuBurstOptions {
  simulation: Simulation;
  scheduler: NodeScheduler;
  kernel: KernelConfig;
  /** The node's name for random streams. */
  stream: string;
  /** The node's strategy; asked at every pass, so that it may change. */
  strategy: () => BurstStrategy;
  /** The node's pods, in the order in which they came to it. */
  pods: () => Iterable<ManagedPod>;
  onRefused: (refused: RefusedWrite) => void;
}

/** What koordlet remembers of one container. */
interface ContainerState {
  readonly pod: ManagedPod;
  readonly name: string;
  readonly usage: UsageMeter;
  readonly throttling: ThrottleMeter;
  /** Gives the first tokens of its limiters. */
  readonly tokenStream: RandomStream;
  limiter?: TokenLimiter;
  /** Gauges of koordlet: the latest value that it set; undefined if never. */
  scaledBurstUs?: number;
  scaledQuotaUs?: number;
  scaleUps: number;
  scaleDowns: number;
}

/**
 * Koordinator's CPU burst strategy on one node: a loop that collects metrics every second, and one that then decides,
 * pod by pod, about the kernel's burst and about quotas. Koordlet starts at time 0, knowing nothing yet.
 *
 * Simplified: the loops take no time and keep their phases, and one loop collects what upstream's three collectors do.
 * Effect: upstream's passes are a few milliseconds more than a second apart, so that the phases drift against each other
 * and a decision may rest on a sample that is up to a second older.
 * Source: koordinator v1.8.0 pkg/koordlet/qosmanager/plugins/cpuburst/cpu_burst.go, pkg/koordlet/metricsadvisor/collectors
 */
export class CpuBurst {
  readonly #options: CpuBurstOptions;
  readonly #writer: CgroupWriter;
  readonly #nodeUsage = new UsageMeter(NODE_STATE_WINDOW);
  readonly #podUsage = new WeakMap<Cgroup, UsageMeter>();
  readonly #containers = new Map<Cgroup, ContainerState>();
  #refusedWrites = 0;

  constructor(options: CpuBurstOptions) {
    this.#options = options;
    this.#writer = new CgroupWriter(options.kernel.cgroup);
  }

  /** Starts both loops: the phase of the collection is drawn first, then that of the strategy; at one instant the collection comes first. */
  start(): void {
    const { simulation, stream, kernel } = this.#options;
    const random = simulation.streams.fresh(`node/${stream}/koordlet`);
    const phase = (interval: Ns) => (kernel.phases === "random" ? random.below(interval) : 0);
    simulation.schedule(phase(COLLECT_INTERVAL), onCollect, this);
    simulation.schedule(phase(RECONCILE_INTERVAL), onReconcile, this);
  }

  onCollectTimer(): void {
    this.#options.simulation.schedule(COLLECT_INTERVAL, onCollect, this);
    this.collect();
  }

  onReconcileTimer(): void {
    this.#options.simulation.schedule(RECONCILE_INTERVAL, onReconcile, this);
    this.reconcile();
  }

  /** Reads every counter once. */
  collect(): void {
    const { simulation, scheduler, pods } = this.#options;
    const { now } = simulation;
    const shown = scheduler.lastTick(now);
    const usage = (cgroup: Cgroup) => scheduler.usageOf(cgroup.group, shown);
    const nodeUsage = scheduler.usageOf(scheduler.root, shown);
    this.#nodeUsage.read(now, Math.floor(nodeUsage / USER_TICK) * USER_TICK);
    for (const managed of pods()) {
      this.#podMeter(managed.pod).read(now, usage(managed.pod));
      for (const [name, cgroup] of managed.containers) {
        const state = this.#stateOf(managed, name, cgroup);
        state.usage.read(now, usage(cgroup));
        state.throttling.read(now, cgroup.group.pool);
      }
    }
  }

  /** One pass of the strategy over all pods. */
  reconcile(): void {
    const { simulation, strategy, pods } = this.#options;
    const node = strategy();
    const state = this.nodeState(node);
    for (const managed of pods()) {
      if (!isBurstable(koordinatorQos(managed.labels)) || !managed.isActive) continue;
      const config = podConfig(managed.annotations, node);
      this.#applyBurst(managed, config);
      this.#scaleQuotas(managed, config, state);
    }
    for (const container of this.#containers.values()) {
      if (container.limiter?.isExpired(simulation.now)) container.limiter = undefined;
    }
  }

  /** The node's state as the next pass will find it. */
  nodeState({ sharePoolThresholdPercent }: BurstStrategy): NodeState {
    const { simulation, scheduler, pods } = this.#options;
    const { now } = simulation;
    const nodeUsage = this.#nodeUsage.samples.average(now, NODE_STATE_WINDOW);
    if (nodeUsage === undefined) return "unknown";
    const shares = [...pods()].map(({ labels, spec, pod }) => ({
      qos: koordinatorQos(labels),
      requestMilli: spec.containers.reduce((sum, { resources }) => sum + (resources.requests.cpu ?? 0), 0),
      usage: this.#podMeter(pod).samples.average(now, NODE_STATE_WINDOW),
    }));
    return nodeState(sharePoolUsage(scheduler.cpus.length, nodeUsage, shares), sharePoolThresholdPercent);
  }

  /** Koordlet's gauges at the end of the run, and how often it stepped and was refused. */
  reportCounters(counters: CounterTable, node: string): void {
    for (const { pod, name, ...state } of this.#containers.values()) {
      const object = `cgroup/${pod.name}/${name}`;
      if (state.scaledBurstUs !== undefined) {
        counters.add(object, "container_scaled_cfs_burst_us", state.scaledBurstUs);
      }
      if (state.scaledQuotaUs !== undefined) {
        counters.add(object, "container_scaled_cfs_quota_us", state.scaledQuotaUs);
      }
      counters.add(object, "sim_cfs_quota_scale_ups", state.scaleUps);
      counters.add(object, "sim_cfs_quota_scale_downs", state.scaleDowns);
    }
    counters.add(`node/${node}`, "sim_koordlet_refused_writes", this.#refusedWrites);
  }

  /** Sets the kernel's burst: containers first, then their sum for the pod. */
  #applyBurst(managed: ManagedPod, config: BurstConfig): void {
    if (!this.#options.scheduler.kernel.hasBurst) return;
    let podBurstUs = 0;
    for (const [name, cgroup] of inOrder(managed.containers)) {
      const burstUs = staticBurstUs(limitOf(managed.spec, name), config);
      podBurstUs += burstUs;
      if (this.#write(managed, name, cgroup, "burst", burstUs)) {
        this.#stateOf(managed, name, cgroup).scaledBurstUs = burstUs;
      }
    }
    this.#write(managed, undefined, managed.pod, "burst", podBurstUs);
  }

  #scaleQuotas(managed: ManagedPod, config: BurstConfig, node: NodeState): void {
    const { now } = this.#options.simulation;
    for (const [name, cgroup] of inOrder(managed.containers)) {
      const limitMilli = limitOf(managed.spec, name);
      const baseUs = baseQuotaUs(limitMilli);
      if (baseUs === undefined) continue;
      const state = this.#stateOf(managed, name, cgroup);
      const currentUs = readUs(cgroup, "quota");
      const ceilingUs = quotaCeilingUs(baseUs, config.cfsQuotaBurstPercent);
      // The limiter is asked even where the policy is off: its tokens move all the same.
      const isAllowed = this.#isAllowed(state, limitMilli / 1000, config);
      const asked = quotaOperation(config, isAllowed, state.throttling.samples.last(now, SAMPLE_WINDOW));
      const targetUs = targetQuotaUs(operationOnNode(asked, node), currentUs, baseUs, ceilingUs);
      if (targetUs === currentUs) continue;
      const writes = quotaWrites(currentUs, targetUs, readUs(managed.pod, "quota"));
      const areDone = writes.every(({ level, quotaUs }) =>
        level === "pod"
          ? this.#write(managed, undefined, managed.pod, "quota", quotaUs)
          : this.#write(managed, name, cgroup, "quota", quotaUs),
      );
      if (!areDone) continue;
      state.scaledQuotaUs = targetUs;
      if (targetUs > currentUs) state.scaleUps++;
      else state.scaleDowns++;
    }
  }

  #isAllowed(state: ContainerState, limit: number, config: BurstConfig): boolean {
    if (config.cfsQuotaBurstPeriodSeconds < 0) return true;
    if (config.cfsQuotaBurstPercent < 100) return false;
    const { simulation } = this.#options;
    const { now } = simulation;
    const usage = state.usage.samples.last(now, SAMPLE_WINDOW) ?? limit;
    if (state.limiter === undefined || state.limiter.capacity !== tokenCapacity(config)) {
      state.limiter = new TokenLimiter(config, state.tokenStream.uniform(), now);
    }
    return state.limiter.allow(usagePercent(usage, limit), now);
  }

  #write(pod: ManagedPod, container: string | undefined, cgroup: Cgroup, setting: Setting, value: number): boolean {
    const { simulation, kernel, onRefused } = this.#options;
    const refusal = this.#writer.write(cgroup, setting, value, simulation.now);
    if (refusal === undefined) return true;
    this.#refusedWrites++;
    onRefused({ ...refusal, pod, container, file: fileOf(setting, kernel.cgroup), value });
    return false;
  }

  #podMeter(cgroup: Cgroup): UsageMeter {
    let meter = this.#podUsage.get(cgroup);
    if (meter === undefined) this.#podUsage.set(cgroup, (meter = new UsageMeter(NODE_STATE_WINDOW)));
    return meter;
  }

  #stateOf(pod: ManagedPod, name: string, cgroup: Cgroup): ContainerState {
    let state = this.#containers.get(cgroup);
    if (state === undefined) {
      state = {
        pod,
        name,
        usage: new UsageMeter(SAMPLE_WINDOW),
        throttling: new ThrottleMeter(SAMPLE_WINDOW),
        tokenStream: this.#options.simulation.streams.fresh(`pod/${pod.stream}/${name}/koordlet-tokens`),
        scaleUps: 0,
        scaleDowns: 0,
      };
      this.#containers.set(cgroup, state);
    }
    return state;
  }
}

/** Containers by name, as the kubelet sorts them in a pod's status. */
function inOrder(containers: ReadonlyMap<string, Cgroup>): Array<[string, Cgroup]> {
  return [...containers].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** A container's CPU limit in thousandths; 0 without one. */
function limitOf(spec: PodSpec, container: string): number {
  return spec.containers.find(({ name }) => name === container)?.resources.limits.cpu ?? 0;
}

function onCollect(strategy: CpuBurst): void {
  strategy.onCollectTimer();
}

function onReconcile(strategy: CpuBurst): void {
  strategy.onReconcileTimer();
}
