import { parseQuantity } from "../../engine/scenario/units.ts";
import { quantityText } from "./quantity-text.ts";

/** What bounds a tmpfs emptyDir; 0 and absent are none. */
export interface TmpfsBounds {
  nodeAllocatableMemoryBytes: number;
  /** The pod cgroup's memory limit: there only if every container has one, or the pod itself. */
  podMemoryLimitBytes?: number;
  sizeLimitBytes?: number;
  /** Gate SizeMemoryBackedVolumes, always on since v1.32. */
  sizeMemoryBackedVolumes?: boolean;
}

/**
 * The size of a tmpfs emptyDir in bytes: allocatable memory, lowered by the pod's limit, then by the volume's; a larger
 * one is ignored. 0: mounted without a size, which the kernel takes as half of RAM.
 *
 * Source: kubernetes v1.34 pkg/volume/emptydir/empty_dir.go calculateEmptyDirMemorySize
 */
export function tmpfsSizeBytes(bounds: TmpfsBounds): number {
  if (bounds.sizeMemoryBackedVolumes === false) return 0;
  let size = bounds.nodeAllocatableMemoryBytes;
  for (const limit of [bounds.podMemoryLimitBytes ?? 0, bounds.sizeLimitBytes ?? 0]) {
    if (limit > 0 && limit <= size) size = limit;
  }
  return size;
}

/**
 * The mount options of a tmpfs emptyDir. noswap is given where the kernel knows it.
 *
 * Source: kubernetes v1.34 pkg/volume/emptydir/empty_dir.go generateTmpfsMountOptions
 */
export function tmpfsMountOptions(sizeBytes: number, isNoswapSupported: boolean): string[] {
  const size = sizeBytes > 0 ? [`size=${sizeBytes}`] : [];
  return isNoswapSupported ? [...size, "noswap"] : size;
}

/** How much of a write to a tmpfs succeeds; what does not is ENOSPC. A size of 0 is no bound of its own. */
export function tmpfsWrite(sizeBytes: number, usedBytes: number, writeBytes: number): number {
  return sizeBytes === 0 ? writeBytes : Math.max(0, Math.min(writeBytes, sizeBytes - usedBytes));
}

/**
 * Whether the pages of a tmpfs file are still charged to the cgroup of the task that wrote them. They are neither file
 * cache nor the task's: its end does not free them, deleting the file or unmounting does.
 *
 * Source: linux v6.12 Documentation/admin-guide/cgroup-v2.rst, memory ownership
 */
export function isTmpfsCharged(file: { isMounted: boolean; isDeleted: boolean }): boolean {
  return file.isMounted && !file.isDeleted;
}

/** A volume that cannot be mounted: its pod does not start. */
export class MountError extends Error {
  override readonly name = "MountError";
}

const HUGE_PAGES = "HugePages";

/**
 * The mount option of an emptyDir of huge pages. Medium HugePages takes the one size that the pod's containers request;
 * HugePages-<size> that size, which one of them must request. `requestedSizes` holds the sizes by container, init
 * containers last. Throws MountError where the volume cannot be mounted, and for other media.
 *
 * Source: kubernetes v1.34 pkg/volume/emptydir/empty_dir.go getPageSizeMountOption
 */
export function hugePagesMountOption(medium: string, requestedSizes: ReadonlyArray<readonly string[]>): string {
  const requested = new Set(requestedSizes.flat().map((text) => pageSize(medium, text)));
  if (medium === HUGE_PAGES) {
    if (requested.size > 1) throw new MountError(`medium ${medium}: the pod requests huge pages of several sizes`);
    for (const size of requested) return `pagesize=${quantityText(size, "BinarySI")}`;
  } else {
    if (!medium.startsWith(`${HUGE_PAGES}-`))
      throw new MountError(`medium ${JSON.stringify(medium)} has no huge pages`);
    const size = pageSize(medium, medium.slice(HUGE_PAGES.length + 1));
    if (requested.has(size)) return `pagesize=${quantityText(size, "BinarySI")}`;
  }
  throw new MountError(`medium ${medium}: no container of the pod requests huge pages of that size`);
}

function pageSize(medium: string, text: string): number {
  try {
    return parseQuantity(text);
  } catch {
    throw new MountError(`medium ${medium}: ${JSON.stringify(text)} is no size of huge pages`);
  }
}
