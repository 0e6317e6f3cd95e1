import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/** How a sync of a pod ended. Back-off alone: nothing failed but starts or pulls that are held back. */
export type SyncOutcome = "phaseTransition" | "ok" | "backOffOnly" | "networkNotReady" | "error";

/** Jitter only ever lengthens: a delay of `base` is drawn from [base, base x (1 + jitter)). */
export interface RequeueDelay {
  base: Ns;
  jitter: number;
}

/** Source: kubernetes v1.34 pkg/kubelet/pod_workers.go, workerResyncIntervalJitterFactor, workerBackOffPeriodJitterFactor, backOffOnTransientErrorPeriod; pkg/kubelet/kubelet.go, backOffPeriod. */
const JITTER = 0.5;
const TRANSIENT: Ns = 1 * NS_PER_SECOND;
const BACK_OFF: Ns = 10 * NS_PER_SECOND;

/**
 * When the pod is synced again if nothing happens before (rule K5). Up to 1.34 a sync that met nothing but back-off counts
 * as none that failed, and the pod waits for its ordinary resync. From 1.35 on it is an error, and one that knows when the
 * back-off ends: `untilExpiry` (the earliest of the held-back restarts) then takes the place of the base, at most a resync.
 * Source: kubernetes v1.34 pkg/kubelet/pod_workers.go, completeWork; v1.35 the same, with MinBackoffExpiration.
 */
export function requeueDelay(
  outcome: SyncOutcome,
  syncFrequency: Ns,
  backOffIsError: boolean,
  untilExpiry?: Ns,
): RequeueDelay {
  switch (outcome) {
    case "phaseTransition":
      return { base: 0, jitter: 0 };
    case "networkNotReady":
      return { base: TRANSIENT, jitter: JITTER };
    case "ok":
      return { base: syncFrequency, jitter: JITTER };
    case "backOffOnly":
      if (!backOffIsError) return { base: syncFrequency, jitter: JITTER };
  }
  if (!backOffIsError || untilExpiry === undefined) return { base: BACK_OFF, jitter: JITTER };
  return { base: Math.min(Math.max(untilExpiry, 0), syncFrequency), jitter: JITTER };
}

/** From this version on back-off is an error of the sync. Source: kubernetes pull request 133066. */
export const BACK_OFF_IS_ERROR_SINCE = "1.35";
