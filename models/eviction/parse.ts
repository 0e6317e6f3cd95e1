import type { Ns } from "../../engine/time.ts";
import { parseDuration, parseQuantity, UnitError } from "../../engine/scenario/units.ts";
import { evictionRules } from "./defaults.ts";
import { quantityFormat } from "./quantity-text.ts";
import { isSignal, SIGNALS, type Signal } from "./signals.ts";
import { isHard, type Threshold, type ThresholdValue } from "./threshold.ts";

/** A setting that stops the kubelet from starting: the field, what was found, what is allowed. */
export class EvictionConfigError extends Error {
  override readonly name = "EvictionConfigError";
  /** The map and its key. */
  readonly path: readonly [string, string];

  constructor(path: readonly [string, string], message: string) {
    super(message);
    this.path = path;
  }
}

/** One of the four eviction maps of a KubeletConfiguration; null and undefined are an absent map. */
export type EvictionMap = Readonly<Record<string, string>> | null | undefined;

/** The fields of a KubeletConfiguration that make thresholds. */
export interface EvictionMaps {
  evictionHard?: EvictionMap;
  evictionSoft?: EvictionMap;
  evictionSoftGracePeriod?: EvictionMap;
  evictionMinimumReclaim?: EvictionMap;
  /** "pods" adds the thresholds of allocatable memory. */
  enforceNodeAllocatable?: readonly string[];
}

/**
 * The evictionHard that is in force: the release's defaults if the map is absent; with mergeDefaultEvictionSettings the
 * user's entries over the defaults; otherwise exactly what the user wrote, so that naming one signal drops the others.
 *
 * Source: kubernetes v1.34 cmd/kubelet/app/server.go mergeEvictionThresholds
 */
export function effectiveEvictionHard(
  evictionHard: EvictionMap,
  mergeDefaultEvictionSettings = false,
  kubernetesVersion?: string,
): Readonly<Record<string, string>> {
  const defaults = evictionRules(kubernetesVersion).evictionHard;
  if (evictionHard === null || evictionHard === undefined) return defaults;
  return mergeDefaultEvictionSettings ? { ...defaults, ...evictionHard } : evictionHard;
}

/**
 * Reads the eviction maps: hard thresholds, then soft ones, then those of allocatable memory, each by signal name. Throws
 * EvictionConfigError for what the kubelet refuses: an unknown signal, a line that does not parse, is negative, zero or
 * above 100 %, a soft threshold without grace period, a grace period without unit or below zero.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go ParseThresholdConfig
 */
export function parseThresholds(maps: EvictionMaps): Threshold[] {
  const thresholds = statements("evictionHard", maps.evictionHard);
  const soft = statements("evictionSoft", maps.evictionSoft);
  const gracePeriods = parseGracePeriods(maps.evictionSoftGracePeriod);
  const minReclaims = parseMinimumReclaims(maps.evictionMinimumReclaim);
  for (const threshold of soft) {
    const gracePeriod = gracePeriods.get(threshold.signal);
    if (gracePeriod === undefined) {
      const problem = `is absent; every signal of evictionSoft needs a grace period such as 1m30s`;
      throw new EvictionConfigError(["evictionSoftGracePeriod", threshold.signal], problem);
    }
    thresholds.push({ ...threshold, gracePeriod });
  }
  for (const threshold of thresholds) {
    const minReclaim = minReclaims.get(threshold.signal);
    if (minReclaim !== undefined) threshold.minReclaim = minReclaim;
  }
  return maps.enforceNodeAllocatable?.includes("pods") === true ? withAllocatableThresholds(thresholds) : thresholds;
}

/**
 * Adds a copy for allocatable memory of every hard threshold of the node's memory, minimum reclaim included.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go addAllocatableThresholds
 */
export function withAllocatableThresholds(thresholds: readonly Threshold[]): Threshold[] {
  const all = [...thresholds];
  for (const threshold of thresholds) {
    if (threshold.signal !== "memory.available" || !isHard(threshold)) continue;
    all.push({ ...threshold, signal: "allocatableMemory.available" });
  }
  return all;
}

/**
 * Reads a percentage as a ratio in a 32-bit float, without bounds: 15% is the float nearest to 15, divided by 100 in
 * 32-bit arithmetic. Throws UnitError for what is no number before the sign, or too large for such a float.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go parsePercentage
 */
export function parseFraction(text: string): number {
  const number = text.replace(/%+$/, "");
  if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(number)) {
    throw new UnitError(`found ${JSON.stringify(text)}; allowed: a percentage such as 10% or 12.5%`);
  }
  const percent = Math.fround(Number(number));
  if (!Number.isFinite(percent)) throw new UnitError(`found ${JSON.stringify(text)}, which is too large`);
  return Math.fround(percent / 100);
}

type Field = readonly [map: string, key: string];

/** The entries of a map by signal name, each with the path of its field. */
function entries(name: string, map: EvictionMap): Array<{ field: Field; signal: Signal; text: string }> {
  return Object.keys(map ?? {})
    .toSorted()
    .map((key) => {
      const field: Field = [name, key];
      if (!isSignal(key)) {
        throw new EvictionConfigError(field, `is no eviction signal; allowed: ${SIGNALS.join(", ")}`);
      }
      return { field, signal: key, text: (map as Readonly<Record<string, string>>)[key] };
    });
}

function statements(name: string, map: EvictionMap): Threshold[] {
  return entries(name, map).flatMap(({ field, signal, text }) => {
    // Exactly these two texts switch an entry off; "0.0%" is a threshold.
    if (text === "0%" || text === "100%") return [];
    return [{ signal, operator: "LessThan", value: parseLine(field, text), gracePeriod: 0 }];
  });
}

function parseLine(field: Field, text: string): ThresholdValue {
  const value = parseValue(field, text);
  if ("fraction" in value) {
    if (value.fraction < 0 || value.fraction > 1) {
      throw new EvictionConfigError(field, `found ${text}; allowed: from 0% to 100%`);
    }
  } else if (value.amount === 0) {
    throw new EvictionConfigError(field, `found ${text}; allowed: above zero (0% drops the threshold)`);
  }
  return value;
}

function parseMinimumReclaims(map: EvictionMap): Map<Signal, ThresholdValue> {
  const reclaims = new Map<Signal, ThresholdValue>();
  for (const { field, signal, text } of entries("evictionMinimumReclaim", map)) {
    const value = parseValue(field, text);
    if ("fraction" in value && value.fraction <= 0) {
      throw new EvictionConfigError(field, `found ${text}; allowed: a percentage above zero, or a quantity`);
    }
    reclaims.set(signal, value);
  }
  return reclaims;
}

function parseGracePeriods(map: EvictionMap): Map<Signal, Ns> {
  const periods = new Map<Signal, Ns>();
  for (const { field, signal, text } of entries("evictionSoftGracePeriod", map)) {
    periods.set(
      signal,
      reading(field, () => parseDuration(text)),
    );
  }
  return periods;
}

function parseValue(field: Field, text: string): ThresholdValue {
  return reading(field, () =>
    text.endsWith("%")
      ? { fraction: parseFraction(text) }
      : { amount: parseQuantity(text), format: quantityFormat(text) },
  );
}

function reading<T>(field: Field, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnitError) throw new EvictionConfigError(field, error.message);
    throw error;
  }
}
