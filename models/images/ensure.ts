import type { Ns } from "../../engine/time.ts";
import { imageBackOffKey, type BackOff } from "./backoff.ts";
import { classifyPullError, type ImageWaitingReason } from "./errors.ts";
import {
  backOffEvent,
  failedEvent,
  inspectFailedEvent,
  invalidNameEvent,
  neverPullEvent,
  presentEvent,
  pulledEvent,
  pullingEvent,
  type ImageEvent,
  type PullReport,
} from "./messages.ts";
import { applyDefaultTag, type PullPolicy } from "./reference.ts";

/** One container's wish for its image. */
export interface ImageRequest {
  podUid: string;
  /** As the pod writes it. */
  image: string;
  policy: PullPolicy;
}

/** What the kubelet asks its node about an image. */
export interface NodeView {
  /** The runtime's ImageStatus of a name with tag: whether the image is there. Throws what the runtime answers. */
  imageStatus(name: string): boolean;
  /** Whether the pod may use the image that is there; absent where the kubelet does not verify credentials. */
  isAllowed?(name: string): boolean;
}

/** What becomes of a request at once. */
export type EnsureDecision =
  | { kind: "present"; event: ImageEvent }
  | { kind: "refused"; reason: ImageWaitingReason; message: string; event: ImageEvent }
  /** Goes to the puller now, before any queueing, with the Pulling event. */
  | { kind: "pull"; name: string; backOffKey: string; event: ImageEvent };

/** From this minor version a request with policy Always goes without the presence call. */
const ALWAYS_SKIPS_PRESENCE = 33;

/**
 * Decides about one request (rules R3 to R6): the name, then presence, looked at once and before any queue, then
 * credentials, then back-off.
 * Source: kubernetes v1.34 pkg/kubelet/images/image_manager.go, EnsureImageExists and imagePullPrecheck.
 */
export function ensureImage(
  request: ImageRequest,
  node: NodeView,
  backOff: BackOff,
  now: Ns,
  minor: number,
): EnsureDecision {
  const { image, policy } = request;
  const name = applyDefaultTag(image);
  if (name === undefined) return refused("InvalidImageName", invalidNameEvent(image));

  if (policy !== "Always" || minor < ALWAYS_SKIPS_PRESENCE) {
    let isPresent: boolean;
    try {
      isPresent = node.imageStatus(name);
    } catch (error) {
      return refused(
        "ErrImageInspect",
        inspectFailedEvent(image, error instanceof Error ? error.message : String(error)),
      );
    }
    if (!isPresent && policy === "Never") return refused("ErrImageNeverPull", neverPullEvent(image));
    if (isPresent && policy !== "Always") {
      if (node.isAllowed === undefined) return { kind: "present", event: presentEvent(image, false) };
      if (node.isAllowed(name)) return { kind: "present", event: presentEvent(image, true) };
      // The image's presence is not given away to a pod that may not have it.
      if (policy === "Never") return refused("ErrImageNeverPull", neverPullEvent(image));
    }
  }

  const backOffKey = imageBackOffKey(request.podUid, image);
  if (backOff.isInBackOffSinceUpdate(backOffKey, now)) return refused("ImagePullBackOff", backOffEvent(image));
  return { kind: "pull", name, backOffKey, event: pullingEvent(image) };
}

function refused(reason: ImageWaitingReason, event: ImageEvent): EnsureDecision {
  return { kind: "refused", reason, message: event.message, event };
}

/** A failed pull: widens the back-off from this instant on and names the class (rules R5, R6). */
export function pullFailed(
  image: string,
  backOffKey: string,
  error: string,
  backOff: BackOff,
  now: Ns,
): { reason: ImageWaitingReason; message: string; event: ImageEvent } {
  backOff.next(backOffKey, now);
  return { ...classifyPullError(image, error), event: failedEvent(image, error) };
}

/** A pull that brought the image: sweeps old back-off entries, its own window stays as it is (rule R6). */
export function pullSucceeded(report: PullReport, backOff: BackOff, now: Ns, minor: number): ImageEvent {
  backOff.sweep(now);
  return pulledEvent(report, minor);
}
