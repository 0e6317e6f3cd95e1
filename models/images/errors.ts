/** Why a container waits for its image, as pods report it (rule R5). */
export type ImageWaitingReason =
  | "InvalidImageName"
  | "ErrImageInspect"
  | "ErrImageNeverPull"
  | "ErrImagePull"
  | "RegistryUnavailable"
  | "SignatureValidationFailed"
  | "ImagePullBackOff";

/** The error of a pull that the rate limit refuses. Source: kubernetes v1.34 pkg/kubelet/images/helpers.go. */
export const PULL_QPS_EXCEEDED = "pull QPS exceeded";

/** Runtime errors that begin with these words have a reason of their own. Source: kubernetes v1.34 staging/src/k8s.io/cri-api/pkg/errors/errors.go. */
const KNOWN_ERRORS = [
  { reason: "RegistryUnavailable", text: "the registry is unavailable" },
  { reason: "SignatureValidationFailed", text: "the signature validation failed" },
] as const;

export interface PullFailure {
  reason: ImageWaitingReason;
  /** What the container's waiting state says. */
  message: string;
}

/**
 * The class of a failed pull, by how the runtime's error text begins (rule R5).
 * Source: kubernetes v1.34 pkg/kubelet/images/image_manager.go, evalCRIPullErr.
 */
export function classifyPullError(image: string, error: string): PullFailure {
  const known = KNOWN_ERRORS.find(({ reason }) => error.startsWith(reason));
  if (known === undefined) return { reason: "ErrImagePull", message: error };
  const detail = error.slice(known.reason.length);
  return { reason: known.reason, message: `image pull failed for ${image} because ${known.text}${detail}` };
}
