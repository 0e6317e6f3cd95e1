import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/** Sleep between two passes; a constant of the kubelet. Source: kubernetes v1.34 pkg/kubelet/kubelet.go evictionMonitoringPeriod */
export const MONITORING_INTERVAL: Ns = 10 * NS_PER_SECOND;

/** Source: kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go podCleanupTimeout, podCleanupPollFreq */
export const CLEANUP_TIMEOUT: Ns = 30 * NS_PER_SECOND;
export const CLEANUP_POLL: Ns = NS_PER_SECOND;

/** Source: kubernetes v1.34 pkg/kubelet/eviction/types.go notifierRefreshInterval */
export const NOTIFIER_REFRESH_INTERVAL: Ns = 10 * NS_PER_SECOND;

/** Source: kubernetes v1.34 pkg/kubelet/apis/config/v1beta1/defaults.go; zero is replaced by it */
export const PRESSURE_TRANSITION_PERIOD: Ns = 300 * NS_PER_SECOND;

/** Seconds that a pod gets when it is evicted for a sizeLimit. Source: kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go */
export const IMMEDIATE_GRACE_SECONDS = 1;

/** Source: kubernetes v1.34 pkg/apis/scheduling/types.go SystemCriticalPriority */
export const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

/** Source: kubernetes v1.34 pkg/kubelet/qos/policy.go; the sandbox's value is the container runtime's */
export const KUBELET_OOM_SCORE_ADJ = -999;
export const SANDBOX_OOM_SCORE_ADJ = -998;
export const GUARANTEED_OOM_SCORE_ADJ = -997;
export const BEST_EFFORT_OOM_SCORE_ADJ = 1000;

/** What differs between releases of Kubernetes. */
export interface EvictionRules {
  /** evictionHard on Linux where the configuration names none. Source: pkg/kubelet/eviction/defaults_linux.go */
  evictionHard: Readonly<Record<string, string>>;
  /** Grace of a pod evicted over a hard threshold or a limit of local storage. Source: pkg/kubelet/eviction/eviction_manager.go; 0 s before v1.29 */
  hardGraceSeconds: number;
  /** A soft eviction gives no more than the pod's own grace. Source: as above; v1.32 */
  softGraceCappedByPod: boolean;
  /** Gate KubeletSeparateDiskGC. Source: pkg/features/kube_features.go; beta and on since v1.31 */
  separateDiskGC: boolean;
  /** The formula of memory.high: by requests since v1.27, and for BestEffort too since v1.35. */
  memoryHigh: "shareOfLimit" | "aboveRequest" | "aboveRequestAndBestEffort";
}

/** The rules of a release such as "1.34"; of the newest one where none is named. */
export function evictionRules(kubernetesVersion?: string): EvictionRules {
  const minor = kubernetesVersion === undefined ? Infinity : Number(/^v?1\.([0-9]+)/.exec(kubernetesVersion)?.[1]);
  const evictionHard: Record<string, string> = {
    "memory.available": "100Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
  };
  if (minor >= 30) evictionHard["imagefs.inodesFree"] = "5%";
  return {
    evictionHard,
    hardGraceSeconds: minor >= 29 ? IMMEDIATE_GRACE_SECONDS : 0,
    softGraceCappedByPod: minor >= 32,
    separateDiskGC: minor >= 31,
    memoryHigh: minor >= 35 ? "aboveRequestAndBestEffort" : minor >= 27 ? "aboveRequest" : "shareOfLimit",
  };
}
