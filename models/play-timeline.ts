import { BEFORE_MODELS, type Ns, type Simulation } from "../engine/index.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { Pod } from "./cluster/pod.ts";
import type { Kubelet } from "./kubelet/kubelet.ts";
import type { Scenario, TimelineEntry } from "./scenario.ts";
import type { Traffic } from "./traffic/traffic.ts";

/** What a timeline acts on. */
export interface TimelineTargets {
  cluster: Cluster;
  traffic: Traffic;
  kubeletOf: (pod: Pod) => Kubelet;
}

/** Schedules the scenario's timeline. Its actions run before everything else of their instant, in the listed order. */
export function playTimeline(simulation: Simulation, scenario: Scenario, targets: TimelineTargets): void {
  for (const entry of scenario.timeline) {
    const run = () => set(scenario, targets, entry);
    if (!("every" in entry)) simulation.scheduleAt(entry.at, run, undefined, BEFORE_MODELS);
    else repeat(simulation, entry.from, entry.every, Math.min(entry.until ?? Infinity, scenario.duration), run);
  }
}

function repeat(simulation: Simulation, at: Ns, every: Ns, until: Ns, run: () => void): void {
  if (at >= until) return;
  const step = () => {
    run();
    repeat(simulation, at + every, every, until, run);
  };
  simulation.scheduleAt(at, step, undefined, BEFORE_MODELS);
}

/** Changes one field of the running scenario, and tells whoever acts on it. */
function set(
  scenario: Scenario,
  { cluster, traffic, kubeletOf }: TimelineTargets,
  { path, value }: TimelineEntry,
): void {
  assign(scenario, path, value);
  const [section, index, field, ...rest] = path;
  if (section === "traffic") {
    traffic.changed(index as number);
    return;
  }
  const workload = cluster.workloads[index as number];
  for (const pod of workload.pods) {
    if (field === "spec") kubeletOf(pod).resize(pod);
    else {
      // workloads[i].cgroup.pod.<file>, or workloads[i].cgroup.containers.<container>.<file>
      const [container, file] = rest[0] === "pod" ? [undefined, rest[1]] : [rest[1] as string, rest[2]];
      kubeletOf(pod).writeCgroupFile(pod, container, file as string, value as string | number);
    }
  }
}

function assign(root: object, path: ReadonlyArray<string | number>, value: unknown): void {
  let target = root as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) target = (target[key] ??= {}) as Record<string | number, unknown>;
  target[path[path.length - 1]] = value;
}
