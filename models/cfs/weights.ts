import { exp, ln } from "../../engine/math/index.ts";
import { MAX_SHARES, MIN_SHARES, NICE_0_WEIGHT } from "./defaults.ts";

/** Shares within the bounds that the kernel sets silently: 2 to 262144. */
export function clampShares(shares: number): number {
  return Math.min(Math.max(shares, MIN_SHARES), MAX_SHARES);
}

/**
 * cpu.weight (1 to 10000) as the scheduler's weight: round(weight x 1024 / 100).
 * Source: torvalds/linux v6.12 kernel/sched/core.c, sched_weight_from_cgroup.
 */
export function sharesFromWeight(weight: number): number {
  return clampShares(Math.floor((weight * NICE_0_WEIGHT + 50) / 100));
}

/**
 * The kubelet's and the older runtimes' conversion of cpu.shares to cpu.weight: linear, 1024 becomes 39.
 * Source: opencontainers/cgroups utils.go before 0.0.3 (runc before 1.3.2, crun before 1.23).
 */
export function weightFromSharesLinear(shares: number): number {
  return 1 + Math.floor(((clampShares(shares) - 2) * 9999) / 262_142);
}

/**
 * The newer runtimes' conversion of cpu.shares to cpu.weight: 10^((L^2 + 125 L)/612 - 7/34) rounded up, with
 * L = log2(shares), which maps 1024 to 100.
 * Source: opencontainers/cgroups v0.0.3 utils.go (runc from 1.3.2, crun from 1.23).
 */
export function weightFromShares(shares: number): number {
  if (shares <= MIN_SHARES) return 1;
  if (shares >= MAX_SHARES) return 10_000;
  const log2 = ln(shares) / Math.LN2;
  const weight = exp(((log2 * log2 + 125 * log2) / 612 - 7 / 34) * Math.LN10);
  // At 1024 shares the result is 100 exactly: an error in the last bit must not lift the ceiling to 101.
  const nearest = Math.round(weight);
  return Math.abs(weight - nearest) < 1e-9 * nearest ? nearest : Math.ceil(weight);
}
