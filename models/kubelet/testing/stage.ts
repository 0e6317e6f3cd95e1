import { NS_PER_SECOND, Simulation } from "../../../engine/index.ts";
import { EventLog } from "../../../engine/results/event-log.ts";
import { Cluster } from "../../cluster/cluster.ts";
import type { ClusterObserver } from "../../cluster/observer.ts";
import type { Pod } from "../../cluster/pod.ts";
import { Controllers } from "../../controllers/controller.ts";
import { loadScenario } from "../../scenario.ts";
import { Placer } from "../../scheduler/placer.ts";
import { Kubelet, type KubeletOptions } from "../kubelet.ts";

/** One node with its kubelet, and the pods of a few workloads on it. */
export interface Stage {
  simulation: Simulation;
  cluster: Cluster;
  kubelet: Kubelet;
  /** The pod of this name that was made last. */
  pod(name: string): Pod;
  until(seconds: number): Stage;
  /** `<second> <reason>: <message>` of every event about the object. */
  events(object: string): string[];
}

/** Puts workloads, in a scenario's own form, on one node with all phases 0; `partsOf` gives what a test puts in their place. */
export function stage(
  workloads: string,
  partsOf: (simulation: Simulation) => Partial<KubeletOptions> = () => ({}),
  observer: ClusterObserver = {},
): Stage {
  const node = "nodes: [{name: worker, capacity: {cpu: 4, memory: 16Gi}, kernel: {phases: zero}}]\n";
  const text = `metadata: {name: test}\nduration: 1h\n${node}workloads:\n${workloads}`;
  const { scenario } = loadScenario({ text, name: "s.yaml", dir: "/" });
  const { kubernetesVersion } = scenario;
  const simulation = new Simulation({ check: true });
  const log = new EventLog();
  const cluster = new Cluster(simulation, log, scenario.nodes, scenario.workloads);
  const { observers } = cluster;
  const [first] = cluster.nodes;
  const kubelet = new Kubelet({
    simulation,
    node: first,
    kubernetesVersion,
    events: log,
    observers,
    ...partsOf(simulation),
  });
  const bind: Cluster["bind"] = (pod, to) => cluster.bind(pod, to);
  const placer = new Placer({ simulation, events: log, nodes: cluster.nodes, bind });
  const controllers = new Controllers(simulation, cluster, log);
  observers.push(placer, controllers, observer);
  cluster.connect(() => kubelet, placer);
  controllers.start();
  cluster.start();
  const made: Stage = {
    simulation,
    cluster,
    kubelet,
    pod: (name) => {
      const pod = cluster.pods.findLast((candidate) => candidate.name === name);
      if (pod === undefined) throw new Error(`there is no pod ${name}`);
      return pod;
    },
    until: (seconds) => {
      simulation.runUntil(Math.round(seconds * NS_PER_SECOND) + 1);
      return made;
    },
    events: (object) =>
      log.entries
        .filter((event) => event.object === object)
        .map(({ at, reason, message }) => `${at / NS_PER_SECOND} ${reason}: ${message}`),
  };
  return made;
}
