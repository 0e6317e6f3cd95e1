import { Simulation, type SimulationOptions } from "../engine/index.ts";
import { CounterTable } from "../engine/results/counters.ts";
import { EventLog } from "../engine/results/event-log.ts";
import type { Outputs } from "../engine/results/outputs.ts";
import { ScenarioErrors, type Path, type PathProblem } from "../engine/scenario/errors.ts";
import { Recorder } from "../engine/statistics/recorder.ts";
import { Cluster, type PodRejection } from "./cluster/cluster.ts";
import type { Node } from "./cluster/node.ts";
import { PodStarts } from "./cluster/pod-starts.ts";
import type { Pod } from "./cluster/pod.ts";
import { composeKoordinator } from "./compose-koordinator.ts";
import { Controllers } from "./controllers/controller.ts";
import { composeEviction } from "./eviction/compose-eviction.ts";
import { composeImages } from "./images/compose-images.ts";
import { resolveRuntime } from "./images/sections.ts";
import { Flannel } from "./flannel/compose-flannel.ts";
import { Kubelet } from "./kubelet/kubelet.ts";
import { containerWeight } from "./kubelet/oci-weight.ts";
import type { Scenario } from "./scenario.ts";
import { playTimeline, startsAbsent } from "./play-timeline.ts";
import { Placer } from "./scheduler/placer.ts";
import { isPodStartSource } from "./sources.ts";
import { Traffic } from "./traffic/traffic.ts";

/** How the engine runs it: what checks and tests ask for; none of it changes a result but `shuffleTies`. */
export type ComposeOptions = Pick<SimulationOptions, "check" | "fingerprint" | "shuffleTies" | "eventList" | "drawLog">;

/** A scenario as objects, ready to run. */
export interface Composition {
  simulation: Simulation;
  outputs: Outputs;
  cluster: Cluster;
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
  const { kubernetesVersion } = scenario;
  const simulation = new Simulation({ ...options, seed: scenario.seed });
  const outputs: Outputs = {
    recorder: new Recorder({ durationNs: scenario.duration, warmupNs: scenario.warmup, windowNs: scenario.window }),
    events: new EventLog(),
    counters: new CounterTable(),
  };
  const { events, recorder } = outputs;
  const cluster = new Cluster(simulation, events, scenario.nodes, scenario.workloads);
  const { observers } = cluster;
  for (const node of startsAbsent(scenario, cluster)) node.state = "absent";

  const flannel = new Flannel({
    simulation,
    section: scenario.flannel,
    stage: { nodes: cluster.nodes, pods: (name) => (name === undefined ? cluster.pods : cluster.workload(name).pods) },
    outputs,
    isAbsent: (name) => cluster.nodes.some((node) => node.name === name && node.state === "absent"),
    createThread: (name, cpu, owner) => {
      const { scheduler } = kubeletOf(cluster.nodesNamed(name)[0]);
      return scheduler.createThread(scheduler.root, owner, [cpu]);
    },
  });
  // Sources stand in the results in the order in which they are made: traffic, pulls, pod starts, evictions.
  const traffic = new Traffic(
    simulation,
    recorder,
    scenario.traffic,
    ({ workload, container }) => cluster.workload(workload).backends(container),
    (entry) => flannel.networkOf(entry),
    (entry, log, backends) => flannel.flowOf(entry, log, backends),
  );
  const { nodes } = cluster;
  const eviction = composeEviction({
    simulation,
    scenario,
    nodes,
    outputs,
    host: {
      evict: (pod, pressure, done) => kubeletOf(pod.node).evict(pod, pressure, done),
      deleteUnusedImages: (node) => void images?.of(node).deleteUnusedImages(),
      taintsChanged: () => {
        placer.retry();
        controllers.retry();
      },
    },
  });
  const images = composeImages({
    simulation,
    scenario,
    nodes,
    outputs,
    ...(eviction && {
      filesystemOf: (node: Node) => () => eviction.imageFileSystem(node),
      onUsedBytes: (node: Node, bytes: number) => eviction.imagesUse(node, bytes),
    }),
  });
  const kubelets = new Map(
    cluster.nodes.map((node) => {
      const { sandbox = 0, create = 0, start = 0, oci } = resolveRuntime(scenario.runtime, node.entry.runtime);
      const kubelet = new Kubelet({
        simulation,
        node,
        kubernetesVersion,
        events,
        observers,
        network: flannel.networks.length > 0 ? flannel : undefined,
        latencies: { sandbox, create, start },
        containerWeight: containerWeight(oci),
        images: images?.of(node),
        meterOf: (pod, container) => eviction?.meterOf(pod, container),
      });
      if (eviction !== undefined) kubelet.admission.push((pod) => eviction.admissionRefusal(pod));
      return [node, kubelet];
    }),
  );
  const kubeletOf = (node: Node) => kubelets.get(node) as Kubelet;

  const placer = new Placer({ simulation, events, nodes: cluster.nodes, bind: (pod, node) => cluster.bind(pod, node) });
  const podStarts = new PodStarts(simulation, recorder, scenario.nodes);
  const controllers = new Controllers(simulation, cluster, events);
  // The scheduler knows what is free before a controller makes a pod that could use it.
  // What a lost pod took of its node is free before another takes its place.
  observers.push(flannel, placer);
  if (eviction !== undefined) observers.push(eviction);
  observers.push(podStarts, controllers);
  if (images !== undefined) observers.push(images);
  cluster.connect(kubeletOf, placer);

  controllers.start();
  const rejected = cluster.start();
  if (rejected.length > 0) throw ScenarioErrors.at(rejected.flatMap((each) => problemsOf(cluster, each)));
  images?.start((node) => node.state === "absent");
  podStarts.begin(cluster.pods);
  eviction?.begin();
  const koordlets = composeKoordinator(simulation, scenario, kubelets.values());
  checkThresholds(scenario, recorder);

  playTimeline(simulation, scenario, {
    cluster,
    traffic,
    kubeletOf,
    placer,
    controllers,
    events,
    images,
    eviction,
    flannel,
  });
  traffic.start();

  return {
    simulation,
    outputs,
    cluster,
    finish: () => {
      for (const kubelet of kubelets.values()) kubelet.reportCounters(outputs.counters);
      flannel.finish();
      koordlets?.reportCounters(outputs.counters);
      images?.reportCounters(outputs.counters);
      eviction?.reportCounters(outputs.counters);
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

/** What a node refuses to a pod of time 0 is wrong with the scenario. */
function problemsOf(cluster: Cluster, { pod, rejection }: { pod: Pod; rejection: PodRejection }): PathProblem[] {
  const index = cluster.workloads.indexOf(pod.workload);
  const { initContainers = [], containers } = pod.spec;
  return rejection.refusals.map(({ container, reason }) => {
    const path: Path = ["workloads", index];
    const init = initContainers.findIndex(({ name }) => name === container);
    if (init >= 0) path.push("spec", "initContainers", init);
    else if (container !== undefined) {
      path.push(
        "spec",
        "containers",
        containers.findIndex(({ name }) => name === container),
      );
    }
    return { path, message: `pod ${pod.name} on node ${pod.node.name}: ${reason}` };
  });
}

/** Whether there are sources of pod starts shows only here. */
function checkThresholds({ thresholds }: Scenario, recorder: Recorder): void {
  const problems = thresholds.flatMap(({ source }, i): PathProblem[] => {
    if (!isPodStartSource(source) || recorder.sources.some(({ name }) => name === source)) return [];
    return [{ path: ["thresholds", i], message: `there is no source ${source}: every pod is ready at time 0` }];
  });
  if (problems.length > 0) throw ScenarioErrors.at(problems);
}
