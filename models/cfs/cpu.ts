import { NO_EVENT, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import { CpuQueues } from "./cpu-queues.ts";
import { NICE_0_WEIGHT } from "./defaults.ts";
import type { Entity } from "./entity.ts";
import type { TaskGroup } from "./group.ts";
import type { KernelFeatures } from "./kernel.ts";
import type { RunQueue } from "./run-queue.ts";
import type { NodeScheduler } from "./scheduler.ts";
import type { Thread } from "./thread.ts";
import { isReleasable, park, release, throttleIfOut, unpark } from "./throttling.ts";

/**
 * One CPU: runs the thread that EEVDF picks down the tree of queues, and charges execution in arrears, at scheduler ticks
 * and scheduling points.
 *
 * Ticks at which nothing can change (runtime left at every level, nobody else's turn) are not events: between two
 * scheduling points a CPU has one event, the end of its thread's work or the first tick that matters.
 *
 * Source: torvalds/linux v6.12 and v6.18 kernel/sched/fair.c.
 */
export class Cpu {
  readonly index: number;
  readonly root: RunQueue;
  readonly #queues: CpuQueues;
  readonly #scheduler: NodeScheduler;
  readonly #sim: Simulation;
  readonly #kernel: KernelFeatures;

  current: Thread | undefined;
  /** When the running thread's work was last brought up to date. */
  #workSince: Ns = 0;
  /** Inside a step of this CPU: rescheduling waits for its end. */
  #isBusy = false;
  #timer: Handle = NO_EVENT;
  #timerAt: Ns = -1;

  idleSince: Ns = 0;
  /** Running mean of idle periods (rq->avg_idle). */
  averageIdle: Ns;
  /** Balancing passes in a row that found an imbalance too small to move a thread. */
  failedBalances = 0;

  constructor(scheduler: NodeScheduler, index: number, averageIdle: Ns) {
    this.#scheduler = scheduler;
    this.#sim = scheduler.sim;
    this.#kernel = scheduler.kernel;
    this.index = index;
    this.#queues = new CpuQueues(scheduler, this, index);
    this.root = this.#queues.root;
    this.averageIdle = averageIdle;
  }

  get isIdle(): boolean {
    return this.current === undefined && this.root.runnable === 0;
  }

  /** A thread placed on this CPU becomes ready to run, and takes over at once if EEVDF would pick it. */
  wake(thread: Thread): void {
    const outermost = this.#enter();
    thread.waitingSince = this.#sim.now;
    if (thread.entity.isDelayed) {
      this.#queues.requeueDelayed(thread.entity);
      this.#queues.changeRunnable(thread.entity.queue, 1);
    } else this.#queues.enqueueThread(thread);
    this.#checkPreemption(thread);
    if (outermost) this.#leave();
  }

  /** Takes a thread off this CPU for good, whatever it is doing. */
  withdraw(thread: Thread): void {
    const outermost = this.#enter();
    if (thread.isParked) unpark(thread);
    else {
      if (!thread.entity.isDelayed) this.#queues.changeRunnable(thread.entity.queue, -1);
      this.#queues.dequeue(thread.entity, true, true);
    }
    if (thread === this.current) this.#queues.needsReschedule = true;
    if (outermost) this.#leave();
  }

  /** Gives a waiting thread to another CPU, which must then `receive` it. */
  detach(thread: Thread): void {
    const outermost = this.#enter();
    this.#queues.changeRunnable(thread.entity.queue, -1);
    this.#queues.dequeue(thread.entity, false, true);
    if (outermost) this.#leave();
  }

  receive(thread: Thread): void {
    const outermost = this.#enter();
    this.#queues.enqueueThread(thread);
    this.#checkPreemption(thread);
    if (outermost) this.#leave();
  }

  /** Releases a throttled queue, if it has runtime again. */
  unthrottle(queue: RunQueue): void {
    if (!isReleasable(queue, this.#kernel)) return;
    const outermost = this.#enter();
    release(this.#queues, queue);
    if (this.current === undefined && this.root.entities.length > 0) this.#queues.needsReschedule = true;
    if (outermost) this.#leave();
  }

  /** A configuration write reaches this CPU: debt and remainder are forgotten, and throttled threads released. */
  applyBandwidth(queue: RunQueue, isLimited: boolean): void {
    const outermost = this.#enter();
    queue.pool = isLimited ? queue.group.pool : undefined;
    queue.remaining = this.#kernel.runtimeAfterWrite;
    if (queue.isThrottled) this.unthrottle(queue);
    if (outermost) this.#leave();
  }

  /** The group's shares or its spread over CPUs changed: gives its entity the weight that follows. */
  reweigh(queue: RunQueue): void {
    const outermost = this.#enter();
    for (let entity = queue.entity; entity !== undefined; entity = entity.queue.entity) this.#queues.reweigh(entity);
    if (outermost) this.#leave();
  }

  /** CPU time that the group has had on this CPU until `at` and that is not charged yet. */
  uncharged(group: TaskGroup, at: Ns): Ns {
    for (let entity = this.current?.entity; entity !== undefined; entity = entity.queue.entity) {
      if (entity.queue.group === group) return at > entity.execStart ? at - entity.execStart : 0;
    }
    return 0;
  }

  onTimer(): void {
    this.#timer = NO_EVENT;
    this.#isBusy = true;
    const { now } = this.#sim;
    const thread = this.current as Thread;
    if (this.#workSince + thread.workLeft === now) this.#finishWork(thread, now);
    if (this.#scheduler.isTick(now)) this.#tick();
    this.#leave();
  }

  #enter(): boolean {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    return true;
  }

  #leave(): void {
    while (this.#queues.needsReschedule) this.#schedule();
    this.#isBusy = false;
    this.#arm();
  }

  /** The thread's work is used up: it goes on with more at once, or sleeps. */
  #finishWork(thread: Thread, now: Ns): void {
    thread.workLeft = 0;
    this.#workSince = now;
    const demand = thread.owner.workDone(thread);
    // The owner may have stopped the thread meanwhile.
    if (thread.isSleeping) return;
    if (demand > 0) {
      thread.workLeft = demand;
      return;
    }
    thread.isSleeping = true;
    this.#queues.changeRunnable(thread.entity.queue, -1);
    this.#queues.dequeue(thread.entity, true, false);
    this.#queues.needsReschedule = true;
  }

  /** The scheduler tick: charges every level of the running thread. */
  #tick(): void {
    for (let entity = this.current?.entity; entity !== undefined; entity = entity.queue.entity) {
      this.#queues.update(entity.queue);
      if (entity.owned !== undefined) this.#queues.reweigh(entity);
    }
  }

  #schedule(): void {
    this.#queues.needsReschedule = false;
    let next = this.#pick();
    if (next === undefined && this.#scheduler.pullTo(this)) next = this.#pick();
    // Picking charges the old thread; that its slice ended is taken care of by this very choice.
    this.#queues.needsReschedule = false;
    if (next !== this.current) this.#switchTo(next);
  }

  #pick(): Thread | undefined {
    let queue = this.root;
    for (;;) {
      if (queue.current !== undefined && queue.current.isQueued) this.#queues.update(queue);
      if (throttleIfOut(this.#queues, queue) && !this.#kernel.throttlesTasks) {
        queue = this.root;
        continue;
      }
      const entity = queue.pick();
      if (entity === undefined) return undefined;
      if (entity.isDelayed) {
        this.#queues.finishDelayed(entity);
        queue = this.root;
      } else if (entity.owned !== undefined) queue = entity.owned;
      else if (queue.throttleCount > 0 && this.#kernel.throttlesTasks) {
        park(this.#queues, entity.thread as Thread);
        queue = this.root;
      } else return entity.thread;
    }
  }

  #switchTo(next: Thread | undefined): void {
    const { now } = this.#sim;
    const previous = this.current;
    if (previous === undefined) this.#noteIdleEnd(now);
    else {
      previous.workLeft -= now - this.#workSince;
      previous.lastRan = now;
      previous.waitingSince = now;
    }
    this.current = next;
    this.#workSince = now;
    if (next === undefined) this.idleSince = now;

    // Entities that both threads run under stay as they are; below them, the old ones are put back and the new ones set.
    let old = previous?.entity;
    let fresh = next?.entity;
    while (old !== undefined && old.queue !== fresh?.queue) {
      const oldDepth = old.queue.depth;
      const freshDepth = fresh?.queue.depth ?? -1;
      if (oldDepth >= freshDepth) {
        this.#putPrevious(old);
        old = old.queue.entity;
      }
      if (freshDepth >= oldDepth) fresh = fresh?.queue.entity;
    }
    if (old !== undefined) this.#putPrevious(old);
    for (let entity = next?.entity; entity !== undefined; entity = entity.queue.entity) {
      if (entity.queue.current === entity) break;
      entity.queue.current = entity;
      entity.execStart = now;
      entity.protectedUntil = entity.deadline;
    }
  }

  #putPrevious(entity: Entity): void {
    const { queue } = entity;
    if (entity.isQueued) this.#queues.update(queue);
    throttleIfOut(this.#queues, queue);
    if (entity.isQueued) queue.putBack(entity);
    if (queue.current === entity) queue.current = undefined;
  }

  /** Lets a woken thread take over at once if EEVDF would pick it (check_preempt_wakeup_fair). */
  #checkPreemption(thread: Thread): void {
    if (this.#queues.needsReschedule) return;
    if (this.current === undefined) {
      this.#queues.needsReschedule = true;
      return;
    }
    if (thread.entity.queue.throttleCount > 0 && !this.#kernel.throttlesTasks) return;
    let running: Entity = this.current.entity;
    let woken: Entity = thread.entity;
    while (running.queue !== woken.queue) {
      if (running.queue.depth >= woken.queue.depth) running = running.queue.entity as Entity;
      else woken = woken.queue.entity as Entity;
    }
    this.#queues.update(running.queue);
    if (running.queue.pick() === woken) this.#queues.needsReschedule = true;
  }

  #noteIdleEnd(now: Ns): void {
    this.averageIdle = this.#scheduler.nextAverageIdle(this.averageIdle, now - this.idleSince);
  }

  /** Sets the CPU's one event: the end of the running thread's work, or the first tick that matters before it. */
  #arm(): void {
    if (this.current === undefined) {
      if (this.#timer !== NO_EVENT) this.#sim.cancel(this.#timer);
      this.#timer = NO_EVENT;
      return;
    }
    const workEnd = this.#workSince + this.current.workLeft;
    const due = this.#nextDue();
    let at = workEnd;
    if (due < workEnd) {
      const tick = this.#scheduler.tickAtOrAfter(Math.max(due, this.#sim.now + 1));
      if (tick < workEnd) at = tick;
    }
    if (this.#timer === NO_EVENT) this.#timer = this.#sim.scheduleAt(at, onCpuTimer, this);
    else if (this.#timerAt !== at) this.#sim.reschedule(this.#timer, at);
    this.#timerAt = at;
  }

  /** The earliest instant from which on a tick would do more than charge. */
  #nextDue(): Ns {
    let due = Infinity;
    for (let entity = this.current?.entity; entity !== undefined; entity = entity.queue.entity) {
      const { queue, execStart } = entity;
      if (queue.pool !== undefined && !queue.isThrottled) {
        const out = execStart + queue.remaining;
        if (out < due) due = out;
        if (this.#kernel.slicesExpire && queue.takenAtRefill !== queue.group.pool.refills) due = execStart;
      }
      if (queue.entities.length > 1) {
        const limit =
          this.#kernel.checksProtectionAtTicks && entity.protectedUntil < entity.deadline
            ? entity.protectedUntil
            : entity.deadline;
        const sliceEnd = execStart + Math.ceil(((limit - entity.vruntime) * entity.weight) / NICE_0_WEIGHT);
        if (sliceEnd < due) due = sliceEnd;
      }
    }
    return due;
  }
}

function onCpuTimer(cpu: Cpu): void {
  cpu.onTimer();
}
