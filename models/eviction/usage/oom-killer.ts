import { oomVictim, type OomTask } from "../oom.ts";
import type { NodeUsage } from "./node-usage.ts";
import { PAGE_BYTES, type RunningContainer } from "./pod-usage.ts";

/** Whose limit was passed: the machine's memory, or the memory.max of a cgroup. */
export type OomScope = "node" | "container" | "pod" | "kubepods";

export interface OomKill {
  container: RunningContainer;
  scope: OomScope;
  /** What the victim held, in bytes of resident pages. */
  residentBytes: number;
}

/** A group that is out of memory, and whose processes the killer chooses from. */
interface Group {
  scope: OomScope;
  limitBytes: number;
  containers: RunningContainer[];
}

/**
 * The next container to die because a limit is passed: the machine's first, then from the containers upwards, as a charge
 * is tried. Undefined where no limit is passed, or nobody is left to kill.
 *
 * Simplified: the memory of a container is that of one process, whose end is the container's: memory.oom.group makes no
 * difference to who dies. The node's own processes are never killed. Pages go back at once.
 */
export function killForMemory(node: NodeUsage): OomKill | undefined {
  for (const { scope, limitBytes, containers } of groups(node)) {
    const tasks = containers.map((container): OomTask & { container: RunningContainer } => ({
      name: container.name,
      rssBytes: container.usage.memory.residentBytes,
      oomScoreAdj: container.oomScoreAdj,
      container,
    }));
    const victim = oomVictim(tasks, limitBytes, PAGE_BYTES);
    if (victim !== undefined) return { container: victim.container, scope, residentBytes: victim.rssBytes };
  }
  return undefined;
}

/** The groups whose limit is passed now, in the order in which they are served. */
function groups(node: NodeUsage): Group[] {
  const { memoryCapacityBytes, kubepodsLimitBytes } = node.settings;
  const pods = [...node.pods].map((pod) => ({ pod, containers: [...pod.running] }));
  const all = pods.flatMap(({ containers }) => containers);
  const passed: Group[] = [];
  if (node.memory.value > memoryCapacityBytes) {
    passed.push({ scope: "node", limitBytes: memoryCapacityBytes, containers: all });
  }
  for (const container of all) {
    const { limitBytes, usage } = container;
    if (usage.memory.workingSet.value > limitBytes)
      passed.push({ scope: "container", limitBytes, containers: [container] });
  }
  for (const { pod, containers } of pods) {
    if (pod.memory.value > pod.limitBytes) passed.push({ scope: "pod", limitBytes: pod.limitBytes, containers });
  }
  if (node.kubepods.value > kubepodsLimitBytes) {
    passed.push({ scope: "kubepods", limitBytes: kubepodsLimitBytes, containers: all });
  }
  return passed;
}
