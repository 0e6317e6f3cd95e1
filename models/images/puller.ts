import { Channel } from "../../engine/go/index.ts";
import { Processes, Signal, type ProcessBody } from "../../engine/process/index.ts";
import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import type { PullResult } from "./containerd.ts";
import { SERIAL_QUEUE_CAPACITY } from "./defaults.ts";
import { PULL_QPS_EXCEEDED } from "./errors.ts";
import type { Image } from "./image-store.ts";
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
  /** `done` is called once, never within this call; not at all after `stop`. */
  pull(image: Image, done: (outcome: PullOutcome) => void): void;
  /** Its kubelet is gone, and with it the queue. */
  stop(): void;
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
  const { serializeImagePulls, maxParallelImagePulls } = config;
  return serializeImagePulls
    ? new SerialPuller(sim, throttled)
    : new ParallelPuller(sim, throttled, maxParallelImagePulls);
}

interface Request {
  image: Image;
  done: (outcome: PullOutcome) => void;
}

/** What both pullers do for one request, in a goroutine of theirs. */
class RuntimeCalls {
  inService = 0;
  readonly #sim: Simulation;
  readonly #pullImage: PullImage;

  constructor(sim: Simulation, pullImage: PullImage) {
    this.#sim = sim;
    this.#pullImage = pullImage;
  }

  /** Calls the runtime and hands the result over to the pod that waits for it. */
  *serve({ image, done }: Request): ProcessBody {
    const startedAt = this.#sim.now;
    this.inService++;
    const answer = new Signal<PullResult>("PullImage");
    this.#pullImage(image, (result) => answer.fire(result));
    const result = yield* answer;
    this.inService--;
    done({ result, startedAt });
  }
}

/**
 * One worker that reads requests from a channel of ten. A pod worker whose request finds the channel full blocks until
 * there is room: nothing is refused, and those who block go on in the order in which they came.
 * Source: kubernetes v1.34 pkg/kubelet/images/puller.go, serialImagePuller.
 */
class SerialPuller implements Puller {
  readonly #goroutines: Processes;
  readonly #calls: RuntimeCalls;
  readonly #requests = new Channel<Request>("pullRequests", SERIAL_QUEUE_CAPACITY);

  constructor(sim: Simulation, pullImage: PullImage) {
    this.#goroutines = new Processes(sim);
    this.#calls = new RuntimeCalls(sim, pullImage);
    this.#goroutines.spawn("processImagePullRequests", this.#work());
  }

  get queue(): PullerQueue {
    const { length, blockedSenders } = this.#requests;
    return { inService: this.#calls.inService, inChannel: length, blockedSenders };
  }

  pull(image: Image, done: (outcome: PullOutcome) => void): void {
    this.#goroutines.spawn("pullImage", this.#ask({ image, done }));
  }

  stop(): void {
    for (const goroutine of this.#goroutines.live) goroutine.cancel();
  }

  *#ask(request: Request): ProcessBody {
    yield* this.#requests.send(request);
  }

  *#work(): ProcessBody {
    for (;;) {
      const { value } = yield* this.#requests.receive();
      if (value !== undefined) yield* this.#calls.serve(value);
    }
  }
}

/**
 * A goroutine for each request, which holds one of so many tokens while it calls the runtime and hands over the result;
 * without a number of at least 1 there are no tokens and no limit.
 * Source: kubernetes v1.34 pkg/kubelet/images/puller.go, parallelImagePuller.
 */
class ParallelPuller implements Puller {
  readonly #goroutines: Processes;
  readonly #calls: RuntimeCalls;
  readonly #tokens: Channel<true> | undefined;

  constructor(sim: Simulation, pullImage: PullImage, maxParallelImagePulls: number | undefined) {
    this.#goroutines = new Processes(sim);
    this.#calls = new RuntimeCalls(sim, pullImage);
    if (maxParallelImagePulls !== undefined && maxParallelImagePulls >= 1) {
      this.#tokens = new Channel("tokens", maxParallelImagePulls);
    }
  }

  get queue(): PullerQueue {
    return { inService: this.#calls.inService, inChannel: 0, blockedSenders: this.#tokens?.blockedSenders ?? 0 };
  }

  pull(image: Image, done: (outcome: PullOutcome) => void): void {
    this.#goroutines.spawn("pullImage", this.#serve({ image, done }));
  }

  stop(): void {
    for (const goroutine of this.#goroutines.live) goroutine.cancel();
  }

  *#serve(request: Request): ProcessBody {
    if (this.#tokens !== undefined) yield* this.#tokens.send(true);
    yield* this.#calls.serve(request);
    this.#tokens?.tryReceive();
  }
}
