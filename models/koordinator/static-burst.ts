import { setsBurst, type BurstConfig } from "./config.ts";
import { BASE_PERIOD_US } from "./defaults.ts";

/**
 * The kernel's burst of a container in us: its limit times cpuBurstPercent, for a period of 100 ms whatever the cgroup's
 * is; 0 without a limit (`limitMilli` 0) or where the policy does not set it. Computed in doubles and cut, as upstream.
 *
 * Source: koordinator v1.8.0 pkg/koordlet/qosmanager/plugins/cpuburst/cpu_burst.go, calcStaticCPUBurstVal
 */
export function staticBurstUs(limitMilli: number, { policy, cpuBurstPercent }: BurstConfig): number {
  if (!setsBurst(policy) || limitMilli <= 0) return 0;
  const cores = (limitMilli / 1000) * (cpuBurstPercent / 100);
  return Math.trunc(cores * BASE_PERIOD_US);
}
