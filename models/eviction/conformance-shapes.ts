import { NS_PER_MS, type Ns } from "../../engine/time.ts";
import type { Found } from "../conformance/adapter.ts";
import type { Layout } from "./layout.ts";
import type { AdmittedPod, ContainerStats, ManagedPod, QosClass, Resources, Volume } from "./pod.ts";
import type { QuantityFormat } from "./quantity-text.ts";
import type { Observation, Observations, Signal } from "./signals.ts";
import { fractionValue, type Threshold, type ThresholdValue } from "./threshold.ts";

/** Shapes that several families of reference cases share, and their way to and from the model's own. */

export interface GivenValue {
  amount?: number;
  fraction?: number;
}

export interface GivenThreshold {
  signal: Signal;
  value: GivenValue;
  graceMs?: number;
  minReclaim?: GivenValue | null;
}

export interface GivenPod {
  name: string;
  priority?: number;
  static?: boolean;
  mirror?: boolean;
  qos?: QosClass;
  toleratesMemoryPressure?: boolean;
  terminationGraceSeconds?: number;
  requests?: Resources;
  podEphemeralLimitBytes?: number | null;
  containers?: Array<{
    name?: string;
    type?: "regular" | "init" | "sidecar";
    ephemeralLimitBytes?: number;
    rootfsBytes?: number;
    logsBytes?: number;
  }>;
  emptyDirs?: Array<{ name: string; medium?: string; sizeLimitBytes?: number | null; usedBytes?: number }>;
  /** null: the summary does not know the pod. */
  usage?: null | {
    memoryWorkingSetBytes?: number;
    processes?: number;
    ephemeralStorageBytes?: number;
    rootfsBytes?: number;
    rootfsInodes?: number;
    logsBytes?: number;
    logsInodes?: number;
    localVolumesBytes?: number;
    localVolumesInodes?: number;
  };
}

export type GivenSignals = Partial<Record<Signal, { available: number; capacity?: number; timeMs?: number }>>;

export function ns(ms: number): Ns {
  return Math.round(ms * NS_PER_MS);
}

export function ms(at: Ns): number {
  return at / NS_PER_MS;
}

export function optionalNs(time: number | null | undefined): Ns | undefined {
  return time === null || time === undefined ? undefined : ns(time);
}

export function toValue(given: GivenValue, format: QuantityFormat = "BinarySI"): ThresholdValue {
  if (given.amount !== undefined) return { amount: given.amount, format };
  return fractionValue(given.fraction ?? 0);
}

export function toThreshold(given: GivenThreshold): Threshold {
  const minReclaim = given.minReclaim ?? undefined;
  const format = given.signal === "pid.available" ? "DecimalSI" : "BinarySI";
  return {
    signal: given.signal,
    operator: "LessThan",
    value: toValue(given.value, format),
    gracePeriod: ns(given.graceMs ?? 0),
    minReclaim: minReclaim === undefined ? undefined : toValue(minReclaim, format),
  };
}

/** A 32-bit float as the decimal that was written: six digits survive the way there and back. */
export function decimal(fraction: number): number {
  return Number(fraction.toPrecision(6));
}

function fromValue(value: ThresholdValue): Found {
  return "fraction" in value ? { fraction: decimal(value.fraction) } : { amount: value.amount };
}

export function fromThreshold(threshold: Threshold): Found {
  return {
    signal: threshold.signal,
    value: fromValue(threshold.value),
    graceMs: ms(threshold.gracePeriod),
    minReclaim: threshold.minReclaim === undefined ? undefined : fromValue(threshold.minReclaim),
  };
}

export function toLayout(given: { imageFs: boolean; split: boolean }): Layout {
  return { imageFs: given.imageFs, split: given.split };
}

export function toObservations(given: GivenSignals): Observations {
  const observations: Partial<Record<Signal, Observation>> = {};
  for (const signal of Object.keys(given) as Signal[]) {
    const {
      available,
      capacity = 0,
      timeMs,
    } = given[signal] as { available: number; capacity?: number; timeMs?: number };
    observations[signal] = { available, capacity, at: optionalNs(timeMs) };
  }
  return observations;
}

/** A pod of one container under the pod's name, unless the case lists containers. */
export function toPod(given: GivenPod): ManagedPod {
  const { name, usage, emptyDirs = [], requests = {} } = given;
  const own = { cpuMilli: requests.cpuMilli, memoryBytes: requests.memoryBytes };
  const requested = { ...own, ephemeralStorageBytes: requests.ephemeralStorageBytes };
  const volumes: Volume[] = emptyDirs.map((volume) => ({
    name: volume.name,
    source: "emptyDir",
    medium: volume.medium,
    sizeLimitBytes: volume.sizeLimitBytes ?? undefined,
  }));
  const volumeStats = emptyDirs.map((volume) => ({ name: volume.name, bytes: volume.usedBytes }));
  const localVolumes = { name: `${name}-local`, bytes: usage?.localVolumesBytes, inodes: usage?.localVolumesInodes };
  const containers = given.containers?.map((container, i) => ({
    ...container,
    name: container.name ?? `${name}-${i}`,
  }));
  const hasStats = usage === undefined ? containers !== undefined || emptyDirs.length > 0 : usage !== null;
  const containerStats: ContainerStats[] = containers?.map((container) => ({
    name: container.name,
    writableLayer: { bytes: container.rootfsBytes },
    logs: { bytes: container.logsBytes },
  })) ?? [
    {
      name,
      workingSetBytes: usage?.memoryWorkingSetBytes,
      writableLayer: { bytes: usage?.rootfsBytes ?? 0, inodes: usage?.rootfsInodes },
      logs: { bytes: usage?.logsBytes ?? 0, inodes: usage?.logsInodes },
    },
  ];
  return {
    name,
    qos: given.qos,
    priority: given.priority,
    isStatic: given.static,
    isMirror: given.mirror,
    requests: requested,
    limits: { ephemeralStorageBytes: given.podEphemeralLimitBytes ?? undefined },
    terminationGracePeriodSeconds: given.terminationGraceSeconds,
    containers: containers?.map((container) => ({
      name: container.name,
      kind: container.type ?? "regular",
      limits: { ephemeralStorageBytes: container.ephemeralLimitBytes },
    })) ?? [{ name, kind: "regular", requests: requested }],
    volumes: [...volumes, { name: localVolumes.name, source: "emptyDir" }],
    stats: hasStats
      ? {
          memoryWorkingSetBytes: usage?.memoryWorkingSetBytes,
          processes: usage?.processes,
          ephemeralStorageBytes: usage?.ephemeralStorageBytes,
          containers: containerStats,
          volumes: [...volumeStats, localVolumes],
        }
      : undefined,
  };
}

export function toAdmitted(given: GivenPod): AdmittedPod {
  return {
    qos: given.qos ?? "BestEffort",
    priority: given.priority,
    isStatic: given.static,
    isMirror: given.mirror,
    toleratesMemoryPressure: given.toleratesMemoryPressure,
  };
}

/**
 * An answer that cases ask for in part: each member is there for who asks for it, and none is there to be missed. The
 * comparison takes the listed members of an object as the whole answer.
 */
export function inPart(members: { readonly [key: string]: Found }): Found {
  const answer = {};
  for (const [key, value] of Object.entries(members)) Object.defineProperty(answer, key, { value, enumerable: false });
  return answer;
}
