import { adapter, NotCovered, type Adapters, type Found } from "../conformance/adapter.ts";
import {
  decimal,
  fromThreshold,
  toLayout,
  toThreshold,
  toValue,
  type GivenThreshold,
  type GivenValue,
} from "./conformance-shapes.ts";
import { kubeletProblems, type CheckedKubeletConfiguration } from "./kubelet-checks.ts";
import { withContainerFsThresholds } from "./layout.ts";
import { kubepodsMemoryLimit, nodeAllocatable, type ByteResources, type NodeReservations } from "./node-allocatable.ts";
import {
  effectiveEvictionHard,
  EvictionConfigError,
  parseFraction,
  parseThresholds,
  withAllocatableThresholds,
  type EvictionMap,
  type EvictionMaps,
} from "./parse.ts";
import { UnitError } from "../../engine/scenario/units.ts";
import type { Threshold } from "./threshold.ts";

/** A copy, so that every entry of a map counts as read by the rule that takes the whole map. */
function wholeMap(map: EvictionMap): EvictionMap {
  return map === null || map === undefined ? map : { ...map };
}

const parse = adapter<EvictionMaps>((given) => {
  const maps = {
    evictionHard: wholeMap(given.evictionHard),
    evictionSoft: wholeMap(given.evictionSoft),
    evictionSoftGracePeriod: wholeMap(given.evictionSoftGracePeriod),
    evictionMinimumReclaim: wholeMap(given.evictionMinimumReclaim),
    enforceNodeAllocatable: [...(given.enforceNodeAllocatable ?? [])],
  };
  return refusing(() => ({ thresholdsAnyOrder: parseThresholds(maps).map(fromThreshold) }));
});

const percentage = adapter<{ text: string }>(({ text }) =>
  refusing(() => ({ fraction: decimal(parseFraction(text)) })),
);

function refusing(read: () => { [key: string]: Found }): Found {
  try {
    return { error: false, ...read() };
  } catch (error) {
    if (error instanceof EvictionConfigError || error instanceof UnitError) return { error: true };
    throw error;
  }
}

const defaults = adapter<{
  evictionHard?: EvictionMap;
  mergeDefaultEvictionSettings?: boolean;
  kubernetesVersion?: string;
}>(({ evictionHard, mergeDefaultEvictionSettings, kubernetesVersion }) => ({
  effectiveEvictionHard: effectiveEvictionHard(wholeMap(evictionHard), mergeDefaultEvictionSettings, kubernetesVersion),
}));

const allocatableThresholds = adapter<{ thresholds: GivenThreshold[] }>(({ thresholds }) => ({
  thresholdsAnyOrder: withAllocatableThresholds(thresholds.map(toThreshold)).map(fromThreshold),
}));

const containerFsThresholds = adapter<{
  layout: { imageFs: boolean; split: boolean };
  thresholds: GivenThreshold[];
}>((given) => {
  const derived = withContainerFsThresholds(given.thresholds.map(toThreshold), toLayout(given.layout));
  const ofContainerFs = derived.thresholds.filter(({ signal }) => signal.startsWith("containerfs."));
  return { containerfsThresholdsAnyOrder: ofContainerFs.map(fromThreshold), warning: derived.overridden };
});

/** The fields that `kubeletProblems` knows; a case with another one asks what this model does not check. */
const CHECKED: ReadonlySet<keyof CheckedKubeletConfiguration> = new Set([
  "imageGCHighThresholdPercent",
  "imageGCLowThresholdPercent",
  "oomScoreAdj",
  "memoryThrottlingFactor",
  "enforceNodeAllocatable",
  "cgroupsPerQOS",
  "systemReservedCgroup",
  "kubeReservedCgroup",
  "reservedSystemCPUs",
  "singleProcessOOMKill",
  "cgroupVersion",
  "evictionHard",
  "evictionSoft",
  "evictionSoftGracePeriod",
  "evictionMinimumReclaim",
  "evictionMaxPodGracePeriod",
] as const);

const validation = adapter<CheckedKubeletConfiguration>((given) => {
  const configuration: Record<string, unknown> = {};
  for (const field of Object.keys(given) as Array<keyof CheckedKubeletConfiguration>) {
    if (!CHECKED.has(field)) throw new NotCovered(`the field ${field} is not checked by this model`);
    const value = given[field];
    configuration[field] = Array.isArray(value)
      ? [...value]
      : typeof value === "object"
        ? wholeMap(value as EvictionMap)
        : value;
  }
  return { valid: kubeletProblems(configuration).length === 0 };
});

interface GivenNode {
  capacityBytes: number;
  kubeReservedBytes?: number;
  systemReservedBytes?: number;
  hardMemoryThreshold?: number | string | GivenValue | null;
  hardMemoryThresholdFraction?: number;
  hugePagesBytes?: number;
  podsEnforced: boolean;
}

function memory(bytes = 0): ByteResources {
  return { memory: bytes, ephemeralStorage: 0 };
}

const allocatable = adapter<GivenNode>((given) => {
  const node: NodeReservations = {
    capacity: memory(given.capacityBytes),
    kubeReserved: memory(given.kubeReservedBytes),
    systemReserved: memory(given.systemReservedBytes),
    thresholds: hardMemoryThreshold(given.hardMemoryThreshold ?? fractionOf(given.hardMemoryThresholdFraction)),
    hugePagesBytes: given.hugePagesBytes,
    enforceNodeAllocatable: given.podsEnforced ? ["pods"] : [],
  };
  return { allocatableMemoryBytes: nodeAllocatable(node).memory, kubepodsLimitBytes: kubepodsMemoryLimit(node) };
});

function fractionOf(fraction: number | undefined): GivenValue | undefined {
  return fraction === undefined ? undefined : { fraction };
}

function hardMemoryThreshold(given: GivenNode["hardMemoryThreshold"]): Threshold[] {
  if (given === null || given === undefined) return [];
  if (typeof given === "string") return parseThresholds({ evictionHard: { "memory.available": given } });
  const value = typeof given === "number" ? toValue({ amount: given }) : toValue(given);
  return [{ signal: "memory.available", operator: "LessThan", value, gracePeriod: 0 }];
}

/** What is decided before a pass: thresholds, defaults, validation, reservations. */
export const configAdapters: Adapters = {
  parse,
  percentage,
  defaults,
  "allocatable-thresholds": allocatableThresholds,
  "containerfs-thresholds": containerFsThresholds,
  validation,
  "node-allocatable": allocatable,
};
