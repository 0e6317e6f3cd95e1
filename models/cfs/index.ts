/**
 * The kernel's CPU scheduler: CFS bandwidth control in trees of cgroups, EEVDF on each CPU, placement over CPUs. Rules of
 * the bandwidth pool, of weights and of what the kernel refuses are pure functions; `NodeScheduler` plays them on the
 * engine, and `Cgroup` is its face of files. Left out: PELT averages, SMT, NUMA, the pick before Linux 6.6. Error: mean
 * latency below 2 %, p99 up to a tick and a balancing interval on several CPUs; README.md and VALIDATION.md have figures.
 */
export { refill, refuseBandwidth, type Bandwidth, type PoolState } from "./bandwidth-rules.ts";
export { Cgroup, DEFAULT_SETTINGS, withFiles, type CpuSettings } from "./cgroup.ts";
export * from "./defaults.ts";
export { defaultBaseSlice, kernelFeatures, type KernelConfig, type KernelFeatures } from "./kernel.ts";
export { parseCgroupFile, type CgroupFiles, type CgroupVersion, type CgroupWrite } from "./schema.ts";
export { NodeScheduler, type GroupOptions } from "./scheduler.ts";
export { clampShares, sharesFromWeight, weightFromShares, weightFromSharesLinear } from "./weights.ts";
