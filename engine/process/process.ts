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

/** Thrown in the place of an interrupt to end the process where it next waits. */
const CANCEL = Symbol("cancel");

/**
 * What a process is at: begun by nobody yet, waiting, about to go on because its wait is over, running; or ended. One
 * member for all of it, because there may be a process for every request, and a new object costs by its members.
 */
type Phase = "new" | "waiting" | "woken" | "active" | "done" | "failed" | "cancelled";

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

  // The Waiter's side, for what this process waits for. Of a process that is done, the value is its result.
  value: unknown = undefined;
  place: unknown = undefined;

  // Private by keyword instead of by #: the engine sets such members of a new object twice as fast (bench/README.md).
  readonly processes: Processes;
  private readonly body: ProcessBody<R>;
  private phase: Phase = "new";
  private waitingFor: Waitable<unknown> | undefined = undefined;
  /** The resumption that is scheduled: the end of a delay, or the follow-up of a wake-up from outside. */
  private resumption: Handle = NO_EVENT;
  /** What is thrown into the body when it goes on. */
  private error: { thrown: unknown } | undefined = undefined;
  /** What strikes at the next wait. */
  private atNextWait: Array<Interrupted | typeof CANCEL> | undefined = undefined;
  /** Made when the first comes: few processes are waited for. */
  private watchers: Set<Waiter> | undefined = undefined;

  /** Made by `Processes.spawn`; runs until its first wait within an event of the present instant. */
  constructor(processes: Processes, name: string, body: ProcessBody<R>) {
    super();
    this.processes = processes;
    this.name = name;
    this.body = body;
    this.resumption = processes.goOn(this);
  }

  get state(): ProcessState {
    const { phase } = this;
    return phase === "done" || phase === "failed" || phase === "cancelled" ? phase : "running";
  }

  /** What the body returned, once it is done. */
  get result(): R | undefined {
    return this.phase === "done" ? (this.value as R) : undefined;
  }

  /** Whether it goes on at this instant: its wait is over, or it is new. */
  get isDue(): boolean {
    return this.phase === "woken" || this.phase === "new";
  }

  /** What it waits for, in words. */
  get waitsFor(): string {
    if (this.isDue) return "its turn";
    if (this.phase !== "waiting") return "nothing";
    return this.waitingFor?.describe() ?? `the time ${this.processes.simulation.timeOf(this.resumption)} ns`;
  }

  /**
   * Throws `Interrupted` into the process where it waits, in an event at this instant. If its wait is over already, what
   * it gave stands and the interrupt strikes at the next wait; so it does in one that has not begun. No-op once it has
   * ended. A process cannot interrupt itself.
   */
  interrupt(cause: unknown): void {
    if (this.phase === "active") throw new Error(`process ${this.name} cannot interrupt itself`);
    if (this.state !== "running") return;
    const interrupted = new Interrupted(cause);
    if (this.isDue) (this.atNextWait ??= []).push(interrupted);
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
    if (this.phase === "active") throw new Error(`process ${this.name} cannot cancel itself: it can return`);
    if (this.state !== "running") return;
    // Before an interrupt that is due too: what is cancelled hears nothing more.
    if (this.phase === "woken") (this.atNextWait ??= []).unshift(CANCEL);
    else {
      this.stopWaiting();
      this.cancelNow();
    }
  }

  wake(value: unknown): void {
    this.value = value;
    this.waitingFor = undefined;
    this.phase = "woken";
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
    this.phase = "active";
    try {
      for (;;) {
        const yielded = this.error === undefined ? this.body.next(this.value) : this.throwError();
        this.value = undefined;
        if (yielded.done) {
          this.value = yielded.value;
          break;
        }
        if (this.atNextWait !== undefined && this.strike()) continue;
        if (this.phase !== "active" || this.wait(yielded.value)) return;
      }
      this.phase = "done";
    } catch (thrown) {
      this.failed(thrown);
    }
    this.end();
  }

  private throwError(): IteratorResult<Yieldable, R> {
    const { error } = this;
    this.error = undefined;
    return this.body.throw(error?.thrown);
  }

  /** What has waited for the next wait: whether the body is to go on with an error. */
  private strike(): boolean {
    const next = this.atNextWait?.shift();
    if (next === CANCEL) this.cancelNow();
    else if (next !== undefined) this.error = { thrown: next };
    return this.error !== undefined;
  }

  /** Begins to wait for what was yielded; false if that is over at once. */
  private wait(yielded: Yieldable): boolean {
    try {
      if (typeof yielded === "number") {
        this.resumption = this.processes.simulation.schedule(yielded, resume, this);
      } else {
        if (typeof (yielded as Partial<typeof yielded> | undefined)?.begin !== "function") refuse(yielded);
        if (yielded.begin(this)) return false;
        this.waitingFor = yielded;
      }
      this.phase = "waiting";
      return true;
    } catch (thrown) {
      this.error = { thrown };
      return false;
    }
  }

  private failed(thrown: unknown): never {
    if (thrown instanceof ProcessFailure) throw thrown;
    this.phase = "failed";
    this.processes.ended();
    throw this.failure(thrown);
  }

  private cancelNow(): void {
    this.phase = "active";
    try {
      const { done } = this.body.return(undefined as R);
      if (!done) throw new Error("it waits in a finally block while it is being cancelled");
    } catch (thrown) {
      throw thrown instanceof ProcessFailure ? thrown : this.failure(thrown);
    } finally {
      this.phase = "cancelled";
      this.end();
    }
  }

  private failure(thrown: unknown): ProcessFailure {
    const { now, seed } = this.processes.simulation;
    return new ProcessFailure(this.name, thrown, now, seed);
  }

  private stopWaiting(): void {
    this.processes.simulation.cancel(this.resumption);
    this.resumption = NO_EVENT;
    this.waitingFor?.withdraw(this);
    this.waitingFor = undefined;
    this.value = undefined;
  }

  private end(): void {
    this.processes.ended();
    if (this.watchers === undefined) return;
    // One by one out of the set: a watcher that is woken may withdraw others, who are then not to be woken.
    for (const watcher of this.watchers) {
      this.watchers.delete(watcher);
      watcher.wake(this.result);
    }
  }
}

function refuse(yielded: unknown): never {
  throw new TypeError(
    `it yielded ${String(yielded)}: a process may yield a delay in nanoseconds or something to wait for`,
  );
}

function resume(process: Process): void {
  process.processes.run(process);
}

function resumeIfDue(process: Process): void {
  if (process.isDue) resume(process);
}

/** More than this in one event means that processes wake each other for ever. */
const STEPS_PER_EVENT = 10_000_000;

/** So many that have ended leave the list together, once they are half of it. */
const ENDED_AT_ONCE = 64;
/** After so many uses the line of the ready is made anew. */
const USES_OF_LINE = 128;

/** The processes of one simulation. */
export class Processes {
  readonly simulation: Simulation;
  // Both arrays are made anew again and again, because a process is young, and to store it in an array that has grown old
  // costs a note for the garbage collector.
  /** Those that have not ended, in the order in which they were started, and some that have. */
  private listed: Process<never>[] = [];
  private endedCount = 0;
  /** Those that go on before the next event, in their order; those that have gone on are taken out. */
  private ready: Array<Pick<Process, "isDue" | "resume"> | undefined> = [];
  private readyCount = 0;
  private usesOfLine = 0;
  private isRunning = false;

  constructor(simulation: Simulation) {
    this.simulation = simulation;
  }

  /** Starts a process: from within another one it begins as soon as that one waits, otherwise in an event of its own. */
  spawn<R>(name: string, body: ProcessBody<R>): Process<R> {
    const process = new Process(this, name, body);
    this.listed.push(process as unknown as Process<never>);
    return process;
  }

  /** Those that have not ended, in the order in which they were started. */
  get live(): Process<never>[] {
    return this.listed.filter(({ state }) => state === "running");
  }

  /** For processes alone: one is to go on at this instant. */
  goOn<R>(process: Process<R>): Handle {
    if (!this.isRunning) return this.simulation.schedule(0, resume, process as unknown as Process);
    this.ready[this.readyCount++] = process;
    return NO_EVENT;
  }

  /** For processes alone: runs one, and then those that it and they wake. */
  run(process: Process): void {
    this.isRunning = true;
    try {
      process.resume();
      if (this.readyCount > 0) this.runReady();
    } finally {
      this.isRunning = false;
      if (this.readyCount > 0) this.postpone();
    }
  }

  private runReady(): void {
    const ready = this.ready;
    for (let i = 0; i < this.readyCount; i++) {
      const next = ready[i] as Pick<Process, "isDue" | "resume">;
      ready[i] = undefined;
      if (next.isDue) next.resume();
      if (i > STEPS_PER_EVENT) this.standstill();
    }
    this.readyCount = 0;
    if (++this.usesOfLine === USES_OF_LINE) {
      this.usesOfLine = 0;
      this.ready = [];
    }
  }

  /** After a failure: who was to go on does so in an event of its own, should the run go on. */
  private postpone(): void {
    const postponed = this.ready.splice(0, this.readyCount);
    this.readyCount = 0;
    for (const process of postponed) {
      if (process !== undefined) this.simulation.schedule(0, resumeIfDue, process as Process);
    }
  }

  private standstill(): never {
    const message = `more than ${STEPS_PER_EVENT} steps of processes in one event: they wake each other for ever`;
    throw new SimulationError(message, this.simulation.now, this.simulation.seed);
  }

  /** For processes alone: one has ended. */
  ended(): void {
    if (++this.endedCount < ENDED_AT_ONCE || this.endedCount * 2 < this.listed.length) return;
    this.listed = this.live;
    this.endedCount = 0;
  }

  /**
   * Who waits for what, a line for each process, if nothing but observers can happen any more although processes have not
   * ended; undefined otherwise.
   */
  deadlock(): string | undefined {
    const { live } = this;
    if (live.length === 0 || this.simulation.hasWork) return undefined;
    return live.map((process) => `${process.name} waits for ${process.waitsFor}`).join("\n");
  }
}
