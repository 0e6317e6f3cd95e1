import type { Ns, Simulation } from "../../engine/index.ts";
import type { Cpu } from "./cpu.ts";
import { NICE_0_WEIGHT } from "./defaults.ts";
import type { Entity } from "./entity.ts";
import type { KernelFeatures } from "./kernel.ts";
import { RunQueue, virtualTime } from "./run-queue.ts";
import type { NodeScheduler } from "./scheduler.ts";
import type { Thread } from "./thread.ts";
import { charge, checkFirst } from "./throttling.ts";

/**
 * The run queues of one CPU, a tree as the groups are: entities join and leave them level by level, each level is
 * charged for what runs below it, and a group's entity weighs what the group has queued here.
 *
 * Source: torvalds/linux v6.12 and v6.18 kernel/sched/fair.c (enqueue_task_fair, dequeue_entities, update_curr,
 * reweight_entity, calc_group_shares).
 */
export class CpuQueues {
  readonly root: RunQueue;
  readonly index: number;
  readonly sim: Simulation;
  readonly kernel: KernelFeatures;
  readonly #scheduler: NodeScheduler;
  /** Something has happened after which EEVDF's choice may be another. */
  needsReschedule = false;

  constructor(scheduler: NodeScheduler, cpu: Cpu, index: number) {
    this.#scheduler = scheduler;
    this.sim = scheduler.sim;
    this.kernel = scheduler.kernel;
    this.index = index;
    this.root = new RunQueue(scheduler.root, cpu, undefined);
    scheduler.root.queues[index] = this.root;
  }

  /** Charges the queue's current entity for what it has run since it was last charged (update_curr). */
  update(queue: RunQueue): void {
    const entity = queue.current;
    if (entity === undefined) return;
    const { now } = this.sim;
    const since = entity.execStart;
    const delta = now - since;
    if (delta <= 0) return;
    entity.execStart = now;
    queue.group.usage += delta;
    const before = entity.vruntime;
    entity.vruntime = before + virtualTime(delta, entity.weight);
    const isSliceOver = entity.vruntime >= entity.deadline && this.#renewDeadline(entity, before, since, now);
    if (queue.pool !== undefined) charge(this, queue, delta);
    if (
      queue.entities.length > 1 &&
      (isSliceOver || (this.kernel.checksProtectionAtTicks && entity.vruntime >= entity.protectedUntil))
    ) {
      this.needsReschedule = true;
    }
  }

  /**
   * Gives an entity that has used up its slice the next deadline; whether that happened now. While it was alone, ticks
   * have renewed the deadline without an event: the last such renewal is found here.
   */
  #renewDeadline(entity: Entity, before: number, since: Ns, now: Ns): boolean {
    const { baseSlice, tick } = this.kernel;
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

  /** Enqueues a thread that is ready to run. */
  enqueueThread(thread: Thread): void {
    this.#enqueueUpwards(thread.entity, 1);
  }

  /** Enqueues the entity of a released group, with everything that is runnable in it. */
  enqueueGroup(queue: RunQueue): void {
    const { entity } = queue;
    if (entity === undefined) return;
    if (entity.isDelayed) this.finishDelayed(entity);
    this.#enqueueUpwards(entity, queue.runnable);
  }

  /** Enqueues an entity and those above it as far as they are not queued yet (enqueue_task_fair). */
  #enqueueUpwards(start: Entity, runnable: number): void {
    let isJoined = false;
    for (let entity: Entity | undefined = start; entity !== undefined; entity = entity.queue.entity) {
      const { queue } = entity;
      if (isJoined) this.reweigh(entity);
      else if (entity.isQueued) {
        if (entity.isDelayed) this.requeueDelayed(entity);
        this.reweigh(entity);
        isJoined = true;
      } else this.#enqueueOne(queue, entity);
      this.#addRunnable(queue, runnable);
      if (queue.isThrottled && !this.kernel.throttlesTasks) return;
    }
  }

  #enqueueOne(queue: RunQueue, entity: Entity): void {
    this.update(queue);
    if (entity.owned !== undefined) entity.weight = groupWeight(entity.owned, entity.weight);
    queue.place(entity, this.kernel.baseSlice);
    queue.add(entity);
    if (queue.entities.length === 1) checkFirst(this, queue);
  }

  /**
   * Dequeues an entity, and those above it whose queues become empty (dequeue_entities). `isSpecial`: no delayed
   * dequeue of the first; `isAllSpecial`: nor of those above.
   */
  dequeue(start: Entity, isSleep: boolean, isSpecial: boolean, isAllSpecial = false): void {
    let entity: Entity | undefined = start;
    if (!this.#dequeueOne(entity, isSleep, isSpecial)) return;
    let queue = entity.queue;
    while (queue.entities.length === 0) {
      entity = queue.entity;
      if (entity === undefined || !entity.isQueued) return;
      if (!this.#dequeueOne(entity, true, isAllSpecial)) return;
      queue = entity.queue;
    }
    for (entity = queue.entity; entity !== undefined; entity = entity.queue.entity) this.reweigh(entity);
  }

  /** Whether the entity has left its queue; false if it stays on as delayed. */
  #dequeueOne(entity: Entity, isSleep: boolean, isSpecial: boolean): boolean {
    const { queue } = entity;
    const { baseSlice, tick } = this.kernel;
    this.update(queue);
    if (isSleep && !isSpecial && this.kernel.delaysDequeue && !entity.isDelayed && !queue.isEligible(entity)) {
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
  finishDelayed(entity: Entity): void {
    this.dequeue(entity, true, true);
  }

  /** A delayed entity is wanted again before it left. */
  requeueDelayed(entity: Entity): void {
    const { queue } = entity;
    const { baseSlice, tick } = this.kernel;
    queue.saveLag(entity, baseSlice, tick);
    if (entity.lag > 0) {
      queue.remove(entity);
      entity.lag = 0;
      queue.place(entity, baseSlice);
      queue.add(entity);
    }
    entity.isDelayed = false;
  }

  /** Counts threads that became ready or no longer are, upwards as far as throttling lets them be seen. */
  changeRunnable(start: RunQueue, change: number): void {
    for (let queue: RunQueue | undefined = start; queue !== undefined; queue = queue.entity?.queue) {
      this.#addRunnable(queue, change);
      if (queue.isThrottled && !this.kernel.throttlesTasks) return;
    }
  }

  #addRunnable(queue: RunQueue, change: number): void {
    const before = queue.runnable;
    queue.runnable = before + change;
    if (queue === this.root && before > 1 !== queue.runnable > 1) this.#scheduler.noteOverload(before > 1 ? -1 : 1);
  }

  /** Gives a queued group entity the weight that its share of the group's load on this CPU is worth. */
  reweigh(entity: Entity): void {
    const { owned, queue } = entity;
    if (owned === undefined || !entity.isQueued) return;
    const weight = groupWeight(owned, entity.weight);
    if (weight === entity.weight) return;
    if (queue.current !== undefined) this.update(queue);
    const { baseSlice, tick } = this.kernel;
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
}

/** A group's weight on one CPU: its shares times the part of its load that is queued there, at least 2. */
function groupWeight(queue: RunQueue, present: number): number {
  const { group, load } = queue;
  if (load === 0) return present;
  if (load === group.totalLoad) return group.shares;
  return Math.max(2, Math.floor((group.shares * load) / group.totalLoad));
}
