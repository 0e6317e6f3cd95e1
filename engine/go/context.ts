import { NO_EVENT, type Handle } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";
import type { Ns } from "../time.ts";
import { Channel } from "./channel.ts";

/** Why a context is over: context.Canceled and context.DeadlineExceeded. */
export const CANCELED = "context canceled";
export const DEADLINE_EXCEEDED = "context deadline exceeded";

/**
 * context.Context: carries a cancellation down a tree. `done` is closed when it is over; a child is over as soon as its
 * parent is, and never later than the parent's deadline.
 * Source: golang/go src/context/context.go.
 */
export class Context {
  readonly done: Channel<never>;
  readonly deadline: Ns | undefined;
  /** Why it is over; undefined while it is not. */
  error: typeof CANCELED | typeof DEADLINE_EXCEEDED | undefined;

  readonly #sim: Simulation;
  readonly #parent: Context | undefined;
  readonly #children = new Set<Context>();
  #timer: Handle = NO_EVENT;

  /** context.Background: never over. */
  static background(sim: Simulation): Context {
    return new Context(sim, "background", undefined, undefined);
  }

  private constructor(sim: Simulation, name: string, parent: Context | undefined, deadline: Ns | undefined) {
    this.#sim = sim;
    this.#parent = parent;
    this.done = new Channel<never>(`${name}.Done`);
    this.deadline = deadline;
  }

  /** context.WithCancel. */
  withCancel(name: string): Context {
    return this.#child(name, this.deadline);
  }

  /** context.WithDeadline: the earlier of the two deadlines counts. */
  withDeadline(name: string, deadline: Ns): Context {
    const child = this.#child(name, Math.min(deadline, this.deadline ?? Infinity));
    if (child.error === undefined && (this.deadline === undefined || deadline < this.deadline)) child.#arm();
    return child;
  }

  /** context.WithTimeout. */
  withTimeout(name: string, timeout: Ns): Context {
    return this.withDeadline(name, this.#sim.now + timeout);
  }

  /** Ends it and its children, in the order in which they were made; no-op if it is over. Background cannot be cancelled. */
  cancel(): void {
    if (this.#parent === undefined) throw new Error("the background context cannot be cancelled");
    this.#end(CANCELED);
  }

  #child(name: string, deadline: Ns | undefined): Context {
    const child = new Context(this.#sim, name, this, deadline);
    if (this.error === undefined) this.#children.add(child);
    else child.#end(this.error);
    return child;
  }

  #arm(): void {
    const { deadline } = this;
    if (deadline === undefined) return;
    if (deadline <= this.#sim.now) this.#end(DEADLINE_EXCEEDED);
    else this.#timer = this.#sim.scheduleAt(deadline, (context: Context) => context.#end(DEADLINE_EXCEEDED), this);
  }

  #end(error: typeof CANCELED | typeof DEADLINE_EXCEEDED): void {
    if (this.error !== undefined) return;
    this.error = error;
    this.#sim.cancel(this.#timer);
    if (this.#parent !== undefined) this.#parent.#children.delete(this);
    this.done.close();
    for (const child of this.#children) child.#end(error);
  }
}
