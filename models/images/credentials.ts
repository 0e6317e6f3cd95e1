/** Who pulled an image, or who asks for it: a pull secret or a service account. */
export interface PullCredential {
  kind: "secret" | "serviceAccount";
  namespace: string;
  name: string;
  uid: string;
  /** Of a secret's content; empty if it could not be made. Two secrets with equal hashes count as one. */
  hash?: string;
}

/** What the kubelet has on record about a present image. */
export interface PullRecord {
  /** Pulled anonymously or with the node's own credentials: every pod may have it. */
  isForAllPods?: boolean;
  credentials: readonly PullCredential[];
}

/** The kubelet's imagePullCredentialsVerificationPolicy. */
export type VerificationPolicy =
  "NeverVerify" | "NeverVerifyPreloadedImages" | "NeverVerifyAllowlistedImages" | "AlwaysVerify";

/**
 * Whether a pod may use an image that is there without pulling it (rule R4). `record` is absent for an image that no
 * verified pull brought; `isPreloaded` says that no kubelet pull brought it at all.
 * Source: kubernetes v1.34 pkg/kubelet/images/pullmanager/image_pull_manager.go, MustAttemptImagePull.
 */
export function mayUsePresentImage(
  policy: VerificationPolicy,
  image: { isPreloaded: boolean; isAllowlisted: boolean; record?: PullRecord },
  pod: readonly PullCredential[],
): boolean {
  if (policy === "NeverVerify") return true;
  if (policy === "NeverVerifyPreloadedImages" && image.isPreloaded) return true;
  if (policy === "NeverVerifyAllowlistedImages" && image.isAllowlisted) return true;
  const { record } = image;
  if (record === undefined) return false;
  return (
    record.isForAllPods === true || pod.some((asking) => record.credentials.some((known) => matches(known, asking)))
  );
}

function matches(known: PullCredential, asking: PullCredential): boolean {
  if (known.kind !== asking.kind) return false;
  const isSame = known.namespace === asking.namespace && known.name === asking.name && known.uid === asking.uid;
  return isSame || (known.kind === "secret" && Boolean(known.hash) && known.hash === asking.hash);
}
