import { memoryCapacity, type MemoryStats, type NodeStats } from "./signals.ts";
import { notifierCount, usageTrigger, watchedMemory } from "./memory-notifier.ts";
import type { Watch } from "./quantity.ts";
import type { Threshold } from "./threshold.ts";
import type { NodeUsage } from "./usage/node-usage.ts";

/**
 * The kernel's notifiers of one node: on cgroup v1 each runs a pass when the usage of its cgroup passes the trigger in
 * either direction. On v2 there are none.
 *
 * Simplified: page cache is as it was when the notifiers were armed; what comes or goes until they are armed anew is not
 * seen. A notifier fires with the first byte beyond its trigger, so that the pass finds its threshold met.
 */
export class MemoryNotifiers {
  readonly #usage: NodeUsage;
  readonly #fire: () => void;
  #watches: Watch[] = [];

  constructor(usage: NodeUsage, fire: () => void) {
    this.#usage = usage;
    this.#fire = fire;
  }

  /** Sets the triggers by what the pass has just seen. */
  arm(thresholds: readonly Threshold[], stats: NodeStats): void {
    this.stop();
    const { kernelMemcgNotification, cgroupVersion } = this.#usage.settings;
    for (const threshold of thresholds) {
      if (notifierCount([threshold], kernelMemcgNotification, cgroupVersion) === 0) continue;
      const memory = watchedMemory(threshold, stats);
      const trigger = usageTrigger(threshold, memory);
      // More than there is: page cache has to give way before usage can get there, so it never does.
      if (memory === undefined || trigger === undefined || trigger > (memoryCapacity(memory) ?? 0)) continue;
      this.#watch(threshold, trigger - inactiveFileBytes(memory) + 1);
    }
  }

  stop(): void {
    for (const watch of this.#watches) watch.cancel();
    this.#watches = [];
  }

  /** Waits for the working set to get to the other side of `level`, again and again. */
  #watch(threshold: Threshold, level: number): void {
    const { memory, kubepods } = this.#usage;
    const workingSet = threshold.signal === "allocatableMemory.available" ? kubepods : memory;
    const side = workingSet.value >= level ? "below" : "atLeast";
    const watch = workingSet.watch(side, level, () => {
      watch.cancel();
      this.#watches.splice(this.#watches.indexOf(watch), 1);
      this.#watch(threshold, level);
      this.#fire();
    });
    this.#watches.push(watch);
  }
}

function inactiveFileBytes({ usageBytes = 0, workingSetBytes = 0 }: MemoryStats): number {
  return usageBytes - workingSetBytes;
}
