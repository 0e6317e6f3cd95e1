import { BackOff } from "../images/backoff.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/** Source: kubernetes v1.34 pkg/kubelet/kubelet.go, initialCrashLoopBackOff and maxCrashLoopBackOff. */
const INITIAL: Ns = 10 * NS_PER_SECOND;
const MAX: Ns = 300 * NS_PER_SECOND;
/** With the gate ReduceDefaultCrashLoopBackOffDecay. Source: kubernetes v1.34 pkg/kubelet/kubelet.go, reduced... constants. */
const REDUCED_INITIAL: Ns = 1 * NS_PER_SECOND;
const REDUCED_MAX: Ns = 60 * NS_PER_SECOND;
/** A container that ran longer than this since its last start begins again, whatever the windows. Source: kubernetes v1.34 pkg/kubelet/kubelet.go, newCrashLoopBackOff. */
const EXPIRY: Ns = 600 * NS_PER_SECOND;

export interface CrashLoopOptions {
  /** The feature gate ReduceDefaultCrashLoopBackOffDecay. */
  reducedDecay: boolean;
  /** crashLoopBackOff.maxContainerRestartPeriod of the node, with its gate on. */
  maxContainerRestartPeriod?: Ns;
}

/**
 * The first and the longest wait of a node (rule K4): the node's own maximum wins over both defaults, and the first wait
 * is never above it. Source: kubernetes v1.34 pkg/kubelet/kubelet.go, newCrashLoopBackOff.
 */
export function crashLoopWindows(options: CrashLoopOptions): { initial: Ns; max: Ns } {
  const initial = options.reducedDecay ? REDUCED_INITIAL : INITIAL;
  const max = options.maxContainerRestartPeriod ?? (options.reducedDecay ? REDUCED_MAX : MAX);
  return { initial: Math.min(initial, max), max };
}

/** The back-off of a kubelet's containers. A kubelet's restart forgets it. */
export function crashLoopBackOff(options: CrashLoopOptions): BackOff {
  return new BackOff({ ...crashLoopWindows(options), expiry: EXPIRY });
}

/** What a container's back-off is kept under; the hash is that of its spec, so a changed container starts afresh. */
export function crashLoopKey(pod: { name: string; namespace: string; uid: string }, container: string, hash: string) {
  return `${pod.name}_${pod.namespace}_${pod.uid}_${container}_${hash}`;
}

/**
 * Asks for a start of a container that last exited at `finishedAt` (rule K4): false inside the window, which is measured
 * from that exit; otherwise the start goes ahead and the next window is set. The first restart is never held back.
 * Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_manager.go, doBackOff.
 */
export function mayRestart(backOff: BackOff, key: string, finishedAt: Ns, now: Ns): boolean {
  if (backOff.isInBackOffSince(key, finishedAt, now)) return false;
  backOff.next(key, now, finishedAt);
  return true;
}
