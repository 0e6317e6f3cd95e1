import { MAX_WINDOWS } from "../engine/statistics/windows.ts";
import type { Path, PathProblem } from "../engine/scenario/errors.ts";
import { didYouMean } from "../engine/scenario/suggest.ts";
import { formatDuration } from "../engine/scenario/units.ts";
import { fitProblems, podNames, reservationProblems } from "./cluster/fit.ts";
import { imageProblems } from "./images/validate.ts";
import { strategyConflicts } from "./koordinator/index.ts";
import { flannelProblems } from "./flannel/section.ts";
import { kubeletRefusals } from "./kubelet/validation.ts";
import type { Scenario } from "./scenario.ts";
import { RESERVED_SOURCES } from "./sources.ts";
import { unknownName } from "./unknown-name.ts";
import { timelineProblems } from "./validate-timeline.ts";
import { containerNames, workloadProblems } from "./validate-workload.ts";

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

function trafficProblems({ workloads, traffic }: Scenario): PathProblem[] {
  const names = workloads.map((workload) => workload.name);
  const missing = (name: string, path: Path) => unknownName("workload", name, names, path, "workloads");
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
