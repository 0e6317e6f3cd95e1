import * as z from "zod";
import { compareVersions, duration, scalar, shown, version } from "../../engine/scenario/fields.ts";
import { UnitError } from "../../engine/scenario/units.ts";
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

/** The kernels whose scheduler the model knows. */
export const OLDEST_KERNEL = "4.18";
export const NEWEST_KERNEL = "6.18";

/** nodes[].kernel */
export const kernelSchema = z.strictObject({
  version: version(
    { description: "the kernel's major and minor version: how its scheduler throttles, places and slices" },
    (text) => {
      if (compareVersions(text, OLDEST_KERNEL) < 0 || compareVersions(text, NEWEST_KERNEL) > 0) {
        throw new UnitError(`found ${shown(text)}; allowed: "${OLDEST_KERNEL}" to "${NEWEST_KERNEL}"`);
      }
    },
  ).prefault(NEWEST_KERNEL),
  hz: z
    .literal([100, 250, 300, 1000])
    .meta({ description: "ticks a second (CONFIG_HZ)", source: "Debian and Ubuntu kernels: 250" })
    .default(250),
  cgroup: z
    .enum(["v2", "v1"])
    .meta({ description: "the cgroup version, whose file names the cgroup sections take" })
    .default("v2"),
  flavor: z
    .enum(["upstream", "alibaba"])
    .meta({ description: "alibaba accepts a burst above the quota, upstream refuses it" })
    .default("upstream"),
  bandwidthSlice: duration({
    description: "runtime that a CPU takes from a group's pool at once (sched_cfs_bandwidth_slice_us)",
    source: "linux v6.12 kernel/sched/fair.c sysctl_sched_cfs_bandwidth_slice",
  }).prefault("5ms"),
  baseSlice: duration({
    description: "time a thread runs before another one's turn (base_slice_ns)",
    defaultNote: "by kernel version and number of CPUs",
  }).optional(),
  requestOverhead: duration({ description: "CPU time added to every request's demand" }, { zero: true }).prefault(0),
  phases: z
    .enum(["random", "zero"])
    .meta({ description: "where ticks, period timers and periodic loops stand at time 0" })
    .default("random"),
});

const CGROUP_FILES: Record<CgroupVersion, Record<string, string>> = {
  v2: {
    "cpu.max": 'quota and period in us, as "100000 100000" or "max 100000"; one number changes the quota alone',
    "cpu.max.burst": "runtime in us that may be carried over from earlier periods",
    "cpu.weight": "share of the CPU under contention, 1 to 10000; 100 is the default",
    "cpuset.cpus": 'the CPUs it may run on, as "0-3,6"',
  },
  v1: {
    "cpu.cfs_quota_us": "runtime in us for every period; -1: no limit",
    "cpu.cfs_period_us": "the period in us",
    "cpu.cfs_burst_us": "runtime in us that may be carried over from earlier periods",
    "cpu.shares": "share of the CPU under contention; 1024 is the default",
    "cpuset.cpus": 'the CPUs it may run on, as "0-3,6"',
  },
};

/** The cgroup files of one version that a scenario may set. */
export function cgroupFileNames(cgroup: CgroupVersion): string[] {
  return Object.keys(CGROUP_FILES[cgroup]);
}

/** The files of one cgroup, of either version: which of them exist is known with the node alone. */
export const cgroupFilesSchema = z
  .strictObject(
    Object.fromEntries(
      (["v2", "v1"] as const).flatMap((cgroup) =>
        Object.entries(CGROUP_FILES[cgroup]).map(([file, description]) => [file, fileField(cgroup, file, description)]),
      ),
    ),
  )
  .transform((files): CgroupFiles => files as CgroupFiles)
  .meta({ description: "cgroup files by their own names and in their own units", live: true });

function fileField(cgroup: CgroupVersion, file: string, description: string) {
  const read = (value: unknown): string | number => {
    if (typeof value !== "string" && typeof value !== "number") {
      throw new UnitError(`found ${shown(value)}; allowed: a number or a text, as one would write it to ${file}`);
    }
    parseCgroupFile(cgroup, file, value);
    return value;
  };
  return scalar(read, { description, unit: `cgroup ${cgroup} file` }, ["string", "integer"]).optional();
}

/**
 * Reads what is written to a cgroup file, in the file's own grammar: whether the kernel then accepts the numbers is its
 * own business (bounds, burst above quota). Throws UnitError for another grammar or a file that the version does not have.
 *
 * Source: linux v6.12 kernel/sched/core.c cpu_max_write, cpu_weight_write_u64; lib/bitmap-str.c bitmap_parselist
 */
export function parseCgroupFile(cgroup: CgroupVersion, file: string, value: string | number): CgroupWrite {
  const text = String(value).trim();
  switch (`${cgroup} ${file}`) {
    case "v2 cpu.max": {
      const match = /^(max|[0-9]+)(?:\s+([0-9]+))?$/.exec(text);
      if (match === null) throw refused(value, '"MAX PERIOD" in us, such as "50000 100000" or "max 100000"');
      const quota = { quotaUs: match[1] === "max" ? ("max" as const) : wholeNumber(match[1]) };
      return match[2] === undefined ? quota : { ...quota, periodUs: wholeNumber(match[2]) };
    }
    case "v2 cpu.max.burst":
    case "v1 cpu.cfs_burst_us":
      return { burstUs: microseconds(value, text) };
    case "v2 cpu.weight": {
      const weight = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
      if (weight < 1 || weight > 10_000) throw refused(value, "a whole number from 1 to 10000");
      return { weight };
    }
    case "v1 cpu.cfs_quota_us":
      return { quotaUs: /^-[0-9]+$/.test(text) ? "max" : microseconds(value, text) };
    case "v1 cpu.cfs_period_us":
      return { periodUs: microseconds(value, text) };
    case "v1 cpu.shares":
      if (!/^[0-9]+$/.test(text)) throw refused(value, "a whole number (the kernel keeps it within 2 and 262144)");
      return { shares: wholeNumber(text) };
    case "v2 cpuset.cpus":
    case "v1 cpuset.cpus":
      return { cpus: parseCpuList(text) };
    default:
      throw new UnitError(`cgroup ${cgroup} has no file ${file}; allowed: ${cgroupFileNames(cgroup).join(", ")}`);
  }
}

function microseconds(value: string | number, text: string): number {
  if (!/^[0-9]+$/.test(text)) throw refused(value, "a whole number of microseconds, without a unit");
  return wholeNumber(text);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new UnitError(`found ${text}; allowed: below 2^53`);
  return number;
}

function refused(value: string | number, allowed: string): UnitError {
  return new UnitError(`found ${shown(value)}; allowed: ${allowed}`);
}

/** More CPUs than the largest node has; a longer list would only fill the memory. */
const MOST_CPUS = 8192;

/** Reads a list of CPUs such as "0-3,6": ascending, each once; "" is none. Throws UnitError for another text. */
export function parseCpuList(text: string): number[] {
  const cpus = new Set<number>();
  for (const part of text === "" ? [] : text.split(",")) {
    const match = /^\s*([0-9]{1,5})(?:-([0-9]{1,5}))?\s*$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || first > last || last >= MOST_CPUS) throw refused(text, 'a list of CPUs such as "0-3,6"');
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].toSorted((a, b) => a - b);
}
