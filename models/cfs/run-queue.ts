import { NICE_0_WEIGHT } from "./defaults.ts";
import type { BandwidthPool } from "./bandwidth.ts";
import type { Cpu } from "./cpu.ts";
import { Entity } from "./entity.ts";
import type { TaskGroup } from "./group.ts";
import type { Thread } from "./thread.ts";
import type { Ns } from "../../engine/time.ts";

/** Execution time as virtual time of an entity. */
export function virtualTime(duration: Ns, weight: number): number {
  return weight === NICE_0_WEIGHT ? duration : Math.floor((duration * NICE_0_WEIGHT) / weight);
}

/**
 * The run queue of one group on one CPU (struct cfs_rq): EEVDF among its entities, and the CPU-local part of the group's
 * bandwidth. Queues are short (a few entities), so picking scans them.
 *
 * Source: torvalds/linux v6.12 kernel/sched/fair.c (place_entity, pick_eevdf, update_deadline, update_entity_lag).
 */
export class RunQueue {
  readonly group: TaskGroup;
  readonly cpu: Cpu;
  /** The entity that stands for this queue in the parent group's queue; undefined for the root. */
  readonly entity: Entity | undefined;
  readonly depth: number;

  readonly entities: Entity[] = [];
  current: Entity | undefined;
  /** Sum of the weights of the queued entities, the current one included. */
  load = 0;
  /** Threads queued in this queue and below it, delayed ones left out: what waits or runs. */
  runnable = 0;
  #minVruntime = 0;
  #insertions = 0;

  /** The bandwidth pool, while a quota is set. */
  pool: BandwidthPool | undefined;
  /** Local runtime (runtime_remaining): negative is debt. */
  remaining: Ns = 0;
  /** Refill count of the pool when the local runtime was taken, for kernels where it expires. */
  takenAtRefill = 0;
  /** On the pool's list of throttled queues. */
  isThrottled = false;
  /** How many queues from this one up to the root are throttled. */
  throttleCount = 0;
  /** Since when this queue's throttling holds threads back; -1 while it does not. */
  throttledSince: Ns = -1;
  /** The same, for throttling of this queue or any above it. */
  selfThrottledSince: Ns = -1;
  /** Threads parked by throttling, last one first (kernels that throttle threads one by one). */
  readonly limbo: Thread[] = [];

  constructor(group: TaskGroup, cpu: Cpu, parent: RunQueue | undefined) {
    this.group = group;
    this.cpu = cpu;
    this.entity = parent && new Entity(parent, group.shares, undefined, this);
    this.depth = parent ? parent.depth + 1 : 0;
    this.throttleCount = parent?.throttleCount ?? 0;
  }

  /** V: the weighted average of the queued entities' virtual times, rounded down. */
  averageVruntime(): number {
    const { entities } = this;
    const count = entities.length;
    if (count === 0) return this.#minVruntime;
    const reference = entities[0].vruntime;
    if (count === 1) return reference;
    let sum = 0;
    for (let i = 1; i < count; i++) sum += entities[i].weight * (entities[i].vruntime - reference);
    return reference + Math.floor(sum / this.load);
  }

  /** Whether the entity has not had more than its share: V - vruntime >= 0, without V's rounding. */
  isEligible(entity: Entity): boolean {
    const { entities } = this;
    let sum = 0;
    for (let i = 0; i < entities.length; i++) sum += entities[i].weight * (entities[i].vruntime - entity.vruntime);
    return sum >= 0;
  }

  /**
   * EEVDF's choice: among the eligible entities the one with the earliest virtual deadline; the current one stays while
   * it is eligible and inside its protected slice. Undefined if the queue is empty.
   */
  pick(): Entity | undefined {
    const { entities } = this;
    const count = entities.length;
    if (count <= 1) return entities[0];
    let current = this.current;
    if (current !== undefined && (!current.isQueued || !this.isEligible(current))) current = undefined;
    if (current !== undefined && current.vruntime < current.protectedUntil) return current;
    let best: Entity | undefined;
    for (let i = 0; i < count; i++) {
      const entity = entities[i];
      if (entity === this.current) continue;
      if (
        best === undefined ||
        entity.deadline < best.deadline ||
        (entity.deadline === best.deadline && entity.insertion < best.insertion)
      ) {
        if (this.isEligible(entity)) best = entity;
      }
    }
    if (best === undefined) return current ?? this.#leastVruntime();
    return current !== undefined && current.deadline < best.deadline ? current : best;
  }

  /**
   * Places an entity that joins: its saved lag is kept, scaled so that it is the same after its own weight has moved the
   * average; a deadline one slice away, or as far as it was.
   */
  place(entity: Entity, slice: Ns): void {
    let lag = 0;
    if (this.entities.length > 0 && entity.lag !== 0) {
      lag = Math.trunc((entity.lag * (this.load + entity.weight)) / this.load);
    }
    entity.vruntime = this.averageVruntime() - lag;
    if (entity.hasRelativeDeadline) {
      entity.deadline += entity.vruntime;
      entity.hasRelativeDeadline = false;
    } else entity.deadline = entity.vruntime + virtualTime(slice, entity.weight);
  }

  /** Saves how far the entity is behind (positive) or ahead of the average, within two slices or a tick. */
  saveLag(entity: Entity, slice: Ns, tick: Ns): void {
    const limit = virtualTime(Math.max(2 * slice, tick), entity.weight);
    const lag = this.averageVruntime() - entity.vruntime;
    entity.lag = lag > limit ? limit : lag < -limit ? -limit : lag;
  }

  add(entity: Entity): void {
    entity.isQueued = true;
    entity.insertion = this.#insertions++;
    this.entities.push(entity);
    this.#changeLoad(entity.weight);
  }

  remove(entity: Entity): void {
    entity.isQueued = false;
    const { entities } = this;
    const last = entities.pop() as Entity;
    if (last !== entity) entities[entities.indexOf(entity)] = last;
    this.#changeLoad(-entity.weight);
    if (entities.length === 0 && entity.vruntime > this.#minVruntime) this.#minVruntime = entity.vruntime;
  }

  /** The current entity goes back among the others, behind those with an equal deadline. */
  putBack(entity: Entity): void {
    entity.insertion = this.#insertions++;
  }

  #changeLoad(change: number): void {
    this.load += change;
    this.group.totalLoad += change;
  }

  #leastVruntime(): Entity {
    let least = this.entities[0];
    for (const entity of this.entities) if (entity.vruntime < least.vruntime) least = entity;
    return least;
  }
}
