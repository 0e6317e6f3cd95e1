import { adapter, premise, type Adapters, type Found } from "../conformance/adapter.ts";
import { nsOf, secondsOf } from "../conformance/time.ts";
import { BackOff, imageBackOffKey } from "./backoff.ts";
import { mayUsePresentImage, type PullCredential } from "./credentials.ts";
import { IMAGE_BACKOFF_MAX } from "./defaults.ts";
import { ensureImage } from "./ensure.ts";
import { classifyPullError } from "./errors.ts";
import { pulledEvent } from "./messages.ts";
import { PullLimiter } from "./pull-limiter.ts";
import { defaultImageConfig, refuseImageConfig, type ImageConfig, type ImageFields } from "./puller-config.ts";
import { applyDefaultTag, defaultPullPolicy, type PullPolicy } from "./reference.ts";

/** The version whose rules the cases of these families state. */
export const CASES_MINOR = 34;

interface CredentialsGiven {
  featureGate: { KubeletEnsureSecretPulledImages: boolean };
  present_on_node: boolean;
  pullPolicy: PullPolicy;
  credentials_known_to_have_pulled_it: PullCredential[];
  pod_credentials: PullCredential[];
}

function readCredentials(list: readonly PullCredential[]): PullCredential[] {
  return list.map(({ kind, namespace, name, uid, hash }) => {
    premise(kind === "secret" || kind === "serviceAccount", `no credential of kind ${kind}`);
    return { kind, namespace, name, uid, hash };
  });
}

const credentials = adapter<CredentialsGiven>((given) => {
  const known = readCredentials(given.credentials_known_to_have_pulled_it);
  const pod = readCredentials(given.pod_credentials);
  const isVerified = given.featureGate.KubeletEnsureSecretPulledImages;
  const image = { isPreloaded: false, isAllowlisted: false, record: { credentials: known } };
  const isPresent = given.present_on_node;
  const decision = ensureImage(
    { podUid: "pod", image: "image", policy: given.pullPolicy },
    {
      imageStatus: () => isPresent,
      isAllowed: isVerified ? () => mayUsePresentImage("AlwaysVerify", image, pod) : undefined,
    },
    new BackOff({ initial: 0, max: IMAGE_BACKOFF_MAX }),
    0,
    CASES_MINOR,
  );
  return {
    result: decision.kind === "refused" ? decision.reason : "ok",
    pull_attempted: decision.kind === "pull",
  };
});

type ConfigGiven = Omit<ImageFields, "imageMinimumGCAge" | "imageMaximumGCAge"> & {
  imageMinimumGCAge_s?: number;
  imageMaximumGCAge_s?: number;
};

function fieldsOf(given: ConfigGiven): ImageFields {
  return {
    serializeImagePulls: given.serializeImagePulls,
    maxParallelImagePulls: given.maxParallelImagePulls,
    registryPullQPS: given.registryPullQPS,
    registryBurst: given.registryBurst,
    imageGCHighThresholdPercent: given.imageGCHighThresholdPercent,
    imageGCLowThresholdPercent: given.imageGCLowThresholdPercent,
    imageMinimumGCAge: given.imageMinimumGCAge_s === undefined ? undefined : nsOf(given.imageMinimumGCAge_s),
    imageMaximumGCAge: given.imageMaximumGCAge_s === undefined ? undefined : nsOf(given.imageMaximumGCAge_s),
    nodeStatusMaxImages: given.nodeStatusMaxImages,
  };
}

/** A configuration as the cases write it: ages in seconds, what is unset null. */
function written(config: ImageConfig): { [key: string]: Found } {
  const { imageMinimumGCAge, imageMaximumGCAge, maxParallelImagePulls, ...rest } = config;
  return {
    ...rest,
    maxParallelImagePulls: maxParallelImagePulls ?? null,
    imageMinimumGCAge_s: secondsOf(imageMinimumGCAge),
    imageMaximumGCAge_s: secondsOf(imageMaximumGCAge),
  };
}

const validation = adapter<ConfigGiven>((given) => {
  const refusals = refuseImageConfig(defaultImageConfig(fieldsOf(given), CASES_MINOR), CASES_MINOR);
  return { ok: refusals.length === 0, field: refusals[0]?.field };
});

const defaulting = adapter<ConfigGiven>((given) => {
  const config = defaultImageConfig(fieldsOf(given), CASES_MINOR);
  const isRefused = refuseImageConfig(config, CASES_MINOR).length > 0;
  return { ...written(config), then_validation: isRefused ? "rejected" : "accepted" };
});

interface Windows {
  initial_s: number;
  max_s?: number;
}

function backOffOf({ initial_s, max_s }: Windows): BackOff {
  return new BackOff({ initial: nsOf(initial_s), max: max_s === undefined ? IMAGE_BACKOFF_MAX : nsOf(max_s) });
}

interface PodImage {
  pod: string;
  image: string;
}

export const requestAdapters: Adapters = {
  cred: credentials,
  "default-tag": adapter<{ image: string }>(({ image }) => ({
    image_sent_to_runtime: applyDefaultTag(image) ?? null,
  })),
  "default-policy": adapter<{ image: string; imagePullPolicy: PullPolicy | "" }>(({ image, imagePullPolicy }) => ({
    imagePullPolicy: imagePullPolicy || defaultPullPolicy(image),
  })),
  "error-class": adapter<{ image: string; runtime_error: string }>(({ image, runtime_error }) => {
    const { reason, message } = classifyPullError(image, runtime_error);
    return { waiting_reason: reason, message };
  }),
  "config-*": validation,
  "config-defaulting": defaulting,
  "config-default": adapter<{ config: ConfigGiven }>(({ config }) =>
    written(defaultImageConfig(fieldsOf(config), CASES_MINOR)),
  ),
  "pulled-message": adapter<{ image: string; pull_s: number; including_waiting_s: number; image_size_B: number }>(
    ({ image, pull_s, including_waiting_s, image_size_B }) => {
      const report = {
        image,
        pullNs: nsOf(pull_s),
        totalNs: nsOf(including_waiting_s),
        sizeBytes: image_size_B,
      };
      const { reason, message } = pulledEvent(report, CASES_MINOR);
      return { reason, message };
    },
  ),
  "qps-bucket": adapter<{ registryPullQPS: number; registryBurst: number; pull_calls_at_s: number[] }>(
    ({ registryPullQPS, registryBurst, pull_calls_at_s }) => {
      const limiter = new PullLimiter(registryPullQPS, registryBurst);
      return { accepted: pull_calls_at_s.map((at) => limiter.tryAccept(nsOf(at))) };
    },
  ),
  "backoff-windows": adapter<Windows & { failures_at_s: number[] }>((given) => {
    const backOff = backOffOf(given);
    return {
      window_after_failure_s: given.failures_at_s.map((at) => {
        backOff.next("key", nsOf(at));
        return secondsOf(backOff.windowOf("key"));
      }),
    };
  }),
  "backoff-boundary": adapter<Windows & { failure_at_s: number; ask_at_s: number[] }>((given) => {
    const backOff = backOffOf(given);
    backOff.next("key", nsOf(given.failure_at_s));
    return { in_backoff: given.ask_at_s.map((at) => backOff.isInBackOffSinceUpdate("key", nsOf(at))) };
  }),
  "backoff-key": adapter<{ failed: PodImage; ask: PodImage[] }>(({ failed, ask }) => {
    const backOff = backOffOf({ initial_s: 10 });
    backOff.next(imageBackOffKey(failed.pod, failed.image), 0);
    return {
      in_backoff: ask.map(({ pod, image }) => backOff.isInBackOffSinceUpdate(imageBackOffKey(pod, image), 0)),
    };
  }),
};
