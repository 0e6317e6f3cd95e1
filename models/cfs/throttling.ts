import type { Ns } from "../../engine/index.ts";
import type { CpuQueues } from "./cpu-queues.ts";
import type { TaskGroup } from "./group.ts";
import type { KernelFeatures } from "./kernel.ts";
import type { RunQueue } from "./run-queue.ts";
import type { Thread } from "./thread.ts";

/**
 * Bandwidth control on one CPU: a queue spends local runtime, fetches slices from its group's pool, is throttled when
 * the pool has none, and holds back what is below it until the pool releases it. Everything that changes is kept in the
 * queues.
 *
 * Source: torvalds/linux v6.12 and v6.18 kernel/sched/fair.c.
 */

/** Takes execution from the local runtime, and fetches more from the pool once it is used up (rule R1). */
export function charge(queues: CpuQueues, queue: RunQueue, delta: Ns): void {
  const { kernel } = queues;
  const { pool } = queue.group;
  if (kernel.slicesExpire && queue.remaining > 0 && queue.takenAtRefill !== pool.refills) queue.remaining = 0;
  queue.remaining -= delta;
  if (queue.remaining > 0 || queue.isThrottled) return;
  if (!pool.assign(queue, kernel.bandwidthSlice) && queue.current !== undefined) queues.needsReschedule = true;
}

/** Throttles a queue whose runtime is out (check_cfs_rq_runtime); whether that happened now. */
export function throttleIfOut(queues: CpuQueues, queue: RunQueue): boolean {
  return queue.pool !== undefined && queue.remaining <= 0 && !queue.isThrottled && throttle(queues, queue);
}

/** A queue has got its first entity: it needs runtime, and is held back if it has none (check_enqueue_throttle). */
export function checkFirst(queues: CpuQueues, queue: RunQueue): void {
  if (queue.pool !== undefined && queue.current === undefined && !queue.isThrottled) {
    charge(queues, queue, 0);
    if (queue.remaining <= 0) throttle(queues, queue);
  }
  if (queue.throttleCount > 0 && !queues.kernel.throttlesTasks) noteHeldBack(queue, queues.sim.now);
}

/** Throttles a queue whose runtime is out, unless the pool has some after all (rule R4). */
function throttle(queues: CpuQueues, queue: RunQueue): boolean {
  const { pool } = queue.group;
  if (pool.assign(queue, 1)) return false;
  pool.addThrottled(queue);
  queue.isThrottled = true;
  freeze(queues, queue.group);
  if (!queues.kernel.throttlesTasks) {
    if (queue.entities.length > 0) queue.throttledSince = queues.sim.now;
    if (queue.entity?.isQueued) {
      const parent = queue.entity.queue;
      queues.changeRunnable(parent, -queue.runnable);
      queues.dequeue(queue.entity, true, true, true);
    }
  }
  return true;
}

/** Whether a throttled queue may go on: kernels that throttle threads one by one ask for runtime first. */
export function isReleasable(queue: RunQueue, kernel: KernelFeatures): boolean {
  return queue.isThrottled && !(kernel.throttlesTasks && queue.pool !== undefined && queue.remaining <= 0);
}

/** Releases a throttled queue: its threads become ready as if woken (rule R5). */
export function release(queues: CpuQueues, queue: RunQueue): void {
  const { pool } = queue.group;
  queue.isThrottled = false;
  pool.removeThrottled(queue);
  if (queue.throttledSince >= 0) {
    pool.throttledTime += queues.sim.now - queue.throttledSince;
    queue.throttledSince = -1;
  }
  thaw(queues, queue.group);
  if (!queues.kernel.throttlesTasks && queue.entities.length > 0) queues.enqueueGroup(queue);
}

/** Marks the group's queues on this CPU, downwards, as held back. */
function freeze(queues: CpuQueues, group: TaskGroup): void {
  const queue = group.queues[queues.index];
  if (queue === undefined) return;
  if (queue.throttleCount++ === 0 && !queues.kernel.throttlesTasks && queue.entities.length > 0) {
    queue.selfThrottledSince = queues.sim.now;
  }
  for (const child of group.children) freeze(queues, child);
}

/** The opposite of `freeze`: children first, the newest before the older ones; parked threads become ready. */
function thaw(queues: CpuQueues, group: TaskGroup): void {
  const queue = group.queues[queues.index];
  if (queue === undefined) return;
  for (const child of group.children.toReversed()) thaw(queues, child);
  if (--queue.throttleCount > 0) return;
  const { now } = queues.sim;
  if (queue.selfThrottledSince >= 0) {
    group.localThrottledTime += now - queue.selfThrottledSince;
    queue.selfThrottledSince = -1;
  }
  for (let thread = queue.limbo.pop(); thread !== undefined; thread = queue.limbo.pop()) {
    thread.isParked = false;
    thread.waitingSince = now;
    queues.enqueueThread(thread);
  }
}

/** A picked thread of a throttled hierarchy leaves the queues on its way to user mode. */
export function park(queues: CpuQueues, thread: Thread): void {
  const leaf = thread.entity.queue;
  queues.changeRunnable(leaf, -1);
  queues.dequeue(thread.entity, true, true);
  const { now } = queues.sim;
  for (let queue: RunQueue | undefined = leaf; queue !== undefined; queue = queue.entity?.queue) {
    if (queue.throttleCount === 0) break;
    noteHeldBack(queue, now);
  }
  thread.isParked = true;
  leaf.limbo.push(thread);
}

/** Takes a parked thread out of the limbo in which it waits, when it is to wait no more. */
export function unpark(thread: Thread): void {
  const { limbo } = thread.entity.queue;
  limbo.splice(limbo.indexOf(thread), 1);
  thread.isParked = false;
}

/** From now on the queue holds somebody back, if it did not before. */
function noteHeldBack(queue: RunQueue, now: Ns): void {
  if (queue.isThrottled && queue.throttledSince < 0) queue.throttledSince = now;
  if (queue.selfThrottledSince < 0) queue.selfThrottledSince = now;
}
