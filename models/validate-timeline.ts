import type { Path, PathProblem } from "../engine/scenario/errors.ts";
import { didYouMean } from "../engine/scenario/suggest.ts";
import type { CgroupFiles } from "./cfs/schema.ts";
import { pinnedTo, podNames } from "./cluster/fit.ts";
import type { Workload } from "./cluster/schema.ts";
import type { Scenario } from "./scenario.ts";
import type { DeletePodAction, ScaleAction, SetAction } from "./timeline.ts";
import { unknownName } from "./unknown-name.ts";
import { containerNames, fileProblems } from "./validate-workload.ts";

/** What the timeline's actions name that is not there, and what they may not do to it. */
export function timelineProblems(scenario: Scenario): PathProblem[] {
  return scenario.timeline.flatMap((entry, i): PathProblem[] => {
    switch (entry.action) {
      case "set":
        return setProblems(scenario, entry, i);
      case "deletePod":
        return podProblems(scenario, entry, i);
      case "scale":
        return scaleProblems(scenario, entry, i);
      default: {
        // A registry's action without a node is about all registries.
        if (entry.node === undefined || pinnedTo(scenario.nodes, entry.node) !== undefined) return [];
        const names = scenario.nodes.map(({ name }) => name);
        return [unknownName("node", entry.node, names, ["timeline", i, "node"], "nodes")];
      }
    }
  });
}

/** A pod may not be there yet when it is deleted, but some workload must be able to have it. */
function podProblems({ workloads, nodes }: Scenario, { pod }: DeletePodAction, i: number): PathProblem[] {
  const canHave = (workload: Workload) =>
    workload.kind === "Pod" || workload.kind === "DaemonSet"
      ? podNames(workload, nodes).includes(pod)
      : pod.startsWith(`${workload.name}-`) && /^(0|[1-9][0-9]{0,8})$/.test(pod.slice(workload.name.length + 1));
  if (workloads.some(canHave)) return [];
  const names = workloads.flatMap((workload) => podNames(workload, nodes));
  return [unknownName("pod", pod, names, ["timeline", i, "pod"], "workloads")];
}

function scaleProblems({ workloads }: Scenario, { workload }: ScaleAction, i: number): PathProblem[] {
  const path: Path = ["timeline", i, "workload"];
  const kind = workloads.find(({ name }) => name === workload)?.kind;
  if (kind === undefined) {
    return [
      unknownName(
        "workload",
        workload,
        workloads.map(({ name }) => name),
        path,
        "workloads",
      ),
    ];
  }
  if (kind === "Deployment" || kind === "StatefulSet") return [];
  return [{ path, message: `workload ${workload} is a ${kind}; allowed: a Deployment or StatefulSet` }];
}

/** Values that the timeline sets obey the same rules between fields as those given from the start. */
function setProblems(scenario: Scenario, entry: SetAction, i: number): PathProblem[] {
  const [section, index, part, ...below] = entry.path;
  if (section !== "workloads" || part !== "cgroup" || typeof index !== "number") return [];
  const workload = scenario.workloads[index];
  const [, container] = below;
  const containers = containerNames(workload);
  if (below[0] === "containers" && !containers.includes(String(container))) {
    const message = `the pod has no container ${container}; allowed: ${containers.join(", ")}${didYouMean(String(container), containers)}`;
    return [{ path: ["timeline", i, "path"], message }];
  }
  const file = below.at(-1);
  const isOneFile = typeof entry.value !== "object";
  const files = isOneFile ? { [String(file)]: entry.value as string | number } : (entry.value as CgroupFiles);
  const found = fileProblems(scenario, workload, files, []);
  return found.map(({ message }) => ({ path: ["timeline", i, isOneFile ? "path" : "value"], message }));
}
