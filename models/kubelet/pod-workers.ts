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
 * When the pod is synced again if nothing happens before (rule K5). Whether a sync that met nothing but back-off counts as
 * an error changed between 1.34 and 1.36: before, it was none and the pod waited for its ordinary resync.
 * Source: kubernetes v1.34 pkg/kubelet/pod_workers.go, completeWork.
 */
export function requeueDelay(outcome: SyncOutcome, syncFrequency: Ns, backOffIsError: boolean): RequeueDelay {
  switch (outcome) {
    case "phaseTransition":
      return { base: 0, jitter: 0 };
    case "networkNotReady":
      return { base: TRANSIENT, jitter: JITTER };
    case "error":
      return { base: BACK_OFF, jitter: JITTER };
    case "backOffOnly":
      return { base: backOffIsError ? BACK_OFF : syncFrequency, jitter: JITTER };
    case "ok":
      return { base: syncFrequency, jitter: JITTER };
  }
}
