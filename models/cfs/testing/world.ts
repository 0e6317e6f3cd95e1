import { Simulation, type Ns } from "../../../engine/index.ts";
import { NS_PER_MS } from "../../../engine/time.ts";
import type { Bandwidth } from "../bandwidth-rules.ts";
import type { TaskGroup } from "../group.ts";
import type { KernelConfig } from "../kernel.ts";
import { NodeScheduler } from "../scheduler.ts";
import type { Thread } from "../thread.ts";

/** Milliseconds as nanoseconds. */
export const ms = (value: number): Ns => Math.round(value * NS_PER_MS);

export const bandwidth = (quotaMs: number, periodMs: number, burstMs = 0): Bandwidth => ({
  quota: ms(quotaMs),
  period: ms(periodMs),
  burst: ms(burstMs),
});

/** A small node for tests: groups, and threads with lists of work. */
export class World {
  readonly sim: Simulation;
  readonly scheduler: NodeScheduler;

  constructor(cpus: number, kernel: Partial<KernelConfig> = {}, seed = 1) {
    this.sim = new Simulation({ seed, check: true });
    const full: KernelConfig = {
      version: "6.18",
      hz: 250,
      cgroup: "v2",
      flavor: "upstream",
      bandwidthSlice: ms(5),
      phases: "random",
      ...kernel,
    };
    this.scheduler = new NodeScheduler(this.sim, full, cpus, this.sim.random("node"));
  }

  group(name: string, options: { parent?: TaskGroup; shares?: number; bandwidth?: Bandwidth } = {}): TaskGroup {
    return this.scheduler.createGroup(name, options.parent, { ...options, stream: this.sim.random(`group/${name}`) });
  }

  /** A thread that always runs, from time 0. */
  hog(group: TaskGroup, cpus?: readonly number[]): Thread {
    const thread = this.scheduler.createThread(group, { workDone: () => 0 }, cpus);
    this.sim.scheduleAt(0, () => thread.start(ms(1e9)), undefined);
    return thread;
  }

  /** A thread that gets jobs at given instants and does them in order; gives the instants at which they were done. */
  worker(group: TaskGroup, jobs: ReadonlyArray<{ at: Ns; work: Ns }>, cpus?: readonly number[]): Ns[] {
    const done: Ns[] = [];
    const waiting: Ns[] = [];
    let isIdle = true;
    const owner = {
      workDone: () => {
        done.push(this.sim.now);
        const next = waiting.shift();
        isIdle = next === undefined;
        return next ?? 0;
      },
    };
    const thread = this.scheduler.createThread(group, owner, cpus);
    for (const { at, work } of jobs) {
      const arrive = () => {
        if (!isIdle) waiting.push(work);
        else {
          isIdle = false;
          thread.start(work);
        }
      };
      this.sim.scheduleAt(at, arrive, undefined);
    }
    return done;
  }

  run(until: Ns): void {
    this.sim.runUntil(until);
  }

  /** CPU time that the group has had so far. */
  usage(group: TaskGroup): Ns {
    return this.scheduler.usageOf(group);
  }
}
