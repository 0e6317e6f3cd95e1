import type { NodeCondition } from "./signals.ts";
import type { MeasuredPart } from "./layout.ts";
import { SYSTEM_CRITICAL_PRIORITY } from "./defaults.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

/** Amounts of resources; absent is none. CPU takes no part in any decision of the eviction manager. */
export interface Resources {
  cpuMilli?: number;
  memoryBytes?: number;
  ephemeralStorageBytes?: number;
}

/** What says whether a pod is spared: see `isCritical`. */
export interface Criticality {
  priority?: number;
  /** Its configuration comes from a file or URL, not from the API server. */
  isStatic?: boolean;
  /** The API server's image of a static pod. */
  isMirror?: boolean;
}

export type VolumeSource =
  | "emptyDir"
  | "configMap"
  | "gitRepo"
  | "hostPath"
  | "secret"
  | "downwardAPI"
  | "projected"
  | "persistentVolumeClaim"
  | "image";

export interface Volume {
  name: string;
  source: VolumeSource;
  /** Of an emptyDir: "" is the disk, Memory a tmpfs, HugePages or HugePages-<size> huge pages. */
  medium?: string;
  sizeLimitBytes?: number;
  /** Of an image volume: the image, and when it is pulled. */
  image?: { image: string; imagePullPolicy?: "Always" | "IfNotPresent" | "Never" };
}

/** One container of a pod: what it asks for and what it may have. */
export interface EvictionContainer {
  name: string;
  /** Init containers end before the others start; sidecars are init containers that go on. */
  kind: "regular" | "init" | "sidecar";
  requests?: Resources;
  limits?: Resources;
}

/** What a directory tree holds. */
export interface DiskUsage {
  bytes?: number;
  inodes?: number;
}

export interface ContainerStats {
  name: string;
  workingSetBytes?: number;
  writableLayer?: DiskUsage;
  logs?: DiskUsage;
}

/** A pod's part of a stats summary. */
export interface PodStats {
  memoryWorkingSetBytes?: number;
  processes?: number;
  /** Writable layers, logs, local volumes and etc-hosts together, as the summary reports them. */
  ephemeralStorageBytes?: number;
  containers: readonly ContainerStats[];
  volumes: ReadonlyArray<{ name: string } & DiskUsage>;
}

/** A pod as the eviction manager sees it: plain data, made anew for each pass. */
export interface ManagedPod extends Criticality {
  name: string;
  /** For reports: it takes no part in any decision. */
  qos?: QosClass;
  /** The pod's requests by the scheduler's rule: sum of containers, most of init containers, overhead, or its own. */
  requests: Resources;
  limits: Resources;
  /** A request of the pod as such, which messages name before its containers. */
  podLevelMemoryRequestBytes?: number;
  terminationGracePeriodSeconds?: number;
  containers: readonly EvictionContainer[];
  volumes: readonly Volume[];
  /** Absent while the summary does not know the pod. */
  stats?: PodStats;
}

/**
 * Whether the kubelet spares a pod: static and mirror pods, and those of a system priority. Their namespace does not
 * matter.
 *
 * Source: kubernetes v1.34 pkg/kubelet/types/pod_update.go IsCriticalPod
 */
export function isCritical(pod: Criticality): boolean {
  return pod.isStatic === true || pod.isMirror === true || (pod.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY;
}

/**
 * What the containers of a pod need together by the scheduler's rule, given in the order of the pod's spec, init
 * containers first: those that run side by side are added up, and an init container counts where it alone, beside the
 * sidecars started before it, needs more.
 *
 * Source: kubernetes v1.34 staging/src/k8s.io/component-helpers/resource/helpers.go AggregateContainerRequests
 */
export function aggregate(
  containers: readonly EvictionContainer[],
  figure: (container: EvictionContainer) => number,
): number {
  let sidecars = 0;
  let regular = 0;
  let starting = 0;
  for (const container of containers) {
    if (container.kind === "regular") regular += figure(container);
    else if (container.kind === "sidecar") sidecars += figure(container);
    else starting = Math.max(starting, sidecars + figure(container));
  }
  return Math.max(starting, sidecars + regular);
}

/**
 * Whether a volume is part of its pod's ephemeral storage. tmpfs is memory, and secrets lie on a tmpfs.
 *
 * Source: kubernetes v1.34 pkg/volume/util/util.go IsLocalEphemeralVolume
 */
export function isLocalEphemeral(volume: Pick<Volume, "source" | "medium">): boolean {
  if (volume.source === "emptyDir") return (volume.medium ?? "") === "";
  return volume.source === "configMap" || volume.source === "gitRepo";
}

/** Whether a volume counts when disk pressure ranks its pod. Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go localVolumeNames */
export function countsInDiskRanking(volume: Pick<Volume, "source" | "medium">): boolean {
  return volume.source === "hostPath" || isLocalEphemeral(volume);
}

/**
 * What a pod holds of a file system, in bytes or inodes, over the parts that are measured there. Unknown figures count 0.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go podDiskUsage
 */
export function podDiskUsage(pod: ManagedPod, parts: readonly MeasuredPart[], unit: keyof DiskUsage): number {
  const stats = pod.stats;
  if (stats === undefined) return 0;
  let total = 0;
  for (const container of stats.containers) {
    if (parts.includes("writableLayers")) total += container.writableLayer?.[unit] ?? 0;
    if (parts.includes("logs")) total += container.logs?.[unit] ?? 0;
  }
  if (!parts.includes("localVolumes")) return total;
  for (const volume of pod.volumes) {
    if (!countsInDiskRanking(volume)) continue;
    total += stats.volumes.find(({ name }) => name === volume.name)?.[unit] ?? 0;
  }
  return total;
}

/** A pod that asks to run on the node. */
export interface AdmittedPod extends Criticality {
  qos: QosClass;
  /** Tolerates the taint node.kubernetes.io/memory-pressure:NoSchedule. */
  toleratesMemoryPressure?: boolean;
}

/**
 * Whether the node takes a pod under its pressure conditions. Memory pressure alone refuses BestEffort pods that do not
 * tolerate its taint; any other condition, or memory pressure beside another, refuses every pod that is not critical.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go Admit
 */
export function admits(conditions: readonly NodeCondition[], pod: AdmittedPod): boolean {
  if (conditions.length === 0 || isCritical(pod)) return true;
  if (conditions.length > 1 || conditions[0] !== "MemoryPressure") return false;
  return pod.qos !== "BestEffort" || pod.toleratesMemoryPressure === true;
}
