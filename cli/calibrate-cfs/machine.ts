import { existsSync, readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { gunzipSync } from "node:zlib";
import { compareVersions } from "../../engine/scenario/fields.ts";
import type { Machine } from "../../models/calibrate/recording.ts";
import { NEWEST_KERNEL, OLDEST_KERNEL } from "../../models/cfs/schema.ts";

const DEFAULT_HZ = 250;
const DEFAULT_SLICE_US = 5_000;

/** This machine as the model has to know it, and what had to be assumed. */
export function thisMachine(cgroup: "v1" | "v2", hz: number | undefined): { machine: Machine; notices: string[] } {
  const notices: string[] = [];
  const found = /^([0-9]+)\.([0-9]+)/.exec(release());
  const own = found === null ? NEWEST_KERNEL : `${found[1]}.${found[2]}`;
  let kernel = own;
  if (compareVersions(own, NEWEST_KERNEL) > 0) kernel = NEWEST_KERNEL;
  if (compareVersions(own, OLDEST_KERNEL) < 0) kernel = OLDEST_KERNEL;
  if (kernel !== own) notices.push(`the kernel is ${own}; the model plays ${kernel}, the nearest that it knows`);
  const configured = hz ?? configuredHz(kernelConfig());
  if (configured === undefined) {
    notices.push(`how often this kernel ticks is not known; ${DEFAULT_HZ} a second are assumed (give --hz otherwise)`);
  }
  const slice = "/proc/sys/kernel/sched_cfs_bandwidth_slice_us";
  const bandwidthSliceUs = existsSync(slice) ? Number(readFileSync(slice, "utf8")) : DEFAULT_SLICE_US;
  return { machine: { kernel, hz: configured ?? DEFAULT_HZ, cgroup, cpus: cpus().length, bandwidthSliceUs }, notices };
}

/** CONFIG_HZ of a kernel configuration. */
export function configuredHz(config: string): number | undefined {
  const match = /^CONFIG_HZ=([0-9]+)$/m.exec(config);
  return match === null ? undefined : Number(match[1]);
}

function kernelConfig(): string {
  if (existsSync("/proc/config.gz")) return gunzipSync(readFileSync("/proc/config.gz")).toString("utf8");
  const file = `/boot/config-${release()}`;
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
