import { adapter, NotCovered, premise, type Adapters } from "../conformance/adapter.ts";
import { nsOf, secondsOf } from "../conformance/time.ts";
import { BackOff } from "../images/backoff.ts";
import { IMAGE_BACKOFF_INITIAL, IMAGE_BACKOFF_MAX } from "../images/defaults.ts";
import { ensureImage, pullFailed } from "../images/ensure.ts";
import {
  computePodActions,
  type ContainerView,
  type InitContainerView,
  type ProbeResult,
  type RestartPolicy,
} from "./container-actions.ts";
import { crashLoopBackOff, crashLoopWindows, mayRestart } from "./crash-loop-backoff.ts";
import { containerGrace, effectiveGrace, killTimeout, stopContainer, type KillReason } from "./grace.ts";
import { podPhase, type ContainerStatus } from "./phase.ts";
import { requeueDelay, type SyncOutcome } from "./pod-workers.ts";

/** The version whose rules the cases state. */
const RULES_MINOR = 34;

interface GivenContainer {
  restartPolicy?: string;
  state?: "created" | "running" | "exited" | "unknown";
  exit?: number;
  hashChanged?: boolean;
  liveness?: ProbeResult;
  startup?: ProbeResult;
  livenessProbe?: boolean;
  startupProbe?: boolean;
}

interface ActionsGiven {
  restartPolicy: RestartPolicy;
  sandboxes: Array<{ id: string; state: "ready" | "notready"; attempt: number; ip?: string }>;
  containers: GivenContainer[];
  initContainers?: GivenContainer[];
  hostNetwork?: boolean;
  deleted?: boolean;
}

/** An exit code that is not given is 0, as in the runtime's own status. */
function container({ state, exit = 0, hashChanged, liveness, startup }: GivenContainer): ContainerView {
  return { state, exitCode: exit, isChanged: hashChanged, liveness, startup };
}

function initContainer(given: GivenContainer): InitContainerView {
  return {
    ...container(given),
    isSidecar: given.restartPolicy === "Always",
    hasStartupProbe: given.startupProbe ?? false,
    hasLivenessProbe: given.livenessProbe ?? false,
  };
}

const actions = adapter<ActionsGiven>((given) => {
  const found = computePodActions({
    restartPolicy: given.restartPolicy,
    isHostNetwork: given.hostNetwork ?? false,
    isDeleted: given.deleted ?? false,
    sandboxes: given.sandboxes.map(({ id, state, attempt, ip }) => ({ id, isReady: state === "ready", attempt, ip })),
    containers: given.containers.map(container),
    initContainers: (given.initContainers ?? []).map(initContainer),
  });
  const { sandboxId, killPod, createSandbox, attempt, startInit, start, kill, killInit } = found;
  return { sandboxID: sandboxId, killPod, createSandbox, attempt, startInit, start, kill, killInit };
});

type StatusName =
  "running" | "started" | "succeeded" | "stopped" | "failed" | "waiting" | "waiting_last0" | "waiting_lastN";

const STATUSES: Readonly<Record<StatusName, ContainerStatus>> = {
  running: { kind: "running", isStarted: false },
  started: { kind: "running", isStarted: true },
  succeeded: { kind: "terminated", exitCode: 0 },
  stopped: { kind: "terminated", exitCode: 0 },
  failed: { kind: "terminated", exitCode: 1 },
  waiting: { kind: "waiting" },
  waiting_last0: { kind: "waiting", lastExitCode: 0 },
  waiting_lastN: { kind: "waiting", lastExitCode: 1 },
};

interface PhaseGiven {
  restartPolicy: RestartPolicy;
  initContainers: Array<{ name: string; sidecar: boolean }>;
  containers: string[];
  status: { [name: string]: StatusName };
  podIsTerminal: boolean;
  staticPod: boolean;
}

const phase = adapter<PhaseGiven>((given) => {
  const statusOf = (name: string): ContainerStatus | undefined => {
    const status = given.status[name];
    return status === undefined ? undefined : STATUSES[status];
  };
  return {
    phase: podPhase({
      restartPolicy: given.restartPolicy,
      initContainers: given.initContainers.map(({ name, sidecar }) => ({ isSidecar: sidecar, status: statusOf(name) })),
      containers: given.containers.map(statusOf),
      isTerminal: given.podIsTerminal,
      isStatic: given.staticPod,
    }),
  };
});

interface CrashLoopGiven {
  runTime_s?: number;
  restarts?: number;
  syncAlwaysAvailable?: boolean;
  maxContainerRestartPeriod_s?: number;
  reducedDecayGate?: boolean;
  nodeMax_s?: number | null;
}

const crashLoop = adapter<CrashLoopGiven>((given) => {
  const nodeMax = given.nodeMax_s ?? given.maxContainerRestartPeriod_s;
  const options = {
    reducedDecay: given.reducedDecayGate ?? false,
    maxContainerRestartPeriod: nodeMax === undefined ? undefined : nsOf(nodeMax),
  };
  const { initial, max } = crashLoopWindows(options);
  if (given.restarts === undefined) return { initial_s: secondsOf(initial), max_s: secondsOf(max) };
  if (given.syncAlwaysAvailable === false) throw new NotCovered("syncs come when the pod workers make them");
  const saysWindows = nodeMax !== undefined || given.reducedDecayGate !== undefined;
  if (!saysWindows && given.syncAlwaysAvailable === undefined) {
    throw new NotCovered("the case does not say whether the gate ReduceDefaultCrashLoopBackOffDecay is on");
  }
  const backOff = crashLoopBackOff(options);
  const runTime = nsOf(given.runTime_s ?? 0);
  let startedAt = 0;
  return {
    waitAfterExit_s: Array.from({ length: given.restarts }, () => {
      const finishedAt = startedAt + runTime;
      const wait = mayRestart(backOff, "key", finishedAt, finishedAt) ? 0 : backOff.windowOf("key");
      if (wait > 0) mayRestart(backOff, "key", finishedAt, finishedAt + wait);
      startedAt = finishedAt + wait;
      return secondsOf(wait);
    }),
  };
});

interface BackOffGiven {
  initial_s: number;
  max_s: number;
  atMax?: boolean;
  idle_s?: number;
  gcAtIdle_s?: number[];
}

const backOffAtMax = adapter<BackOffGiven>((given) => {
  const failedToMax = (): BackOff => {
    const backOff = new BackOff({ initial: nsOf(given.initial_s), max: nsOf(given.max_s) });
    do backOff.next("key", 0);
    while (given.atMax !== false && backOff.windowOf("key") < backOff.max);
    return backOff;
  };
  return {
    inBackOff: given.idle_s === undefined ? undefined : failedToMax().isInBackOffSinceUpdate("key", nsOf(given.idle_s)),
    entryKept: given.gcAtIdle_s?.map((idle) => {
      const backOff = failedToMax();
      backOff.sweep(nsOf(idle));
      return backOff.size === 1;
    }),
  };
});

function outcomeOf(syncResult: string): SyncOutcome {
  if (/phase transition/i.test(syncResult)) return "phaseTransition";
  if (/network ?(is )?not ?ready/i.test(syncResult)) return "networkNotReady";
  if (/(crash ?loop|image ?pull)[ -]?back-?off/i.test(syncResult)) return "backOffOnly";
  if (/^(ok|no error|nil|success|none)/i.test(syncResult)) return "ok";
  if (/^(any )?(other )?error/i.test(syncResult)) return "error";
  throw new NotCovered(`no sync result ${syncResult}`);
}

interface KillGiven {
  grace_s?: number;
  preStopDuration_s?: number | null;
  override_s?: number | null;
  deletionGrace_s?: number | null;
  specGrace_s?: number | null;
  reason?: KillReason;
  probeGrace_s?: number | null;
}

const kill = adapter<KillGiven>((given) => {
  const pod = { deletion: given.deletionGrace_s ?? undefined, spec: given.specGrace_s ?? undefined };
  const grace = given.grace_s ?? containerGrace(pod, given.reason ?? "other", given.probeGrace_s ?? undefined);
  const stop = stopContainer(grace, given.override_s ?? undefined, given.preStopDuration_s ?? undefined);
  return { grace_s: grace, stopContainerGrace_s: stop.stopGrace, preStopRuns: stop.preStopRuns };
});

interface RetryGiven {
  pull_fails_instantly: boolean;
  pod_retry_after_error_s: number;
  resync_s: number;
  jitter: number;
  until_s: number;
}

/** Plays the syncs of a pod whose image never comes: when it is pulled, and when it is told to wait. */
function playRetries(given: RetryGiven, backOffIsError: boolean): { [key: string]: number[] } {
  const image = "broken:1";
  const backOff = new BackOff({ initial: IMAGE_BACKOFF_INITIAL, max: IMAGE_BACKOFF_MAX });
  const pulls: number[] = [];
  const backOffs: number[] = [];
  const until = nsOf(given.until_s);
  for (let now = 0; now <= until;) {
    const request = { podUid: "pod", image, policy: "IfNotPresent" as const };
    const decision = ensureImage(request, { imageStatus: () => false }, backOff, now, RULES_MINOR);
    if (decision.kind === "pull") {
      pulls.push(secondsOf(now));
      pullFailed(image, decision.backOffKey, "404", backOff, now);
    } else backOffs.push(secondsOf(now));
    const outcome = decision.kind === "pull" ? "error" : "backOffOnly";
    now += requeueDelay(outcome, nsOf(given.resync_s), backOffIsError).base;
  }
  return { pull_attempts_at_s: pulls, BackOff_events_at_s: backOffs };
}

const retry = adapter<RetryGiven>((given) => {
  premise(given.pull_fails_instantly, "pulls that take time are played by the puller");
  premise(given.jitter === 0, "jitter draws from a stream");
  const afterError = requeueDelay("error", 0, true).base;
  premise(nsOf(given.pod_retry_after_error_s) === afterError, "the retry after an error is fixed upstream");
  return {
    variant_backoff_is_an_error: playRetries(given, true),
    variant_backoff_alone_is_not_an_error: playRetries(given, false),
  };
});

interface GraceGiven {
  specGrace_s: number | null;
  deletionGrace_s: number | null;
  override_s: number | null;
  current_s: number;
}

/** Reference cases that the kubelet's rules answer, by family. The rules of back-off alone are those up to 1.34. */
export const adapters: Adapters = {
  actions,
  init: actions,
  sidecar: actions,
  phase,
  crashloop: crashLoop,
  backoff: backOffAtMax,
  retry,
  kill,
  grace: adapter<GraceGiven>(({ specGrace_s, deletionGrace_s, override_s, current_s }) => {
    const { grace, isShortened } = effectiveGrace({
      current: current_s,
      deletion: deletionGrace_s ?? undefined,
      override: override_s ?? undefined,
      spec: specGrace_s ?? undefined,
    });
    return { grace_s: grace, shortened: isShortened };
  }),
  killnow: adapter<{ specGrace_s: number | null; override_s: number | null }>(({ specGrace_s, override_s }) => ({
    waitTimeout_s: killTimeout(specGrace_s ?? undefined, override_s ?? undefined),
  })),
  requeue: adapter<{ syncResult: string; syncFrequency_s: number }>(({ syncResult, syncFrequency_s }) => {
    const { base, jitter } = requeueDelay(outcomeOf(syncResult), nsOf(syncFrequency_s), false);
    const delay = secondsOf(base);
    return { requeueDelay_s: base === 0 ? { exactly: 0 } : { min: delay, maxExclusive: delay * (1 + jitter) } };
  }),
};
