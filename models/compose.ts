import { Simulation } from "../engine/index.ts";
import { CounterTable } from "../engine/results/counters.ts";
import { EventLog } from "../engine/results/event-log.ts";
import type { Outputs } from "../engine/results/outputs.ts";
import { ScenarioErrors, type Path, type PathProblem } from "../engine/scenario/errors.ts";
import { Recorder } from "../engine/statistics/recorder.ts";
import { Cluster } from "./cluster/cluster.ts";
import { PodStarts } from "./cluster/pod-starts.ts";
import { Pod } from "./cluster/pod.ts";
import type { Workload } from "./cluster/workload.ts";
import { Kubelet } from "./kubelet/kubelet.ts";
import type { Scenario } from "./scenario.ts";
import { playTimeline } from "./play-timeline.ts";
import { Traffic } from "./traffic/traffic.ts";

export interface ComposeOptions {
  /** Check the models' invariants at every event. */
  check?: boolean;
}

/** A scenario as objects, ready to run. */
export interface Composition {
  simulation: Simulation;
  outputs: Outputs;
  /** To be called once, after the run: what is only known at its end goes into the outputs. */
  finish(): void;
}

/**
 * Turns a valid scenario into objects on the engine: the one place where models are put together. Throws ScenarioErrors
 * for what only shows when it is tried, such as a cgroup value that the kernel refuses.
 */
export function compose(given: Scenario, options: ComposeOptions = {}): Composition {
  // The timeline changes the scenario while it runs; the caller's stays as it is.
  const scenario = structuredClone(given);
  const simulation = new Simulation({ seed: scenario.seed, check: options.check });
  const outputs: Outputs = {
    recorder: new Recorder({ durationNs: scenario.duration, warmupNs: scenario.warmup, windowNs: scenario.window }),
    events: new EventLog(),
    counters: new CounterTable(),
  };
  const cluster = new Cluster(scenario.nodes, scenario.workloads);

  // Sources stand in the results in the order in which they are made here: traffic, then pod starts.
  const traffic = new Traffic(simulation, outputs.recorder, scenario.traffic, ({ workload, container }) =>
    cluster.workload(workload).backends(container),
  );
  const podStarts = new PodStarts(outputs.recorder, scenario);
  const kubelets = new Map(
    cluster.nodes.map((node) => {
      const onPodReady = (pod: Pod) => {
        podStarts.ready(pod, simulation.now);
        pod.workload.readinessChanged();
      };
      const { kubernetesVersion } = scenario;
      return [node, new Kubelet({ simulation, node, kubernetesVersion, events: outputs.events, onPodReady })];
    }),
  );
  const kubeletOf = (pod: Pod) => kubelets.get(pod.node) as Kubelet;

  const problems: PathProblem[] = [];
  cluster.workloads.forEach((workload, index) => {
    for (const pod of pinnedPods(cluster, workload)) {
      for (const { container, reason } of kubeletOf(pod).admit(pod, true)) {
        const path: Path = ["workloads", index];
        if (container !== undefined) path.push("spec", "containers", indexOfContainer(workload, container));
        problems.push({ path, message: `pod ${pod.name} on node ${pod.node.name}: ${reason}` });
      }
    }
  });
  if (problems.length > 0) throw ScenarioErrors.at(problems);

  for (const pod of cluster.pods) {
    const message = `Successfully assigned default/${pod.name} to ${pod.node.name}`;
    outputs.events.add(simulation.now, "", `pod/${pod.name}`, "Scheduled", message);
    podStarts.bound(pod);
    kubeletOf(pod).start(pod);
  }
  playTimeline(simulation, scenario, { cluster, traffic, kubeletOf });
  traffic.start();

  return {
    simulation,
    outputs,
    finish: () => {
      for (const kubelet of kubelets.values()) kubelet.reportCounters(outputs.counters);
    },
  };
}

/** What is wrong with a scenario beyond what its schema says: found by composing it, without running it. */
export function checkComposition(scenario: Scenario): readonly PathProblem[] {
  try {
    compose(scenario);
    return [];
  } catch (error) {
    if (error instanceof ScenarioErrors) return error.unplaced;
    throw error;
  }
}

/** The workload's pods, on the nodes to which it is pinned in turn. */
function pinnedPods(cluster: Cluster, workload: Workload): Pod[] {
  const { name, kind, replicas, node } = workload.entry;
  const nodes = cluster.nodesNamed(node as string);
  for (let i = 0; i < replicas; i++) {
    const podName = kind === "Pod" ? name : `${name}-${i}`;
    const pod = new Pod(podName, workload, nodes[i % nodes.length], `${workload.stream}-${i}`, 0);
    workload.pods.push(pod);
    pod.node.pods.push(pod);
  }
  return workload.pods;
}

function indexOfContainer(workload: Workload, name: string): number {
  return workload.entry.spec.containers.findIndex((container) => container.name === name);
}
