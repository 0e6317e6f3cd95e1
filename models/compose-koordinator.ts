import type { Simulation } from "../engine/index.ts";
import type { CounterTable } from "../engine/results/counters.ts";
import { CpuBurst, strategyOf, type ManagedPod, type RefusedWrite } from "./koordinator/index.ts";
import type { Kubelet } from "./kubelet/kubelet.ts";
import type { Scenario } from "./scenario.ts";

export interface Koordlets {
  reportCounters(counters: CounterTable): void;
}

/** Puts a koordlet on every node and starts it; undefined where the scenario has no section `koordinator`. */
export function composeKoordinator(
  simulation: Simulation,
  { koordinator }: Pick<Scenario, "koordinator">,
  kubelets: Iterable<Kubelet>,
): Koordlets | undefined {
  if (koordinator === undefined) return undefined;
  const koordlets = Array.from(kubelets, (kubelet) => {
    const { node, scheduler } = kubelet;
    const { kernel, labels } = node.entry;
    const reported = new Set<string>();
    const koordlet = new CpuBurst({
      simulation,
      scheduler,
      kernel,
      stream: node.stream,
      // The section may change while the scenario runs.
      strategy: () => strategyOf(koordinator["cpu-burst-config"], labels),
      pods: () => managedPods(kubelet),
      onRefused: (refused) => reportRefusal(kubelet, refused, reported),
    });
    koordlet.start();
    return { koordlet, node };
  });
  return {
    reportCounters: (counters) => {
      for (const { koordlet, node } of koordlets) koordlet.reportCounters(counters, node.name);
    },
  };
}

function* managedPods(kubelet: Kubelet): Generator<ManagedPod> {
  for (const { pod, cgroups } of kubelet.podCgroups()) {
    const { labels, annotations } = pod.workload.entry.metadata;
    const { name, stream, spec, phase } = pod;
    const isActive = phase === "Pending" || phase === "Running";
    yield { name, stream, labels, annotations, spec, isActive, pod: cgroups.pod, containers: cgroups.containers };
  }
}

/** A koordlet tries a refused write again at every pass: the kernel's answer is reported once for each value. */
function reportRefusal(kubelet: Kubelet, refused: RefusedWrite, reported: Set<string>): void {
  const { pod, container, file, value, reason, isKernel } = refused;
  const cgroup = container === undefined ? pod.name : `${pod.name}/${container}`;
  const message = `write of ${value} to ${file} in cgroup ${cgroup}: EINVAL: ${reason}`;
  if (!isKernel || reported.has(message)) return;
  reported.add(message);
  kubelet.event({ object: `pod/${pod.name}` }, "CgroupWriteRefused", message);
}
