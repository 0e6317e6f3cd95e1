import type { Ns } from "../../engine/time.ts";
import type { Simulation } from "../../engine/simulation.ts";
import type { PullResult } from "./containerd.ts";
import { SERIAL_QUEUE_CAPACITY } from "./defaults.ts";
import { PULL_QPS_EXCEEDED } from "./errors.ts";
import type { Image } from "./image-store.ts";
import { Slots } from "./keyed-locks.ts";
import { pullLimiter } from "./pull-limiter.ts";
import type { ImageConfig } from "./puller-config.ts";

/** The runtime's PullImage. */
export type PullImage = (image: Image, done: (result: PullResult) => void) => void;

/** How one request went: the runtime's answer, and when the worker or the token was at hand. */
export interface PullOutcome {
  result: PullResult;
  startedAt: Ns;
}

/** Requests that have not begun: those in the serial worker's channel, and the senders that block behind it. */
export interface PullerQueue {
  inService: number;
  inChannel: number;
  blockedSenders: number;
}

/** The kubelet's queue before the runtime: serial or parallel. */
export interface Puller {
  /** `done` is called once, never within this call. */
  pull(image: Image, done: (outcome: PullOutcome) => void): void;
  readonly queue: PullerQueue;
}

/**
 * The puller of a kubelet's configuration (rule R10), with the registry rate limit behind its queue and its tokens (R8):
 * a refused request has held worker or token for no time.
 * Source: kubernetes v1.34 pkg/kubelet/images/image_manager.go, NewImageManager; puller.go; helpers.go.
 */
export function newPuller(
  sim: Simulation,
  config: Pick<ImageConfig, "serializeImagePulls" | "maxParallelImagePulls" | "registryPullQPS" | "registryBurst">,
  pullImage: PullImage,
): Puller {
  const limiter = pullLimiter(config.registryPullQPS, config.registryBurst);
  const throttled: PullImage = (image, done) => {
    if (limiter === undefined || limiter.tryAccept(sim.now)) pullImage(image, done);
    else sim.schedule<PullResult>(0, done, { kind: "failed", error: PULL_QPS_EXCEEDED, downloadedBytes: 0 });
  };
  if (config.serializeImagePulls) return new SlottedPuller(sim, throttled, 1, SERIAL_QUEUE_CAPACITY);
  const { maxParallelImagePulls: tokens } = config;
  return new SlottedPuller(sim, throttled, tokens === undefined || tokens < 1 ? Infinity : tokens, 0);
}

/**
 * Requests served first come, first served, `slots` at a time. The serial puller is one worker that reads a channel of ten
 * whose further senders block; since blocked senders go on in the order in which they came, channel and senders are one
 * queue, and the ten show in the gauges alone. The parallel puller is a channel of tokens, or no limit.
 */
class SlottedPuller implements Puller {
  readonly #sim: Simulation;
  readonly #pullImage: PullImage;
  readonly #slots: Slots;
  readonly #channelCapacity: number;
  #inService = 0;

  constructor(sim: Simulation, pullImage: PullImage, slots: number, channelCapacity: number) {
    this.#sim = sim;
    this.#pullImage = pullImage;
    this.#slots = new Slots(sim, slots);
    this.#channelCapacity = channelCapacity;
  }

  get queue(): PullerQueue {
    const inChannel = Math.min(this.#slots.waiting, this.#channelCapacity);
    return { inService: this.#inService, inChannel, blockedSenders: this.#slots.waiting - inChannel };
  }

  pull(image: Image, done: (outcome: PullOutcome) => void): void {
    this.#slots.acquire(() => {
      const startedAt = this.#sim.now;
      this.#inService++;
      this.#pullImage(image, (result) => {
        this.#inService--;
        // The result is handed over before the worker or token is free again.
        done({ result, startedAt });
        this.#slots.release();
      });
    });
  }
}
