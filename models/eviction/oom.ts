import { BEST_EFFORT_OOM_SCORE_ADJ, GUARANTEED_OOM_SCORE_ADJ } from "./defaults.ts";
import { aggregate, isCritical, type Criticality, type EvictionContainer, type QosClass } from "./pod.ts";

/** What the kubelet derives oom_score_adj from. */
export interface OomScoredPod extends Criticality {
  qos: QosClass;
  priorityClassName?: string;
  /** A memory request of the pod as such; what its containers do not use of it is shared out among them. */
  podLevelMemoryRequestBytes?: number;
  containers: readonly EvictionContainer[];
}

/** The least adjustment of a Burstable container, above every Guaranteed one. */
const BURSTABLE_FLOOR = 1000 + GUARANTEED_OOM_SCORE_ADJ;

/**
 * The oom_score_adj of a container; `memoryCapacityBytes` is the machine's whole memory. -997 for Guaranteed pods and
 * critical ones of class system-node-critical, 1000 for BestEffort; Burstable containers lose a point for every
 * thousandth of the machine that they request, and a sidecar is never above its pod's least regular container.
 *
 * Simplified: shares of dynamic resource claims and the tie-break of the newest development branch are left out (a few
 * points).
 *
 * Source: kubernetes v1.34 pkg/kubelet/qos/policy.go GetContainerOOMScoreAdjust
 */
export function oomScoreAdj(pod: OomScoredPod, container: EvictionContainer, memoryCapacityBytes: number): number {
  if (isCritical(pod) && pod.priorityClassName === "system-node-critical") return GUARANTEED_OOM_SCORE_ADJ;
  if (pod.qos === "Guaranteed") return GUARANTEED_OOM_SCORE_ADJ;
  if (pod.qos === "BestEffort") return BEST_EFFORT_OOM_SCORE_ADJ;
  const share = podLevelShare(pod);
  const linear = (requestBytes: number) => 1000 - thousandths(requestBytes + share, memoryCapacityBytes);
  let adj = linear(memoryRequest(container));
  if (container.kind === "sidecar") {
    const regular = pod.containers.filter(({ kind }) => kind === "regular").map(memoryRequest);
    adj = Math.min(adj, linear(regular.length === 0 ? 0 : Math.min(...regular)));
  }
  if (adj < BURSTABLE_FLOOR) return BURSTABLE_FLOOR;
  return adj === BEST_EFFORT_OOM_SCORE_ADJ ? adj - 1 : adj;
}

function memoryRequest(container: EvictionContainer): number {
  return container.requests?.memoryBytes ?? 0;
}

/**
 * What each container gets of a pod-level request beyond what they request together, in whole bytes. Init containers
 * that end share too, though they are gone by the time it matters.
 *
 * Source: kubernetes v1.34 pkg/kubelet/qos/helpers.go remainingPodMemReqPerContainer
 */
function podLevelShare({ podLevelMemoryRequestBytes: request = 0, containers }: OomScoredPod): number {
  return request === 0 ? 0 : Math.trunc((request - aggregate(containers, memoryRequest)) / containers.length);
}

/** floor(1000 x part / whole) in the integer arithmetic of upstream, where 1000 x bytes passes 2^53. */
function thousandths(part: number, whole: number): number {
  return Number((1000n * BigInt(part)) / BigInt(whole));
}

/** A task as the OOM killer looks at it. */
export interface OomTask {
  name: string;
  rssBytes: number;
  swapBytes?: number;
  pageTableBytes?: number;
  /** -1000 exempts it. */
  oomScoreAdj: number;
  /** Kernel threads, the machine's init and tasks that were reaped already are passed over. */
  isUnkillable?: boolean;
}

/**
 * The badness of a task in pages, which may be negative; undefined for one that is never chosen. `totalBytes` is what the
 * adjustment is scaled by: RAM and swap for a node out of memory, the group's limit (and allowed swap) for a cgroup.
 *
 * Source: linux v6.12 mm/oom_kill.c oom_badness
 */
export function oomPoints(task: OomTask, totalBytes: number, pageBytes: number): number | undefined {
  if (task.isUnkillable === true || task.oomScoreAdj === -1000) return undefined;
  const pages = (bytes = 0) => Math.floor(bytes / pageBytes);
  const perAdj = Math.trunc(pages(totalBytes) / 1000);
  return pages(task.rssBytes) + pages(task.swapBytes) + pages(task.pageTableBytes) + task.oomScoreAdj * perAdj;
}

/**
 * The task that the OOM killer takes of those below the group that is out of memory, in the order in which it visits them:
 * the one of most points, the later one on a tie. Undefined if none can be killed.
 *
 * Source: linux v6.12 mm/oom_kill.c oom_evaluate_task
 */
export function oomVictim<T extends OomTask>(
  tasks: readonly T[],
  totalBytes: number,
  pageBytes: number,
): T | undefined {
  let victim: T | undefined;
  let most = -Infinity;
  for (const task of tasks) {
    const points = oomPoints(task, totalBytes, pageBytes);
    if (points === undefined || points < most) continue;
    victim = task;
    most = points;
  }
  return victim;
}

/**
 * Whether a container dies as a whole when one of its tasks is chosen: on cgroup v2 the kubelet sets memory.oom.group
 * unless singleProcessOOMKill is true; on v1 it never does.
 *
 * Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container_linux.go
 */
export function killsWholeContainer(cgroupVersion: 1 | 2, singleProcessOOMKill?: boolean): boolean {
  return cgroupVersion === 2 && singleProcessOOMKill !== true;
}
