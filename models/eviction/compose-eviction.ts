import { OBSERVERS, type Ns, type Simulation } from "../../engine/index.ts";
import type { Outputs } from "../../engine/results/outputs.ts";
import { ResourceTable } from "../../engine/results/resource-table.ts";
import type { Node } from "../cluster/node.ts";
import type { ClusterObserver } from "../cluster/observer.ts";
import type { PodContainer } from "../cluster/pod-container.ts";
import type { Pod, PodFailure } from "../cluster/pod.ts";
import type { ServiceMeter } from "../cluster/request-queue.ts";
import type { NodeEntry, Taint, Toleration, Workload } from "../cluster/schema.ts";
import { qosClass } from "../kubelet/resources.ts";
import type { UsageBehavior } from "./behavior-schema.ts";
import { EvictionSources, NodeCounters } from "./eviction-report.ts";
import { EvictionManager, type EvictionHost } from "./manager.ts";
import { MEMORY_PRESSURE_TAINT, NodeStatus, pressureTaints } from "./node-status.ts";
import type { CounterTable } from "../../engine/results/counters.ts";
import { nodeSettings } from "./settings.ts";
import type { NodeCondition } from "./signals.ts";
import { NodeUsage } from "./usage/node-usage.ts";
import type { OomKill, OomScope } from "./usage/oom-killer.ts";
import { usageBehavior } from "./usage/pod-facts.ts";
import type { PodUsage } from "./usage/pod-usage.ts";

/** What kubelets and scheduler do for this model. */
export interface EvictionStage extends EvictionHost {
  /** The taints of a node have changed, and with them what the scheduler may place there. */
  taintsChanged?(node: Node): void;
}

export interface ComposeEvictionOptions {
  simulation: Simulation;
  scenario: EvictionScenario;
  nodes: readonly Node[];
  outputs: Outputs;
  host: EvictionStage;
}

/** What of a scenario this model looks at. */
export interface EvictionScenario {
  kubernetesVersion: string;
  nodes: readonly NodeEntry[];
  workloads: readonly Workload[];
}

/**
 * Puts memory, disk, processes, eviction and OOM on the stage; undefined where no behaviour uses any of them. To be
 * called at time 0, before a pod is bound; `begin` follows when its sources' turn in the results has come.
 */
export function composeEviction(options: ComposeEvictionOptions): EvictionModel | undefined {
  return usesNodeResources(options.scenario.workloads) ? new EvictionModel(options) : undefined;
}

/** Whether some behaviour uses memory, disk or PIDs. */
export function usesNodeResources(workloads: readonly Workload[]): boolean {
  return workloads.some(({ behavior, replicas }) =>
    Object.values(behavior).some((uses: UsageBehavior & { threads: number }) => {
      return replicas > 0 && (uses.memory ?? uses.disk ?? uses.pids) !== undefined;
    }),
  );
}

/** One node: what is used of it, and who watches over it. */
interface Watched {
  usage: NodeUsage;
  status: NodeStatus;
  counters: NodeCounters;
  /** Absent while the node is down. */
  manager?: EvictionManager;
}

/** Memory, disk and processes of all nodes, their eviction managers and their kernels' OOM killers. */
export class EvictionModel implements ClusterObserver {
  readonly #options: ComposeEvictionOptions;
  readonly #nodes = new Map<Node, Watched>();
  #sources: EvictionSources | undefined;

  /** Made by `composeEviction`. */
  constructor(options: ComposeEvictionOptions) {
    this.#options = options;
    for (const node of options.nodes) this.#watch(node);
  }

  /** Makes its sources and the table of resources; to be called once, at time 0. */
  begin(): void {
    const { scenario, outputs, nodes } = this.#options;
    this.#sources = new EvictionSources(outputs.recorder, scenario.nodes);
    const names = nodes.map(({ name }) => name);
    outputs.resources = new ResourceTable(outputs.recorder.windows, names);
    this.#sample(outputs.resources, 0);
  }

  /** Why the pod's node does not take it now; undefined if it does. */
  admissionRefusal(pod: Pod): PodFailure | undefined {
    const { manager } = this.#of(pod.node);
    const { spec, priority, isStatic, node } = pod;
    // Pods of a DaemonSet tolerate every pressure. Source: kubernetes v1.34 pkg/controller/daemon/util/daemonset_util.go
    const toleratesMemoryPressure =
      pod.workload.entry.kind === "DaemonSet" ||
      spec.tolerations.some((toleration) => tolerates(toleration, MEMORY_PRESSURE_TAINT));
    if (manager?.admits({ qos: qosClass(spec), priority, isStatic, toleratesMemoryPressure }) !== false)
      return undefined;
    return { reason: "Evicted", message: `node ${node.name} is under ${manager.conditions.join(" and ")}` };
  }

  /** Charges the container for the requests that it has in service; undefined where they hold no memory. */
  meterOf(pod: Pod, container: PodContainer): ServiceMeter | undefined {
    const { memory } = usageBehavior(pod, container.name);
    if (memory === undefined || memory.perRequest === 0) return undefined;
    return {
      begun: () => this.#usageOf(pod)?.requestBegun(container.name),
      ended: () => this.#usageOf(pod)?.requestEnded(container.name),
    };
  }

  /** What the node's kubelet knows it suffers from. */
  conditionsOf(node: Node): readonly NodeCondition[] {
    return this.#of(node).manager?.conditions ?? [];
  }

  /** What memory.available counts now, in bytes. */
  memoryAvailable(node: Node): number {
    return this.#of(node).usage.resources().memoryAvailableBytes;
  }

  /** The working set of a pod's cgroup in bytes; undefined for a pod that is not on a node. */
  workingSetOf(pod: Pod): number | undefined {
    return this.#usageOf(pod)?.memory.value;
  }

  /** Limits in the pod's spec have changed. */
  podResized(pod: Pod): void {
    this.#usageOf(pod)?.resize();
  }

  podBound(pod: Pod): void {
    this.#of(pod.node).usage.admit(pod);
  }

  podTerminated(pod: Pod): void {
    this.#remove(pod);
  }

  podGone(pod: Pod): void {
    if (pod.isBound) this.#remove(pod);
  }

  containerStarted(pod: Pod, container: PodContainer): void {
    this.#usageOf(pod)?.startContainer(container.name);
  }

  containerEnded(pod: Pod, container: PodContainer): void {
    this.#usageOf(pod)?.endContainer(container.name);
  }

  nodeUp(node: Node): void {
    const watched = this.#of(node);
    watched.manager ??= this.#newManager(watched);
    watched.status.changed();
  }

  nodeDown(node: Node): void {
    const watched = this.#of(node);
    for (const pod of watched.usage.pods) pod.lose();
    this.#forget(watched);
  }

  nodeDeleted(node: Node): void {
    this.#forget(this.#of(node));
  }

  kubeletRestarted(node: Node): void {
    const watched = this.#of(node);
    this.#forget(watched);
    watched.manager = this.#newManager(watched);
    watched.status.changed();
  }

  /** Images take so many bytes of the node's image file system now. */
  imagesUse(node: Node, usedBytes: number): void {
    const { imageBytes } = this.#of(node).usage;
    imageBytes.set(usedBytes);
  }

  /** The image file system as a collector of images sees it; one without a size is as large as numbers go. */
  imageFileSystem(node: Node): { capacityBytes: number; availableBytes: number } {
    const { bytes, availableBytes, sizeBytes = Number.MAX_SAFE_INTEGER } = this.#of(node).usage.imageFs;
    return { capacityBytes: sizeBytes, availableBytes: availableBytes ?? sizeBytes - bytes.value };
  }

  /** Totals of every node; to be called once, after the run. */
  reportCounters(counters: CounterTable): void {
    for (const watched of this.#nodes.values()) watched.counters.report(counters, this.#options.simulation.now);
  }

  #of(node: Node): Watched {
    return this.#nodes.get(node) as Watched;
  }

  #usageOf(pod: Pod): PodUsage | undefined {
    return this.#of(pod.node).usage.usageOf(pod);
  }

  #remove(pod: Pod): void {
    const usage = this.#usageOf(pod);
    if (usage === undefined) return;
    this.#of(pod.node).usage.remove(pod);
    this.#sources?.gone(usage, this.#options.simulation.now);
  }

  /** The kubelet is gone, with all that its manager knew. */
  #forget(watched: Watched): void {
    watched.manager?.stop();
    watched.manager = undefined;
    watched.status.stop();
    watched.counters.conditionsChanged([], this.#options.simulation.now);
  }

  #watch(node: Node): void {
    const { simulation, scenario, outputs, host } = this.#options;
    const settings = nodeSettings(node.entry, scenario.kubernetesVersion);
    const usage = new NodeUsage({ simulation, node, settings, onOomKill: (kill) => this.#oomKilled(watched, kill) });
    const counters = new NodeCounters(
      node,
      settings.manager.thresholds.map(({ signal }) => signal),
    );
    const status = new NodeStatus({
      simulation,
      node,
      events: outputs.events,
      period: settings.nodeStatusUpdateFrequency,
      hasPhases: settings.hasPhases,
      conditions: () => this.conditionsOf(node),
      onPushed: (conditions) => {
        node.conditionTaints.splice(0, Infinity, ...pressureTaints(conditions));
        host.taintsChanged?.(node);
      },
    });
    const watched: Watched = { usage, status, counters };
    if (node.state === "up") watched.manager = this.#newManager(watched);
    this.#nodes.set(node, watched);
    simulation.invariant(`memory of ${node.name}`, () => usage.imbalance());
  }

  #newManager(watched: Watched): EvictionManager {
    const { simulation, outputs, host } = this.#options;
    return new EvictionManager({
      simulation,
      usage: watched.usage,
      events: outputs.events,
      host,
      onEviction: (eviction, pod, since) => {
        watched.counters.evicted(eviction);
        this.#sources?.evicted(eviction, pod, since);
      },
      onConditions: () => this.#conditionsChanged(watched),
    });
  }

  #conditionsChanged({ counters, manager, status }: Watched): void {
    counters.conditionsChanged(manager?.conditions ?? [], this.#options.simulation.now);
    status.changed();
  }

  #oomKilled({ usage, counters }: Watched, kill: OomKill): void {
    const { simulation, outputs } = this.#options;
    const { node } = usage;
    const { pod, name } = kill.container;
    counters.oomKilled(kill);
    const message = `Memory ${WHOSE[kill.scope]} ran out: container ${name} was killed, which held ${Math.floor(kill.residentBytes / 1024)}Ki`;
    outputs.events.add(simulation.now, node.name, `pod/${pod.pod.name}`, "OOMKilling", message);
    if (kill.scope === "node") {
      const victim = `System OOM encountered, victim: container ${name} of pod ${pod.pod.name}`;
      outputs.events.add(simulation.now, node.name, `node/${node.name}`, "SystemOOM", victim);
    }
    const killed = pod.pod.allContainers.find((container) => container.name === name);
    killed?.run?.end({ code: 137, reason: "OOMKilled" });
  }

  /** Takes down what every node has left, at the start of every window. */
  #sample(table: ResourceTable, index: number): void {
    const { simulation } = this.#options;
    const at: Ns = table.windows.startOf(index);
    const take = () => {
      for (const [{ name, state }, { usage }] of this.#nodes) {
        if (state !== "absent") table.set(index, name, usage.resources());
      }
      if (index + 1 < table.windows.count) this.#sample(table, index + 1);
    };
    simulation.scheduleAt(at, take, undefined, OBSERVERS);
  }
}

const WHOSE: Readonly<Record<OomScope, string>> = {
  node: "of the node",
  container: "within the container's limit",
  pod: "within the pod's limit",
  kubepods: "of all pods together",
};

/** Source: kubernetes v1.34 staging/src/k8s.io/api/core/v1/toleration.go ToleratesTaint */
function tolerates({ key, operator, value = "", effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== taint.effect) return false;
  if (key !== undefined && key !== "" && key !== taint.key) return false;
  return operator === "Exists" || value === (taint.value ?? "");
}
