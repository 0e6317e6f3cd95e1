import * as z from "zod";
import { readYaml, type Source, type YamlFile } from "../engine/scenario/document.ts";
import { ScenarioErrors, type Path, type PathProblem, type Place, type Problem } from "../engine/scenario/errors.ts";
import { compareVersions, duration, name, scalar, shown, version } from "../engine/scenario/fields.ts";
import { describeIssues } from "../engine/scenario/issues.ts";
import { LARGEST_SCENARIO_BYTES, readBeside } from "../engine/scenario/read.ts";
import { parseRepaired } from "../engine/scenario/repair.ts";
import { refusing, valueAt } from "../engine/scenario/shape.ts";
import { UnitError } from "../engine/scenario/units.ts";
import type { Ns } from "../engine/time.ts";
import { nodeSchema, workloadSchema, type NodeEntry, type Workload } from "./cluster/schema.ts";
import {
  imageSchema,
  registrySchema,
  runtimeSchema,
  type ImageEntry,
  type RegistrySection,
  type RuntimeSection,
} from "./images/schema.ts";
import { imageNotices } from "./images/validate.ts";
import { koordinatorSchema, type KoordinatorSection } from "./koordinator/index.ts";
import { flannelSchema } from "./flannel/schema.ts";
import type { FlannelSection } from "./flannel/section.ts";
import { kubeletSchema, type KubeletSection } from "./kubelet/schema.ts";
import { applyOverrides, type Overrides } from "./overrides.ts";
import { resolveScenario } from "./resolve.ts";
import type { Threshold } from "./thresholds.ts";
import { timelineSchema, type TimelineEntry } from "./timeline.ts";
import { trafficSchema, type TrafficEntry } from "./traffic/schema.ts";
import { crossProblems } from "./validate.ts";

export type { Distribution } from "../engine/scenario/distribution.ts";
export type { Rate } from "../engine/scenario/units.ts";
export type * from "./cfs/schema.ts";
export type * from "./cluster/schema.ts";
export type * from "./images/schema.ts";
export type { KoordinatorSection } from "./koordinator/index.ts";
export type { KubeletSection, Reserved } from "./kubelet/schema.ts";
export type { Overrides } from "./overrides.ts";
export type * from "./thresholds.ts";
export type * from "./timeline.ts";
export type * from "./traffic/schema.ts";

/** A valid scenario with every default filled in: plain data, times in nanoseconds, sizes in bytes. */
export interface Scenario {
  metadata: { name: string; description?: string };
  seed: number | string;
  kubernetesVersion: string;
  duration: Ns;
  warmup: Ns;
  window: Ns;
  nodes: NodeEntry[];
  kubelet: KubeletSection;
  /** Absent: every image is there. */
  images?: ImageEntry[];
  registry?: RegistrySection;
  runtime?: RuntimeSection;
  /** Absent: no koordlet runs. */
  koordinator?: KoordinatorSection;
  flannel?: FlannelSection;
  workloads: Workload[];
  traffic: TrafficEntry[];
  timeline: TimelineEntry[];
  thresholds: Threshold[];
}

/** The versions of Kubernetes whose defaults and rules the models know. */
export const OLDEST_KUBERNETES = "1.26";
export const NEWEST_KUBERNETES = "1.37";

const seed = scalar<number | string>(
  (value) => {
    if (Number.isSafeInteger(value) || (typeof value === "string" && value !== "")) return value as number | string;
    throw new UnitError(`found ${shown(value)}; allowed: a whole number below 2^53, or a text`);
  },
  { description: "every random stream derives from it by name" },
  ["integer", "string"],
);

const kubernetesVersion = version({ description: "whose defaults and rules hold where versions differ" }, (text) => {
  if (compareVersions(text, OLDEST_KUBERNETES) < 0 || compareVersions(text, NEWEST_KUBERNETES) > 0) {
    throw new UnitError(`found ${shown(text)}; allowed: "${OLDEST_KUBERNETES}" to "${NEWEST_KUBERNETES}"`);
  }
});

const kubeletFile = scalar<string>(
  (value) => {
    if (typeof value === "string" && value !== "") return value;
    throw new UnitError(`found ${shown(value)}; allowed: a map of fields, or the path of a KubeletConfiguration file`);
  },
  { description: "the path of a file of kind KubeletConfiguration, relative to the scenario" },
);

/** Sections of later models: a model adds its own to the schema and takes its name out here. */
const WITHOUT_MODEL = ["controllers", "manifests"];

/** The whole scenario, assembled from the sections of the models. */
export const scenarioSchema = refusing(
  z.strictObject({
    apiVersion: z.literal("sim/v1").meta({ description: "the version of this format" }).default("sim/v1"),
    kind: z.literal("Scenario").meta({ description: "what this file is" }).default("Scenario"),
    metadata: z
      .strictObject({
        name: name({ description: "the scenario's name, and that of its folder of results" }),
        description: z.string().meta({ description: "the question that it asks, in a sentence" }).optional(),
      })
      .meta({ description: "what the scenario is called" }),
    seed: seed.prefault(0),
    kubernetesVersion: kubernetesVersion.prefault(NEWEST_KUBERNETES),
    duration: duration({ description: "simulated time" }),
    warmup: duration({ description: "left out of summary.csv" }, { zero: true }).prefault(0),
    window: duration({ description: "the width of a row in throughput.csv and latency.csv" }).prefault("1s"),
    nodes: z.array(nodeSchema).meta({ description: "the cluster's nodes" }).default([]),
    kubelet: z
      .union([kubeletFile, kubeletSchema])
      .prefault({})
      .meta({ description: "KubeletConfiguration v1beta1 for all nodes; or the path of such a file" }),
    images: z
      .array(imageSchema)
      .meta({ description: "what pods' images are made of; without this section every image is there" })
      .optional(),
    registry: registrySchema.meta({ description: "where images come from; all nodes share it", live: true }).optional(),
    runtime: runtimeSchema.meta({ description: "the container runtime of every node" }).optional(),
    koordinator: koordinatorSchema.optional(),
    flannel: flannelSchema.optional(),
    workloads: z
      .array(workloadSchema)
      .meta({ description: "what keeps pods, and what their processes do" })
      .default([]),
    traffic: z.array(trafficSchema).meta({ description: "sources of requests" }).default([]),
    timeline: z.array(timelineSchema).meta({ description: "what happens at a given time" }).default([]),
    thresholds: z
      .array(z.string())
      .meta({
        description:
          "statements about summary.csv, such as web.p99_ms < 250; one that does not hold gives exit status 99",
      })
      .default([]),
    sweep: z.unknown().meta({ description: "points of a sweep; `sim run` ignores it" }).optional(),
  }),
  Object.fromEntries(
    WITHOUT_MODEL.map((section) => [section, `section ${section}: no model of this version reads it`]),
  ),
);

export type ScenarioInput = z.output<typeof scenarioSchema>;

/** A scenario that passed every check. */
export interface Loaded {
  scenario: Scenario;
  /** What is legal but worth a word to the user. */
  notices: string[];
  /** Where a value of the scenario was written. */
  locate(path: Path, at?: "key" | "value"): Place;
}

/**
 * Reads, checks and resolves a scenario. Throws ScenarioErrors with everything that is wrong with it; what later stages
 * find goes through `ScenarioErrors.at(problems).located(loaded.locate)`.
 */
export function loadScenario(source: Source, overrides: Overrides = {}): Loaded {
  const main = readYaml(source);
  const fromFile = withKubeletFile(main.data, source.dir);
  const overridden = applyOverrides(scenarioSchema, fromFile.data, overrides, source.name);
  const fromOption = withKubeletFile(overridden.data, source.dir);
  const { data } = fromOption;
  const locate = (path: Path, at?: "key" | "value"): Place => {
    const option = overridden.optionAt(path);
    if (option !== undefined) return { file: source.name, option };
    if (fromFile.file !== undefined && path[0] === "kubelet") return fromFile.file.locate(path.slice(1), at);
    return main.locate(path, at);
  };
  const { input, problems } = parse(data);
  problems.push(...fromFile.problems, ...fromOption.problems);
  const resolved = input === undefined ? undefined : resolveScenario(input, scenarioSchema, data, source.dir);
  if (resolved !== undefined) {
    problems.push(...unrelated([...resolved.problems, ...crossProblems(resolved.scenario)], problems));
  }
  const elsewhere = [...fromFile.fileProblems, ...fromOption.fileProblems, ...(resolved?.fileProblems ?? [])];
  if (problems.length > 0 || elsewhere.length > 0 || resolved === undefined) {
    throw new ScenarioErrors(elsewhere, problems).located(locate);
  }
  const notices = data["sweep"] === undefined ? [] : ["the section sweep is ignored here: it is for `sim sweep`"];
  notices.push(...imageNotices(resolved.scenario));
  return { scenario: resolved.scenario, notices, locate };
}

/**
 * Reads the data with the schema. Where fields are wrong, `input` is a repaired form that is good for checking the rules
 * between fields, and for nothing else.
 */
function parse(data: Record<string, unknown>): { input: ScenarioInput | undefined; problems: PathProblem[] } {
  const result = scenarioSchema.safeParse(data);
  if (result.success) return { input: result.data, problems: [] };
  const problems = describeIssues(scenarioSchema, data, result.error.issues);
  return { input: parseRepaired(scenarioSchema, data, problems), problems };
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((step, i) => step === path[i]);
}

/** Whether what is wrong at one place makes another doubtful: it lies there, around it, or in it. */
function touches(wrong: Path, reason: Path): boolean {
  return isWithin(wrong, reason) || isWithin(reason, wrong);
}

/** Findings that do not follow from one that is reported already. */
function unrelated(found: readonly PathProblem[], reported: readonly PathProblem[]): PathProblem[] {
  return found.filter(({ path, because = [] }) =>
    reported.every((known) => !isWithin(path, known.path) && !because.some((reason) => touches(known.path, reason))),
  );
}

/** The data with a kubelet section that is a file's path replaced by what the file holds. */
interface WithKubeletFile {
  data: Record<string, unknown>;
  /** The file, for the places of problems. */
  file?: YamlFile;
  problems: PathProblem[];
  fileProblems: readonly Problem[];
}

function withKubeletFile(data: Record<string, unknown>, dir: string): WithKubeletFile {
  const path = data["kubelet"];
  if (typeof path !== "string" || path === "") return { data, problems: [], fileProblems: [] };
  const found = readBeside(dir, path, LARGEST_SCENARIO_BYTES);
  if ("message" in found) {
    const problems: PathProblem[] = [{ path: ["kubelet"], message: `${path}: ${found.message}` }];
    return { data: { ...data, kubelet: {} }, problems, fileProblems: [] };
  }
  try {
    const file = readYaml({ text: found.text, name: path, dir });
    const fileProblems = kindProblems(file);
    return { data: { ...data, kubelet: file.data }, file, problems: [], fileProblems };
  } catch (error) {
    if (!(error instanceof ScenarioErrors)) throw error;
    return { data: { ...data, kubelet: {} }, problems: [], fileProblems: error.problems };
  }
}

const KUBELET_FILE = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" };

/** A file says what it is; what it says wrongly the schema reports. */
function kindProblems(file: YamlFile): Problem[] {
  return Object.entries(KUBELET_FILE)
    .filter(([field]) => valueAt(file.data, field) === undefined)
    .map(([field, value]) =>
      Object.assign(file.locate([]), { path: field, message: `a required field is missing; allowed: ${value}` }),
    );
}
