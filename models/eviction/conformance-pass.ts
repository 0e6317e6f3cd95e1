import { adapter, type Adapters, type Found } from "../conformance/adapter.ts";
import {
  inPart,
  ns,
  toAdmitted,
  toLayout,
  toObservations,
  toPod,
  toThreshold,
  type GivenPod,
  type GivenSignals,
  type GivenThreshold,
} from "./conformance-shapes.ts";
import { evictionRules, PRESSURE_TRANSITION_PERIOD } from "./defaults.ts";
import { EVICTED_STATUS, type Eviction } from "./eviction.ts";
import { notifierCount, usageTrigger, watchedMemory } from "./memory-notifier.ts";
import { admits } from "./pod.ts";
import type { MemoryStats, Signal } from "./signals.ts";
import {
  afterReclaim,
  initialState,
  synchronize,
  type EvictionManagerConfig,
  type EvictionState,
  type PassInputs,
  type PassOutcome,
} from "./synchronize.ts";
import type { Threshold } from "./threshold.ts";

interface GivenConfig {
  maxPodGraceSeconds?: number;
  pressureTransitionMs?: number;
  localStorageIsolation?: boolean;
  layout?: { imageFs: boolean; split: boolean };
}

interface GivenStep {
  atMs: number;
  /** null: the summary cannot be read. */
  signals: GivenSignals | null;
  /** The pods from this step on, where they change. */
  pods?: GivenPod[];
  /** What the second reading shows, after node-level reclaim. */
  signalsAfterReclaim?: GivenSignals;
}

interface GivenSequence {
  config?: GivenConfig;
  layout?: { imageFs: boolean; split: boolean };
  kubeletSeparateDiskGC?: boolean;
  kubernetesVersion?: string;
  thresholds?: GivenThreshold[];
  pods?: GivenPod[];
  steps?: GivenStep[];
  admissionProbes?: GivenPod[];
}

/** One pass and, where it stops for node-level reclaim, its end with the second reading. */
function pass(
  config: EvictionManagerConfig,
  state: EvictionState,
  inputs: PassInputs,
  afterwards: PassInputs["observations"],
): { state: EvictionState; outcome: PassOutcome; reclaims: readonly string[] } {
  const { state: next, decision } = synchronize(config, state, inputs);
  const { outcome } = decision;
  if (outcome.kind !== "reclaim") return { state: next, outcome, reclaims: [] };
  const end = afterReclaim(config, next, outcome.pending, afterwards);
  return { state: next, outcome: end, reclaims: outcome.reclaims };
}

const sequence = adapter<GivenSequence>((given) => {
  const rules = evictionRules(given.kubernetesVersion);
  const config: EvictionManagerConfig = {
    thresholds: (given.thresholds ?? []).map(toThreshold),
    maxPodGracePeriodSeconds: given.config?.maxPodGraceSeconds ?? 0,
    pressureTransitionPeriod: transitionPeriod(given.config?.pressureTransitionMs),
    localStorageCapacityIsolation: given.config?.localStorageIsolation ?? true,
    rules: { ...rules, separateDiskGC: given.kubeletSeparateDiskGC ?? rules.separateDiskGC },
  };
  const layout = toLayout(given.config?.layout ?? given.layout ?? { imageFs: false, split: false });
  let pods = (given.pods ?? []).map(toPod);
  const probes = (given.admissionProbes ?? []).map((probe) => ({ name: probe.name, pod: toAdmitted(probe) }));
  let state = initialState(config);
  let passError = false;
  const all: Eviction[] = [];
  const steps = (given.steps ?? [{ atMs: 0, signals: {} }]).map((step): Found => {
    pods = step.pods?.map(toPod) ?? pods;
    const observations = step.signals === null ? undefined : toObservations(step.signals);
    const afterwards = step.signalsAfterReclaim === undefined ? observations : toObservations(step.signalsAfterReclaim);
    const done = pass(config, state, { now: ns(step.atMs), layout, pods, observations }, afterwards);
    state = done.state;
    passError ||= done.outcome.kind === "error";
    const evictions = done.outcome.kind === "evict" ? done.outcome.evictions : [];
    all.push(...evictions);
    return inPart({
      atMs: step.atMs,
      conditions: state.conditions,
      evicted: evictions.map(({ pod }) => pod),
      graceSeconds: evictions[0]?.graceSeconds,
      nodeReclaim: done.reclaims,
      admit: inPart(Object.fromEntries(probes.map(({ name, pod }) => [name, admits(state.conditions, pod)]))),
    });
  });
  return { steps, passError, evicted: all.map(({ pod }) => pod), podStatus: podStatus(all.at(-1)) };
});

/** A transition period of zero is the default, as in a KubeletConfiguration. */
function transitionPeriod(givenMs: number | undefined): number {
  return givenMs === undefined || givenMs === 0 ? PRESSURE_TRANSITION_PERIOD : ns(givenMs);
}

function podStatus(eviction: Eviction | undefined): Found {
  if (eviction === undefined) return undefined;
  const { parts, condition } = eviction;
  return inPart({
    ...EVICTED_STATUS,
    condition: condition === undefined ? undefined : { ...condition },
    messageParts:
      parts === undefined
        ? undefined
        : inPart({
            resource: parts.resource,
            thresholdQuantity: parts.thresholdQuantity,
            available: parts.available,
            offenders: parts.offenders.map(({ name, isPod, usage, request }) =>
              isPod ? { pod: name, usage, request } : { container: name, usage, request },
            ),
          }),
  });
}

const CHECKS: Readonly<Record<string, string>> = {
  "emptydirfs.limit": "emptyDir",
  "ephemeralpodfs.limit": "pod",
  "ephemeralcontainerfs.limit": "container",
};

const localStorage = adapter<{
  localStorageIsolation: boolean;
  layout: { imageFs: boolean; split: boolean };
  pods: GivenPod[];
  nodefsAvailableBytes?: number;
  nodefsHardThresholdBytes?: number;
}>((given) => {
  const { nodefsHardThresholdBytes: amount, nodefsAvailableBytes: available } = given;
  const line: Threshold[] =
    amount === undefined
      ? []
      : [{ signal: "nodefs.available", operator: "LessThan", value: { amount, format: "BinarySI" }, gracePeriod: 0 }];
  const config: EvictionManagerConfig = {
    thresholds: line,
    maxPodGracePeriodSeconds: 0,
    pressureTransitionPeriod: PRESSURE_TRANSITION_PERIOD,
    localStorageCapacityIsolation: given.localStorageIsolation,
    rules: evictionRules(),
  };
  const observations = available === undefined ? {} : { "nodefs.available": { available, capacity: available } };
  const pods = given.pods.map(toPod);
  const inputs = { now: 0, layout: toLayout(given.layout), pods, observations };
  const { outcome } = pass(config, initialState(config), inputs, observations);
  const evictions = outcome.kind === "evict" ? outcome.evictions.filter(({ signal }) => signal in CHECKS) : [];
  return {
    evictedByCheck: Object.fromEntries(evictions.map(({ pod, signal }) => [pod, CHECKS[signal]])),
    graceSeconds: evictions[0]?.graceSeconds ?? null,
    nodePressureEvictionSkipped: evictions.length > 0,
  };
});

interface GivenNotifier extends MemoryStats {
  signal?: Signal;
  thresholdBytes?: number;
  thresholdFraction?: number;
  armingFails?: boolean;
  systemContainers?: string[];
  passesAtMs?: number[];
  rearmFails?: boolean;
  cgroupVersion?: 1 | 2;
  kernelMemcgNotification?: boolean;
}

const memoryNotifier = adapter<GivenNotifier>((given) => {
  const { signal = "memory.available", thresholdBytes, thresholdFraction } = given;
  const threshold = toThreshold({ signal, value: { amount: thresholdBytes, fraction: thresholdFraction } });
  if (given.passesAtMs !== undefined) return notifiedPasses([...given.passesAtMs], threshold, given.rearmFails);
  if (given.kernelMemcgNotification !== undefined) {
    const notifiers = notifierCount([threshold], given.kernelMemcgNotification, given.cgroupVersion ?? 2);
    // Without a notifier nothing can trigger; with one, how often it does is the ramp's doing and no rule's.
    return { notifiers, triggers: notifiers === 0 ? 0 : undefined };
  }
  const memory = {
    availableBytes: given.availableBytes,
    workingSetBytes: given.workingSetBytes,
    usageBytes: given.usageBytes,
  };
  const isListed = given.systemContainers === undefined || [...given.systemContainers].includes("pods");
  const watched = watchedMemory(threshold, { memory, kubepods: isListed ? memory : undefined });
  const trigger = usageTrigger(threshold, watched);
  return { usageTriggerBytes: trigger ?? null, error: trigger === undefined || given.armingFails === true };
});

/** Passes at these times; that arming fails is logged by upstream and changes nothing, so it is no input of a pass. */
function notifiedPasses(passesAtMs: readonly number[], threshold: Threshold, _rearmFails: boolean | undefined): Found {
  const config: EvictionManagerConfig = {
    thresholds: [threshold],
    maxPodGracePeriodSeconds: 0,
    pressureTransitionPeriod: PRESSURE_TRANSITION_PERIOD,
    localStorageCapacityIsolation: false,
    rules: evictionRules(),
  };
  let state = initialState(config);
  let passError = false;
  const rearmedAtMs = passesAtMs.filter((atMs) => {
    const inputs = { now: ns(atMs), layout: { imageFs: false, split: false }, pods: [], observations: {} };
    const { state: next, decision } = synchronize(config, state, inputs);
    state = next;
    passError ||= decision.outcome.kind === "error";
    return decision.rearmsNotifiers;
  });
  return { passError, rearmedAtMs, rearms: rearmedAtMs.length };
}

/** Whole passes. */
export const passAdapters: Adapters = { sequence, "local-storage": localStorage, "memory-notifier": memoryNotifier };
