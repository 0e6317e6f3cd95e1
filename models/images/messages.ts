import { formatDuration } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";
import { MESSAGE_RESOLUTION } from "./defaults.ts";

/** An event of the kubelet, under Kubernetes' own reason. */
export interface ImageEvent {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

/** What a pull took, and what it brought. */
export interface PullReport {
  image: string;
  /** From the worker or token in hand to the size known. */
  pullNs: Ns;
  /** From the Pulling event to the result. */
  totalNs: Ns;
  sizeBytes: number;
}

/** The first minor version whose Pulled message tells pulling from waiting; the size came in a later one. */
const TWO_DURATIONS = 27;
const WITH_SIZE = 30;

/** Quotes as Go's %q does; image names are plain ASCII. */
function quoted(image: string): string {
  return JSON.stringify(image);
}

function truncated(duration: Ns): string {
  return formatDuration(duration - (duration % MESSAGE_RESOLUTION));
}

export function pullingEvent(image: string): ImageEvent {
  return { type: "Normal", reason: "Pulling", message: `Pulling image ${quoted(image)}` };
}

/**
 * The Pulled event of a kubelet of 1.`minor` (rule R9): both durations are cut to milliseconds. Before 1.27 there was one,
 * which included the waiting. Simplified: the one duration of those versions is cut to milliseconds too; in truth it had
 * the clock's full resolution.
 * Source: kubernetes v1.34 pkg/kubelet/images/image_manager.go, pullImage.
 */
export function pulledEvent(report: PullReport, minor: number): ImageEvent {
  const { image, pullNs, totalNs, sizeBytes } = report;
  const took =
    minor < TWO_DURATIONS ? truncated(totalNs) : `${truncated(pullNs)} (${truncated(totalNs)} including waiting)`;
  const size = minor < WITH_SIZE ? "" : `. Image size: ${sizeBytes} bytes.`;
  return { type: "Normal", reason: "Pulled", message: `Successfully pulled image ${quoted(image)} in ${took}${size}` };
}

/** The Pulled event of an image that is there. With credential verification the message says that the pod may have it. */
export function presentEvent(image: string, verified: boolean): ImageEvent {
  const access = verified ? " and can be accessed by the pod" : "";
  return {
    type: "Normal",
    reason: "Pulled",
    message: `Container image ${quoted(image)} already present on machine${access}`,
  };
}

export function failedEvent(image: string, error: string): ImageEvent {
  return { type: "Warning", reason: "Failed", message: `Failed to pull image ${quoted(image)}: ${error}` };
}

export function backOffEvent(image: string): ImageEvent {
  return { type: "Normal", reason: "BackOff", message: `Back-off pulling image ${quoted(image)}` };
}

export function neverPullEvent(image: string): ImageEvent {
  return {
    type: "Warning",
    reason: "ErrImageNeverPull",
    message: `Container image ${quoted(image)} is not present with pull policy of Never`,
  };
}

export function inspectFailedEvent(image: string, error: string): ImageEvent {
  return { type: "Warning", reason: "InspectFailed", message: `Failed to inspect image ${quoted(image)}: ${error}` };
}

export function invalidNameEvent(image: string): ImageEvent {
  return {
    type: "Warning",
    reason: "InspectFailed",
    message: `Failed to apply default image tag ${quoted(image)}: couldn't parse image name ${quoted(image)}: invalid reference format`,
  };
}
