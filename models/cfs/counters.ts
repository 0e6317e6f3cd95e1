import type { CounterTable } from "../../engine/results/counters.ts";
import { NS_PER_US } from "../../engine/time.ts";
import type { Cgroup } from "./cgroup.ts";

/** Writes cpu.stat and cpu.stat.local of a cgroup under the kernel's names: microseconds rounded down. */
export function reportCpuStat(counters: CounterTable, object: string, cgroup: Cgroup): void {
  const { pool, localThrottledTime } = cgroup.group;
  const us = (ns: number) => Math.floor(ns / NS_PER_US);
  counters.add(object, "usage_usec", us(cgroup.usage));
  counters.add(object, "nr_periods", pool.nrPeriods);
  counters.add(object, "nr_throttled", pool.nrThrottled);
  counters.add(object, "throttled_usec", us(pool.throttledTime));
  counters.add(object, "local_throttled_usec", us(localThrottledTime));
  counters.add(object, "nr_bursts", pool.nrBursts);
  counters.add(object, "burst_usec", us(pool.burstTime));
}
