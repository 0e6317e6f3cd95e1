import type { Ns } from "../../engine/index.ts";
import type { PodContainer } from "../cluster/pod-container.ts";
import type { Pod } from "../cluster/pod.ts";

/** What becomes of a container's wish for its image. */
export type ImageResult = { kind: "ok" } | { kind: "waiting"; reason: string; message: string };

/** What brings images to a node. Without one every image is there. */
export interface PodImages {
  /**
   * Calls `done` when the container's image is there or the request has failed, within this call or later. The kubelet
   * ignores the answer if the pod has been told to stop, or its node has gone down, in the meantime.
   */
  ensure(pod: Pod, container: PodContainer, done: (result: ImageResult) => void): void;
  /** The same for the images of the pod's volumes, one after the other; the first that fails ends it. */
  ensureVolumes?(pod: Pod, done: (result: ImageResult) => void): void;
}

/** What becomes of a sandbox's wish for the network. `isNetworkDown`: the node has no network yet; asked again soon. */
export type NetworkResult = { kind: "ok"; ip: string } | { kind: "failed"; message: string; isNetworkDown: boolean };

/** What gives pods their addresses. Without one they need none. */
export interface PodNetwork {
  /** The CNI's ADD for the pod's sandbox; `done` within this call or later, as for images. */
  attach(pod: Pod, done: (result: NetworkResult) => void): void;
  /** The CNI's DEL: its sandbox is stopped, or was lost with its node. */
  detach(pod: Pod): void;
}

/** What the container runtime takes for each step; all 0 where the scenario says nothing. */
export interface RuntimeLatencies {
  sandbox: Ns;
  create: Ns;
  start: Ns;
}

export const IDEAL_RUNTIME: RuntimeLatencies = { sandbox: 0, create: 0, start: 0 };
