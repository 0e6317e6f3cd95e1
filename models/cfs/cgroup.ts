import type { RandomStream } from "../../engine/random/streams.ts";
import { NS_PER_US, type Ns } from "../../engine/time.ts";
import { DEFAULT_PERIOD, NICE_0_WEIGHT } from "./defaults.ts";
import type { TaskGroup } from "./group.ts";
import { refuseBandwidth, type Bandwidth } from "./bandwidth-rules.ts";
import type { CgroupVersion, CgroupWrite } from "./schema.ts";
import type { NodeScheduler } from "./scheduler.ts";
import type { Thread } from "./thread.ts";
import { clampShares, sharesFromWeight } from "./weights.ts";
import type { ThreadOwner } from "../cluster/cpu-thread.ts";

/** The CPU settings of a cgroup, in the units of the kernel. */
export interface CpuSettings {
  /** The scheduler's weight. */
  shares: number;
  bandwidth: Bandwidth;
  /** CPU numbers, ascending; undefined: those of the parent. */
  cpus?: readonly number[];
}

export const DEFAULT_SETTINGS: CpuSettings = {
  shares: NICE_0_WEIGHT,
  bandwidth: { quota: Infinity, period: DEFAULT_PERIOD, burst: 0 },
};

/** The settings with the files of one write in place. */
export function withFiles(settings: CpuSettings, files: CgroupWrite): CpuSettings {
  const { quotaUs, periodUs, burstUs, shares, weight, cpus } = files;
  const bandwidth = { ...settings.bandwidth };
  if (quotaUs !== undefined) bandwidth.quota = quotaUs === "max" ? Infinity : quotaUs * NS_PER_US;
  if (periodUs !== undefined) bandwidth.period = periodUs * NS_PER_US;
  if (burstUs !== undefined) bandwidth.burst = burstUs * NS_PER_US;
  const weighted =
    shares !== undefined ? clampShares(shares) : weight !== undefined ? sharesFromWeight(weight) : settings.shares;
  return { shares: weighted, bandwidth, cpus: cpus === undefined ? settings.cpus : cpus.length > 0 ? cpus : undefined };
}

/**
 * A cgroup with the cpu and cpuset controllers: what a kubelet, a container runtime or a user writes to.
 *
 * Under cgroup v1 a child's quota:period ratio must not exceed its nearest limited ancestor's, in either direction of
 * the change; under v2 any value is taken and the smallest along the path rules.
 * Source: torvalds/linux v6.12 kernel/sched/core.c, tg_cfs_schedulable_down.
 */
export class Cgroup {
  readonly name: string;
  readonly parent: Cgroup | undefined;
  readonly children: Cgroup[] = [];
  readonly group: TaskGroup;
  settings: CpuSettings;

  readonly #scheduler: NodeScheduler;
  readonly #version: CgroupVersion;
  readonly #threads = new Set<Thread>();

  /** The root of a node's cgroups. */
  static root(scheduler: NodeScheduler, version: CgroupVersion): Cgroup {
    return new Cgroup("/", undefined, scheduler, version, scheduler.root, DEFAULT_SETTINGS);
  }

  private constructor(
    name: string,
    parent: Cgroup | undefined,
    scheduler: NodeScheduler,
    version: CgroupVersion,
    group: TaskGroup,
    settings: CpuSettings,
  ) {
    this.name = name;
    this.parent = parent;
    this.group = group;
    this.settings = settings;
    this.#scheduler = scheduler;
    this.#version = version;
    parent?.children.push(this);
  }

  /** A child that has had these settings for long and is idle; the settings must be ones that the kernel takes. */
  settledChild(name: string, stream: RandomStream, settings: CpuSettings): Cgroup {
    const { shares, bandwidth } = settings;
    const group = this.#scheduler.createGroup(name, this.group, { shares, bandwidth, stream });
    return new Cgroup(name, this, this.#scheduler, this.#version, group, settings);
  }

  /** A new child, unlimited and of the default weight, as mkdir leaves it. */
  newChild(name: string, stream: RandomStream): Cgroup {
    const group = this.#scheduler.createGroup(name, this.group, { stream });
    return new Cgroup(name, this, this.#scheduler, this.#version, group, DEFAULT_SETTINGS);
  }

  /** Why the kernel would refuse these settings for a group at this place, or undefined. */
  refuses(settings: CpuSettings, parent: Cgroup | undefined = this.parent): string | undefined {
    const { kernel, cpus } = this.#scheduler;
    const { bandwidth } = settings;
    if (bandwidth.burst > 0 && !kernel.hasBurst) return "this kernel has no CPU burst; it came with Linux 5.14";
    const outside = settings.cpus?.find((cpu) => cpu >= cpus.length);
    if (outside !== undefined) return `there is no CPU ${outside}; the node has CPUs 0 to ${cpus.length - 1}`;
    const refused = refuseBandwidth(bandwidth, kernel.burstMayExceedQuota);
    if (refused !== undefined || this.#version === "v2") return refused;
    return this.#refusesRatio(bandwidth, parent);
  }

  /** Why the kernel would refuse a child with these settings, or undefined. */
  refusesChild(settings: CpuSettings): string | undefined {
    const probe = new Cgroup("", undefined, this.#scheduler, this.#version, this.group, settings);
    return probe.refuses(settings, this);
  }

  /**
   * Writes one or more files at once, as `echo` into each would: undefined if the kernel takes the value, otherwise why
   * it answers EINVAL; then nothing has changed.
   */
  write(files: CgroupWrite): string | undefined {
    const settings = withFiles(this.settings, files);
    const refused = this.refuses(settings);
    if (refused !== undefined) return refused;
    this.settings = settings;
    const { quotaUs, periodUs, burstUs, shares, weight, cpus } = files;
    if (quotaUs !== undefined || periodUs !== undefined || burstUs !== undefined) {
      this.#scheduler.writeBandwidth(this.group, settings.bandwidth);
    }
    if (shares !== undefined || weight !== undefined) this.#scheduler.writeShares(this.group, settings.shares);
    if (cpus !== undefined) this.#confineThreads();
    return undefined;
  }

  /** The CPUs that threads of this cgroup may use. */
  effectiveCpus(): readonly number[] {
    const inherited = this.parent?.effectiveCpus() ?? this.#scheduler.allCpus;
    const { cpus } = this.settings;
    if (cpus === undefined) return inherited;
    const common = cpus.filter((cpu) => inherited.includes(cpu));
    // A cpuset with none of its parent's CPUs, or with all of them, is as the parent's (cgroup v2).
    return common.length > 0 && common.length < inherited.length ? common : inherited;
  }

  /** CPU time until now. */
  get usage(): Ns {
    return this.#scheduler.usageOf(this.group);
  }

  createThread(owner: ThreadOwner): Thread {
    const thread = this.#scheduler.createThread(this.group, owner, this.effectiveCpus());
    this.#threads.add(thread);
    return thread;
  }

  removeThread(thread: Thread): void {
    thread.stop();
    this.#threads.delete(thread);
  }

  /** Removes an empty cgroup; its counters stay readable. */
  remove(): void {
    this.#scheduler.removeGroup(this.group);
    const siblings = this.parent?.children;
    siblings?.splice(siblings.indexOf(this), 1);
  }

  #confineThreads(): void {
    const cpus = this.effectiveCpus();
    for (const thread of this.#threads) this.#scheduler.confine(thread, cpus);
    for (const child of this.children) child.#confineThreads();
  }

  /** The rule of cgroup v1, for this group with new values and everything below it. */
  #refusesRatio(bandwidth: Bandwidth, parent: Cgroup | undefined): string | undefined {
    let limit = Infinity;
    for (let above = parent; above !== undefined && limit === Infinity; above = above.parent) {
      limit = ratio(above.settings.bandwidth);
    }
    const own = ratio(bandwidth);
    if (own !== Infinity && own > limit) {
      return "under cgroup v1 the quota:period ratio must not exceed that of the nearest limited cgroup above";
    }
    return this.#anyChildAbove(own === Infinity ? limit : own)
      ? "under cgroup v1 the quota:period ratio must not fall below that of a cgroup underneath"
      : undefined;
  }

  #anyChildAbove(limit: number): boolean {
    return this.children.some((child) => {
      const own = ratio(child.settings.bandwidth);
      if (own !== Infinity && own > limit) return true;
      return child.#anyChildAbove(own === Infinity ? limit : own);
    });
  }
}

/** quota / period as the kernel compares it: in units of 2^-20, rounded down. Infinity without a quota. */
function ratio({ quota, period }: Bandwidth): number {
  return quota === Infinity ? Infinity : Number((BigInt(quota) << 20n) / BigInt(period));
}
