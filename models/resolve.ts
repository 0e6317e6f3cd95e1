import { ScenarioErrors, type PathProblem, type Problem } from "../engine/scenario/errors.ts";
import { readBeside } from "../engine/scenario/read.ts";
import { valueAt, type Schema } from "../engine/scenario/shape.ts";
import { UnitError } from "../engine/scenario/units.ts";
import type { NodeEntry, Workload } from "./cluster/schema.ts";
import { mergeKubelet, type KubeletInput } from "./kubelet/schema.ts";
import type { Scenario, ScenarioInput } from "./scenario.ts";
import { sourceNames } from "./sources.ts";
import { parseThreshold, type Threshold } from "./thresholds.ts";
import { resolveTimeline } from "./timeline.ts";
import type { Arrivals, ArrivalsInput, TrafficEntry } from "./traffic/schema.ts";
import { parseTraceCsv } from "./traffic/trace.ts";

const LARGEST_TRACE_BYTES = 100_000_000;

/**
 * Fills in what depends on more than one field: merged kubelet sections, the only node, recorded traces, timeline and
 * thresholds. `schema` and `data` are the scenario's schema and the scenario as given, by which paths go; `dir` is the
 * folder from which files count.
 */
export function resolveScenario(
  input: ScenarioInput,
  schema: Schema,
  data: unknown,
  dir: string,
): { scenario: Scenario; problems: PathProblem[]; fileProblems: Problem[] } {
  const problems: PathProblem[] = [];
  const fileProblems: Problem[] = [];
  const kubelet: KubeletInput = typeof input.kubelet === "string" ? {} : input.kubelet;
  const nodes = input.nodes.map((node) => resolveNode(node, kubelet));
  const workloads = input.workloads.map((workload) => resolveWorkload(workload, nodes));
  const traffic = input.traffic.map((entry, i): TrafficEntry => ({
    ...entry,
    arrivals: resolveArrivals(entry.arrivals ?? NO_ARRIVALS, dir, (found) => {
      if ("inFile" in found) fileProblems.push(...found.inFile);
      else problems.push({ path: ["traffic", i, "arrivals", "file"], message: found.message });
    }),
  }));
  const { timeline, problems: timelineProblems } = resolveTimeline(input.timeline, schema, data);
  problems.push(...timelineProblems);
  const sources = sourceNames({ nodes, workloads, traffic, images: input.images });
  const thresholds: Threshold[] = [];
  for (const [i, text] of input.thresholds.entries()) {
    try {
      thresholds.push(parseThreshold(text, sources));
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      // The entries as given: a repaired scenario may lack some.
      const given = valueAt(data, "traffic");
      const because = (Array.isArray(given) ? given : []).map((_, k) => ["traffic", k, "name"]);
      problems.push({ path: ["thresholds", i], message: error.message, because });
    }
  }
  const { metadata, seed, kubernetesVersion, duration, warmup, window, images, registry, runtime, flannel } = input;
  const scenario: Scenario = {
    metadata,
    seed,
    kubernetesVersion,
    duration,
    warmup,
    window,
    nodes,
    kubelet: mergeKubelet(kubelet),
    ...(input.koordinator !== undefined && { koordinator: input.koordinator }),
    ...(images && { images }),
    ...(registry && { registry }),
    ...(runtime && { runtime }),
    ...(flannel && { flannel }),
    workloads,
    traffic,
    timeline,
    thresholds,
  };
  return { scenario, problems, fileProblems };
}

function resolveNode(node: ScenarioInput["nodes"][number], cluster: KubeletInput): NodeEntry {
  const { count, kubelet, ...rest } = node;
  const entry: NodeEntry = { ...rest, kubelet: mergeKubelet(cluster, kubelet) };
  // One of a count of one goes by the plain name.
  return count === undefined || count === 1 ? entry : { ...entry, count };
}

function resolveWorkload(workload: ScenarioInput["workloads"][number], nodes: readonly NodeEntry[]): Workload {
  const behavior = { ...workload.behavior };
  const { initContainers = [], containers } = workload.spec;
  for (const container of [...initContainers, ...containers]) behavior[container.name] ??= { threads: 1 };
  const isOnlyNode = nodes.length === 1 && nodes[0].count === undefined;
  const node = workload.node ?? (isOnlyNode ? nodes[0].name : undefined);
  return { ...workload, behavior, ...(node === undefined ? {} : { node }) };
}

/** A flow sends no requests. */
const NO_ARRIVALS: Arrivals = { type: "constant", rate: { count: 0, per: 1_000_000_000 } };

/** A trace's rows, read from its file where it has one; what is wrong with that goes to `report`. */
function resolveArrivals(arrivals: ArrivalsInput, dir: string, report: (found: TraceProblem) => void): Arrivals {
  if (arrivals.type !== "trace") return arrivals;
  const { file, rows = [] } = arrivals;
  if (file === undefined) return { type: "trace", rows };
  const found = readBeside(dir, file, LARGEST_TRACE_BYTES);
  if ("message" in found) {
    report({ message: `${file}: ${found.message}` });
    return { type: "trace", rows };
  }
  try {
    return { type: "trace", rows: parseTraceCsv(found.text, file) };
  } catch (error) {
    if (!(error instanceof ScenarioErrors)) throw error;
    report({ inFile: error.problems });
    return { type: "trace", rows };
  }
}

/** The file cannot be read, or its lines are wrong. */
type TraceProblem = { message: string } | { inFile: readonly Problem[] };
