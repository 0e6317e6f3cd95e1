import { Simulation, type Ns } from "../../engine/index.ts";
import { NS_PER_US } from "../../engine/time.ts";
import { DEFAULT_PERIOD } from "../cfs/defaults.ts";
import type { TaskGroup } from "../cfs/group.ts";
import type { KernelConfig } from "../cfs/kernel.ts";
import { NodeScheduler } from "../cfs/scheduler.ts";
import { sharesFromWeight } from "../cfs/weights.ts";
import type { CpuThread } from "../cluster/cpu-thread.ts";
import { responseFigures, type Figures } from "./figures.ts";
import type { Load } from "./load.ts";
import type { Machine, Served, ServedRequest, ServedRound } from "./recording.ts";

/** The figures of a replayed load, by group. */
export interface Replay {
  figures: Record<string, Figures>;
  /** Response times of completed requests, by group, in ns. */
  responses: Record<string, Ns[]>;
}

/** cpu.weight for shares, as `sim calibrate cfs` writes it under cgroup v2. */
export function weightOf(shares: number): number {
  return Math.min(Math.max(Math.round((shares * 100) / 1024), 1), 10_000);
}

/** A thread that always runs has more work than any load lasts. */
const ENDLESS: Ns = 1e15;

/** Plays the demand of one repetition in the model, with the phases that the seed gives. */
export function replay(load: Load, served: readonly Served[], machine: Machine, seed: string): Replay {
  const simulation = new Simulation({ seed });
  const kernel: KernelConfig = {
    version: machine.kernel,
    hz: machine.hz,
    cgroup: machine.cgroup,
    flavor: "upstream",
    bandwidthSlice: machine.bandwidthSliceUs * NS_PER_US,
    phases: "random",
  };
  const scheduler = new NodeScheduler(simulation, kernel, machine.cpus, simulation.random("ticks"));
  const groups = new Map<string, TaskGroup>();
  for (const { name, parent, quota, period, burst, shares } of load.groups) {
    const options = {
      shares: machine.cgroup === "v1" ? shares : sharesFromWeight(weightOf(shares)),
      bandwidth: { quota, period: quota === Infinity ? DEFAULT_PERIOD : period, burst },
      stream: simulation.random(`group/${name}`),
    };
    groups.set(name, scheduler.createGroup(name, parent === undefined ? undefined : groups.get(parent), options));
  }
  const cpus = scheduler.allCpus.slice(-load.cpus);
  const responses: Record<string, Ns[]> = {};
  load.workers.forEach(({ group, threads, demand }, entry) => {
    const own = groups.get(group) as TaskGroup;
    const { requests = [], rounds = [] } = served[entry];
    const queue = new Queue(requests);
    if (demand.type !== "hog") responses[group] ??= [];
    for (let thread = 0; thread < threads; thread++) {
      if (demand.type === "hog") {
        const hog = scheduler.createThread(own, { workDone: () => 0 }, cpus);
        simulation.scheduleAt(0, () => hog.start(ENDLESS), undefined);
        continue;
      }
      const worker =
        demand.type === "closed"
          ? new ClosedWorker(simulation, demand.think, rounds[thread], responses[group])
          : new QueueWorker(simulation, queue, responses[group]);
      worker.thread = scheduler.createThread(own, worker, cpus);
      simulation.scheduleAt(0, beginWork, worker);
    }
  });
  simulation.runUntil(load.duration);

  const figures: Record<string, Figures> = {};
  for (const [name, group] of groups) {
    const { nrPeriods, nrThrottled, throttledTime, nrBursts, burstTime } = group.pool;
    figures[name] = {
      cpu: Math.round(scheduler.usageOf(group) / NS_PER_US),
      nr_periods: nrPeriods,
      nr_throttled: nrThrottled,
      throttled: Math.round(throttledTime / NS_PER_US),
      nr_bursts: nrBursts,
      burst: Math.round(burstTime / NS_PER_US),
      ...(responses[name] !== undefined && responseFigures(responses[name])),
    };
  }
  return { figures, responses };
}

interface Worker {
  thread: CpuThread | undefined;
  begin(): void;
}

function beginWork(worker: Worker): void {
  worker.begin();
}

/** The recorded requests, handed out in the order of arrival. */
class Queue {
  readonly #requests: readonly ServedRequest[];
  #next = 0;

  constructor(requests: readonly ServedRequest[]) {
    this.#requests = requests;
  }

  take(): ServedRequest | undefined {
    return this.#requests[this.#next++];
  }
}

/** Takes the next request, whether it has arrived or not; in the latter case it sleeps until it does. */
class QueueWorker implements Worker {
  thread: CpuThread | undefined;
  readonly #simulation: Simulation;
  readonly #queue: Queue;
  readonly #responses: Ns[];
  #arrival: Ns = 0;
  #service: Ns = 0;

  constructor(simulation: Simulation, queue: Queue, responses: Ns[]) {
    this.#simulation = simulation;
    this.#queue = queue;
    this.#responses = responses;
  }

  begin(): void {
    if (this.#take() > 0) this.wake();
  }

  workDone(): Ns {
    this.#responses.push(this.#simulation.now - this.#arrival);
    return this.#take();
  }

  wake(): void {
    this.thread?.start(this.#service);
  }

  /** The service of the next request if it is there already; otherwise 0, and the worker wakes when it arrives. */
  #take(): Ns {
    const request = this.#queue.take();
    if (request === undefined) return 0;
    this.#arrival = request[0] * NS_PER_US;
    this.#service = Math.max(request[1], 1) * NS_PER_US;
    if (this.#arrival <= this.#simulation.now) return this.#service;
    this.#simulation.scheduleAt(this.#arrival, onArrival, this);
    return 0;
  }
}

function onArrival(worker: QueueWorker): void {
  worker.wake();
}

/** Works, sleeps and repeats; after the recorded rounds it goes on with the last one's work. */
class ClosedWorker implements Worker {
  thread: CpuThread | undefined;
  readonly #simulation: Simulation;
  readonly #think: Ns;
  readonly #rounds: readonly ServedRound[];
  readonly #responses: Ns[];
  #round = 0;
  #since: Ns = 0;

  constructor(simulation: Simulation, think: Ns, rounds: readonly ServedRound[], responses: Ns[]) {
    this.#simulation = simulation;
    this.#think = think;
    this.#rounds = rounds;
    this.#responses = responses;
  }

  begin(): void {
    this.#since = this.#simulation.now;
    const round = this.#rounds[Math.min(this.#round, this.#rounds.length - 1)];
    this.#round++;
    this.thread?.start(Math.max(round[0], 1) * NS_PER_US);
  }

  workDone(): Ns {
    this.#responses.push(this.#simulation.now - this.#since);
    this.#simulation.schedule(this.#think, beginWork, this);
    return 0;
  }
}
