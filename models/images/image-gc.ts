import type { Ns } from "../../engine/time.ts";
import type { ImageEvent } from "./messages.ts";

/** An image as the runtime lists it to the collector. */
export interface DetectedImage {
  id: string;
  sizeBytes: number;
  /** Never collected, e.g. the sandbox image. */
  isPinned: boolean;
}

/** What the collector knows of an image. Times are those of detection passes. */
export interface ImageRecord extends DetectedImage {
  firstDetected: Ns;
  /** Undefined until a pass has seen a container of the image. */
  lastUsed?: Ns;
}

/** Thresholds in percent of the image filesystem's capacity; ages in simulated time, a maximum age of 0 is off. */
export interface ImageGcPolicy {
  highThresholdPercent: number;
  lowThresholdPercent: number;
  minAge: Ns;
  maxAge: Ns;
}

/**
 * Why the collector's constructor refuses a policy, or undefined (rule R11); unlike the configuration's own check it
 * takes equal thresholds. Source: kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go, NewImageGCManager.
 */
export function refuseGcPolicy(high: number, low: number): "highRange" | "lowRange" | "order" | undefined {
  if (high < 0 || high > 100) return "highRange";
  if (low < 0 || low > 100) return "lowRange";
  return low > high ? "order" : undefined;
}

/** Whether collection runs at all (rule R12). Source: kubernetes v1.34 pkg/kubelet/kubelet.go, StartGarbageCollection. */
export function isCollectionOn(policy: ImageGcPolicy): boolean {
  return policy.highThresholdPercent !== 100 || policy.maxAge !== 0;
}

/**
 * The collector's memory of images, lost with the kubelet (rule R13).
 * Source: kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go, detectImages.
 */
export class ImageRecords {
  readonly #records = new Map<string, ImageRecord>();
  #inUse: ReadonlySet<string> = new Set();

  get all(): readonly ImageRecord[] {
    return [...this.#records.values()];
  }

  get(id: string): ImageRecord | undefined {
    return this.#records.get(id);
  }

  /**
   * One detection pass: notes new images, drops those that are gone, and marks those that some container, running or
   * exited, still refers to.
   */
  detect(images: readonly DetectedImage[], inUse: ReadonlySet<string>, now: Ns): void {
    const present = new Set<string>();
    for (const image of images) {
      present.add(image.id);
      const known = this.#records.get(image.id);
      const lastUsed = inUse.has(image.id) ? now : known?.lastUsed;
      this.#records.set(image.id, { ...image, firstDetected: known?.firstDetected ?? now, lastUsed });
    }
    for (const id of this.#records.keys()) if (!present.has(id)) this.#records.delete(id);
    this.#inUse = inUse;
  }

  forget(id: string): void {
    this.#records.delete(id);
  }

  /** What may be collected, as of the last pass, in the order in which it is. */
  candidates(): ImageRecord[] {
    return collectionOrder(this.all, this.#inUse);
  }
}

/**
 * What may be collected, in order: neither in use nor pinned, the longest unused first, the never used before all others,
 * then the first detected (rule R14). Further ties are open upstream; here the ID decides.
 * Source: kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go, imagesInEvictionOrder and byLastUsedAndDetected.
 */
export function collectionOrder(records: readonly ImageRecord[], inUse: ReadonlySet<string>): ImageRecord[] {
  return records
    .filter(({ id, isPinned }) => !isPinned && !inUse.has(id))
    .toSorted(
      (a, b) =>
        (a.lastUsed ?? -1) - (b.lastUsed ?? -1) ||
        a.firstDetected - b.firstDetected ||
        (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    );
}

/** Why the collector removes an image, as its metric names it. */
export type RemovalReason = "age" | "space";

/** Removes one image; false if the runtime fails to. */
export type RemoveImage = (image: ImageRecord, reason: RemovalReason) => boolean;

/**
 * The age pass (rule R14): removes what was unused for longer than the maximum age, once the kubelet itself has been up
 * for longer. Both comparisons are strict; an image that was never used has been so for ever, whatever the minimum age.
 * Answers what is left, and how many removals failed.
 * Source: kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go, freeOldImages.
 */
export function agePass(
  candidates: readonly ImageRecord[],
  maxAge: Ns,
  startedAt: Ns,
  now: Ns,
  remove: RemoveImage,
): { left: ImageRecord[]; failures: number } {
  if (maxAge === 0 || now - startedAt <= maxAge) return { left: [...candidates], failures: 0 };
  const left: ImageRecord[] = [];
  let failures = 0;
  for (const image of candidates) {
    const isOld = image.lastUsed === undefined || now - image.lastUsed > maxAge;
    if (isOld && remove(image, "age")) continue;
    if (isOld) failures++;
    left.push(image);
  }
  return { left, failures };
}

/** How full the image filesystem is to the collector, and what it then wants to free. */
export interface SpaceGoal {
  /** The integer that is compared: free space is rounded down first, so 84.1 % used counts as 85. */
  usagePercent: number;
  /** Undefined below the high threshold. */
  amountToFreeBytes?: number;
}

/**
 * The collector's arithmetic, in integers as upstream (rule R15). Undefined for a filesystem without capacity.
 * Source: kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go, GarbageCollect.
 */
export function spaceGoal(
  capacityBytes: number,
  availableBytes: number,
  policy: Pick<ImageGcPolicy, "highThresholdPercent" | "lowThresholdPercent">,
): SpaceGoal | undefined {
  if (capacityBytes === 0) return undefined;
  const capacity = BigInt(capacityBytes);
  const available = BigInt(Math.min(availableBytes, capacityBytes));
  const usagePercent = 100 - Number((available * 100n) / capacity);
  if (usagePercent < policy.highThresholdPercent) return { usagePercent };
  const amount = (capacity * BigInt(100 - policy.lowThresholdPercent)) / 100n - available;
  return { usagePercent, amountToFreeBytes: Number(amount) };
}

export interface SpacePassResult {
  freedBytes: number;
  failures: number;
  /** The images looked at until enough was freed, in order. */
  considered: ImageRecord[];
}

/**
 * The space pass (rule R15): removes candidates in order until their sizes add up to the goal. The sum is of whole image
 * sizes, shared layers included; the disk is not read again. Infinity as the goal deletes all that is old enough.
 * Source: kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go, freeSpace.
 */
export function spacePass(
  candidates: readonly ImageRecord[],
  amountToFreeBytes: number,
  minAge: Ns,
  now: Ns,
  remove: RemoveImage,
): SpacePassResult {
  const result: SpacePassResult = { freedBytes: 0, failures: 0, considered: [] };
  for (const image of candidates) {
    result.considered.push(image);
    if (image.lastUsed !== undefined && image.lastUsed >= now) continue;
    if (now - image.firstDetected < minAge) continue;
    if (!remove(image, "space")) {
      result.failures++;
      continue;
    }
    result.freedBytes += image.sizeBytes;
    // Asked after a removal only, so that a goal of 0 still costs one image.
    if (result.freedBytes >= amountToFreeBytes) break;
  }
  return result;
}

/** How a collection ended: nothing to complain about, or an error with the event that goes with it, if any. */
export type CollectionOutcome =
  | { kind: "ok"; removed: ImageRecord[] }
  | { kind: "failed"; removed: ImageRecord[]; message: string; event?: ImageEvent };

/** The image filesystem as the collector reads it, between the age pass and the space pass. */
export type ReadFilesystem = () => { capacityBytes: number; availableBytes: number };

/**
 * One collection over the candidates of a detection pass that has just run (rules R14, R15): by age, then by space. A
 * removal that fails in the age pass ends it before the space pass.
 * Source: kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go, GarbageCollect.
 */
export function collect(
  candidates: readonly ImageRecord[],
  policy: ImageGcPolicy,
  startedAt: Ns,
  now: Ns,
  readFilesystem: ReadFilesystem,
  remove: RemoveImage,
): CollectionOutcome {
  const removed: ImageRecord[] = [];
  const removeAndNote: RemoveImage = (image, reason) => {
    if (!remove(image, reason)) return false;
    removed.push(image);
    return true;
  };
  const failed = (message: string, reason?: string): CollectionOutcome => ({
    kind: "failed",
    removed,
    message,
    event: reason === undefined ? undefined : { type: "Warning", reason, message },
  });
  const age = agePass(candidates, policy.maxAge, startedAt, now, removeAndNote);
  if (age.failures > 0) return failed("failed to remove images past the maximum age");
  const { capacityBytes, availableBytes } = readFilesystem();
  const goal = spaceGoal(capacityBytes, availableBytes, policy);
  if (goal === undefined) return failed("invalid capacity 0 on image filesystem", "InvalidDiskCapacity");
  const amount = goal.amountToFreeBytes;
  if (amount === undefined) return { kind: "ok", removed };
  const { freedBytes, failures } = spacePass(age.left, amount, policy.minAge, now, removeAndNote);
  if (failures > 0)
    return failed(`wanted to free ${amount} bytes, but freed ${freedBytes} bytes: removing images failed`);
  if (freedBytes >= amount) return { kind: "ok", removed };
  return failed(
    `Failed to garbage collect required amount of images. Attempted to free ${amount} bytes, but only found ${freedBytes} bytes eligible to free.`,
    "FreeDiskSpaceFailed",
  );
}

/**
 * Whether a failed collection raises ImageGCFailed on the node: only right after another failure (rule R12).
 * Source: kubernetes v1.34 pkg/kubelet/kubelet.go, StartGarbageCollection.
 */
export function raisesImageGcFailed(previousFailed: boolean, failed: boolean): boolean {
  return previousFailed && failed;
}
