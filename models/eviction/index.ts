/**
 * Node-pressure eviction: what the kubelet's eviction manager decides when memory, disk, inodes or processes run short,
 * how limits of local storage are enforced, and whom the kernel's OOM killer takes. These are the rules, as pure functions
 * of what they see; README.md numbers them and says what is left out and how large the error is.
 *
 * `synchronize` is one pass of the manager, `EvictionManager` plays it in time. `Quantity` is what moves in simulated time:
 * memory, disk, inodes, processes. `composeEviction` puts all of it on the stage.
 */
export * from "./behavior-schema.ts";
export * from "./compose-eviction.ts";
export * from "./conditions.ts";
export * from "./defaults.ts";
export * from "./empty-dir.ts";
export * from "./eviction.ts";
export * from "./kubelet-checks.ts";
export * from "./layout.ts";
export * from "./local-storage.ts";
export * from "./memory-notifier.ts";
export * from "./memory-qos.ts";
export * from "./manager.ts";
export * from "./node-allocatable.ts";
export * from "./node-status.ts";
export * from "./oom.ts";
export * from "./parse.ts";
export * from "./pod.ts";
export * from "./quantity-text.ts";
export * from "./quantity.ts";
export * from "./ranking.ts";
export * from "./settings.ts";
export * from "./signals.ts";
export * from "./synchronize.ts";
export * from "./threshold.ts";
export * from "./timing.ts";
