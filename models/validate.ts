import { MAX_WINDOWS } from "../engine/statistics/windows.ts";
import type { Path, PathProblem } from "../engine/scenario/errors.ts";
import { usageProblems } from "./eviction/usage-checks.ts";
import { didYouMean } from "../engine/scenario/suggest.ts";
import { formatDuration } from "../engine/scenario/units.ts";
import { cgroupFileNames, parseCgroupFile, type CgroupFiles } from "./cfs/schema.ts";
import { fitProblems, pinnedTo, podNames, possibleEntries, reservationProblems } from "./cluster/fit.ts";
import type { NodeEntry, Resources, Workload } from "./cluster/schema.ts";
import { imageProblems } from "./images/validate.ts";
import { strategyConflicts } from "./koordinator/index.ts";
import { flannelProblems } from "./flannel/section.ts";
import { kubeletRefusals } from "./kubelet/validation.ts";
import type { Scenario } from "./scenario.ts";
import { RESERVED_SOURCES } from "./sources.ts";
import type { DeletePodAction, ScaleAction, SetAction } from "./timeline.ts";

/** What is wrong between fields that are each well-formed. */
export function crossProblems(scenario: Scenario): PathProblem[] {
  return [
    ...timeProblems(scenario),
    ...equalNames(scenario),
    ...kubeletProblems(scenario),
    ...reservationProblems(scenario.nodes),
    ...scenario.workloads.flatMap((workload, i) => workloadProblems(scenario, workload, ["workloads", i])),
    ...fitProblems(scenario),
    ...imageProblems(scenario),
    ...(scenario.koordinator === undefined ? [] : strategyConflicts(scenario.koordinator, scenario.nodes)),
    ...trafficProblems(scenario),
    ...flannelProblems(scenario.flannel, scenario),
    ...timelineProblems(scenario),
  ];
}

function timeProblems({ duration, warmup, window }: Scenario): PathProblem[] {
  const problems: PathProblem[] = [];
  if (warmup >= duration) {
    const found = `found ${formatDuration(warmup)}, and the duration is ${formatDuration(duration)}`;
    problems.push({ path: ["warmup"], message: `${found}; allowed: less than the duration`, because: [["duration"]] });
  }
  if (duration / window > MAX_WINDOWS) {
    const message = `found ${formatDuration(window)}, which gives more than ${MAX_WINDOWS} rows; allowed: a wider window`;
    problems.push({ path: ["window"], message, because: [["duration"]] });
  }
  return problems;
}

/** One thing with a name, and where the name was given. */
interface Named {
  name: string;
  path: Path;
}

function equalNames(scenario: Scenario): PathProblem[] {
  const entries = scenario.nodes.map(({ name }, i) => ({ name, path: ["nodes", i, "name"] }));
  const nodes = scenario.nodes.flatMap(({ name, count }, i) => {
    const names = count === undefined ? [] : Array.from({ length: count }, (_, k) => `${name}-${k}`);
    return names.map((each) => ({ name: each, path: ["nodes", i, "name"] }));
  });
  const pods = scenario.workloads.flatMap((workload, i) =>
    podNames(workload, scenario.nodes).map((name) => ({ name, path: ["workloads", i, "name"] })),
  );
  const containers = scenario.workloads.map(({ spec }, i) =>
    (["containers", "initContainers"] as const).flatMap((list) =>
      (spec[list] ?? []).map(({ name }, k) => ({ name, path: ["workloads", i, "spec", list, k, "name"] })),
    ),
  );
  const workloads = scenario.workloads.map(({ name }, i) => ({ name, path: ["workloads", i, "name"] }));
  const reserved = scenario.traffic.flatMap(({ name }, i) =>
    RESERVED_SOURCES.includes(name)
      ? [
          {
            path: ["traffic", i, "name"],
            message: `the name ${name} is reserved for a source of the simulator's own; choose another`,
          },
        ]
      : [],
  );
  const twice = [
    ...repeated("node", [...entries, ...nodes]),
    ...repeated("workload", workloads),
    ...repeated("pod", pods),
    ...containers.flatMap((names) => repeated("container", names)),
    ...repeated(
      "source",
      scenario.traffic.map(({ name }, i) => ({ name, path: ["traffic", i, "name"] })),
    ),
  ];
  return [...firstOfEachPath(twice), ...reserved];
}

function repeated(what: string, things: readonly Named[]): PathProblem[] {
  const seen = new Set<string>();
  return things.flatMap(({ name, path }) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ path, message: `the name ${name} is that of another ${what}; choose another` }];
  });
}

/** Two workloads of one name have pods of one name too: one word of it is enough. */
function firstOfEachPath(problems: readonly PathProblem[]): PathProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ path }) => {
    const key = JSON.stringify(path);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** Fields on which the kubelet's word about others rests. */
const RESTS_ON = ["featureGates", "kubeReserved", "systemReserved", "reservedSystemCPUs"];

/** A refusal is reported where its field was given: by the node, or else by the section for all nodes, once. */
function kubeletProblems(scenario: Scenario): PathProblem[] {
  const problems: PathProblem[] = [];
  const sectionRefusals = new Set<string>();
  const sections =
    scenario.nodes.length === 0
      ? [{ kubelet: scenario.kubelet, cpus: Infinity, cgroup: "v2", path: ["kubelet"] as Path }]
      : [];
  const nodes = scenario.nodes.map(({ kubelet, capacity, kernel }, i) => ({
    kubelet,
    cpus: capacity.cpu,
    cgroup: kernel.cgroup,
    path: ["nodes", i, "kubelet"] as Path,
  }));
  for (const { kubelet, cpus, cgroup, path } of [...sections, ...nodes]) {
    for (const refusal of kubeletRefusals(kubelet, cpus, cgroup === "v1" ? 1 : 2, scenario.kubernetesVersion)) {
      const [field] = refusal.path;
      const isOwn = path[0] === "nodes" && hasOwnField(scenario, kubelet, field, refusal.path);
      const because = [["kubelet"] as Path, path].flatMap((section) => RESTS_ON.map((name) => section.concat(name)));
      const problem = { path: [...(isOwn ? path : ["kubelet"]), ...refusal.path], message: refusal.message, because };
      const key = JSON.stringify([problem.path, problem.message]);
      if (!isOwn && sectionRefusals.has(key)) continue;
      if (!isOwn) sectionRefusals.add(key);
      problems.push(problem);
    }
  }
  return problems;
}

function hasOwnField({ kubelet: cluster }: Scenario, own: object, field: string, path: readonly string[]): boolean {
  const pick = (section: object) => {
    const value = (section as Record<string, unknown>)[field];
    return path.length === 1 ? value : (value as Record<string, unknown> | undefined)?.[path[1]];
  };
  return JSON.stringify(pick(own)) !== JSON.stringify(pick(cluster));
}

/** Source: kubernetes v1.34 pkg/apis/apps/validation/validation.go, pkg/apis/batch/validation/validation.go */
const RESTART_POLICIES: Readonly<Record<Workload["kind"], ReadonlyArray<Workload["spec"]["restartPolicy"]>>> = {
  Pod: ["Always", "OnFailure", "Never"],
  Deployment: ["Always"],
  DaemonSet: ["Always"],
  StatefulSet: ["Always"],
  Job: ["OnFailure", "Never"],
};

function containerNames({ spec: { initContainers = [], containers } }: Workload): string[] {
  return [...initContainers, ...containers].map(({ name }) => name);
}

function workloadProblems(scenario: Scenario, workload: Workload, path: Path): PathProblem[] {
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
function fileProblems(scenario: Scenario, workload: Workload, files: CgroupFiles, path: Path): PathProblem[] {
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

function trafficProblems({ workloads, traffic }: Scenario): PathProblem[] {
  const names = workloads.map((workload) => workload.name);
  const missing = (name: string, path: Path): PathProblem => {
    const known = names.length === 0 ? "the scenario has none" : `allowed: ${names.join(", ")}`;
    const because = names.map((_, i) => ["workloads", i, "name"]);
    return { path, message: `there is no workload ${name}; ${known}${didYouMean(name, names)}`, because };
  };
  return traffic.flatMap((entry, i): PathProblem[] => {
    const problems: PathProblem[] = [];
    const workload = workloads.find((candidate) => candidate.name === entry.to.workload);
    const containers = workload === undefined ? [] : containerNames(workload);
    const { container } = entry.to;
    if (workload === undefined) problems.push(missing(entry.to.workload, ["traffic", i, "to"]));
    else if (container !== undefined && !containers.includes(container)) {
      const message = `workload ${workload.name} has no container ${container}; allowed: ${containers.join(", ")}`;
      problems.push({ path: ["traffic", i, "to"], message: message + didYouMean(container, containers) });
    }
    if (entry.from !== undefined && !names.includes(entry.from))
      problems.push(missing(entry.from, ["traffic", i, "from"]));
    if (entry.arrivals.type === "trace")
      problems.push(...traceProblems(entry.arrivals.rows, ["traffic", i, "arrivals", "rows"]));
    return problems;
  });
}

function traceProblems(rows: ReadonlyArray<{ at: number }>, path: Path): PathProblem[] {
  const i = rows.findIndex((row, i) => i > 0 && row.at < rows[i - 1].at);
  if (i === -1) return [];
  return [{ path: [...path, i], message: "time_s is before that of the row above; allowed: ascending times" }];
}

function timelineProblems(scenario: Scenario): PathProblem[] {
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

function unknownName(what: string, name: string, names: readonly string[], path: Path, section: string): PathProblem {
  const known = names.length === 0 ? "the scenario has none" : `allowed: ${names.join(", ")}`;
  const because = names.map((_, k) => [section, k, "name"]);
  return { path, message: `there is no ${what} ${name}; ${known}${didYouMean(name, names)}`, because };
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
