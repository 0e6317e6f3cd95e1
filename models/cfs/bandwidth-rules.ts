import { MAX_PERIOD, MAX_RUNTIME, MIN_PERIOD, MIN_QUOTA } from "./defaults.ts";
import type { Ns } from "../../engine/time.ts";

/** Quota, period and burst of a group. An unlimited group has quota Infinity. */
export interface Bandwidth {
  quota: Ns;
  period: Ns;
  burst: Ns;
}

/** What a pool keeps between refills, and what the refill counts. */
export interface PoolState {
  /** Unassigned runtime. */
  runtime: Ns;
  /** Runtime right after the previous refill. */
  runtimeSnapshot: Ns;
  nrBursts: number;
  burstTime: Ns;
}

/**
 * Refills the pool at a period boundary: adds one quota, counts how much more than a quota was used since the last
 * refill, and keeps what is left over up to quota + burst (rule R3).
 * Source: torvalds/linux v6.12 kernel/sched/fair.c, __refill_cfs_bandwidth_runtime.
 */
export function refill(pool: PoolState, bandwidth: Bandwidth): void {
  const { quota, burst } = bandwidth;
  if (quota === Infinity) return;
  pool.runtime += quota;
  const used = pool.runtimeSnapshot - pool.runtime;
  if (used > 0) {
    pool.burstTime += used;
    pool.nrBursts++;
  }
  pool.runtime = Math.min(pool.runtime, quota + burst);
  pool.runtimeSnapshot = pool.runtime;
}

/**
 * Why the kernel refuses these values (EINVAL), or undefined if it takes them (rule R8).
 * Source: torvalds/linux v6.12 kernel/sched/core.c, tg_set_cfs_bandwidth.
 */
export function refuseBandwidth(bandwidth: Bandwidth, burstMayExceedQuota: boolean): string | undefined {
  const { quota, period, burst } = bandwidth;
  if (period < MIN_PERIOD || period > MAX_PERIOD) {
    return `the period is ${period / 1000} us; it must be from ${MIN_PERIOD / 1000} to ${MAX_PERIOD / 1000} us`;
  }
  if (burst < 0) return `the burst is ${burst / 1000} us; it cannot be negative`;
  if (quota === Infinity) return undefined;
  if (quota < MIN_QUOTA) return `the quota is ${quota / 1000} us; it must be at least ${MIN_QUOTA / 1000} us`;
  if (quota > MAX_RUNTIME) return `the quota is ${quota / 1000} us; it must be at most ${MAX_RUNTIME / 1000} us`;
  if (burst > quota && !burstMayExceedQuota) {
    return `the burst (${burst / 1000} us) exceeds the quota (${quota / 1000} us)`;
  }
  if (quota + burst > MAX_RUNTIME) {
    return `quota + burst is ${(quota + burst) / 1000} us; it must be at most ${MAX_RUNTIME / 1000} us`;
  }
  return undefined;
}
