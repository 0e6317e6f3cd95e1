import { SimulationError } from "../errors.ts";
import { NO_EVENT, type Handle } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";
import type { Ns } from "../time.ts";
import { Waitable, type ProcessBody, type Waiter, type Yieldable } from "./waitable.ts";

/** Thrown into a process at the place where it waits, by `interrupt`. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  override readonly cause: unknown;

  constructor(cause: unknown) {
    super(`interrupted: ${cause instanceof Error ? cause.message : String(cause)}`);
    this.cause = cause;
  }
}

/** A process that threw and caught nothing: it takes the run down. */
export class ProcessFailure extends SimulationError {
  override readonly name = "ProcessFailure";
  readonly process: string;

  constructor(process: string, error: unknown, at: Ns, seed: number | string) {
    const message = error instanceof Error ? error.message : String(error);
    super(`process ${process} failed: ${message}`, at, seed, { cause: error });
    this.process = process;
  }
}

export type ProcessState = "running" | "done" | "failed" | "cancelled";

/**
 * A process: a generator whose `yield`s take simulated time. It yields a delay in nanoseconds, or something to wait for,
 * and goes on when that is over. Waiting for a process gives its result.
 *
 * A process that another one starts or wakes goes on as soon as that one waits or ends, in the order of the wake-ups and
 * before the next event; woken from outside any process, it goes on in an event of its own at the same instant. A wait
 * that is over at once goes on at once.
 */
export class Process<R = unknown> extends Waitable<R> implements Waiter {
  readonly name: string;
  state: ProcessState = "running";
  /** What the body returned, once it is done. */
  result: R | undefined;

  // The Waiter's side, for what this process waits for.
  value: unknown = undefined;
  place: unknown = undefined;

  /** Neighbours in the list of those that have not ended, for `Processes` alone. */
  previous: Process<never> | undefined;
  next: Process<never> | undefined;

  // Private by keyword instead of by #: the engine sets such members of a new object twice as fast, and there may be a
  // process for every request (bench/README.md).
  readonly processes: Processes;
  private readonly sim: Simulation;
  private readonly body: ProcessBody<R>;
  /** Made when the first comes: few processes are waited for. */
  private watchers: Set<Waiter> | undefined;
  /** The resumption that is scheduled: the end of a delay, or the follow-up of a wake-up. */
  private resumption: Handle = NO_EVENT;
  private waitingFor: Waitable<unknown> | undefined;
  private error: { thrown: unknown } | undefined;
  private isActive = false;
  /** Its wait is over, and it is about to go on. */
  private isWoken = false;
  /** It stands in the line of those that go on before the next event; for `Processes` alone. */
  isReady = false;
  private atNextWait: Interrupted[] | undefined = undefined;
  private isCancelDue = false;

  /** Made by `Processes.spawn`; runs until its first wait within an event of the present instant. */
  constructor(processes: Processes, sim: Simulation, name: string, body: ProcessBody<R>) {
    super();
    this.processes = processes;
    this.sim = sim;
    this.name = name;
    this.body = body;
    this.resumption = processes.goOn(this);
  }

  /** What it waits for, in words. */
  get waitsFor(): string {
    if (this.state !== "running") return "nothing";
    if (this.waitingFor !== undefined) return this.waitingFor.describe();
    if (this.isReady) return "its turn";
    const at = this.sim.timeOf(this.resumption);
    return at === undefined ? "nothing" : `the time ${at} ns`;
  }

  /**
   * Throws `Interrupted` into the process where it waits, in an event at this instant. If its wait is over already, what
   * it gave stands and the interrupt strikes at the next wait. No-op once it has ended. A process cannot interrupt itself.
   */
  interrupt(cause: unknown): void {
    if (this.isActive) throw new Error(`process ${this.name} cannot interrupt itself`);
    if (this.state !== "running") return;
    const interrupted = new Interrupted(cause);
    if (this.isWoken) (this.atNextWait ??= []).push(interrupted);
    else {
      this.stopWaiting();
      this.fail(interrupted);
    }
  }

  /**
   * Ends the process where it waits; its `finally` blocks run and may not wait, its waits are withdrawn. If its wait is
   * over already, it goes on to the next and ends there, so that it can give back what it was given; one that has not
   * begun never does. No-op once it has ended. A process cannot cancel itself.
   */
  cancel(): void {
    if (this.isActive) throw new Error(`process ${this.name} cannot cancel itself: it can return`);
    if (this.state !== "running") return;
    if (this.isWoken) this.isCancelDue = true;
    else {
      this.stopWaiting();
      this.cancelNow();
    }
  }

  wake(value: unknown): void {
    this.value = value;
    this.waitingFor = undefined;
    this.isWoken = true;
    this.resumption = this.processes.goOn(this);
  }

  fail(error: Error): void {
    this.error = { thrown: error };
    this.wake(undefined);
  }

  begin(waiter: Waiter): boolean {
    if (this.state === "running") {
      (this.watchers ??= new Set()).add(waiter);
      return false;
    }
    waiter.value = this.result;
    return true;
  }

  withdraw(waiter: Waiter): void {
    this.watchers?.delete(waiter);
  }

  describe(): string {
    return `the end of process ${this.name}`;
  }

  /** Goes on until the next wait. */
  resume(): void {
    this.resumption = NO_EVENT;
    this.isWoken = false;
    this.isActive = true;
    try {
      let yielded = this.advance();
      while (!yielded.done) {
        if (this.isCancelDue) {
          this.cancelNow();
          return;
        }
        if (this.wait(yielded.value)) return;
        yielded = this.advance();
      }
      this.state = "done";
      this.result = yielded.value;
      this.end();
    } catch (thrown) {
      if (thrown instanceof ProcessFailure) throw thrown;
      this.state = "failed";
      this.end();
      throw this.failure(thrown);
    } finally {
      this.isActive = false;
    }
  }

  private advance(): IteratorResult<Yieldable, R> {
    const { error } = this;
    if (error !== undefined) {
      this.error = undefined;
      return this.body.throw(error.thrown);
    }
    const { value } = this;
    this.value = undefined;
    return this.body.next(value);
  }

  /** Begins to wait for what was yielded; false if that is over at once. */
  private wait(yielded: Yieldable): boolean {
    try {
      if (this.atNextWait !== undefined) {
        const interrupted = this.atNextWait.shift();
        if (interrupted !== undefined) throw interrupted;
      }
      if (typeof yielded === "number") {
        this.resumption = this.sim.schedule(yielded, resume, this);
        return true;
      }
      if (yielded.begin(this)) return false;
      this.waitingFor = yielded;
      return true;
    } catch (thrown) {
      this.error = { thrown };
      return false;
    }
  }

  private cancelNow(): void {
    this.state = "cancelled";
    this.isActive = true;
    try {
      const { done } = this.body.return(undefined as R);
      if (!done) throw new Error("it waits in a finally block while it is being cancelled");
    } catch (thrown) {
      throw thrown instanceof ProcessFailure ? thrown : this.failure(thrown);
    } finally {
      this.isActive = false;
      this.end();
    }
  }

  private failure(thrown: unknown): ProcessFailure {
    return new ProcessFailure(this.name, thrown, this.sim.now, this.sim.seed);
  }

  private stopWaiting(): void {
    this.sim.cancel(this.resumption);
    this.resumption = NO_EVENT;
    this.isReady = false;
    this.waitingFor?.withdraw(this);
    this.waitingFor = undefined;
    this.value = undefined;
  }

  private end(): void {
    this.processes.ended(this);
    const { watchers } = this;
    if (watchers === undefined) return;
    this.watchers = undefined;
    for (const watcher of watchers) watcher.wake(this.result);
  }
}

function resume(process: Process): void {
  process.processes.run(process);
}

/** More than this in one event means that processes wake each other for ever. */
const STEPS_PER_EVENT = 10_000_000;

/** The processes of one simulation. */
export class Processes {
  readonly #sim: Simulation;
  #first: Process<never> | undefined;
  #last: Process<never> | undefined;
  /** Those that go on before the next event, and how many of them have. */
  readonly #ready: Array<Pick<Process, "isReady" | "resume"> | undefined> = [];
  #readyCount = 0;
  #isRunning = false;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** Starts a process: from within another one it begins as soon as that one waits, otherwise in an event of its own. */
  spawn<R>(name: string, body: ProcessBody<R>): Process<R> {
    const process = new Process(this, this.#sim, name, body);
    const listed = process as unknown as Process<never>;
    listed.previous = this.#last;
    if (this.#last === undefined) this.#first = listed;
    else this.#last.next = listed;
    this.#last = listed;
    return process;
  }

  /** Those that have not ended, in the order in which they were started. */
  get live(): readonly Process<never>[] {
    const found: Process<never>[] = [];
    for (let each = this.#first; each !== undefined; each = each.next) found.push(each);
    return found;
  }

  /** For processes alone: one is to go on at this instant. */
  goOn<R>(process: Process<R>): Handle {
    if (!this.#isRunning) return this.#sim.schedule(0, resume, process as unknown as Process);
    process.isReady = true;
    this.#ready[this.#readyCount++] = process;
    return NO_EVENT;
  }

  /** For processes alone: runs one, and then those that it and they wake. */
  run(process: Process): void {
    this.#isRunning = true;
    try {
      process.resume();
      if (this.#readyCount > 0) this.#runReady();
    } finally {
      this.#isRunning = false;
    }
  }

  #runReady(): void {
    const ready = this.#ready;
    for (let i = 0; i < this.#readyCount; i++) {
      const next = ready[i] as Pick<Process, "isReady" | "resume">;
      ready[i] = undefined;
      if (next.isReady) {
        next.isReady = false;
        next.resume();
      }
      if (i > STEPS_PER_EVENT) this.#standstill();
    }
    this.#readyCount = 0;
  }

  #standstill(): never {
    const message = `more than ${STEPS_PER_EVENT} steps of processes in one event: they wake each other for ever`;
    throw new SimulationError(message, this.#sim.now, this.#sim.seed);
  }

  /** For processes alone: one has ended. */
  ended({ previous, next }: Pick<Process<never>, "previous" | "next">): void {
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
  }

  /**
   * Who waits for what, a line for each process, if nothing can happen any more although processes have not ended;
   * undefined otherwise.
   */
  deadlock(): string | undefined {
    if (this.#sim.pending > 0 || this.#first === undefined) return undefined;
    return this.live.map((process) => `${process.name} waits for ${process.waitsFor}`).join("\n");
  }
}
