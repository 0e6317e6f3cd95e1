/**
 * The stage on which all mechanisms play: nodes, workloads, pods and their containers, and who wants to know what happens
 * to them. It decides nothing itself.
 */
export { Cluster, type NodeAgent, type PodRejection } from "./cluster.ts";
export { Container, type ContainerExit, type CpuGroup } from "./container.ts";
export type { CpuThread, ThreadOwner } from "./cpu-thread.ts";
export { Node, nodesOf } from "./node.ts";
export type { ClusterObserver } from "./observer.ts";
export { Pod, type PodFailure } from "./pod.ts";
export { PodContainer } from "./pod-container.ts";
export { RequestQueue, type ServiceMeter } from "./request-queue.ts";
export { kubernetesMinor } from "./kubernetes-version.ts";
export type * from "./schema.ts";
export { Workload } from "./workload.ts";
