/** Grace periods are whole seconds, as in the API. */

/** The shortest grace of a stopped container, in seconds. Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_manager.go, minimumGracePeriodInSeconds. */
const MINIMUM_CONTAINER_GRACE = 2;
/** The shortest wait for a kill, in seconds. Source: kubernetes v1.34 pkg/kubelet/pod_workers.go, killPodNow. */
const MINIMUM_KILL_TIMEOUT = 10;

export interface PodGrace {
  /** The worker's own so far; 0 before the first termination. */
  current: number;
  /** deletionGracePeriodSeconds. */
  deletion?: number;
  /** What a killer such as the eviction manager asks for. */
  override?: number;
  /** terminationGracePeriodSeconds. */
  spec?: number;
}

/**
 * The grace of a terminating pod (rule K6): it can only shrink, and is at least 1 s. Also whether it became shorter while
 * the pod was terminating, which interrupts the kill under way.
 * Source: kubernetes v1.34 pkg/kubelet/pod_workers.go, calculateEffectiveGracePeriod.
 */
export function effectiveGrace({ current, deletion, override, spec }: PodGrace): {
  grace: number;
  isShortened: boolean;
} {
  let grace = current;
  let isSet = false;
  for (const asked of [deletion, override]) {
    if (asked === undefined || (grace !== 0 && asked >= grace)) continue;
    grace = asked;
    isSet = true;
  }
  if (!isSet && grace === 0 && spec !== undefined) grace = spec;
  grace = Math.max(grace, 1);
  return { grace, isShortened: current !== 0 && current !== grace };
}

/** Why a container is stopped, as far as its grace depends on it. */
export type KillReason = "liveness" | "startup" | "other";

/**
 * The grace of one container before its hook (rule K7). The probe's own value counts only for a kill by that probe, and
 * only where the pod has one. Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go, setTerminationGracePeriod.
 */
export function containerGrace(
  pod: { deletion?: number; spec?: number },
  reason: KillReason,
  probeGrace: number | undefined,
): number {
  if (pod.deletion !== undefined) return pod.deletion;
  if (pod.spec === undefined) return MINIMUM_CONTAINER_GRACE;
  return reason !== "other" && probeGrace !== undefined ? probeGrace : pod.spec;
}

/**
 * Stopping one container (rule K7): the preStop hook, if there is one and any grace, eats whole seconds of it; what is left
 * until SIGKILL is at least 2 s, so a hook that eats all still leaves those.
 * Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go, killContainer and executePreStopHook.
 */
export function stopContainer(
  grace: number,
  override: number | undefined,
  preStopSeconds: number | undefined,
): { stopGrace: number; preStopRuns: boolean } {
  const given = override ?? grace;
  const preStopRuns = preStopSeconds !== undefined && given > 0;
  const used = preStopRuns ? Math.floor(Math.min(preStopSeconds, given)) : 0;
  return { stopGrace: Math.max(given - used, MINIMUM_CONTAINER_GRACE), preStopRuns };
}

/**
 * How long the eviction manager waits for a pod that it kills (rule K8): one and a half times the grace, at least 10 s.
 * Source: kubernetes v1.34 pkg/kubelet/pod_workers.go, killPodNow.
 */
export function killTimeout(spec: number | undefined, override: number | undefined): number {
  const grace = override ?? spec ?? 0;
  return Math.max(grace + Math.floor(grace / 2), MINIMUM_KILL_TIMEOUT);
}
