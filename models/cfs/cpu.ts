import { NO_EVENT, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import { NICE_0_WEIGHT } from "./defaults.ts";
import type { Entity } from "./entity.ts";
import type { TaskGroup } from "./group.ts";
import type { KernelFeatures } from "./kernel.ts";
import { RunQueue, virtualTime } from "./run-queue.ts";
import type { NodeScheduler } from "./scheduler.ts";
import type { Thread } from "./thread.ts";

/**
 * One CPU: runs the thread that EEVDF picks down the tree of groups, charges execution in arrears at scheduler ticks and
 * scheduling points, and throttles queues whose runtime is out.
 *
 * Ticks at which nothing can change (runtime left at every level, nobody else's turn) are not events: between two
 * scheduling points a CPU has one event, the end of its thread's work or the first tick that matters.
 *
 * Source: torvalds/linux v6.12 and v6.18 kernel/sched/fair.c.
 */
export class Cpu {
  readonly index: number;
  readonly root: RunQueue;
  readonly #scheduler: NodeScheduler;
  readonly #sim: Simulation;
  readonly #kernel: KernelFeatures;

  current: Thread | undefined;
  /** When the running thread's work was last brought up to date. */
  #workSince: Ns = 0;
  #needsReschedule = false;
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
    this.root = new RunQueue(scheduler.root, this, undefined);
    scheduler.root.queues[index] = this.root;
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
      this.#requeueDelayed(thread.entity);
      this.#changeRunnable(thread.entity.queue, 1);
    } else this.#enqueueThread(thread);
    this.#checkPreemption(thread);
    if (outermost) this.#leave();
  }

  /** Takes a thread off this CPU for good, whatever it is doing. */
  withdraw(thread: Thread): void {
    const outermost = this.#enter();
    if (thread.isParked) {
      const { limbo } = thread.entity.queue;
      limbo.splice(limbo.indexOf(thread), 1);
      thread.isParked = false;
    } else {
      if (!thread.entity.isDelayed) this.#changeRunnable(thread.entity.queue, -1);
      this.#dequeueUpwards(thread.entity, true, true);
    }
    if (thread === this.current) this.#needsReschedule = true;
    if (outermost) this.#leave();
  }

  /** Gives a waiting thread to another CPU, which must then `receive` it. */
  detach(thread: Thread): void {
    const outermost = this.#enter();
    this.#changeRunnable(thread.entity.queue, -1);
    this.#dequeueUpwards(thread.entity, false, true);
    if (outermost) this.#leave();
  }

  receive(thread: Thread): void {
    const outermost = this.#enter();
    this.#enqueueThread(thread);
    this.#checkPreemption(thread);
    if (outermost) this.#leave();
  }

  /** Releases a queue that has runtime again: its threads become ready as if woken (rule R5). */
  unthrottle(queue: RunQueue): void {
    const { pool } = queue;
    if (!queue.isThrottled || (this.#kernel.throttlesTasks && pool !== undefined && queue.remaining <= 0)) return;
    const outermost = this.#enter();
    queue.isThrottled = false;
    queue.group.pool.removeThrottled(queue);
    if (queue.throttledSince >= 0) {
      queue.group.pool.throttledTime += this.#sim.now - queue.throttledSince;
      queue.throttledSince = -1;
    }
    this.#thaw(queue.group);
    if (!this.#kernel.throttlesTasks && queue.entities.length > 0) this.#enqueueGroup(queue);
    if (this.current === undefined && this.root.entities.length > 0) this.#needsReschedule = true;
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
    for (let entity = queue.entity; entity !== undefined; entity = entity.queue.entity) this.#reweigh(entity);
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
    while (this.#needsReschedule) this.#schedule();
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
    this.#changeRunnable(thread.entity.queue, -1);
    this.#dequeueUpwards(thread.entity, true, false);
    this.#needsReschedule = true;
  }

  /** The scheduler tick: charges every level of the running thread. */
  #tick(): void {
    for (let entity = this.current?.entity; entity !== undefined; entity = entity.queue.entity) {
      this.#update(entity.queue);
      if (entity.owned !== undefined) this.#reweigh(entity);
    }
  }

  #schedule(): void {
    this.#needsReschedule = false;
    let next = this.#pick();
    if (next === undefined && this.#scheduler.pullTo(this)) next = this.#pick();
    // Picking charges the old thread; that its slice ended is taken care of by this very choice.
    this.#needsReschedule = false;
    if (next !== this.current) this.#switchTo(next);
  }

  #pick(): Thread | undefined {
    let queue = this.root;
    for (;;) {
      if (queue.current !== undefined && queue.current.isQueued) this.#update(queue);
      if (queue.pool !== undefined && queue.remaining <= 0 && !queue.isThrottled) {
        if (this.#throttle(queue) && !this.#kernel.throttlesTasks) {
          queue = this.root;
          continue;
        }
      }
      const entity = queue.pick();
      if (entity === undefined) return undefined;
      if (entity.isDelayed) {
        this.#finishDelayed(entity);
        queue = this.root;
      } else if (entity.owned !== undefined) queue = entity.owned;
      else if (queue.throttleCount > 0 && this.#kernel.throttlesTasks) {
        this.#park(entity.thread as Thread);
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
    if (entity.isQueued) this.#update(queue);
    if (queue.pool !== undefined && queue.remaining <= 0 && !queue.isThrottled) this.#throttle(queue);
    if (entity.isQueued) queue.putBack(entity);
    if (queue.current === entity) queue.current = undefined;
  }

  /** Charges the queue's current entity for what it has run since it was last charged (update_curr). */
  #update(queue: RunQueue): void {
    const entity = queue.current;
    if (entity === undefined) return;
    const { now } = this.#sim;
    const since = entity.execStart;
    const delta = now - since;
    if (delta <= 0) return;
    entity.execStart = now;
    queue.group.usage += delta;
    const before = entity.vruntime;
    entity.vruntime = before + virtualTime(delta, entity.weight);
    const isSliceOver = entity.vruntime >= entity.deadline && this.#renewDeadline(entity, before, since, now);
    if (queue.pool !== undefined) this.#charge(queue, delta);
    if (
      queue.entities.length > 1 &&
      (isSliceOver || (this.#kernel.checksProtectionAtTicks && entity.vruntime >= entity.protectedUntil))
    ) {
      this.#needsReschedule = true;
    }
  }

  /**
   * Gives an entity that has used up its slice the next deadline; whether that happened now. While it was alone, ticks
   * have renewed the deadline without an event: the last such renewal is found here.
   */
  #renewDeadline(entity: Entity, before: number, since: Ns, now: Ns): boolean {
    const { baseSlice, tick } = this.#kernel;
    const slice = virtualTime(baseSlice, entity.weight);
    const needed = Math.ceil(((entity.deadline - before) * entity.weight) / NICE_0_WEIGHT);
    const first = this.#scheduler.tickAtOrAfter(since + Math.max(needed, 1));
    if (first < now) {
      const step = Math.ceil(baseSlice / tick) * tick;
      const last = first + Math.floor((now - 1 - first) / step) * step;
      entity.deadline = before + virtualTime(last - since, entity.weight) + slice;
    }
    if (entity.vruntime < entity.deadline) return false;
    entity.deadline = entity.vruntime + slice;
    return true;
  }

  /** Takes execution from the local runtime, and fetches more from the pool once it is used up (rule R1). */
  #charge(queue: RunQueue, delta: Ns): void {
    const pool = queue.group.pool;
    if (this.#kernel.slicesExpire && queue.remaining > 0 && queue.takenAtRefill !== pool.refills) queue.remaining = 0;
    queue.remaining -= delta;
    if (queue.remaining > 0 || queue.isThrottled) return;
    if (!pool.assign(queue, this.#kernel.bandwidthSlice) && queue.current !== undefined) this.#needsReschedule = true;
  }

  /** Throttles a queue whose runtime is out, unless the pool has some after all (rule R4). */
  #throttle(queue: RunQueue): boolean {
    const { pool } = queue.group;
    if (pool.assign(queue, 1)) return false;
    pool.addThrottled(queue);
    queue.isThrottled = true;
    this.#freeze(queue.group);
    if (!this.#kernel.throttlesTasks) {
      if (queue.entities.length > 0) queue.throttledSince = this.#sim.now;
      if (queue.entity?.isQueued) {
        const parent = queue.entity.queue;
        this.#changeRunnable(parent, -queue.runnable);
        this.#dequeueUpwards(queue.entity, true, true, true);
      }
    }
    return true;
  }

  /** Marks the group's queues on this CPU, downwards, as held back. */
  #freeze(group: TaskGroup): void {
    const queue = group.queues[this.index];
    if (queue === undefined) return;
    if (queue.throttleCount++ === 0 && !this.#kernel.throttlesTasks && queue.entities.length > 0) {
      queue.selfThrottledSince = this.#sim.now;
    }
    for (const child of group.children) this.#freeze(child);
  }

  /** The opposite of `freeze`: children first, the newest before the older ones; parked threads become ready. */
  #thaw(group: TaskGroup): void {
    const queue = group.queues[this.index];
    if (queue === undefined) return;
    for (const child of group.children.toReversed()) this.#thaw(child);
    if (--queue.throttleCount > 0) return;
    if (queue.selfThrottledSince >= 0) {
      group.localThrottledTime += this.#sim.now - queue.selfThrottledSince;
      queue.selfThrottledSince = -1;
    }
    for (let thread = queue.limbo.pop(); thread !== undefined; thread = queue.limbo.pop()) {
      thread.isParked = false;
      thread.waitingSince = this.#sim.now;
      this.#enqueueThread(thread);
    }
  }

  /** A picked thread of a throttled hierarchy leaves the queues on its way to user mode. */
  #park(thread: Thread): void {
    const leaf = thread.entity.queue;
    this.#changeRunnable(leaf, -1);
    this.#dequeueUpwards(thread.entity, true, true);
    const { now } = this.#sim;
    for (let queue: RunQueue | undefined = leaf; queue !== undefined; queue = queue.entity?.queue) {
      if (queue.throttleCount === 0) break;
      if (queue.isThrottled && queue.throttledSince < 0) queue.throttledSince = now;
      if (queue.selfThrottledSince < 0) queue.selfThrottledSince = now;
    }
    thread.isParked = true;
    leaf.limbo.push(thread);
  }

  #enqueueThread(thread: Thread): void {
    this.#enqueueUpwards(thread.entity, 1);
  }

  /** Enqueues the entity of a released group, with everything that is runnable in it. */
  #enqueueGroup(queue: RunQueue): void {
    const { entity } = queue;
    if (entity === undefined) return;
    if (entity.isDelayed) this.#finishDelayed(entity);
    this.#enqueueUpwards(entity, queue.runnable);
  }

  /** Enqueues an entity and those above it as far as they are not queued yet (enqueue_task_fair). */
  #enqueueUpwards(start: Entity, runnable: number): void {
    let isJoined = false;
    for (let entity: Entity | undefined = start; entity !== undefined; entity = entity.queue.entity) {
      const { queue } = entity;
      if (isJoined) this.#reweigh(entity);
      else if (entity.isQueued) {
        if (entity.isDelayed) this.#requeueDelayed(entity);
        this.#reweigh(entity);
        isJoined = true;
      } else this.#enqueue(queue, entity);
      this.#addRunnable(queue, runnable);
      if (queue.isThrottled && !this.#kernel.throttlesTasks) return;
    }
  }

  #enqueue(queue: RunQueue, entity: Entity): void {
    this.#update(queue);
    if (entity.owned !== undefined) entity.weight = groupWeight(entity.owned, entity.weight);
    queue.place(entity, this.#kernel.baseSlice);
    queue.add(entity);
    if (queue.entities.length > 1) return;
    if (queue.pool !== undefined && queue.current === undefined && !queue.isThrottled) {
      this.#charge(queue, 0);
      if (queue.remaining <= 0) this.#throttle(queue);
    }
    if (queue.throttleCount > 0 && !this.#kernel.throttlesTasks) {
      const { now } = this.#sim;
      if (queue.isThrottled && queue.throttledSince < 0) queue.throttledSince = now;
      if (queue.selfThrottledSince < 0) queue.selfThrottledSince = now;
    }
  }

  /**
   * Dequeues an entity, and those above it whose queues become empty (dequeue_entities). `isSpecial`: no delayed
   * dequeue of the first; `isAllSpecial`: nor of those above.
   */
  #dequeueUpwards(start: Entity, isSleep: boolean, isSpecial: boolean, isAllSpecial = false): void {
    let entity: Entity | undefined = start;
    if (!this.#dequeue(entity, isSleep, isSpecial)) return;
    let queue = entity.queue;
    while (queue.entities.length === 0) {
      entity = queue.entity;
      if (entity === undefined || !entity.isQueued) return;
      if (!this.#dequeue(entity, true, isAllSpecial)) return;
      queue = entity.queue;
    }
    for (entity = queue.entity; entity !== undefined; entity = entity.queue.entity) this.#reweigh(entity);
  }

  /** Whether the entity has left its queue; false if it stays on as delayed. */
  #dequeue(entity: Entity, isSleep: boolean, isSpecial: boolean): boolean {
    const { queue } = entity;
    const { baseSlice, tick } = this.#kernel;
    this.#update(queue);
    if (isSleep && !isSpecial && this.#kernel.delaysDequeue && !entity.isDelayed && !queue.isEligible(entity)) {
      entity.isDelayed = true;
      return false;
    }
    queue.saveLag(entity, baseSlice, tick);
    if (!isSleep) {
      entity.deadline -= entity.vruntime;
      entity.hasRelativeDeadline = true;
    }
    if (entity.isDelayed) {
      entity.isDelayed = false;
      if (entity.lag > 0) entity.lag = 0;
    }
    queue.remove(entity);
    if (queue.pool !== undefined && queue.entities.length === 0) queue.pool.takeBack(queue);
    return true;
  }

  /** A delayed entity has become eligible and is picked: now it leaves, with no lag in its favour. */
  #finishDelayed(entity: Entity): void {
    this.#dequeueUpwards(entity, true, true);
  }

  /** A delayed entity is wanted again before it left. */
  #requeueDelayed(entity: Entity): void {
    const { queue } = entity;
    const { baseSlice, tick } = this.#kernel;
    queue.saveLag(entity, baseSlice, tick);
    if (entity.lag > 0) {
      queue.remove(entity);
      entity.lag = 0;
      queue.place(entity, baseSlice);
      queue.add(entity);
    }
    entity.isDelayed = false;
  }

  /** Lets a woken thread take over at once if EEVDF would pick it (check_preempt_wakeup_fair). */
  #checkPreemption(thread: Thread): void {
    if (this.#needsReschedule) return;
    if (this.current === undefined) {
      this.#needsReschedule = true;
      return;
    }
    if (thread.entity.queue.throttleCount > 0 && !this.#kernel.throttlesTasks) return;
    let running: Entity = this.current.entity;
    let woken: Entity = thread.entity;
    while (running.queue !== woken.queue) {
      if (running.queue.depth >= woken.queue.depth) running = running.queue.entity as Entity;
      else woken = woken.queue.entity as Entity;
    }
    this.#update(running.queue);
    if (running.queue.pick() === woken) this.#needsReschedule = true;
  }

  #changeRunnable(start: RunQueue, change: number): void {
    for (let queue: RunQueue | undefined = start; queue !== undefined; queue = queue.entity?.queue) {
      this.#addRunnable(queue, change);
      if (queue.isThrottled && !this.#kernel.throttlesTasks) return;
    }
  }

  #addRunnable(queue: RunQueue, change: number): void {
    const before = queue.runnable;
    queue.runnable = before + change;
    if (queue === this.root && before > 1 !== queue.runnable > 1) this.#scheduler.noteOverload(before > 1 ? -1 : 1);
  }

  /** Gives a queued group entity the weight that its share of the group's load on this CPU is worth. */
  #reweigh(entity: Entity): void {
    const { owned, queue } = entity;
    if (owned === undefined || !entity.isQueued) return;
    const weight = groupWeight(owned, entity.weight);
    if (weight === entity.weight) return;
    if (queue.current !== undefined) this.#update(queue);
    const { baseSlice, tick } = this.#kernel;
    const isProtected = entity.protectedUntil === entity.deadline;
    queue.saveLag(entity, baseSlice, tick);
    queue.remove(entity);
    entity.lag = Math.trunc((entity.lag * entity.weight) / weight);
    entity.deadline = Math.trunc(((entity.deadline - entity.vruntime) * entity.weight) / weight);
    entity.hasRelativeDeadline = true;
    entity.weight = weight;
    queue.place(entity, baseSlice);
    queue.add(entity);
    if (isProtected) entity.protectedUntil = entity.deadline;
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

/** A group's weight on one CPU: its shares times the part of its load that is queued there, at least 2. */
function groupWeight(queue: RunQueue, present: number): number {
  const { group, load } = queue;
  if (load === 0) return present;
  if (load === group.totalLoad) return group.shares;
  return Math.max(2, Math.floor((group.shares * load) / group.totalLoad));
}

function onCpuTimer(cpu: Cpu): void {
  cpu.onTimer();
}
