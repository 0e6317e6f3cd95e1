import { adapter, NotCovered, premise, type Adapters } from "../conformance/adapter.ts";
import { conditionsOf, lastSeen, reportedConditions, type ConditionsSeen } from "./conditions.ts";
import {
  ms,
  ns,
  optionalNs,
  toAdmitted,
  toLayout,
  toObservations,
  toPod,
  toThreshold,
  toValue,
  type GivenPod,
  type GivenSignals,
  type GivenThreshold,
  type GivenValue,
} from "./conformance-shapes.ts";
import { admits } from "./pod.ts";
import { chain, orderedBy, rankingOf, type Comparator, type Ranking } from "./ranking.ts";
import {
  observe,
  RESOURCE_OF,
  workingSet,
  type FileSystemStats,
  type MemoryStats,
  type NodeCondition,
  type Signal,
} from "./signals.ts";
import {
  byEvictionPriority,
  firstObserved,
  fractionValue,
  pastGracePeriod,
  sameValue,
  thresholdsMet,
  withFreshStats,
  type Threshold,
} from "./threshold.ts";
import { effectiveGraceSeconds, killWaitLimitSeconds, nextPassAfterEviction, nextPassAfterSleep } from "./timing.ts";

/** A hard threshold of a signal, where only its signal matters. */
function anyThreshold(signal: Signal): Threshold {
  return { signal, operator: "LessThan", value: fractionValue(0.1), gracePeriod: 0 };
}

const compareThresholdValue = adapter<{ a: GivenValue; b: GivenValue }>(({ a, b }) => {
  const [first, second] = [toValue(a), toValue(b)];
  const equal = sameValue(first, second);
  return { equal, symmetric: equal === sameValue(second, first) };
});

const thresholdPriority = adapter<{ signals: Signal[] }>(({ signals }) => {
  const order = byEvictionPriority(signals.map(anyThreshold)).map(({ signal }) => signal);
  return { firstIsMemory: order.length > 0 && RESOURCE_OF[order[0]] === "memory", upstreamOrder: order };
});

const thresholdMet = adapter<{
  thresholds: GivenThreshold[];
  observations: GivenSignals;
  enforceMinReclaim: boolean;
}>(({ thresholds, observations, enforceMinReclaim }) => {
  const met = thresholdsMet(thresholds.map(toThreshold), toObservations(observations), enforceMinReclaim);
  return { metSignals: met.map(({ signal }) => signal) };
});

const freshStats = adapter<{
  thresholdSignals: Signal[];
  observation: { timeMs?: number | null } | null;
  lastObservation: { timeMs?: number | null } | null;
}>(({ thresholdSignals, observation, lastObservation }) => {
  const seen = (given: { timeMs?: number | null } | null) =>
    given === null
      ? {}
      : Object.fromEntries(
          thresholdSignals.map((signal) => [signal, { available: 0, capacity: 0, at: optionalNs(given.timeMs) }]),
        );
  const fresh = withFreshStats(thresholdSignals.map(anyThreshold), seen(observation), seen(lastObservation));
  return { kept: fresh.map(({ signal }) => signal) };
});

const firstSeen = adapter<{ met: Signal[]; previous: Partial<Record<Signal, number>>; nowMs: number }>(
  ({ met, previous, nowMs }) => {
    const known = (Object.keys(previous) as Signal[]).map((signal) => ({
      threshold: anyThreshold(signal),
      since: ns(previous[signal] ?? 0),
    }));
    const seen = firstObserved(met.map(anyThreshold), known, ns(nowMs));
    return { firstObservedMs: Object.fromEntries(seen.map(({ threshold, since }) => [threshold.signal, ms(since)])) };
  },
);

const gracePeriod = adapter<{ threshold: GivenThreshold | null; firstObservedMs: number | null; nowMs: number }>(
  ({ threshold, firstObservedMs, nowMs }) => {
    const since = optionalNs(firstObservedMs);
    const met = threshold === null || since === undefined ? [] : [{ threshold: toThreshold(threshold), since }];
    return { ripe: pastGracePeriod(met, ns(nowMs)).length > 0 };
  },
);

const nodeCondition = adapter<{ metSignals: Signal[] }>(({ metSignals }) => {
  const signals = [...metSignals];
  return {
    conditions: conditionsOf(signals),
    resource: signals.length === 0 ? undefined : RESOURCE_OF[signals[0]],
  };
});

const conditionLastSeen = adapter<{
  conditionsNow: NodeCondition[];
  previousMs: Partial<Record<NodeCondition, number>>;
  nowMs: number;
}>(({ conditionsNow, previousMs, nowMs }) => {
  const previous = mapTimes(previousMs, ns);
  return { lastSeenMs: mapTimes(lastSeen([...conditionsNow], previous, ns(nowMs)), ms) };
});

function mapTimes(times: ConditionsSeen, convert: (time: number) => number): Partial<Record<NodeCondition, number>> {
  return Object.fromEntries(Object.entries(times).map(([condition, time]) => [condition, convert(time)]));
}

const conditionTransition = adapter<{ lastSeenMs: number; nowMs: number; transitionPeriodMs: number }>(
  ({ lastSeenMs, nowMs, transitionPeriodMs }) => ({
    reported: reportedConditions({ MemoryPressure: ns(lastSeenMs) }, ns(transitionPeriodMs), ns(nowMs)).length > 0,
  }),
);

const hasCondition = adapter<{ list: string[]; item: string }>(({ list, item }) => ({
  result: [...list].includes(item),
}));

type GivenMemory = Omit<MemoryStats, "at"> & { timeMs?: number };
type GivenFileSystem = Omit<FileSystemStats, "at"> & { timeMs?: number };

interface GivenStats {
  /** The root cgroup, under one of its names. */
  memory?: GivenMemory;
  node?: GivenMemory;
  root?: GivenMemory;
  kubepods?: GivenMemory;
  nodefs?: GivenFileSystem;
  imagefs?: GivenFileSystem;
  containerfs?: GivenFileSystem;
  pids?: { max: number; running: number; timeMs?: number };
}

const observation = adapter<{ stats: GivenStats }>(({ stats }) => {
  const pids = stats.pids;
  const observed = observe({
    memory: timed(stats.memory ?? stats.node ?? stats.root),
    kubepods: timed(stats.kubepods),
    nodefs: timed(stats.nodefs),
    imagefs: timed(stats.imagefs),
    containerfs: timed(stats.containerfs),
    pids: pids === undefined ? undefined : { max: pids.max, running: pids.running, at: optionalNs(pids.timeMs) },
  });
  return {
    observations: Object.fromEntries(
      Object.entries(observed).map(([signal, { available, capacity, at }]) => [
        signal,
        { available, capacity, timeMs: at === undefined ? undefined : ms(at) },
      ]),
    ),
  };
});

/** A section of the summary; figures that are null are unknown. */
function timed<T extends { timeMs?: number }>(given: T | undefined): (Omit<T, "timeMs"> & { at?: number }) | undefined {
  if (given === undefined || given === null) return undefined;
  const known = Object.fromEntries(Object.entries(given).filter(([key, value]) => key !== "timeMs" && value !== null));
  return { ...(known as Omit<T, "timeMs">), at: optionalNs(given.timeMs) };
}

const workingSetBytes = adapter<{ usageBytes: number; inactiveFileBytes: number }>((given) => ({
  workingSetBytes: workingSet(given.usageBytes, given.inactiveFileBytes),
}));

/** Single comparators, by the names that cases give them. */
const COMPARATORS: Readonly<Record<string, keyof Ranking>> = {
  exceedsRequest: "exceedsRequest",
  exceedsRequests: "exceedsRequest",
  priority: "priority",
  usageOverRequest: "usageOverRequest",
  usage: "usageOverRequest",
  processes: "usageOverRequest",
};

const ranking = adapter<{
  signal: Signal;
  layout?: { imageFs: boolean; split: boolean };
  comparators?: "full" | string[];
  podsInInputOrder: GivenPod[];
}>((given) => {
  const layout = toLayout(given.layout ?? { imageFs: false, split: false });
  const ranked = rankingOf(given.signal, layout);
  const named = given.comparators ?? "full";
  const comparators = named === "full" ? chain(ranked) : [...named].map((name) => comparator(ranked, name));
  return { evictionOrder: orderedBy(comparators, given.podsInInputOrder.map(toPod)).map(({ name }) => name) };
});

function comparator(ranked: Ranking, name: string): Comparator {
  const found = Object.hasOwn(COMPARATORS, name) ? ranked[COMPARATORS[name]] : undefined;
  if (found === undefined) throw new NotCovered(`the comparator ${name} is unknown`);
  return found;
}

const admission = adapter<{ nodeConditions: NodeCondition[]; pods: GivenPod[] }>(({ nodeConditions, pods }) => {
  const conditions = [...nodeConditions];
  return { admit: Object.fromEntries(pods.map((pod) => [pod.name, admits(conditions, toAdmitted(pod))])) };
});

const timing = adapter<{
  graceSeconds?: number;
  passEndedAtMs?: number;
  killReturnedAtMs?: number;
  cleanedUpAtMs?: number | null | Array<number | null>;
}>((given, asked) => {
  if (asked.includes("nextPassAtMs")) {
    if (given.passEndedAtMs !== undefined) return { nextPassAtMs: ms(nextPassAfterSleep(ns(given.passEndedAtMs))) };
    premise(given.killReturnedAtMs !== undefined, "the next pass counts from a kill or from the end of a pass");
    const cleaned = Array.isArray(given.cleanedUpAtMs) ? [...given.cleanedUpAtMs] : [given.cleanedUpAtMs];
    return { nextPassAtMs: ms(nextPassAfterEviction(ns(given.killReturnedAtMs ?? 0), cleaned.map(optionalNs))) };
  }
  const grace = given.graceSeconds ?? 0;
  return { waitLimitSeconds: killWaitLimitSeconds(grace), effectiveGraceSeconds: effectiveGraceSeconds(grace) };
});

/** The steps of a pass, one by one. */
export const ruleAdapters: Adapters = {
  "compare-threshold-value": compareThresholdValue,
  "threshold-priority": thresholdPriority,
  "threshold-met": thresholdMet,
  "fresh-stats": freshStats,
  "first-observed": firstSeen,
  "grace-period": gracePeriod,
  "node-condition": nodeCondition,
  "condition-last-seen": conditionLastSeen,
  "condition-transition": conditionTransition,
  "has-condition": hasCondition,
  observation,
  "working-set": workingSetBytes,
  ranking,
  admission,
  timing,
};
