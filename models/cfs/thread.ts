import type { Ns } from "../../engine/time.ts";
import type { CpuThread, ThreadOwner } from "../cluster/cpu-thread.ts";
import { NICE_0_WEIGHT } from "./defaults.ts";
import { Entity } from "./entity.ts";
import type { TaskGroup } from "./group.ts";
import type { RunQueue } from "./run-queue.ts";
import type { NodeScheduler } from "./scheduler.ts";

/** A thread that burns CPU time in user mode and sleeps in between. */
export class Thread implements CpuThread {
  readonly scheduler: NodeScheduler;
  readonly group: TaskGroup;
  readonly owner: ThreadOwner;
  readonly entity: Entity;
  /** Order of creation on the node: the last tie-break wherever threads are compared. */
  readonly id: number;
  /** CPUs that it may use, ascending. */
  allowed: readonly number[];

  /** Work that remains of the current demand, as of the last time the thread stopped running. */
  workLeft: Ns = 0;
  isSleeping = true;
  /** Held back by throttling, outside every queue (kernels that throttle threads one by one). */
  isParked = false;
  /** When it last became ready to run, or was preempted. */
  waitingSince: Ns = 0;
  /** When it last ran. */
  lastRan: Ns = -Infinity;

  constructor(
    scheduler: NodeScheduler,
    group: TaskGroup,
    queue: RunQueue,
    owner: ThreadOwner,
    id: number,
    allowed: readonly number[],
  ) {
    this.scheduler = scheduler;
    this.group = group;
    this.owner = owner;
    this.id = id;
    this.allowed = allowed;
    this.entity = new Entity(queue, NICE_0_WEIGHT, this, undefined);
  }

  start(demandNs: Ns): void {
    this.workLeft = demandNs;
    this.scheduler.wake(this);
  }

  stop(): void {
    this.scheduler.stop(this);
  }
}
