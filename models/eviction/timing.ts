import type { Ns } from "../../engine/time.ts";
import { CLEANUP_POLL, CLEANUP_TIMEOUT, MONITORING_INTERVAL } from "./defaults.ts";

/** The least that a pod worker grants. Source: kubernetes v1.34 pkg/kubelet/pod_workers.go calculateEffectiveGracePeriod */
export function effectiveGraceSeconds(graceSeconds: number): number {
  return Math.max(graceSeconds, 1);
}

/**
 * How long the eviction manager waits for the containers of an evicted pod to die, in seconds: one and a half times the
 * grace in whole seconds, at least 10.
 *
 * Source: kubernetes v1.34 pkg/kubelet/pod_workers.go killPodNow
 */
export function killWaitLimitSeconds(graceSeconds: number): number {
  return Math.max(10, graceSeconds + Math.trunc(graceSeconds / 2));
}

/** When the pass after one that evicted nothing begins: the loop sleeps from the pass's end, failed passes included. */
export function nextPassAfterSleep(passEndedAt: Ns): Ns {
  return passEndedAt + MONITORING_INTERVAL;
}

/**
 * When the pass after an eviction begins: at the first poll, a whole number of seconds after the kill returned, that finds
 * every pod cleaned up, or when 30 s are over. `cleanedUpAt` holds undefined for a pod that never is.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go waitForPodsCleanup
 */
export function nextPassAfterEviction(killReturnedAt: Ns, cleanedUpAt: ReadonlyArray<Ns | undefined>): Ns {
  const last = cleanedUpAt.reduce<Ns>((latest, at) => Math.max(latest, at ?? Infinity), killReturnedAt);
  const polls = Math.max(1, Math.ceil((last - killReturnedAt) / CLEANUP_POLL));
  return killReturnedAt + Math.min(polls * CLEANUP_POLL, CLEANUP_TIMEOUT);
}
