import type { EvictionRules } from "./defaults.ts";
import { storageEviction, type Eviction, type StorageLimit } from "./eviction.ts";
import type { Layout } from "./layout.ts";
import { isCritical, type ManagedPod, type PodStats } from "./pod.ts";
import { quantityText } from "./quantity-text.ts";

/**
 * Checks the limits of local storage of every pod that has stats: sizeLimit of its emptyDirs, then the pod's own limit,
 * then those of its regular containers; the first that is exceeded evicts it. Several pods may go in one pass. A critical
 * pod stays.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go localStorageEviction
 */
export function localStorageEvictions(
  pods: readonly ManagedPod[],
  layout: Pick<Layout, "imageFs">,
  rules: Pick<EvictionRules, "hardGraceSeconds">,
): Eviction[] {
  return pods.flatMap((pod) => {
    // Stats are read for pods with limits alone: that keeps the pass of a quiet node cheap.
    if (!hasStorageLimit(pod) || pod.stats === undefined || isCritical(pod)) return [];
    const over =
      overEmptyDirLimit(pod, pod.stats) ?? overPodLimit(pod, pod.stats) ?? overContainerLimit(pod, pod.stats, layout);
    return over === undefined ? [] : [storageEviction(pod, over.signal, over.message, rules)];
  });
}

/** A limit that a pod has overrun. */
type Overrun = Pick<Eviction, "message"> & { signal: StorageLimit };

function hasStorageLimit({ volumes, limits, containers }: ManagedPod): boolean {
  return (
    limits.ephemeralStorageBytes !== undefined ||
    volumes.some(({ sizeLimitBytes }) => sizeLimitBytes !== undefined) ||
    containers.some((container) => container.limits?.ephemeralStorageBytes !== undefined)
  );
}

/** A sizeLimit of zero is none. Any medium counts; a tmpfs cannot hold more than its size anyway. */
function overEmptyDirLimit(pod: ManagedPod, stats: PodStats): Overrun | undefined {
  for (const { name, source, sizeLimitBytes } of pod.volumes) {
    const limit = sizeLimitBytes ?? 0;
    const used = stats.volumes.find((volume) => volume.name === name)?.bytes;
    if (source !== "emptyDir" || limit <= 0 || used === undefined || used <= limit) continue;
    return { signal: "emptydirfs.limit", message: `emptyDir ${name} holds more than its limit of ${binary(limit)}` };
  }
  return undefined;
}

function overPodLimit(pod: ManagedPod, stats: PodStats): Overrun | undefined {
  const limit = pod.limits.ephemeralStorageBytes;
  if (limit === undefined || (stats.ephemeralStorageBytes ?? 0) <= limit) return undefined;
  const message = `pod uses more local ephemeral storage than its containers' total limit of ${binary(limit)}`;
  return { signal: "ephemeralpodfs.limit", message };
}

/** Where images have a device of their own, a writable layer is not on the disk that the limit protects. */
function overContainerLimit(pod: ManagedPod, stats: PodStats, layout: Pick<Layout, "imageFs">): Overrun | undefined {
  for (const container of stats.containers) {
    const spec = pod.containers.find(({ name, kind }) => name === container.name && kind === "regular");
    const limit = spec?.limits?.ephemeralStorageBytes ?? 0;
    const layer = layout.imageFs ? 0 : (container.writableLayer?.bytes ?? 0);
    if (limit === 0 || layer + (container.logs?.bytes ?? 0) <= limit) continue;
    const message = `container ${container.name} uses more than its local ephemeral storage limit of ${binary(limit)}`;
    return { signal: "ephemeralcontainerfs.limit", message };
  }
  return undefined;
}

function binary(bytes: number): string {
  return quantityText(bytes, "BinarySI");
}
