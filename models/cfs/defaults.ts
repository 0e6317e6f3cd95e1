import { NS_PER_MS, NS_PER_US, type Ns } from "../../engine/time.ts";

// Source of all of them: torvalds/linux v6.12 kernel/sched/fair.c, kernel/sched/core.c, kernel/sched/sched.h.

/** Runtime that a CPU takes from the pool at a time; sysctl kernel.sched_cfs_bandwidth_slice_us. */
export const BANDWIDTH_SLICE: Ns = 5 * NS_PER_MS;
/** Runtime that a CPU keeps when its last thread sleeps (min_cfs_rq_runtime). */
export const KEPT_RUNTIME: Ns = NS_PER_MS;
/** How long after a slack return the pool hands out what came back (cfs_bandwidth_slack_period). */
export const SLACK_DELAY: Ns = 5 * NS_PER_MS;
/** Slack is not handed out this close to a refill (min_bandwidth_expiration). */
export const MIN_REFILL_DISTANCE: Ns = 2 * NS_PER_MS;
/** Period of a group that no one has configured (default_cfs_period). */
export const DEFAULT_PERIOD: Ns = 100 * NS_PER_MS;
/** Bounds of quota and period. */
export const MIN_QUOTA: Ns = NS_PER_MS;
export const MIN_PERIOD: Ns = NS_PER_MS;
export const MAX_PERIOD: Ns = 1_000 * NS_PER_MS;
/** Largest quota, and quota + burst: 2^44 us, so that shifting a bandwidth ratio cannot overflow. */
export const MAX_RUNTIME: Ns = (2 ** 44 - 1) * NS_PER_US;

/** Weight of a nice-0 thread, and of a group with cpu.shares 1024 or cpu.weight 100. */
export const NICE_0_WEIGHT = 1024;
export const MIN_SHARES = 2;
export const MAX_SHARES = 262_144;

/** A thread that ran less than this long ago is cache-hot and not moved at first (sysctl_sched_migration_cost). */
export const MIGRATION_COST: Ns = 500 * NS_PER_US;
/** A busy CPU balances this many times more rarely than an idle one (sd->busy_factor). */
export const BUSY_FACTOR = 16;
/** A CPU takes threads from one whose load exceeds its own by this factor, in percent (sd->imbalance_pct). */
export const IMBALANCE_PERCENT = 117;
