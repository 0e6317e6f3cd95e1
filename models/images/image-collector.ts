import { NO_EVENT, type Handle } from "../../engine/event-store.ts";
import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import { DETECTION_PERIOD, IMAGE_GC_PERIOD } from "./defaults.ts";
import {
  collect,
  ImageRecords,
  isCollectionOn,
  raisesImageGcFailed,
  spacePass,
  type DetectedImage,
  type ImageGcPolicy,
  type ImageRecord,
  type ReadFilesystem,
  type RemovalReason,
} from "./image-gc.ts";
import { imageSize, type ImageStore } from "./image-store.ts";
import type { ImageEvent } from "./messages.ts";

export interface ImageCollectorOptions {
  sim: Simulation;
  policy: ImageGcPolicy;
  store: ImageStore;
  /** Names of the images of all containers that exist, running or exited. */
  inUse: () => ReadonlySet<string>;
  /** Never collected, e.g. the sandbox image. */
  pinned?: ReadonlySet<string>;
  filesystem: ReadFilesystem;
  /** Warnings on the node. */
  onEvent: (event: ImageEvent) => void;
  onRemoved?: (image: ImageRecord, reason: RemovalReason) => void;
}

/**
 * The image collector of one kubelet on the engine (rules R12 to R15): detection and collection run in loops of their own,
 * each at once and then a period after its last run. Simplified: passes and removals take no time, and removing an image
 * never fails (in truth it may take seconds of disk work).
 * Source: kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go, Start; pkg/kubelet/kubelet.go, StartGarbageCollection.
 */
export class ImageCollector {
  readonly #options: ImageCollectorOptions;
  #records = new ImageRecords();
  #startedAt: Ns = 0;
  #hasFailed = false;
  #detection: Handle = NO_EVENT;
  #collection: Handle = NO_EVENT;

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
  }

  /**
   * The kubelet starts, for the first time or again: it knows nothing of the past. `phase` delays the first passes of the
   * loops: then it has been up for long, and knows the images of this instant.
   */
  start(phase: Ns = 0): void {
    const { sim, policy } = this.#options;
    this.stop();
    this.#records = new ImageRecords();
    this.#startedAt = sim.now;
    this.#hasFailed = false;
    if (phase > 0) this.#look();
    this.#detection = sim.schedule(phase, runDetection, this);
    if (isCollectionOn(policy)) this.#collection = sim.schedule(phase, runCollection, this);
  }

  /** The kubelet or its node is gone. */
  stop(): void {
    this.#options.sim.cancel(this.#detection);
    this.#options.sim.cancel(this.#collection);
  }

  /** One pass of the detection loop. */
  detect(): void {
    this.#look();
    this.#detection = this.#options.sim.schedule(DETECTION_PERIOD, runDetection, this);
  }

  /** One pass of the collection loop: detection, then by age, then by space. */
  collect(): void {
    const { sim, policy, filesystem, onEvent } = this.#options;
    this.#look();
    const outcome = collect(this.#records.candidates(), policy, this.#startedAt, sim.now, filesystem, this.#remove);
    const failed = outcome.kind === "failed";
    if (failed && outcome.event !== undefined) onEvent(outcome.event);
    if (failed && raisesImageGcFailed(this.#hasFailed, failed)) {
      onEvent({ type: "Warning", reason: "ImageGCFailed", message: outcome.message });
    }
    this.#hasFailed = failed;
    this.#collection = sim.schedule(IMAGE_GC_PERIOD, runCollection, this);
  }

  /**
   * What the eviction manager asks for under disk pressure: everything unused that has reached the minimum age, whatever
   * the thresholds (R15). Answers the sizes of what it removed.
   */
  deleteUnused(): number {
    const { sim, policy } = this.#options;
    this.#look();
    return spacePass(this.#records.candidates(), Infinity, policy.minAge, sim.now, this.#remove).freedBytes;
  }

  #look(): void {
    const { sim, store, inUse, pinned } = this.#options;
    const images = store.images.map((image): DetectedImage => ({
      id: image.name,
      sizeBytes: imageSize(image),
      isPinned: pinned?.has(image.name) ?? false,
    }));
    this.#records.detect(images, inUse(), sim.now);
  }

  readonly #remove = (image: ImageRecord, reason: RemovalReason): boolean => {
    this.#options.store.remove(image.id);
    this.#records.forget(image.id);
    this.#options.onRemoved?.(image, reason);
    return true;
  };
}

function runDetection(collector: ImageCollector): void {
  collector.detect();
}

function runCollection(collector: ImageCollector): void {
  collector.collect();
}
