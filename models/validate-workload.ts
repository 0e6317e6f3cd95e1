import type { Path, PathProblem } from "../engine/scenario/errors.ts";
import { didYouMean } from "../engine/scenario/suggest.ts";
import { cgroupFileNames, parseCgroupFile, type CgroupFiles } from "./cfs/schema.ts";
import { possibleEntries } from "./cluster/fit.ts";
import type { NodeEntry, Resources, Workload } from "./cluster/schema.ts";
import { usageProblems } from "./eviction/usage-checks.ts";
import type { Scenario } from "./scenario.ts";

/** Source: kubernetes v1.34 pkg/apis/apps/validation/validation.go, pkg/apis/batch/validation/validation.go */
const RESTART_POLICIES: Readonly<Record<Workload["kind"], ReadonlyArray<Workload["spec"]["restartPolicy"]>>> = {
  Pod: ["Always", "OnFailure", "Never"],
  Deployment: ["Always"],
  DaemonSet: ["Always"],
  StatefulSet: ["Always"],
  Job: ["OnFailure", "Never"],
};

/** The names of a pod's containers, those that run first included. */
export function containerNames({ spec: { initContainers = [], containers } }: Workload): string[] {
  return [...initContainers, ...containers].map(({ name }) => name);
}

/** What is wrong between the fields of a workload, and with what it asks of its nodes' cgroups. */
export function workloadProblems(scenario: Scenario, workload: Workload, path: Path): PathProblem[] {
  const problems: PathProblem[] = [];
  const report = (below: Path, message: string, at?: "key") =>
    problems.push({ path: [...path, ...below], message, at });
  const { kind, replicas, spec, cgroup, behavior } = workload;
  if (kind === "Pod" && replicas !== 1) report(["replicas"], `found ${replicas}; allowed: 1 for a Pod`);
  if (kind === "DaemonSet" && replicas !== 1) {
    report(["replicas"], `found ${replicas}; a DaemonSet has one pod on every node of it; remove replicas`);
  }
  const policies = RESTART_POLICIES[kind];
  if (!policies.includes(spec.restartPolicy)) {
    report(["spec", "restartPolicy"], `found ${spec.restartPolicy}; allowed: ${policies.join(" or ")} for a ${kind}`);
  }
  const containers = containerNames(workload);
  for (const [section, names] of [
    [["cgroup", "containers"], Object.keys(cgroup.containers)],
    [["behavior"], Object.keys(behavior)],
  ] as const) {
    for (const name of names.filter((name) => !containers.includes(name))) {
      const hint = didYouMean(name, containers);
      report([...section, name], `the pod has no container ${name}; allowed: ${containers.join(", ")}${hint}`, "key");
    }
  }
  problems.push(...usageProblems(workload, path));
  for (const list of ["containers", "initContainers"] as const) {
    for (const [i, { resources }] of (spec[list] ?? []).entries()) {
      problems.push(...resourceProblems(resources, [...path, "spec", list, i, "resources"]));
    }
  }
  if (spec.resources !== undefined) problems.push(...resourceProblems(spec.resources, [...path, "spec", "resources"]));
  return [...problems, ...cgroupProblems(scenario, workload, path)];
}

const RESOURCES = ["cpu", "memory", "ephemeral-storage"] as const;

/** Source: kubernetes v1.34 pkg/apis/core/validation/validation.go ValidateResourceRequirements */
function resourceProblems({ requests, limits }: Resources, path: Path): PathProblem[] {
  return RESOURCES.flatMap((resource) => {
    const request = requests[resource];
    const limit = limits[resource];
    if (request === undefined || limit === undefined || request <= limit) return [];
    return [
      {
        path: [...path, "requests", resource],
        message: `the request is above the limit; allowed: at most limits.${resource}`,
      },
    ];
  });
}

function cgroupProblems(scenario: Scenario, workload: Workload, path: Path): PathProblem[] {
  const pods = [{ files: workload.cgroup.pod, path: [...path, "cgroup", "pod"] }];
  const containers = Object.entries(workload.cgroup.containers).map(([name, files]) => ({
    files,
    path: [...path, "cgroup", "containers", name],
  }));
  return [...pods, ...containers].flatMap(({ files, path }) => fileProblems(scenario, workload, files, path));
}

/** Files that the node's cgroup version lacks, and CPUs that the node lacks. */
export function fileProblems(scenario: Scenario, workload: Workload, files: CgroupFiles, path: Path): PathProblem[] {
  const problems = possibleEntries(scenario.nodes, workload).map((entry) => entryFileProblems(entry, files, path));
  return problems.find((found) => found.length > 0) ?? [];
}

function entryFileProblems(entry: NodeEntry, files: CgroupFiles, path: Path): PathProblem[] {
  const { cgroup } = entry.kernel;
  return Object.entries(files).flatMap(([file, value]): PathProblem[] => {
    if (!cgroupFileNames(cgroup).includes(file)) {
      const message = `node ${entry.name} has cgroup ${cgroup}, which has no file ${file}; allowed: ${cgroupFileNames(cgroup).join(", ")}`;
      return [{ path: [...path, file], message, at: "key" }];
    }
    const beyond = parseCgroupFile(cgroup, file, value).cpus?.find((cpu) => cpu >= entry.capacity.cpu);
    if (beyond === undefined) return [];
    return [
      {
        path: [...path, file],
        message: `there is no CPU ${beyond}: node ${entry.name} has 0 to ${entry.capacity.cpu - 1}`,
      },
    ];
  });
}
