import type { Cpu } from "./cpu.ts";
import type { TaskGroup } from "./group.ts";
import type { NodeScheduler } from "./scheduler.ts";
import type { RunQueue } from "./run-queue.ts";

/** What must hold on a node after every event; says what does not. For `--check` and tests. */
export function brokenInvariant(scheduler: NodeScheduler): string | undefined {
  for (const cpu of scheduler.cpus) {
    const broken = brokenCpu(cpu);
    if (broken !== undefined) return `CPU ${cpu.index}: ${broken}`;
  }
  return brokenGroup(scheduler.root, scheduler.kernel.bandwidthSlice);
}

function brokenCpu({ root, current }: Cpu): string | undefined {
  if (root.runnable < 0) return `${root.runnable} runnable threads`;
  if (current === undefined && root.runnable > 0) return `idle, although ${root.runnable} threads are runnable`;
  for (let entity = current?.entity; entity !== undefined; entity = entity.queue.entity) {
    if (!entity.isQueued) return `the running thread's entity is not queued in ${entity.queue.group.name}`;
    if (entity.queue.current !== entity)
      return `the running thread's entity is not current in ${entity.queue.group.name}`;
  }
  return undefined;
}

function brokenGroup(group: TaskGroup, slice: number): string | undefined {
  const { pool } = group;
  if (!Number.isInteger(pool.runtime) || pool.runtime < 0)
    return `group ${group.name}: pool runtime is ${pool.runtime} ns`;
  if (pool.nrThrottled > pool.nrPeriods) {
    return `group ${group.name}: ${pool.nrThrottled} throttled periods of ${pool.nrPeriods}`;
  }
  for (const queue of group.queues) {
    const broken = queue && brokenQueue(queue, slice);
    if (broken !== undefined) return `group ${group.name}, CPU ${queue?.cpu.index}: ${broken}`;
  }
  for (const child of group.children) {
    const broken = brokenGroup(child, slice);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function brokenQueue(queue: RunQueue, slice: number): string | undefined {
  const load = queue.entities.reduce((sum, entity) => sum + entity.weight, 0);
  if (load !== queue.load) return `its load is ${queue.load}, its entities weigh ${load}`;
  if (queue.pool !== undefined && queue.remaining > slice)
    return `${queue.remaining} ns of local runtime exceed a slice`;
  if (queue.isThrottled && !queue.group.pool.throttledQueues.includes(queue)) return "throttled, but on no list";
  if (queue.isThrottled && queue.throttleCount === 0) return "throttled, but not counted as held back";
  return undefined;
}
