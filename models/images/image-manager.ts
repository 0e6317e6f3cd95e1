import type { Ns } from "../../engine/time.ts";
import type { Simulation } from "../../engine/simulation.ts";
import { BackOff } from "./backoff.ts";
import { IMAGE_BACKOFF_INITIAL, IMAGE_BACKOFF_MAX } from "./defaults.ts";
import { ensureImage, pullFailed, pullSucceeded, type ImageRequest, type NodeView } from "./ensure.ts";
import type { ImageWaitingReason } from "./errors.ts";
import type { Image } from "./image-store.ts";
import type { ImageEvent } from "./messages.ts";
import type { Puller } from "./puller.ts";

/** What a container gets for its request. */
export type EnsureResult = { kind: "ok" } | { kind: "waiting"; reason: ImageWaitingReason; message: string };

/** What one pull took, successful or not. */
export interface PullTimes {
  image: string;
  requestedAt: Ns;
  startedAt: Ns;
  finishedAt: Ns;
  isPulled: boolean;
  downloadedBytes: number;
}

export interface ImageManagerOptions<Request extends ImageRequest = ImageRequest> {
  sim: Simulation;
  /** Kubernetes 1.`minor` decides the forms that differ by version. */
  minor: number;
  puller: Pick<Puller, "pull">;
  node: NodeView;
  /** The image of a name with tag. */
  image: (name: string) => Image;
  /** Default: 10 s, 300 s. */
  backOff?: BackOff;
  /** Called at the instant of each event of a request. */
  onEvent: (request: Request, event: ImageEvent) => void;
  onPull?: (request: Request, times: PullTimes) => void;
}

/**
 * The kubelet's image manager on the engine: decides about a request (R3 to R6), sends it to the puller and reports. A pod
 * asks for one image at a time; pods ask independently of each other.
 * Source: kubernetes v1.34 pkg/kubelet/images/image_manager.go, EnsureImageExists and pullImage.
 */
export class ImageManager<Request extends ImageRequest = ImageRequest> {
  readonly backOff: BackOff;
  readonly #options: ImageManagerOptions<Request>;

  constructor(options: ImageManagerOptions<Request>) {
    this.#options = options;
    this.backOff = options.backOff ?? new BackOff({ initial: IMAGE_BACKOFF_INITIAL, max: IMAGE_BACKOFF_MAX });
  }

  /** Calls `done` when the image is there or the request has failed: within this call unless it goes to the puller. */
  ensure(request: Request, done: (result: EnsureResult) => void): void {
    const { sim, minor, puller, node, image, onEvent, onPull } = this.#options;
    const decision = ensureImage(request, node, this.backOff, sim.now, minor);
    onEvent(request, decision.event);
    if (decision.kind === "present") return done({ kind: "ok" });
    if (decision.kind === "refused") {
      return done({ kind: "waiting", reason: decision.reason, message: decision.message });
    }
    const requestedAt = sim.now;
    puller.pull(image(decision.name), ({ result, startedAt }) => {
      const finishedAt = sim.now;
      const isPulled = result.kind === "pulled";
      const { downloadedBytes } = result;
      onPull?.(request, { image: decision.name, requestedAt, startedAt, finishedAt, isPulled, downloadedBytes });
      if (result.kind === "pulled") {
        const report = {
          image: request.image,
          pullNs: finishedAt - startedAt,
          totalNs: finishedAt - requestedAt,
          sizeBytes: result.sizeBytes,
        };
        onEvent(request, pullSucceeded(report, this.backOff, finishedAt, minor));
        return done({ kind: "ok" });
      }
      const failure = pullFailed(request.image, decision.backOffKey, result.error, this.backOff, finishedAt);
      onEvent(request, failure.event);
      done({ kind: "waiting", reason: failure.reason, message: failure.message });
    });
  }
}
