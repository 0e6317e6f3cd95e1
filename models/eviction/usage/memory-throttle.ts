import type { Quantity, Watch } from "../quantity.ts";

/** Pages that a task charges at once. Source: linux v6.12 include/linux/memcontrol.h MEMCG_CHARGE_BATCH, 64 pages of 4 KiB */
const CHARGE_BATCH_BYTES = 256 * 1024;
/** The longest that a task sleeps for a batch. Source: linux v6.12 mm/memcontrol.c MEMCG_MAX_HIGH_DELAY_JIFFIES */
const LONGEST_DELAY_SECONDS = 2;
/**
 * The excess over memory.high is looked at in steps of 1/80 of it. A task sleeps 64 x^2 seconds for a batch at an excess
 * of x, and not at all below 10 ms, which is the first step.
 *
 * Source: linux v6.12 mm/memcontrol.c calculate_high_delay, __mem_cgroup_handle_over_high (MEMCG_DELAY_SCALING_SHIFT)
 */
const STEPS = 80;
const LAST_STEP = 15;

/**
 * How fast a cgroup can grow at an excess of step / 80 over its memory.high, in bytes a second: a batch in 64 x^2 s is
 * 26214400 / step^2, at least a batch in 2 s. Without bound in step 0.
 */
export function throttledRate(step: number): number {
  if (step === 0) return Infinity;
  const slowest = CHARGE_BATCH_BYTES / LONGEST_DELAY_SECONDS;
  return Math.max(slowest, Math.floor((CHARGE_BATCH_BYTES * 100) / (step * step)));
}

/**
 * The kernel's brake on a cgroup above memory.high: what it may still grow falls with the excess, step by step. It slows
 * and never kills.
 *
 * Simplified: a step has the rate of its lower edge (at the end of the first step four times the kernel's, of the tenth
 * 1.2 times), the cgroup counts as one task, and only its own growth slows down, not its serving of requests.
 */
export class MemoryThrottle {
  /** What growth is bound to now. */
  mostBytesPerSecond = Infinity;
  readonly #workingSet: Quantity;
  readonly #highBytes: number;
  readonly #changed: () => void;
  #step = -1;
  #above: Watch | undefined;
  #below: Watch | undefined;

  /** `changed` is called when the bound has changed. */
  constructor(workingSet: Quantity, highBytes: number, changed: () => void) {
    this.#workingSet = workingSet;
    this.#highBytes = highBytes;
    this.#changed = changed;
    this.#enter();
  }

  cancel(): void {
    this.#above?.cancel();
    this.#below?.cancel();
  }

  /** The least bytes of a step. */
  #edge(step: number): number {
    return this.#highBytes + Math.ceil((this.#highBytes * step) / STEPS);
  }

  /** Takes the step that the working set is in, and waits for it to leave it. */
  #enter(): void {
    const value = this.#workingSet.value;
    let step = 0;
    while (step < LAST_STEP && value >= this.#edge(step + 1)) step++;
    if (step === this.#step) return;
    this.cancel();
    const isFirst = this.#step < 0;
    this.#step = step;
    this.mostBytesPerSecond = throttledRate(step);
    if (step < LAST_STEP) this.#above = this.#workingSet.watch("atLeast", this.#edge(step + 1), () => this.#enter());
    if (step > 0) this.#below = this.#workingSet.watch("below", this.#edge(step), () => this.#enter());
    if (!isFirst) this.#changed();
  }
}
