import type { Simulation } from "../../engine/index.ts";
import type { CounterTable } from "../../engine/results/counters.ts";
import type { EventLog } from "../../engine/results/event-log.ts";
import { reportCpuStat } from "../cfs/counters.ts";
import { NodeScheduler } from "../cfs/scheduler.ts";
import { parseCgroupFile } from "../cfs/schema.ts";
import { Container } from "../cluster/container.ts";
import type { Node } from "../cluster/node.ts";
import type { Pod } from "../cluster/pod.ts";
import { NodeCgroups, type PodCgroups, type Refusal } from "./node-cgroups.ts";

export interface KubeletOptions {
  simulation: Simulation;
  node: Node;
  kubernetesVersion: string;
  events: EventLog;
  onPodReady: (pod: Pod) => void;
}

/** The kubelet of one node: gives pods their cgroups, starts their containers, and carries out changes to them. */
export class Kubelet {
  readonly node: Node;
  readonly scheduler: NodeScheduler;
  readonly #options: KubeletOptions;
  readonly #cgroups: NodeCgroups;
  readonly #pods = new Map<Pod, PodCgroups>();

  constructor(options: KubeletOptions) {
    const { simulation, node, kubernetesVersion } = options;
    const { kernel, kubelet, capacity } = node.entry;
    this.#options = options;
    this.node = node;
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
    });
  }

  /**
   * Takes a pod that has been bound to this node: makes its cgroups and containers. Gives what the node refuses instead.
   * `isSettled`: the pod has been there for long, as the pods of time 0 have.
   */
  admit(pod: Pod, isSettled: boolean): readonly Refusal[] {
    const { simulation, onPodReady } = this.#options;
    const { entry } = pod.workload;
    const cgroups = this.#cgroups.addPod(pod.name, pod.stream, entry.spec, entry.cgroup, isSettled);
    if (Array.isArray(cgroups)) return cgroups;
    this.#pods.set(pod, cgroups);
    for (const [name, cpu] of cgroups.containers) {
      const container: Container = new Container({
        simulation,
        name,
        behavior: entry.behavior[name],
        cpu,
        requestOverheadNs: this.node.entry.kernel.requestOverhead,
        stream: simulation.streams.fresh(`pod/${pod.stream}/${name}/startup`),
        onReady: () => {
          if (pod.isReady) onPodReady(pod);
        },
      });
      pod.containers.push(container);
    }
    return [];
  }

  /** Starts the pod's containers, in the order of the spec. */
  start(pod: Pod): void {
    const { simulation, events } = this.#options;
    const object = `pod/${pod.name}`;
    for (const container of pod.containers) {
      events.add(simulation.now, this.node.name, object, "Created", `Created container: ${container.name}`);
      events.add(simulation.now, this.node.name, object, "Started", `Started container ${container.name}`);
      container.start();
    }
  }

  /** Carries a changed CPU request or limit of a running pod to its cgroups. */
  resize(pod: Pod): void {
    const cgroups = this.#pods.get(pod);
    if (cgroups === undefined) return;
    for (const { cgroup, reason } of this.#cgroups.resizePod(cgroups)) this.#reportRefusal(pod, cgroup, "", reason);
  }

  /** Writes one cgroup file of a pod, or of a container of it, as a user would. */
  writeCgroupFile(pod: Pod, container: string | undefined, file: string, value: string | number): void {
    const cgroups = this.#pods.get(pod);
    const cgroup = container === undefined ? cgroups?.pod : cgroups?.containers.get(container);
    const reason = cgroup?.write(parseCgroupFile(this.node.entry.kernel.cgroup, file, value));
    if (cgroup !== undefined && reason !== undefined) {
      const name = container === undefined ? pod.name : `${pod.name}/${container}`;
      this.#reportRefusal(pod, name, ` of ${JSON.stringify(value)} to ${file}`, reason);
    }
  }

  /** cpu.stat of every pod and container that the node has had. */
  reportCounters(counters: CounterTable): void {
    for (const [pod, cgroups] of this.#pods) {
      reportCpuStat(counters, `cgroup/${pod.name}`, cgroups.pod);
      for (const [name, cgroup] of cgroups.containers) reportCpuStat(counters, `cgroup/${pod.name}/${name}`, cgroup);
    }
  }

  #reportRefusal(pod: Pod, cgroup: string, what: string, reason: string): void {
    const { simulation, events } = this.#options;
    const message = `write${what} in cgroup ${cgroup}: EINVAL: ${reason}`;
    events.add(simulation.now, this.node.name, `pod/${pod.name}`, "CgroupWriteRefused", message);
  }
}
