import type { Ns } from "../../engine/time.ts";

/** The two figures of cpu.stat that the throttle metric is made of. */
export interface CpuStat {
  nrPeriods: number;
  nrThrottled: number;
}

/**
 * Throttled periods among those between two readings; 0 if there were none.
 * Source: koordinator v1.8.0 pkg/koordlet/util/system/cgroup.go, CalcCPUThrottledRatio
 */
export function throttledRatio(before: CpuStat, after: CpuStat): number {
  const periods = after.nrPeriods - before.nrPeriods;
  return periods > 0 ? (after.nrThrottled - before.nrThrottled) / periods : 0;
}

/**
 * The recent samples of one metric. Windows include both of their ends.
 * Source: koordinator v1.8.0 pkg/koordlet/metriccache/util.go, fieldAvgOfMetricList, fieldLastOfMetricList
 */
export class Samples {
  readonly #longest: Ns;
  readonly #points: Array<{ at: Ns; value: number }> = [];

  /** `longest`: the longest window that will be asked for. */
  constructor(longest: Ns) {
    this.#longest = longest;
  }

  add(at: Ns, value: number): void {
    this.#points.push({ at, value });
    while (this.#points[0].at < at - this.#longest) this.#points.shift();
  }

  /** The mean of the samples in the window that ends now. */
  average(now: Ns, window: Ns): number | undefined {
    const recent = this.#points.filter(({ at }) => at >= now - window);
    if (recent.length === 0) return undefined;
    return recent.reduce((sum, { value }) => sum + value, 0) / recent.length;
  }

  /** The latest sample, if it lies in the window that ends now. */
  last(now: Ns, window: Ns): number | undefined {
    const latest = this.#points.at(-1);
    return latest !== undefined && latest.at >= now - window ? latest.value : undefined;
  }
}

/** Turns readings of a growing counter into samples: growth over the time between two readings. */
export class UsageMeter {
  readonly samples: Samples;
  #previous: { at: Ns; usage: Ns } | undefined;

  constructor(longest: Ns) {
    this.samples = new Samples(longest);
  }

  /** A reading of CPU time; the first gives no sample. */
  read(at: Ns, usage: Ns): void {
    if (this.#previous !== undefined) {
      this.samples.add(at, (usage - this.#previous.usage) / (at - this.#previous.at));
    }
    this.#previous = { at, usage };
  }
}

/** Turns readings of cpu.stat into samples of the throttle metric. */
export class ThrottleMeter {
  readonly samples: Samples;
  #previous: CpuStat | undefined;

  constructor(longest: Ns) {
    this.samples = new Samples(longest);
  }

  /** A reading of cpu.stat; the first gives no sample. */
  read(at: Ns, { nrPeriods, nrThrottled }: CpuStat): void {
    if (this.#previous !== undefined) this.samples.add(at, throttledRatio(this.#previous, { nrPeriods, nrThrottled }));
    this.#previous = { nrPeriods, nrThrottled };
  }
}
