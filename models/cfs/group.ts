import type { Ns } from "../../engine/time.ts";
import type { BandwidthPool } from "./bandwidth.ts";
import type { RunQueue } from "./run-queue.ts";

/**
 * A task group, one for every cgroup: shares, the bandwidth pool, and a run queue on every CPU that it has used.
 * Groups form a tree; a thread's execution is charged to its group and to every one above.
 */
export class TaskGroup {
  readonly name: string;
  readonly parent: TaskGroup | undefined;
  readonly children: TaskGroup[] = [];
  readonly pool: BandwidthPool;
  /** The scheduler's weight: 1024 for cpu.shares 1024 or cpu.weight 100. */
  shares: number;
  /** Weights queued in the group on all CPUs together. */
  totalLoad = 0;
  /** CPU time charged so far, all CPUs together. */
  usage: Ns = 0;
  /** Time for which this group's threads were held back by its own or an ancestor's quota, summed over CPUs. */
  localThrottledTime: Ns = 0;
  /** By CPU; undefined until a thread of the group first runs there. */
  readonly queues: Array<RunQueue | undefined>;
  /** Local runtime that a CPU's queue starts with when it is made. */
  readonly firstRemaining: Float64Array;

  constructor(name: string, parent: TaskGroup | undefined, shares: number, pool: BandwidthPool, cpus: number) {
    this.name = name;
    this.parent = parent;
    this.shares = shares;
    this.pool = pool;
    this.queues = Array.from({ length: cpus });
    this.firstRemaining = new Float64Array(cpus);
    parent?.children.push(this);
  }
}
