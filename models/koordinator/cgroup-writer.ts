import { NS_PER_US, type Ns } from "../../engine/time.ts";
import type { Cgroup } from "../cfs/cgroup.ts";
import type { CgroupVersion } from "../cfs/schema.ts";
import { FORCED_REFRESH, MAX_BURST_US_V1 } from "./defaults.ts";

export type Setting = "quota" | "burst";

/** The file of a setting. */
export function fileOf(setting: Setting, version: CgroupVersion): string {
  if (version === "v1") return setting === "quota" ? "cpu.cfs_quota_us" : "cpu.cfs_burst_us";
  return setting === "quota" ? "cpu.max" : "cpu.max.burst";
}

/** The setting as its file shows it, in us; -1 for no quota. */
export function readUs(cgroup: Cgroup, setting: Setting): number {
  const { quota, burst } = cgroup.settings.bandwidth;
  if (setting === "burst") return burst / NS_PER_US;
  return quota === Infinity ? -1 : quota / NS_PER_US;
}

/** Why a write did not happen. */
export interface Refusal {
  /** The kernel answers EINVAL; otherwise koordlet itself refuses to write the value. */
  isKernel: boolean;
  reason: string;
}

/**
 * Writes cgroup files as koordlet's executor does: a value that it has written itself within the last minute is not even
 * compared; one that the file shows already is not written. A refused write is not remembered, so it is tried again at
 * every pass.
 *
 * Source: koordinator v1.8.0 pkg/koordlet/resourceexecutor/executor.go, cgroup.go
 */
export class CgroupWriter {
  readonly #version: CgroupVersion;
  readonly #written = new WeakMap<Cgroup, Partial<Record<Setting, { valueUs: number; at: Ns }>>>();

  constructor(version: CgroupVersion) {
    this.#version = version;
  }

  /** Brings a setting to a value; gives why that failed. */
  write(cgroup: Cgroup, setting: Setting, valueUs: number, now: Ns): Refusal | undefined {
    let written = this.#written.get(cgroup);
    if (written === undefined) this.#written.set(cgroup, (written = {}));
    const known = written[setting];
    if (known !== undefined && known.valueUs === valueUs && now - known.at <= FORCED_REFRESH) return undefined;
    if (setting === "burst" && this.#version === "v1" && (valueUs < 0 || valueUs > MAX_BURST_US_V1)) {
      return { isKernel: false, reason: `koordlet writes 0 to ${MAX_BURST_US_V1} only` };
    }
    if (setting === "burst" && valueUs < 0) return { isKernel: false, reason: "koordlet writes no negative burst" };
    if (readUs(cgroup, setting) !== valueUs) {
      const reason = cgroup.write(setting === "quota" ? { quotaUs: valueUs } : { burstUs: valueUs });
      if (reason !== undefined) return { isKernel: true, reason };
    }
    written[setting] = { valueUs, at: now };
    return undefined;
  }
}
