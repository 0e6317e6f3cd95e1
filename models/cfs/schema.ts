import type { Ns } from "../../engine/time.ts";

export type CgroupVersion = "v1" | "v2";

/** The kernel of a node. */
export interface KernelSection {
  /** As "6.12". */
  version: string;
  hz: 100 | 250 | 300 | 1000;
  cgroup: CgroupVersion;
  flavor: "upstream" | "alibaba";
  /** How much runtime a CPU takes from a group's pool at once. */
  bandwidthSlice: Ns;
  /** EEVDF's slice; absent: by kernel version and number of CPUs. */
  baseSlice?: Ns;
  /** CPU time added to every request's demand. */
  requestOverhead: Ns;
  /** Whether ticks, period timers and periodic loops start at a random phase or at 0. */
  phases: "random" | "zero";
}

/** Values of cgroup files by the files' own names, as one would write them. */
export type CgroupFiles = Record<string, string | number>;

/** What a value written to one cgroup file asks for, in the files' own units. */
export interface CgroupWrite {
  /** -1 of v1 reads "max" here too. */
  quotaUs?: number | "max";
  periodUs?: number;
  burstUs?: number;
  /** cgroup v1: 1024 is one CPU's worth. */
  shares?: number;
  /** cgroup v2: 100 is the default. */
  weight?: number;
  /** CPU numbers, ascending; empty: no restriction of its own. */
  cpus?: number[];
}
