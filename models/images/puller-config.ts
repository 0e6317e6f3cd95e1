import type { Ns } from "../../engine/time.ts";
import {
  IMAGE_GC_HIGH_THRESHOLD_PERCENT,
  IMAGE_GC_LOW_THRESHOLD_PERCENT,
  IMAGE_MINIMUM_GC_AGE,
  NODE_STATUS_MAX_IMAGES,
  REGISTRY_BURST,
  REGISTRY_PULL_QPS,
} from "./defaults.ts";

/** The fields of a KubeletConfiguration that concern images, as written; an absent or null field is unset. */
export interface ImageFields {
  serializeImagePulls?: boolean | null;
  maxParallelImagePulls?: number | null;
  registryPullQPS?: number | null;
  registryBurst?: number | null;
  imageGCHighThresholdPercent?: number | null;
  imageGCLowThresholdPercent?: number | null;
  imageMinimumGCAge?: Ns | null;
  imageMaximumGCAge?: Ns | null;
  nodeStatusMaxImages?: number | null;
}

/** The same fields with the kubelet's defaults filled in. */
export interface ImageConfig {
  serializeImagePulls: boolean;
  /** Unset: no limit, where pulls are not serial. */
  maxParallelImagePulls?: number;
  registryPullQPS: number;
  registryBurst: number;
  imageGCHighThresholdPercent: number;
  imageGCLowThresholdPercent: number;
  imageMinimumGCAge: Ns;
  /** 0: off. */
  imageMaximumGCAge: Ns;
  nodeStatusMaxImages: number;
}

/** A field that the kubelet would not start with. */
export interface Refusal {
  field: keyof ImageConfig;
  message: string;
}

/** The first minor versions with the field, and with the gate of imageMaximumGCAge on by default. */
const MAX_PARALLEL_SINCE = 27;
const MAXIMUM_AGE_SINCE = 29;
const MAXIMUM_AGE_GATE_ON = 30;

/**
 * Fills in the kubelet's defaults (rule R10): pulls are serial unless more than one may run at a time. A burst or minimum
 * age of 0 is unset to the kubelet; a rate, a threshold or a number of images of 0 is kept.
 * Source: kubernetes v1.34 pkg/kubelet/apis/config/v1beta1/defaults.go, SetDefaults_KubeletConfiguration.
 */
export function defaultImageConfig(given: ImageFields, minor: number): ImageConfig {
  const maxParallelImagePulls = given.maxParallelImagePulls ?? undefined;
  const isParallel = minor >= MAX_PARALLEL_SINCE && maxParallelImagePulls !== undefined && maxParallelImagePulls > 1;
  return {
    serializeImagePulls: given.serializeImagePulls ?? !isParallel,
    maxParallelImagePulls,
    registryPullQPS: given.registryPullQPS ?? REGISTRY_PULL_QPS,
    registryBurst: given.registryBurst || REGISTRY_BURST,
    imageGCHighThresholdPercent: given.imageGCHighThresholdPercent ?? IMAGE_GC_HIGH_THRESHOLD_PERCENT,
    imageGCLowThresholdPercent: given.imageGCLowThresholdPercent ?? IMAGE_GC_LOW_THRESHOLD_PERCENT,
    imageMinimumGCAge: given.imageMinimumGCAge || IMAGE_MINIMUM_GC_AGE,
    imageMaximumGCAge: given.imageMaximumGCAge ?? 0,
    nodeStatusMaxImages: given.nodeStatusMaxImages ?? NODE_STATUS_MAX_IMAGES,
  };
}

/**
 * What the kubelet would refuse to start with, in its own order (rule R11); run after the defaults. `maximumAgeGate` is
 * the feature gate ImageMaximumGCAge, where somebody sets it.
 * Source: kubernetes v1.34 pkg/kubelet/apis/config/validation/validation.go, ValidateKubeletConfiguration.
 */
export function refuseImageConfig(config: ImageConfig, minor: number, maximumAgeGate?: boolean): Refusal[] {
  const refusals: Refusal[] = [];
  const refuse = (field: keyof ImageConfig, message: string) => void refusals.push({ field, message });
  const high = config.imageGCHighThresholdPercent;
  const low = config.imageGCLowThresholdPercent;
  if (high < 0 || high > 100) refuse("imageGCHighThresholdPercent", `found ${high}; allowed: 0 to 100`);
  if (low < 0 || low > 100) refuse("imageGCLowThresholdPercent", `found ${low}; allowed: 0 to 100`);
  if (low >= high) {
    refuse("imageGCLowThresholdPercent", `found ${low}; it must be below imageGCHighThresholdPercent (${high})`);
  }
  if (config.imageMinimumGCAge < 0) refuse("imageMinimumGCAge", "it cannot be negative");
  refuseMaximumAge(config, minor, maximumAgeGate, refuse);
  if (config.nodeStatusMaxImages < -1) {
    refuse("nodeStatusMaxImages", `found ${config.nodeStatusMaxImages}; allowed: -1 (all) or more`);
  }
  if (config.registryBurst < 0) refuse("registryBurst", `found ${config.registryBurst}; it cannot be negative`);
  if (config.registryPullQPS < 0) refuse("registryPullQPS", `found ${config.registryPullQPS}; it cannot be negative`);
  const parallel = config.maxParallelImagePulls;
  if (parallel === undefined) return refusals;
  if (minor < MAX_PARALLEL_SINCE) refuse("maxParallelImagePulls", "the field exists from Kubernetes 1.27 on");
  if (parallel < 1) refuse("maxParallelImagePulls", `found ${parallel}; it must be at least 1, or left out`);
  if (parallel > 1 && config.serializeImagePulls) {
    refuse("maxParallelImagePulls", `found ${parallel} with serializeImagePulls true; set serializeImagePulls: false`);
  }
  return refusals;
}

function refuseMaximumAge(
  config: ImageConfig,
  minor: number,
  gate: boolean | undefined,
  refuse: (field: keyof ImageConfig, message: string) => void,
): void {
  const age = config.imageMaximumGCAge;
  if (age === 0) return;
  if (minor < MAXIMUM_AGE_SINCE) refuse("imageMaximumGCAge", "the field exists from Kubernetes 1.29 on");
  else if (!(gate ?? minor >= MAXIMUM_AGE_GATE_ON)) {
    refuse("imageMaximumGCAge", "the feature gate ImageMaximumGCAge is off");
  }
  if (age < 0) refuse("imageMaximumGCAge", "it cannot be negative");
  else if (age <= config.imageMinimumGCAge) refuse("imageMaximumGCAge", "it must be above imageMinimumGCAge");
}
