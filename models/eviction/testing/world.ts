import { evictionRules, PRESSURE_TRANSITION_PERIOD } from "../defaults.ts";
import type { ManagedPod } from "../pod.ts";
import type { EvictionManagerConfig } from "../synchronize.ts";
import type { Signal } from "../signals.ts";
import type { Threshold } from "../threshold.ts";

/** Small worlds for the tests of this folder. */

export const MI = 1024 * 1024;
export const GI = 1024 * MI;
export const SECOND = 1_000_000_000;

/** A threshold at an amount; hard without a grace period. */
export function line(
  signal: Signal,
  amount: number,
  more: { graceSeconds?: number; minReclaim?: number } = {},
): Threshold {
  return {
    signal,
    operator: "LessThan",
    value: { amount, format: "BinarySI" },
    gracePeriod: (more.graceSeconds ?? 0) * SECOND,
    minReclaim: more.minReclaim === undefined ? undefined : { amount: more.minReclaim, format: "BinarySI" },
  };
}

/** A pod of one container of its name, which uses so much memory. */
export function memoryPod(name: string, usedBytes: number, more: Partial<ManagedPod> = {}): ManagedPod {
  return {
    name,
    requests: {},
    limits: {},
    containers: [{ name, kind: "regular", requests: more.requests }],
    volumes: [],
    stats: { memoryWorkingSetBytes: usedBytes, containers: [{ name, workingSetBytes: usedBytes }], volumes: [] },
    ...more,
  };
}

export function manager(thresholds: Threshold[], more: Partial<EvictionManagerConfig> = {}): EvictionManagerConfig {
  return {
    thresholds,
    maxPodGracePeriodSeconds: 0,
    pressureTransitionPeriod: PRESSURE_TRANSITION_PERIOD,
    localStorageCapacityIsolation: false,
    rules: evictionRules(),
    ...more,
  };
}
