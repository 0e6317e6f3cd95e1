import { BEFORE_MODELS, NO_EVENT, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import { NS_PER_MS } from "../../engine/time.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { ThreadOwner } from "../cluster/cpu-thread.ts";
import { BandwidthPool } from "./bandwidth.ts";
import { Cpu } from "./cpu.ts";
import {
  BUSY_FACTOR,
  DEFAULT_PERIOD,
  IMBALANCE_PERCENT,
  KEPT_RUNTIME,
  MIGRATION_COST,
  NICE_0_WEIGHT,
} from "./defaults.ts";
import { TaskGroup } from "./group.ts";
import { brokenInvariant } from "./invariants.ts";
import { kernelFeatures, type KernelConfig, type KernelFeatures } from "./kernel.ts";
import { RunQueue } from "./run-queue.ts";
import type { Bandwidth } from "./bandwidth-rules.ts";
import { Thread } from "./thread.ts";

export interface GroupOptions {
  /** Default 1024. */
  shares?: number;
  /** The group has had these settings for long and is idle: its pool is full. Default: new, and unlimited. */
  bandwidth?: Bandwidth;
  /** Gives the phase of the group's period timer and its first local remainders, in this order. */
  stream: RandomStream;
}

const UNLIMITED: Bandwidth = { quota: Infinity, period: DEFAULT_PERIOD, burst: 0 };

/**
 * The scheduler of one node: its CPUs, its tree of task groups, and where threads are placed.
 *
 * Placement is the minimum of what the kernel does (rule R12): a waking thread goes to the CPU it last ran on if that is
 * idle, else to an idle one, else where it was; a CPU that becomes idle pulls a waiting thread; a periodic pass evens
 * out the rest.
 * Simplified: loads are those of the moment instead of running averages, and there is one scheduling domain. Effect: mean
 * latency below 2 %, p99 up to a tick and a balancing interval; throughput under a quota is not affected.
 *
 * Source: torvalds/linux v6.12 kernel/sched/fair.c (select_idle_sibling, sched_balance_newidle, sched_balance_rq).
 */
export class NodeScheduler {
  readonly sim: Simulation;
  readonly kernel: KernelFeatures;
  readonly cpus: readonly Cpu[];
  readonly root: TaskGroup;

  readonly #hasRandomPhases: boolean;
  readonly #tickPhase: Ns;
  /** Phase of every period timer, as a part of its period, for kernels where groups have none of their own. */
  readonly #commonPhase: number;
  /** Every CPU's number, ascending: the one list that threads without a cpuset share. */
  readonly allCpus: readonly number[];
  #threads = 0;
  /** CPUs on which more than one thread is runnable. */
  #overloaded = 0;
  #balanceTimer: Handle = NO_EVENT;

  /** `stream` gives the phase of the tick, then that of period timers before Linux 6.3. */
  constructor(sim: Simulation, kernel: KernelConfig, cpuCount: number, stream: RandomStream) {
    this.sim = sim;
    this.kernel = kernelFeatures(kernel, cpuCount);
    this.#hasRandomPhases = kernel.phases === "random";
    this.#tickPhase = this.#hasRandomPhases ? stream.below(this.kernel.tick) : 0;
    this.#commonPhase = this.#hasRandomPhases ? stream.uniform() : 0;
    this.allCpus = Array.from({ length: cpuCount }, (_, index) => index);
    this.root = new TaskGroup(
      "/",
      undefined,
      NICE_0_WEIGHT,
      new BandwidthPool(sim, this.kernel, UNLIMITED, 0),
      cpuCount,
    );
    this.cpus = this.allCpus.map((index) => new Cpu(this, index, 2 * MIGRATION_COST));
    sim.invariant("the node's run queues and bandwidth pools are in order", () => brokenInvariant(this));
  }

  /** A group below `parent` (the root if not given). The values must be ones that the kernel accepts. */
  createGroup(name: string, parent: TaskGroup | undefined, options: GroupOptions): TaskGroup {
    const bandwidth = options.bandwidth ?? UNLIMITED;
    const { stream } = options;
    const phasePart = this.#hasRandomPhases ? stream.uniform() : 0;
    const phase = Math.floor((this.kernel.hasOwnPeriodPhase ? phasePart : this.#commonPhase) * bandwidth.period);
    const pool = new BandwidthPool(this.sim, this.kernel, { ...bandwidth }, phase);
    const group = new TaskGroup(name, parent ?? this.root, options.shares ?? NICE_0_WEIGHT, pool, this.cpus.length);
    pool.fill();
    if (pool.isLimited && this.#hasRandomPhases) {
      for (let cpu = 0; cpu < this.cpus.length; cpu++) group.firstRemaining[cpu] = stream.below(KEPT_RUNTIME + 1);
    }
    return group;
  }

  /**
   * A successful write of quota, period or burst, even of the same values: one refill, the timer starts, and every CPU
   * forgets debt and remainder and releases what is throttled (rule R9).
   */
  writeBandwidth(group: TaskGroup, bandwidth: Bandwidth): void {
    group.pool.configure({ ...bandwidth });
    group.firstRemaining.fill(this.kernel.runtimeAfterWrite);
    for (const cpu of this.cpus) {
      const queue = group.queues[cpu.index];
      if (queue !== undefined) cpu.applyBandwidth(queue, group.pool.isLimited);
    }
  }

  writeShares(group: TaskGroup, shares: number): void {
    group.shares = shares;
    for (const cpu of this.cpus) {
      const queue = group.queues[cpu.index];
      if (queue?.entity?.isQueued) cpu.reweigh(queue);
    }
  }

  /** A sleeping thread of the group, on the allowed CPUs (all if not given). */
  createThread(group: TaskGroup, owner: ThreadOwner, allowed: readonly number[] = this.allCpus): Thread {
    const id = this.#threads++;
    const queue = this.#queueOf(group, allowed[id % allowed.length]);
    return new Thread(this, group, queue, owner, id, allowed);
  }

  /** Confines a thread to these CPUs; a waiting or running thread elsewhere moves at once. */
  confine(thread: Thread, allowed: readonly number[]): void {
    thread.allowed = allowed;
    const { cpu } = thread.entity.queue;
    if (allowed.includes(cpu.index) || thread.isSleeping) return;
    cpu.withdraw(thread);
    this.#place(thread);
  }

  wake(thread: Thread): void {
    thread.isSleeping = false;
    if (thread.entity.isDelayed) thread.entity.queue.cpu.wake(thread);
    else this.#place(thread);
  }

  stop(thread: Thread): void {
    if (thread.isSleeping && !thread.entity.isDelayed) return;
    thread.isSleeping = true;
    thread.entity.queue.cpu.withdraw(thread);
  }

  /** Takes the group's timers down; its threads must have been stopped. */
  removeGroup(group: TaskGroup): void {
    group.pool.dispose();
    const siblings = group.parent?.children;
    siblings?.splice(siblings.indexOf(group), 1);
  }

  /** CPU time of a group until now; with `at` the last tick, what a kernel that charges at every tick shows now. */
  usageOf(group: TaskGroup, at: Ns = this.sim.now): Ns {
    let usage = group.usage;
    for (const cpu of this.cpus) usage += cpu.uncharged(group, at);
    return usage;
  }

  isTick(time: Ns): boolean {
    return (time - this.#tickPhase) % this.kernel.tick === 0;
  }

  tickAtOrAfter(time: Ns): Ns {
    const { tick } = this.kernel;
    return this.#tickPhase + Math.ceil((time - this.#tickPhase) / tick) * tick;
  }

  lastTick(time: Ns): Ns {
    const { tick } = this.kernel;
    return this.#tickPhase + Math.floor((time - this.#tickPhase) / tick) * tick;
  }

  /** rq->avg_idle: moves an eighth of the way to the latest idle period, within twice the migration cost. */
  nextAverageIdle(average: Ns, idle: Ns): Ns {
    return Math.min(average + Math.trunc((idle - average) / 8), 2 * MIGRATION_COST);
  }

  /** A CPU has come to have more than one runnable thread, or no longer has. */
  noteOverload(change: 1 | -1): void {
    this.#overloaded += change;
    if (this.#overloaded > 0 && this.cpus.length > 1 && this.#balanceTimer === NO_EVENT) this.#armBalance();
  }

  /**
   * A CPU about to go idle pulls a waiting thread from the busiest other one; whether there was one. Where it may not,
   * the busy CPUs' next tick sees to it that idle ones look again.
   */
  pullTo(cpu: Cpu): boolean {
    if (this.#overloaded === 0) return false;
    const source = cpu.averageIdle < MIGRATION_COST ? undefined : this.#busiest(cpu);
    if (source !== undefined && this.#move(source, cpu)) return true;
    const soon = this.tickAtOrAfter(this.sim.now + this.#idleInterval);
    if ((this.sim.timeOf(this.#balanceTimer) ?? soon) > soon) this.sim.reschedule(this.#balanceTimer, soon);
    return false;
  }

  /** Between two balancing passes of an idle CPU: as many milliseconds as there are CPUs. */
  get #idleInterval(): Ns {
    return this.cpus.length * NS_PER_MS;
  }

  #place(thread: Thread): void {
    const cpu = this.#select(thread);
    if (cpu !== thread.entity.queue.cpu) thread.entity.queue = this.#queueOf(thread.group, cpu.index);
    cpu.wake(thread);
  }

  /** The CPU for a waking thread: its last one if idle, else the next idle one, else its last one. */
  #select(thread: Thread): Cpu {
    const { allowed } = thread;
    const last = thread.entity.queue.cpu;
    const isLastAllowed = allowed === this.allCpus || allowed.includes(last.index);
    if (isLastAllowed && last.isIdle) return last;
    const { length } = allowed;
    let start = 0;
    while (start < length && allowed[start] <= last.index) start++;
    for (let i = 0; i < length; i++) {
      const cpu = this.cpus[allowed[(start + i) % length]];
      if (cpu.isIdle) return cpu;
    }
    return isLastAllowed ? last : this.cpus[allowed[start % length]];
  }

  #queueOf(group: TaskGroup, cpu: number): RunQueue {
    const known = group.queues[cpu];
    if (known !== undefined) return known;
    const parent = this.#queueOf(group.parent as TaskGroup, cpu);
    const queue = new RunQueue(group, this.cpus[cpu], parent);
    queue.pool = group.pool.isLimited ? group.pool : undefined;
    queue.remaining = group.firstRemaining[cpu];
    group.queues[cpu] = queue;
    return queue;
  }

  /** The CPU with the most weighted load among those on which some thread waits. */
  #busiest(than: Cpu): Cpu | undefined {
    let busiest: Cpu | undefined;
    for (const cpu of this.cpus) {
      if (cpu !== than && cpu.root.runnable >= 2 && (busiest === undefined || cpu.root.load > busiest.root.load)) {
        busiest = cpu;
      }
    }
    return busiest;
  }

  /** Moves the thread that has waited longest among those of at most this load; whether there was one. */
  #move(source: Cpu, target: Cpu, mostLoad = Infinity): boolean {
    const thread = this.#longestWaiting(source, source.root, source.root.load, target, mostLoad);
    if (thread === undefined) return false;
    source.detach(thread);
    thread.entity.queue = this.#queueOf(thread.group, target.index);
    target.receive(thread);
    return true;
  }

  /** `load`: what the queue's threads weigh together at the root, where loads of different groups compare. */
  #longestWaiting(source: Cpu, queue: RunQueue, load: number, target: Cpu, mostLoad: number): Thread | undefined {
    if (queue.throttleCount > 0) return undefined;
    if ((queue.group.queues[target.index]?.throttleCount ?? 0) > 0) return undefined;
    let best: Thread | undefined;
    for (const entity of queue.entities) {
      const own = (load * entity.weight) / queue.load;
      const thread = entity.owned ? this.#longestWaiting(source, entity.owned, own, target, mostLoad) : entity.thread;
      if (thread === undefined || thread === source.current || thread.entity.isDelayed) continue;
      if (entity.owned === undefined && own > mostLoad) continue;
      if (!thread.allowed.includes(target.index) || this.sim.now - thread.lastRan < MIGRATION_COST) continue;
      if (
        best === undefined ||
        thread.waitingSince < best.waitingSince ||
        (thread.waitingSince === best.waitingSince && thread.id < best.id)
      ) {
        best = thread;
      }
    }
    return best;
  }

  /** The next balancing pass comes 16 times more rarely when all CPUs are busy. */
  #armBalance(): void {
    const isSomeIdle = this.cpus.some((cpu) => cpu.isIdle);
    const interval = this.#idleInterval * (isSomeIdle ? 1 : BUSY_FACTOR);
    this.#balanceTimer = this.sim.scheduleAt(
      this.tickAtOrAfter(this.sim.now + interval),
      onBalance,
      this,
      BEFORE_MODELS,
    );
  }

  onBalance(): void {
    this.#balanceTimer = NO_EVENT;
    if (this.#overloaded === 0) return;
    for (const cpu of this.cpus) {
      const source = this.#busiest(cpu);
      if (source === undefined) continue;
      if (cpu.isIdle) {
        this.#move(source, cpu);
        continue;
      }
      const [most, own] = [source.root.load, cpu.root.load];
      if (most * 100 <= own * IMBALANCE_PERCENT) continue;
      // Each pass in a row that could move nothing lets a thread of twice the load go.
      const isMoved = this.#move(source, cpu, ((most - own) / 2) * (1 << Math.min(cpu.failedBalances, 30)));
      cpu.failedBalances = isMoved ? 0 : cpu.failedBalances + 1;
    }
    if (this.#overloaded > 0 && this.#balanceTimer === NO_EVENT) this.#armBalance();
  }
}

function onBalance(scheduler: NodeScheduler): void {
  scheduler.onBalance();
}
