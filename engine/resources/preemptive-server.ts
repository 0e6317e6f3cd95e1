import { NO_EVENT, type Handle, type Handler } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";
import type { Ns } from "../time.ts";
import { IndexedHeap } from "./indexed-heap.ts";
import { requireCapacity } from "./require.ts";

/** What a displaced job still has to do when its turn comes again: what was left, or all of it. */
export type Preemption = "resume" | "restart";

/**
 * A pool of equal units that serve jobs of known work, the most urgent ones (the lowest priority number) first: a job that
 * is more urgent than one in service displaces the least urgent of them, the last started among equals. A displaced job
 * waits in the place that its arrival gives it among those of its priority.
 *
 * A job whose work ends at this very instant is not displaced: the newcomer waits for that event. `done` handlers run from
 * events of the server, never within a call to it.
 */
export class PreemptiveServer {
  readonly sim: Simulation;
  readonly capacity: number;
  readonly preemption: Preemption;
  #jobs = 0;
  #starts = 0;
  readonly #waiting = new IndexedHeap<Job>(isServedBefore);
  readonly #served = new IndexedHeap<Job>(isDisplacedBefore);

  /** Throws RangeError unless `capacity` is a whole number of units or Infinity. */
  constructor(sim: Simulation, capacity: number, preemption: Preemption) {
    this.sim = sim;
    this.capacity = requireCapacity(capacity);
    this.preemption = preemption;
  }

  /** Jobs in service. */
  get inUse(): number {
    return this.#served.size;
  }

  /** Jobs that wait, displaced ones among them. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Brings a job of so much work (integer ns); `done(argument)` is called when it has been served. Throws RangeError for other work. */
  serve<A>(workNs: Ns, done: Handler<A>, argument: A, priority = 0): Job {
    if (!Number.isSafeInteger(workNs) || workNs < 0) {
      throw new RangeError(`a job of ${workNs} ns; allowed: a whole number of nanoseconds from 0`);
    }
    const job = new Job(this, workNs, done as Handler, argument, priority, this.#jobs++);
    this.#waiting.add(job);
    this.#goOn();
    return job;
  }

  /** For jobs alone. */
  drop(job: Job): void {
    if (!job.isServed) {
      this.#waiting.remove(job);
      return;
    }
    this.#served.remove(job);
    job.stop(false);
    this.#goOn();
  }

  /** For the job's event alone. */
  finish(job: Job): void {
    this.#served.remove(job);
    job.end();
    this.#goOn();
    job.tell();
  }

  /** Starts jobs where units are free, or are held by jobs that are less urgent. */
  #goOn(): void {
    for (let job = this.#waiting.first; job !== undefined; job = this.#waiting.first) {
      if (this.#served.size >= this.capacity && !this.#displaceFor(job)) return;
      this.#waiting.remove(job);
      job.start(this.#starts++);
      this.#served.add(job);
    }
  }

  #displaceFor(job: Job): boolean {
    const victim = this.#served.first;
    if (victim === undefined || victim.priority <= job.priority || victim.endsNow) return false;
    this.#served.remove(victim);
    victim.stop(this.preemption === "restart");
    victim.preemptions++;
    this.#waiting.add(victim);
    return true;
  }
}

/** One job on a preemptive server. */
export class Job {
  heapIndex = -1;
  readonly workNs: Ns;
  readonly priority: number;
  /** Counts the jobs of a server as they come. */
  readonly order: number;
  /** Counts the times at which a server began or went on to serve a job. */
  startOrder = 0;
  /** How often the job was displaced. */
  preemptions = 0;
  /** Whether it is in service now. */
  isServed = false;
  /** Whether it was served to its end. */
  isDone = false;

  readonly #server: PreemptiveServer;
  readonly #handler: Handler<unknown>;
  readonly #argument: unknown;
  #leftNs: Ns;
  #startedAt: Ns = 0;
  #event: Handle = NO_EVENT;
  #isWithdrawn = false;

  constructor(server: PreemptiveServer, workNs: Ns, done: Handler, argument: unknown, priority: number, order: number) {
    this.#server = server;
    this.workNs = workNs;
    this.#leftNs = workNs;
    this.#handler = done as Handler<unknown>;
    this.#argument = argument;
    this.priority = priority;
    this.order = order;
  }

  /** The work that is left, up to now. */
  get remainingNs(): Ns {
    return this.isServed ? this.#leftNs - (this.#server.sim.now - this.#startedAt) : this.#leftNs;
  }

  /** Whether it is in service and its work ends at this instant. */
  get endsNow(): boolean {
    return this.isServed && this.remainingNs === 0;
  }

  /** Takes the job away, in service or not; `done` is never called. False if it has been served or was withdrawn before. */
  withdraw(): boolean {
    if (this.isDone || this.#isWithdrawn) return false;
    this.#isWithdrawn = true;
    this.#server.drop(this);
    return true;
  }

  /** For the server alone, as what follows. */
  start(startOrder: number): void {
    const { sim } = this.#server;
    this.startOrder = startOrder;
    this.isServed = true;
    this.#startedAt = sim.now;
    this.#event = sim.schedule(this.#leftNs, finishJob, this as Job);
  }

  stop(losesWork: boolean): void {
    const { sim } = this.#server;
    this.#leftNs = losesWork ? this.workNs : this.remainingNs;
    this.isServed = false;
    sim.cancel(this.#event);
  }

  end(): void {
    this.#leftNs = 0;
    this.isServed = false;
    this.isDone = true;
  }

  tell(): void {
    this.#handler(this.#argument);
  }

  /** For the event that ends the service. */
  finish(): void {
    this.#server.finish(this);
  }
}

function isServedBefore(a: Job, b: Job): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.order < b.order);
}

function isDisplacedBefore(a: Job, b: Job): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.startOrder > b.startOrder);
}

function finishJob(job: Job): void {
  job.finish();
}
