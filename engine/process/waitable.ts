/** Who waits: a process, or one branch of a composite wait. */
export interface Waiter {
  /** What the wait gave; set before `begin` returns true, or by `wake`. */
  value: unknown;
  /** Kept for this wait by what is waited for: a place in a queue, a timer. */
  place: unknown;
  /** The wait is over. Called at most once for each wait that began and was not withdrawn. */
  wake(value: unknown): void;
  /** The wait ends in an error. */
  fail(error: Error): void;
}

/**
 * Something that a process can wait for. A process waits by `yield* waitable`, which gives what the wait gives; a bare
 * `yield waitable` does the same without its type.
 */
export abstract class Waitable<T> {
  /**
   * Begins a wait. True if it is over at once: then `waiter.value` holds what it gives, and nothing is left to withdraw.
   * Throws what the waiting process is to catch.
   */
  abstract begin(waiter: Waiter): boolean;

  /** Ends a wait that has begun and is not over: the waiter will hear nothing more of it. */
  abstract withdraw(waiter: Waiter): void;

  /** Takes back what a wait gave, because the waiter will never see it; nothing, where nothing can be taken back. */
  undo(_value: T): void {}

  /** What is waited for, for reports: "receive on channel jobs". */
  abstract describe(): string;

  *[Symbol.iterator](): Generator<Waitable<T>, T, unknown> {
    return (yield this) as T;
  }
}

/** What a process may yield: a delay in nanoseconds, or something to wait for. */
export type Yieldable = number | Waitable<unknown>;

/** The body of a process. */
export type ProcessBody<R = void> = Generator<Yieldable, R, unknown>;
