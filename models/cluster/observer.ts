import type { ContainerExit } from "./container.ts";
import type { Node } from "./node.ts";
import type { PodContainer } from "./pod-container.ts";
import type { Pod } from "./pod.ts";

/**
 * Whoever wants to know what happens to pods and nodes. Observers are told at the instant itself, after the state has
 * changed, in the order in which they were added to the cluster.
 */
export interface ClusterObserver {
  podBound?(pod: Pod): void;
  /** It gets requests from now on; again after each interruption. */
  podReady?(pod: Pod): void;
  podUnready?(pod: Pod): void;
  /** Somebody deleted it; its containers may go on for their grace period. */
  podDeleted?(pod: Pod): void;
  /** Its containers are being stopped, whoever asked for it. */
  podTerminating?(pod: Pod): void;
  /** Nothing of it runs any more; its phase is final, its cgroups and its sandbox are gone. */
  podTerminated?(pod: Pod): void;
  /** Its object is deleted; without `podTerminated` before it where its node went away, or it never had one. */
  podGone?(pod: Pod): void;
  /** A run of a container begins. */
  containerStarted?(pod: Pod, container: PodContainer): void;
  /** A run of a container has ended, and its requests have failed. Not told where its node goes down. */
  containerEnded?(pod: Pod, container: PodContainer, exit: ContainerExit): void;
  /** The node has joined the cluster, or is up again. */
  nodeUp?(node: Node): void;
  /** The node is down: its processes are lost, its disk is not. */
  nodeDown?(node: Node): void;
  /** The node has left the cluster, and its pods with it. */
  nodeDeleted?(node: Node): void;
  /** The node's kubelet begins again and has forgotten what it kept in memory; containers go on. */
  kubeletRestarted?(node: Node): void;
}
