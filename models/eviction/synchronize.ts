import type { Ns } from "../../engine/time.ts";
import { conditionsOf, lastSeen, reportedConditions, type ConditionsSeen } from "./conditions.ts";
import type { EvictionRules } from "./defaults.ts";
import { evictionGraceSeconds, nodePressureEviction, type Eviction } from "./eviction.ts";
import { nodeReclaims, withContainerFsThresholds, type Layout, type NodeReclaim } from "./layout.ts";
import { localStorageEvictions } from "./local-storage.ts";
import { rearms } from "./memory-notifier.ts";
import { isCritical, type ManagedPod } from "./pod.ts";
import { rankPods } from "./ranking.ts";
import { RESOURCE_OF, type NodeCondition, type Observations, type StarvedResource } from "./signals.ts";
import {
  byEvictionPriority,
  firstObserved,
  mergeThresholds,
  pastGracePeriod,
  thresholdsMet,
  withFreshStats,
  type MetThreshold,
  type Threshold,
} from "./threshold.ts";

/** How one eviction manager is configured. */
export interface EvictionManagerConfig {
  /** As `parseThresholds` gives them. */
  thresholds: readonly Threshold[];
  /** evictionMaxPodGracePeriod. */
  maxPodGracePeriodSeconds: number;
  /** evictionPressureTransitionPeriod. */
  pressureTransitionPeriod: Ns;
  /** localStorageCapacityIsolation: whether limits of local storage are enforced. */
  localStorageCapacityIsolation: boolean;
  rules: EvictionRules;
}

/** What an eviction manager remembers between passes: plain data, never changed in place. */
export interface EvictionState {
  /** The configured thresholds, and from the second pass on those of containerfs. */
  thresholds: readonly Threshold[];
  /** Decided in the first pass that could see the file systems. */
  layout?: Layout;
  /** The layout needs KubeletSeparateDiskGC, which is off: pods are no longer ranked and nothing is reclaimed. */
  isLayoutRefused: boolean;
  metSince: readonly MetThreshold[];
  conditionsSeen: ConditionsSeen;
  /** What the node reports and what admission of pods reads. */
  conditions: readonly NodeCondition[];
  /** Thresholds whose grace period was over in the last pass: they stay met until their minimum reclaim is reached. */
  fired: readonly Threshold[];
  lastObservations: Observations;
  notifiersArmedAt?: Ns;
}

/** What a pass looks at. */
export interface PassInputs {
  now: Ns;
  /** Absent while the image file system cannot be determined. `split` absent: cannot be told, taken as not split. */
  layout?: { imageFs: boolean; split?: boolean };
  /** Active pods, terminating ones included, with the stats of this pass. */
  pods: readonly ManagedPod[];
  /** Absent if the summary could not be read. */
  observations?: Observations;
}

/** A pass that stopped for node-level reclaim: what `afterReclaim` needs to go on. */
export interface PendingEviction {
  /** The threshold that is acted upon; it decides grace and ranking. */
  threshold: Threshold;
  ripe: readonly Threshold[];
  observations: Observations;
  pods: readonly ManagedPod[];
}

/** What a pass wants done. Before `evict` and `reclaim` over a threshold the node's Warning event EvictionThresholdMet. */
export type PassOutcome =
  | { kind: "nothing" }
  /** The loop reports the error and sleeps. */
  | { kind: "error"; message: string }
  /** Run these in order, read the stats again, then call `afterReclaim`. */
  | { kind: "reclaim"; reclaims: readonly NodeReclaim[]; pending: PendingEviction }
  /** Kill these pods, one after the other, each to its end; then wait for their clean-up. */
  | { kind: "evict"; evictions: readonly Eviction[] };

export interface PassDecision {
  outcome: PassOutcome;
  /** What the node's event EvictionThresholdMet names, if it is recorded. */
  starved?: StarvedResource;
  /** The memory notifiers are armed anew before anything else. */
  rearmsNotifiers: boolean;
  /** The user's containerfs thresholds were replaced, which the kubelet warns of. */
  overridesContainerFs: boolean;
}

const NOTHING: PassOutcome = { kind: "nothing" };

/** The state of an eviction manager before its first pass. */
export function initialState(config: EvictionManagerConfig): EvictionState {
  return {
    thresholds: config.thresholds,
    isLayoutRefused: false,
    metSince: [],
    conditionsSeen: {},
    conditions: [],
    fired: [],
    lastObservations: {},
  };
}

/**
 * One pass of the eviction manager: what it remembers afterwards, and what it wants done. Pure: the loop around it, the
 * killing and the cleaning up take simulated time and are the caller's.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go synchronize
 */
export function synchronize(
  config: EvictionManagerConfig,
  state: EvictionState,
  inputs: PassInputs,
): { state: EvictionState; decision: PassDecision } {
  const { now, pods, observations } = inputs;
  const decide = (next: EvictionState, outcome: PassOutcome, more: Partial<PassDecision> = {}) => ({
    state: next,
    decision: { outcome, rearmsNotifiers: false, overridesContainerFs: false, ...more },
  });
  if (state.thresholds.length === 0 && !config.localStorageCapacityIsolation) return decide(state, NOTHING);

  // The pass that learns the layout still judges by the configured list, because upstream has taken its copy already.
  const { thresholds } = state;
  let overridesContainerFs = false;
  if (state.layout === undefined) {
    if (inputs.layout === undefined) {
      return decide(state, { kind: "error", message: "the image file system cannot be determined" });
    }
    const layout = { imageFs: inputs.layout.imageFs, split: inputs.layout.split ?? false };
    if (layout.split && !config.rules.separateDiskGC) {
      const message = "writable layers and images lie on different devices, which needs KubeletSeparateDiskGC";
      return decide({ ...state, layout, isLayoutRefused: true }, { kind: "error", message });
    }
    const derived = withContainerFsThresholds(thresholds, layout);
    overridesContainerFs = derived.overridden;
    state = { ...state, layout, thresholds: derived.thresholds };
  }
  const layout = state.layout as Layout;
  if (observations === undefined) return decide(state, NOTHING, { overridesContainerFs });

  const rearmsNotifiers = rearms(state.notifiersArmedAt, now);
  const unresolved = thresholdsMet(state.fired, observations, true);
  const met = mergeThresholds(thresholdsMet(thresholds, observations, false), unresolved);
  const metSince = firstObserved(met, state.metSince, now);
  const seenNow = conditionsOf(met.map(({ signal }) => signal));
  const conditionsSeen = lastSeen(seenNow, state.conditionsSeen, now);
  const fired = pastGracePeriod(metSince, now);
  const next: EvictionState = {
    ...state,
    metSince,
    conditionsSeen,
    conditions: reportedConditions(conditionsSeen, config.pressureTransitionPeriod, now),
    fired,
    lastObservations: observations,
    notifiersArmedAt: rearmsNotifiers ? now : state.notifiersArmedAt,
  };
  const flags = { rearmsNotifiers, overridesContainerFs };

  if (config.localStorageCapacityIsolation) {
    const evictions = localStorageEvictions(pods, layout, config.rules);
    if (evictions.length > 0) return decide(next, { kind: "evict", evictions }, flags);
  }
  const ripe = byEvictionPriority(withFreshStats(fired, observations, state.lastObservations));
  if (ripe.length === 0) return decide(next, NOTHING, flags);

  const pending: PendingEviction = { threshold: ripe[0], ripe, observations, pods };
  const reclaims = next.isLayoutRefused ? [] : nodeReclaims(ripe[0].signal, layout);
  const outcome: PassOutcome =
    reclaims.length > 0 ? { kind: "reclaim", reclaims, pending } : evictOne(config, next, pending);
  return decide(next, outcome, { ...flags, starved: RESOURCE_OF[ripe[0].signal] });
}

/**
 * Goes on with a pass after its node-level reclaim, with the stats that were read after it. All configured thresholds
 * count now, of whatever signal and grace, minimum reclaim added: only if none is met does the pod eviction fall away.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go reclaimNodeLevelResources
 */
export function afterReclaim(
  config: EvictionManagerConfig,
  state: EvictionState,
  pending: PendingEviction,
  observations: Observations | undefined,
): PassOutcome {
  const suffices = observations !== undefined && thresholdsMet(state.thresholds, observations, true).length === 0;
  return suffices ? NOTHING : evictOne(config, state, pending);
}

/** At most one pod goes in a pass: the first in rank that is not critical. */
function evictOne(config: EvictionManagerConfig, state: EvictionState, pending: PendingEviction): PassOutcome {
  if (state.isLayoutRefused) return NOTHING;
  const { threshold, ripe, observations, pods } = pending;
  const victim = rankPods(threshold.signal, state.layout as Layout, pods).find((pod) => !isCritical(pod));
  if (victim === undefined) return NOTHING;
  const grace = evictionGraceSeconds(threshold, config.maxPodGracePeriodSeconds, victim, config.rules);
  return { kind: "evict", evictions: [nodePressureEviction(victim, threshold, grace, ripe, observations)] };
}
