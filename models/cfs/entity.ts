import type { Ns } from "../../engine/time.ts";
import type { RunQueue } from "./run-queue.ts";
import type { Thread } from "./thread.ts";

/**
 * What a run queue schedules: a thread, or the run queue of a child group on the same CPU (struct sched_entity). Virtual
 * times are integers, advancing by execution time x 1024 / weight.
 */
export class Entity {
  /** The run queue on which it competes. */
  queue: RunQueue;
  /** Its thread; undefined for a group's entity. */
  readonly thread: Thread | undefined;
  /** The group's run queue that it stands for; undefined for a thread's entity. */
  readonly owned: RunQueue | undefined;

  weight: number;
  vruntime = 0;
  deadline = 0;
  /** V - vruntime, saved when it left its queue. */
  lag = 0;
  /** Not preempted by wakeups while its vruntime is below this (RUN_TO_PARITY). */
  protectedUntil = 0;
  /** Its deadline is kept relative to its vruntime while it moves between CPUs. */
  hasRelativeDeadline = false;
  isQueued = false;
  /** It sleeps, but stays queued until it has paid back the service that it had too much of. */
  isDelayed = false;
  /** When its execution was last charged, while it is its queue's current. */
  execStart: Ns = 0;
  /** Breaks ties between equal deadlines: the order of insertion into the queue. */
  insertion = 0;

  constructor(queue: RunQueue, weight: number, thread: Thread | undefined, owned: RunQueue | undefined) {
    this.queue = queue;
    this.weight = weight;
    this.thread = thread;
    this.owned = owned;
  }
}
