import { Simulation } from "../../../engine/simulation.ts";
import { CounterTable } from "../../../engine/results/counters.ts";
import { EventLog } from "../../../engine/results/event-log.ts";
import type { Outputs } from "../../../engine/results/outputs.ts";
import { Recorder } from "../../../engine/statistics/recorder.ts";
import { Cluster } from "../../cluster/cluster.ts";
import type { Node } from "../../cluster/node.ts";
import type { Pod } from "../../cluster/pod.ts";
import type { NodeEntry, PodSpec, Workload } from "../../cluster/schema.ts";
import { kernelSchema } from "../../cfs/schema.ts";
import { Kubelet } from "../../kubelet/kubelet.ts";
import { mergeKubelet, type KubeletInput } from "../../kubelet/schema.ts";
import type { MemoryBehavior, UsageBehavior } from "../behavior-schema.ts";
import { composeEviction, type EvictionModel } from "../compose-eviction.ts";
import type { PodEviction } from "../manager.ts";
import type { Volume } from "../pod.ts";
import { GI, SECOND } from "./world.ts";

/** A node of 16 GiB whose loops begin at 0. */
export function testNode(
  name: string,
  more: Partial<Omit<NodeEntry, "kubelet">> = {},
  kubelet: KubeletInput = {},
): NodeEntry {
  return {
    name,
    capacity: { cpu: 4, memory: 16 * GI, pods: 110 },
    labels: {},
    taints: [],
    kernel: kernelSchema.parse({ phases: "zero" }),
    used: { memory: 0, nodefs: 0, imagefs: 0 },
    kubelet: mergeKubelet(kubelet),
    ...more,
  };
}

export interface TestPod extends UsageBehavior {
  name: string;
  requests?: { memory?: number; "ephemeral-storage"?: number; cpu?: number };
  limits?: { memory?: number; "ephemeral-storage"?: number; cpu?: number };
  spec?: Partial<PodSpec>;
  volumes?: Volume[];
  isStatic?: boolean;
}

/** A workload of one bare pod with one container, app. */
export function testPod(node: string, given: TestPod): Workload {
  const { name, requests = {}, limits = {}, spec, volumes = [], isStatic, memory, disk, pids } = given;
  const uses: UsageBehavior = { memory, disk, pids };
  const podSpec = {
    containers: [{ name: "app", resources: { requests: { ...limits, ...requests }, limits } }],
    restartPolicy: "Always" as const,
    terminationGracePeriodSeconds: 30,
    tolerations: [],
    volumes,
    ...spec,
  };
  return {
    name,
    kind: "Pod",
    replicas: 1,
    node,
    metadata: { labels: {}, annotations: isStatic === true ? { "kubernetes.io/config.source": "file" } : {} },
    spec: podSpec,
    cgroup: { pod: {}, containers: {} },
    behavior: { app: { threads: 1, ...uses } },
  };
}

/** Memory that begins somewhere and may grow steadily. */
export function memory(initial: number, more: Partial<MemoryBehavior> = {}): MemoryBehavior {
  return { initial, ramps: [], steps: [], perRequest: 0, cache: 0, ...more };
}

export interface Stage {
  simulation: Simulation;
  cluster: Cluster;
  model: EvictionModel;
  outputs: Outputs;
  node(name: string): Node;
  pod(name: string): Pod;
  /** Runs until this second. */
  run(seconds: number): void;
  /** What has been logged so far, as "12.5 Evicted pod/a", of these reasons or of all. */
  events(...reasons: string[]): string[];
}

/** Nodes with real kubelets, pods that are there from time 0, and this model. Invariants are checked at every event. */
export function stage(
  nodes: NodeEntry[],
  workloads: Workload[],
  durationSeconds = 3600,
  onEvict: (pod: Pod, message: string, model: EvictionModel) => void = () => {},
): Stage {
  const simulation = new Simulation({ seed: 1, check: true });
  const outputs: Outputs = {
    recorder: new Recorder({ durationNs: durationSeconds * SECOND, warmupNs: 0, windowNs: 10 * SECOND }),
    events: new EventLog(),
    counters: new CounterTable(),
  };
  const cluster = new Cluster(simulation, outputs.events, nodes, workloads);
  const kubernetesVersion = "1.34";
  const host = {
    evict: (pod: Pod, eviction: PodEviction, done: () => void) => {
      onEvict(pod, eviction.message, model);
      kubeletOf(pod.node).evict(pod, eviction, done);
    },
  };
  const scenario = { kubernetesVersion, nodes, workloads };
  const model: EvictionModel = composeEviction({
    simulation,
    scenario,
    nodes: cluster.nodes,
    outputs,
    host,
  }) as EvictionModel;
  cluster.observers.push(model);
  const kubelets = new Map(
    cluster.nodes.map((node) => {
      const kubelet = new Kubelet({
        simulation,
        node,
        kubernetesVersion,
        events: outputs.events,
        observers: cluster.observers,
        meterOf: (pod, container) => model.meterOf(pod, container),
      });
      kubelet.admission.push((pod) => model.admissionRefusal(pod));
      return [node, kubelet];
    }),
  );
  const kubeletOf = (node: Node) => kubelets.get(node) as Kubelet;
  cluster.connect(kubeletOf, {
    add: (pod) => cluster.bind(pod, cluster.nodesNamed(pod.workload.entry.node as string)[0]),
  });
  for (const workload of cluster.workloads) cluster.createPod({ workload, name: workload.name, number: 0 });
  cluster.start();
  model.begin();
  return {
    simulation,
    cluster,
    model,
    outputs,
    node: (name) => cluster.nodesNamed(name)[0],
    pod: (name) => cluster.pods.find((pod) => pod.name === name) as Pod,
    run: (seconds) => simulation.runUntil(Math.round(seconds * 1000) * (SECOND / 1000)),
    events: (...reasons) =>
      outputs.events.entries
        .filter(({ reason }) => reasons.length === 0 || reasons.includes(reason))
        .map(({ at, reason, object }) => `${at / SECOND} ${reason} ${object}`),
  };
}
