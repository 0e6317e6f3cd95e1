import { NS_PER_MS, NS_PER_SECOND, type Ns } from "../../engine/time.ts";

// Source of all of them: koordinator-sh/koordinator v1.8.0 (main @a7a1b76bbf81), files as named.

/** Between two passes of the strategy (--reconcile-interval-seconds). pkg/koordlet/qosmanager/config.go */
export const RECONCILE_INTERVAL: Ns = NS_PER_SECOND;
/** Between two collections of metrics (--collect-res-used-interval). pkg/koordlet/metricsadvisor/framework/config.go */
export const COLLECT_INTERVAL: Ns = NS_PER_SECOND;
/** A written value is compared with the file again only after this long. pkg/koordlet/resourceexecutor/config.go */
export const FORCED_REFRESH: Ns = 60 * NS_PER_SECOND;

/** How far back the node's state looks: five passes, at most 10 s. pkg/koordlet/qosmanager/plugins/cpuburst/cpu_burst.go */
export const NODE_STATE_WINDOW: Ns = Math.min(5 * RECONCILE_INTERVAL, 10 * NS_PER_SECOND);
/** How old the latest sample of a container may be: two collections. pkg/koordlet/qosmanager/helpers/metrics_query.go */
export const SAMPLE_WINDOW: Ns = 2 * COLLECT_INTERVAL;

/** A step of the quota, upwards and downwards. cpu_burst.go */
export const INCREASE_STEP = 1.2;
export const DECREASE_STEP = 0.8;
/** The node cools between this part of the threshold and the threshold. cpu_burst.go */
export const COOLING_RATIO = 0.9;
/** Usage in percent of the limit from which a container spends tokens, and below which it saves them. cpu_burst.go */
export const SPENDING_PERCENT = 100;
export const SAVING_PERCENT = 60;

/** The period for which quotas and bursts are computed; the cgroup's own is not read. pkg/koordlet/util/system */
export const BASE_PERIOD_US = 100_000;
/** The least quota that koordlet computes. pkg/koordlet/util/system */
export const MIN_QUOTA_US = 1_000;
/** The largest value that koordlet writes to cpu.cfs_burst_us; cpu.max.burst has no bound. pkg/koordlet/util/system */
export const MAX_BURST_US_V1 = 100_000_000;

/** The node's CPU usage comes from /proc/stat, in ticks of 10 ms (USER_HZ). pkg/koordlet/util/stat.go */
export const USER_TICK: Ns = 10 * NS_PER_MS;

export const QOS_LABEL = "koordinator.sh/qosClass";
export const CPU_BURST_ANNOTATION = "koordinator.sh/cpuBurst";
