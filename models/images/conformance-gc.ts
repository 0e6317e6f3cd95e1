import { adapter, premise, type Adapter, type Adapters, type Found, type Json } from "../conformance/adapter.ts";
import { nsOf, secondsOf } from "../conformance/time.ts";
import { IMAGE_GC_HIGH_THRESHOLD_PERCENT, IMAGE_GC_LOW_THRESHOLD_PERCENT } from "./defaults.ts";
import {
  agePass,
  collect,
  collectionOrder,
  ImageRecords,
  raisesImageGcFailed,
  refuseGcPolicy,
  spaceGoal,
  spacePass,
  type DetectedImage,
  type ImageRecord,
} from "./image-gc.ts";
import { statusImages } from "./node-status.ts";
import type { Ns } from "../../engine/time.ts";

interface GivenImage {
  id: string;
  size_B?: number;
  size_GB?: number;
  in_use?: boolean;
  pinned?: boolean;
  lastUsed_s?: number | null;
  firstDetected_s?: number;
}

function detected({ id, size_B, size_GB, pinned }: GivenImage): DetectedImage {
  return { id, sizeBytes: size_B ?? (size_GB ?? 0) * 1e9, isPinned: pinned ?? false };
}

/** The records that a case states, and from them what may be collected. */
function candidatesOf(images: readonly GivenImage[], detectedAt: Ns): ImageRecord[] {
  const records = images.map((image) => ({
    ...detected(image),
    firstDetected: image.firstDetected_s === undefined ? detectedAt : nsOf(image.firstDetected_s),
    lastUsed: image.lastUsed_s === undefined || image.lastUsed_s === null ? undefined : nsOf(image.lastUsed_s),
  }));
  return collectionOrder(records, new Set(images.filter(({ in_use }) => in_use).map(({ id }) => id)));
}

interface FreeSpaceGiven {
  images: GivenImage[];
  bytes_to_free?: number;
  imageMinimumGCAge_s?: number;
  at_s?: number;
  action?: string;
  first_detected_at_s?: number;
  DeleteUnusedImages_at_s?: number[];
}

const freeSpace = adapter<FreeSpaceGiven>((given) => {
  premise(given.action === undefined || given.action === "DeleteUnusedImages", `no action ${given.action}`);
  const minAge = nsOf(given.imageMinimumGCAge_s ?? 0);
  const passes = given.DeleteUnusedImages_at_s?.map(nsOf) ?? [nsOf(given.at_s ?? 0)];
  const detectedAt = nsOf(given.first_detected_at_s ?? 0);
  const goal = given.bytes_to_free ?? Infinity;
  let left = given.images;
  let freedBytes = 0;
  const leftAfter = passes.map((now) => {
    const gone = new Set<string>();
    const result = spacePass(candidatesOf(left, detectedAt), goal, minAge, now, (image) => {
      gone.add(image.id);
      return true;
    });
    freedBytes += result.freedBytes;
    left = left.filter(({ id }) => !gone.has(id));
    return left.length;
  });
  return { bytes_freed: freedBytes, images_left: left.map(({ id }) => id), images_left_after: leftAfter };
});

interface Pass {
  at_s: number;
  images: string[];
  used: string[];
}

interface DetectGiven {
  images?: Array<{ id: string; size_B?: number }>;
  containers_use?: string[];
  detect_at?: string[];
  detect_1?: Pass;
  detect_2?: Pass;
  detect_3?: Pass;
}

const detection = adapter<DetectGiven>((given) => {
  const records = new ImageRecords();
  if (given.detect_at !== undefined) {
    const images = (given.images ?? []).map(detected);
    const inUse = new Set(given.containers_use ?? []);
    const labels = [...given.detect_at];
    labels.forEach((_, pass) => records.detect(images, inUse, pass));
    return {
      records: records.all.length,
      firstDetected: byId(records, ({ firstDetected }) => labels[firstDetected]),
      lastUsed: byId(records, ({ lastUsed }) =>
        lastUsed === undefined ? "never" : lastUsed === labels.length - 1 ? "now" : labels[lastUsed],
      ),
    };
  }
  for (const pass of [given.detect_1, given.detect_2, given.detect_3]) {
    if (pass === undefined) continue;
    const images = pass.images.map((id) => detected({ id }));
    records.detect(images, new Set(pass.used.map((id) => id)), nsOf(pass.at_s));
  }
  return {
    records: records.all.length,
    firstDetected_s: byId(records, ({ firstDetected }) => secondsOf(firstDetected)),
    lastUsed_s: byId(records, ({ lastUsed }) => (lastUsed === undefined ? null : secondsOf(lastUsed))),
  };
});

function byId(records: ImageRecords, value: (record: ImageRecord) => Found): Found {
  return Object.fromEntries(records.all.map((record) => [record.id, value(record)]));
}

interface SpaceGiven {
  capacity_B?: number;
  available_B?: number;
  capacity_GB?: number;
  available_GB?: number;
  imageGCHighThresholdPercent?: number;
  imageGCLowThresholdPercent?: number;
  imageMinimumGCAge_s?: number;
  unused_image_sizes_B?: number[];
  images?: GivenImage[];
  at_s?: number;
  shared_layers?: boolean;
}

const collection = adapter<SpaceGiven>((given) => {
  premise(given.shared_layers !== true, "the collector does not look into layers");
  const unit = given.capacity_GB === undefined ? 1 : 1e9;
  const capacityBytes = (given.capacity_B ?? given.capacity_GB ?? 0) * unit;
  const availableBytes = (given.available_B ?? given.available_GB ?? 0) * unit;
  const minAge = nsOf(given.imageMinimumGCAge_s ?? 0);
  const policy = {
    highThresholdPercent: given.imageGCHighThresholdPercent ?? IMAGE_GC_HIGH_THRESHOLD_PERCENT,
    lowThresholdPercent: given.imageGCLowThresholdPercent ?? IMAGE_GC_LOW_THRESHOLD_PERCENT,
    minAge,
    maxAge: 0,
  };
  const now = nsOf(given.at_s ?? 0);
  const unused = given.unused_image_sizes_B?.map((size_B, i): GivenImage => ({ id: `image-${i}`, size_B })) ?? [];
  const images = [...unused, ...(given.images ?? [])];
  const goal = spaceGoal(capacityBytes, availableBytes, policy);
  const amount = goal?.amountToFreeBytes;
  const candidates = candidatesOf(images, 0);
  const pass = amount === undefined ? undefined : spacePass(candidates, amount, minAge, now, () => true);
  const outcome = collect(
    candidates,
    policy,
    0,
    now,
    () => ({ capacityBytes, availableBytes }),
    () => true,
  );
  const removed = outcome.removed.map(({ id }) => id);
  const reason = outcome.kind === "failed" ? outcome.event?.reason : undefined;
  const errors: Readonly<Record<string, string>> = {
    InvalidDiskCapacity: "invalid capacity",
    FreeDiskSpaceFailed: "not enough freed",
  };
  return {
    usage_percent: goal?.usagePercent,
    triggered: goal === undefined ? undefined : amount !== undefined,
    amount_to_free_B: amount ?? null,
    amount_to_free_GB: amount === undefined ? null : amount / 1e9,
    freed_B: pass?.freedBytes,
    freed_GB: pass === undefined ? undefined : pass.freedBytes / 1e9,
    considered_in_order: pass?.considered.map(({ id }) => id),
    removed,
    error: reason === undefined ? null : errors[reason],
    event: reason,
  };
});

interface AgeGiven {
  imageMaximumGCAge_s: number;
  gc_began_at_s: number;
  images: GivenImage[];
  age_pass_at_s: number[];
}

const age = adapter<AgeGiven>((given) => {
  let left = given.images;
  const began = nsOf(given.gc_began_at_s);
  return {
    images_left: given.age_pass_at_s.map((seconds) => {
      const now = nsOf(seconds);
      const gone = new Set<string>();
      agePass(candidatesOf(left, began), nsOf(given.imageMaximumGCAge_s), began, now, ({ id }) => {
        gone.add(id);
        return true;
      });
      left = left.filter(({ id }) => !gone.has(id));
      return left.length;
    }),
  };
});

interface TimelineGiven {
  detect_and_gc_at_s?: number[];
  imageMinimumGCAge_s?: number;
  imageMaximumGCAge_s?: number;
  gc_period_s?: number;
  kubelet_restarts_at_s?: number;
  gc_first_pass_after_restart_s?: number;
  image: {
    pulled_at_s?: number;
    container_exists_from_s?: number;
    container_removed_at_s?: number;
    lastUsed_before_restart_s?: number;
  };
}

/** Passes after which a case that never removes its image is given up. */
const MAX_PASSES = 10_000;

/** Plays the passes of a kubelet over one image; the passes of a list, or periodic ones after a restart without end. */
const timeline = adapter<TimelineGiven>((given) => {
  const { image } = given;
  const pulledAt = nsOf(image.pulled_at_s ?? image.lastUsed_before_restart_s ?? 0);
  const usedFrom = image.container_exists_from_s === undefined ? Infinity : nsOf(image.container_exists_from_s);
  const usedUntil = image.container_removed_at_s === undefined ? Infinity : nsOf(image.container_removed_at_s);
  const startedAt = nsOf(given.kubelet_restarts_at_s ?? 0);
  const first = nsOf(given.gc_first_pass_after_restart_s ?? given.kubelet_restarts_at_s ?? 0);
  const period = nsOf(given.gc_period_s ?? 300);
  const passes =
    given.detect_and_gc_at_s?.map(nsOf) ?? Array.from({ length: MAX_PASSES }, (_, i) => first + i * period);
  const minAge = nsOf(given.imageMinimumGCAge_s ?? 0);
  const maxAge = nsOf(given.imageMaximumGCAge_s ?? 0);
  const records = new ImageRecords();
  let mayRemoveAt: Ns | undefined;
  let removedAt: Ns | undefined;
  for (const now of passes) {
    if (pulledAt > now) continue;
    const isUsed = usedFrom <= now && now < usedUntil;
    records.detect([detected({ id: "image" })], new Set(isUsed ? ["image"] : []), now);
    const candidates = records.candidates();
    let mayRemove = false;
    spacePass(candidates, Infinity, minAge, now, () => (mayRemove = true));
    if (mayRemove) mayRemoveAt ??= now;
    if (agePass(candidates, maxAge, startedAt, now, () => true).left.length < candidates.length) {
      removedAt = now;
      break;
    }
  }
  const record = records.get("image");
  return {
    firstDetected_s: record === undefined ? null : secondsOf(record.firstDetected),
    lastUsed_s: record?.lastUsed === undefined ? null : secondsOf(record.lastUsed),
    earliest_gc_pass_that_may_remove_it_s: mayRemoveAt === undefined ? null : secondsOf(mayRemoveAt),
    removed_at_s: removedAt === undefined ? null : secondsOf(removedAt),
  };
});

const POLICY_ERRORS = {
  highRange: "high out of 0..100",
  lowRange: "low out of 0..100",
  order: "low > high",
} as const;

const policy = adapter<{ HighThresholdPercent: number; LowThresholdPercent: number; level: string }>((given) => {
  premise(given.level === "GC manager constructor", `no level ${given.level}`);
  const refusal = refuseGcPolicy(given.HighThresholdPercent, given.LowThresholdPercent);
  return { ok: refusal === undefined, error: refusal === undefined ? null : POLICY_ERRORS[refusal] };
});

const events = adapter<{ gc_pass_results: Array<"ok" | "fail"> }>((given) => {
  const failed = given.gc_pass_results.map((result) => result === "fail");
  return { ImageGCFailed_event_after_pass: failed.map((now, i) => raisesImageGcFailed(failed[i - 1] ?? false, now)) };
});

/** What each kind of collection case gives and no other does; one with none of these frees space from a list of images. */
const KINDS: ReadonlyArray<readonly [key: string, Adapter]> = [
  ["gc_pass_results", events],
  ["level", policy],
  ["detect_at", detection],
  ["detect_1", detection],
  ["age_pass_at_s", age],
  ["image", timeline],
  ["capacity_B", collection],
  ["capacity_GB", collection],
];

export const gcAdapters: Adapters = {
  // The names of these families say what happens, and what they give says of what kind they are.
  "gc-*": adapter<{ [key: string]: Json }>((given, asked) => {
    const answer = KINDS.find(([key]) => key in given)?.[1] ?? freeSpace;
    return answer(given, asked);
  }),
  nodestatus: adapter<{ nodeStatusMaxImages: number; images: Array<{ id: string; size_B: number }> }>((given) => {
    const images = given.images.map(({ id, size_B }) => ({ id, sizeBytes: size_B, repoDigests: [], repoTags: [] }));
    return { reported: statusImages(images, given.nodeStatusMaxImages).map(({ id }) => id) };
  }),
};
