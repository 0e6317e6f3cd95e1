import { NS_PER_MS, NS_PER_SECOND, type Ns } from "../../engine/time.ts";

const MINUTE: Ns = 60 * NS_PER_SECOND;

/** Pulls that wait in the serial puller's channel; senders beyond them block. Source: kubernetes v1.34 pkg/kubelet/images/puller.go, maxImagePullRequests. */
export const SERIAL_QUEUE_CAPACITY = 10;

/** Source: kubernetes v1.34 pkg/kubelet/apis/config/v1beta1/defaults.go. */
export const REGISTRY_PULL_QPS = 5;
export const REGISTRY_BURST = 10;
export const IMAGE_GC_HIGH_THRESHOLD_PERCENT = 85;
export const IMAGE_GC_LOW_THRESHOLD_PERCENT = 80;
export const IMAGE_MINIMUM_GC_AGE: Ns = 2 * MINUTE;
export const NODE_STATUS_MAX_IMAGES = 50;

/** First and longest back-off window of image pulls. Source: kubernetes v1.34 pkg/kubelet/kubelet.go, imageBackOffPeriod and MaxImageBackOff. */
export const IMAGE_BACKOFF_INITIAL: Ns = 10 * NS_PER_SECOND;
export const IMAGE_BACKOFF_MAX: Ns = 300 * NS_PER_SECOND;

/** The image collector's loops; each counts from the end of its previous run. Source: kubernetes v1.34 pkg/kubelet/images/image_gc_manager.go, Start; pkg/kubelet/kubelet.go, ImageGCPeriod. */
export const DETECTION_PERIOD: Ns = 5 * MINUTE;
export const IMAGE_CACHE_PERIOD: Ns = 30 * NS_PER_SECOND;
export const IMAGE_GC_PERIOD: Ns = 5 * MINUTE;

/** Names that the node status gives of one image. Source: kubernetes v1.34 pkg/kubelet/kubelet_node_status.go, MaxNamesPerImageInNodeStatus. */
export const MAX_NAMES_PER_IMAGE = 5;

/** Open bodies of one pull, or of one node from containerd 2.1. Source: containerd v2.1 internal/cri/config/config.go, MaxConcurrentDownloads. */
export const MAX_CONCURRENT_DOWNLOADS = 3;

/** Source: containerd v2.1 internal/cri/config/config.go, ImagePullProgressTimeout; 1 min in 1.7.0 to 1.7.5. */
export const IMAGE_PULL_PROGRESS_TIMEOUT: Ns = 5 * MINUTE;
/** Source: containerd v2.1 internal/cri/server/images/image_pull.go, defaultPullProgressReportInterval. */
export const PROGRESS_CHECK_PERIOD: Ns = 10 * NS_PER_SECOND;

/** Durations in the Pulled message are cut to whole milliseconds. Source: kubernetes v1.34 pkg/kubelet/images/image_manager.go, pullImage. */
export const MESSAGE_RESOLUTION: Ns = NS_PER_MS;

/** The versions of containerd whose rules the model knows. */
export const OLDEST_CONTAINERD = "1.6";
export const NEWEST_CONTAINERD = "2.3";
