import { compareVersions } from "../../engine/scenario/fields.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/** What the kernel of a node is: nodes[].kernel of a scenario. */
export interface KernelConfig {
  /** Major and minor version, as "6.12". */
  version: string;
  /** Ticks per second. */
  hz: number;
  cgroup: "v1" | "v2";
  flavor: "upstream" | "alibaba";
  /** kernel.sched_cfs_bandwidth_slice_us, in ns. */
  bandwidthSlice: Ns;
  /** base_slice_ns; by version and CPU count if not given. */
  baseSlice?: Ns;
  /** All phases at zero instead of drawn. */
  phases: "random" | "zero";
}

/** How the scheduler of one kernel version behaves where versions differ. */
export interface KernelFeatures {
  tick: Ns;
  bandwidthSlice: Ns;
  baseSlice: Ns;
  /** cpu.cfs_burst_us / cpu.max.burst exist (5.14). */
  hasBurst: boolean;
  /** The burst may exceed the quota (Alibaba Cloud Linux). */
  burstMayExceedQuota: boolean;
  /** Unused local runtime is lost at the end of its period (before 5.4). */
  slicesExpire: boolean;
  /** Each group's period timer has its own random phase (6.3); before, all of a node share one. */
  hasOwnPeriodPhase: boolean;
  /** Threads are throttled one by one on their way to user mode (6.18); before, the group's entity leaves at once. */
  throttlesTasks: boolean;
  /** A thread that sleeps owing service stays queued until it has paid (6.12). */
  delaysDequeue: boolean;
  /** A thread past its protected slice is rescheduled at any tick, not only at the end of its deadline (6.17). */
  checksProtectionAtTicks: boolean;
  /** Runtime that a configuration write leaves on every CPU: 1 ns from 6.18, 0 before. */
  runtimeAfterWrite: Ns;
}

/** Whether a kernel is of this version or newer: 6.12 is newer than 6.9. */
export function isAtLeast(version: string, minimum: string): boolean {
  return compareVersions(version, minimum) >= 0;
}

/**
 * Default base slice: 0.75 ms, from 6.15 on (and in 6.12's stable series) 0.70 ms, times 1 + floor(log2(CPUs)), counted
 * up to 8 CPUs. Source: torvalds/linux v6.12.117 kernel/sched/fair.c, get_update_sysctl_factor.
 */
export function defaultBaseSlice(version: string, cpus: number): Ns {
  const normalized = isAtLeast(version, "6.15") || version === "6.12" ? 700_000 : 750_000;
  const factor = 1 + (31 - Math.clz32(Math.min(cpus, 8)));
  return normalized * factor;
}

/** The behaviour of a kernel on a machine with that many CPUs. */
export function kernelFeatures(kernel: KernelConfig, cpus: number): KernelFeatures {
  const { version } = kernel;
  return {
    tick: Math.floor(NS_PER_SECOND / kernel.hz),
    bandwidthSlice: kernel.bandwidthSlice,
    baseSlice: kernel.baseSlice ?? defaultBaseSlice(version, cpus),
    hasBurst: isAtLeast(version, "5.14"),
    burstMayExceedQuota: kernel.flavor === "alibaba",
    slicesExpire: !isAtLeast(version, "5.4"),
    hasOwnPeriodPhase: isAtLeast(version, "6.3"),
    throttlesTasks: isAtLeast(version, "6.18"),
    delaysDequeue: isAtLeast(version, "6.12"),
    checksProtectionAtTicks: isAtLeast(version, "6.17"),
    runtimeAfterWrite: isAtLeast(version, "6.18") ? 1 : 0,
  };
}
