/**
 * The kubelet: pods from bound to gone. What it decides is pure functions (container actions, restarts and back-off,
 * grace, phase, requests and limits as cgroups, exclusive CPUs); `Kubelet` plays them on the engine for one node. Left
 * out: probes, hooks, volumes' attachment, the memory and topology managers. Loops delay reactions, never a first start.
 */
export * from "./container-actions.ts";
export * from "./cpu-manager.ts";
export * from "./crash-loop-backoff.ts";
export * from "./grace.ts";
export * from "./phase.ts";
export * from "./pod-workers.ts";
export * from "./resources.ts";
export { Kubelet, type Eviction, type KubeletOptions } from "./kubelet.ts";
export { NodeCgroups, type NodeCgroupsOptions, type PodCgroups, type Refusal } from "./node-cgroups.ts";
export type { KubeletSection, Reserved } from "./schema.ts";
