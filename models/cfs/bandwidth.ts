import { NO_EVENT, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import { KEPT_RUNTIME, MIN_REFILL_DISTANCE, SLACK_DELAY } from "./defaults.ts";
import type { KernelFeatures } from "./kernel.ts";
import { refill, type Bandwidth, type PoolState } from "./bandwidth-rules.ts";
import type { RunQueue } from "./run-queue.ts";

/**
 * The bandwidth pool of a group (struct cfs_bandwidth): holds the runtime of the current period, hands it to CPUs in
 * slices, refills it from a period timer that stops when nobody asks, and releases throttled queues first come first
 * served.
 *
 * Source: torvalds/linux v6.12 kernel/sched/fair.c (assign_cfs_rq_runtime, do_sched_cfs_period_timer,
 * distribute_cfs_runtime, __return_cfs_rq_runtime, do_sched_cfs_slack_timer).
 */
export class BandwidthPool implements PoolState {
  readonly #sim: Simulation;
  readonly #kernel: KernelFeatures;
  bandwidth: Bandwidth;

  runtime: Ns = 0;
  runtimeSnapshot: Ns = 0;
  /** Refills so far, for kernels where local runtime expires with its period. */
  refills = 0;
  nrPeriods = 0;
  nrThrottled = 0;
  /** Closed intervals only, summed over CPUs. */
  throttledTime: Ns = 0;
  nrBursts = 0;
  burstTime: Ns = 0;

  /** Nobody has taken runtime since the last refill. */
  #isIdle = false;
  readonly #throttled: RunQueue[] = [];
  /** The period timer's latest expiry, or the phase of its lattice before the first; later expiries are periods away. */
  #expiry: Ns;
  #timer: Handle = NO_EVENT;
  #slackTimer: Handle = NO_EVENT;

  /** `phase`: the first instant of the period timer's lattice. */
  constructor(sim: Simulation, kernel: KernelFeatures, bandwidth: Bandwidth, phase: Ns) {
    this.#sim = sim;
    this.#kernel = kernel;
    this.bandwidth = bandwidth;
    this.#expiry = phase;
  }

  get isActive(): boolean {
    return this.#timer !== NO_EVENT;
  }

  get isLimited(): boolean {
    return this.bandwidth.quota !== Infinity;
  }

  get throttledQueues(): readonly RunQueue[] {
    return this.#throttled;
  }

  /** As after long idleness: the pool full with quota and burst, the timer stopped. */
  fill(): void {
    if (!this.isLimited) return;
    this.runtime = this.bandwidth.quota + this.bandwidth.burst;
    this.runtimeSnapshot = this.runtime;
  }

  /**
   * Gives a queue runtime up to `target` beyond its debt; whether it has some now (rule R2). Starts the period timer if
   * it is stopped.
   */
  assign(queue: RunQueue, target: Ns): boolean {
    const want = target - queue.remaining;
    if (!this.isLimited) {
      queue.remaining += want;
    } else {
      if (this.#timer === NO_EVENT) this.#start();
      const given = Math.min(this.runtime, want);
      if (given > 0) {
        this.runtime -= given;
        this.#isIdle = false;
        queue.remaining += given;
      }
    }
    queue.takenAtRefill = this.refills;
    return queue.remaining > 0;
  }

  /** Puts a queue whose runtime is out at the end of the list of those to release. */
  addThrottled(queue: RunQueue): void {
    this.#throttled.push(queue);
  }

  removeThrottled(queue: RunQueue): void {
    const index = this.#throttled.indexOf(queue);
    if (index >= 0) this.#throttled.splice(index, 1);
  }

  /** Takes back what an emptied queue holds above 1 ms, and sees to it that throttled queues get it (rule R6). */
  takeBack(queue: RunQueue): void {
    const surplus = queue.remaining - KEPT_RUNTIME;
    if (surplus <= 0) return;
    if (this.isLimited) {
      this.runtime += surplus;
      if (
        this.runtime > this.#kernel.bandwidthSlice &&
        this.#throttled.length > 0 &&
        this.#slackTimer === NO_EVENT &&
        !this.#refillsWithin(MIN_REFILL_DISTANCE + SLACK_DELAY)
      ) {
        this.#slackTimer = this.#sim.schedule(SLACK_DELAY, onSlackTimer, this);
      }
    }
    queue.remaining -= surplus;
  }

  /**
   * Takes new settings: one refill, and the period timer starts (rule R9). What happens on the CPUs is the group's part.
   */
  configure(bandwidth: Bandwidth): void {
    this.bandwidth = bandwidth;
    refill(this, bandwidth);
    if (this.isLimited && this.#timer === NO_EVENT) this.#start();
  }

  /** Stops both timers, when the group goes. */
  dispose(): void {
    this.#sim.cancel(this.#timer);
    this.#sim.cancel(this.#slackTimer);
    this.#timer = NO_EVENT;
    this.#slackTimer = NO_EVENT;
  }

  /** Arms the timer at the first instant of its lattice after now. */
  #start(): void {
    const { now } = this.#sim;
    if (this.#expiry <= now) {
      const { period } = this.bandwidth;
      this.#expiry += (Math.floor((now - this.#expiry) / period) + 1) * period;
    }
    this.#timer = this.#sim.scheduleAt(this.#expiry, onPeriodTimer, this);
  }

  onPeriodTimer(): void {
    this.#timer = NO_EVENT;
    if (!this.isLimited) return;
    const isThrottled = this.#throttled.length > 0;
    this.nrPeriods++;
    this.refills++;
    refill(this, this.bandwidth);
    if (this.#isIdle && !isThrottled) return;
    if (isThrottled) {
      this.nrThrottled++;
      this.#isIdle = false;
    } else this.#isIdle = true;
    this.#expiry += this.bandwidth.period;
    this.#timer = this.#sim.scheduleAt(this.#expiry, onPeriodTimer, this);
    if (isThrottled) this.#distribute();
  }

  onSlackTimer(): void {
    this.#slackTimer = NO_EVENT;
    if (this.#refillsWithin(MIN_REFILL_DISTANCE)) return;
    if (this.isLimited && this.runtime > this.#kernel.bandwidthSlice) this.#distribute();
  }

  /** Gives throttled queues, first come first served, what repays their debt plus 1 ns, while there is any (rule R5). */
  #distribute(): void {
    const released: RunQueue[] = [];
    for (const queue of this.#throttled) {
      if (this.runtime <= 0) break;
      const given = Math.min(1 - queue.remaining, this.runtime);
      this.runtime -= given;
      queue.remaining += given;
      if (queue.remaining > 0) released.push(queue);
    }
    for (const queue of released) queue.cpu.unthrottle(queue);
  }

  #refillsWithin(distance: Ns): boolean {
    return this.#timer !== NO_EVENT && this.#expiry - this.#sim.now < distance;
  }
}

function onPeriodTimer(pool: BandwidthPool): void {
  pool.onPeriodTimer();
}

function onSlackTimer(pool: BandwidthPool): void {
  pool.onSlackTimer();
}
