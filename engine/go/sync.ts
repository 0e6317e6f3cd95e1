import { Waitable, type Waiter } from "../process/waitable.ts";

/** A line of waiters, first come, first served. */
abstract class Line extends Waitable<void> {
  protected readonly waiters: Waiter[] = [];

  withdraw(waiter: Waiter): void {
    const index = this.waiters.indexOf(waiter);
    if (index >= 0) this.waiters.splice(index, 1);
  }
}

/**
 * sync.WaitGroup: `yield* group` waits until the count is zero.
 * Source: golang/go src/sync/waitgroup.go.
 */
export class WaitGroup extends Line {
  readonly name: string;
  #count = 0;

  constructor(name: string) {
    super();
    this.name = name;
  }

  /** Changes the count. Throws if it becomes negative, where Go panics. */
  add(change: number): void {
    if (this.#count + change < 0) throw new Error(`wait group ${this.name}: negative count`);
    this.#count += change;
    if (this.#count > 0) return;
    // From the line itself: who is woken may withdraw another of its waits for the same group.
    for (let waiter = this.waiters.shift(); waiter !== undefined; waiter = this.waiters.shift()) waiter.wake(undefined);
  }

  done(): void {
    this.add(-1);
  }

  begin(waiter: Waiter): boolean {
    if (this.#count === 0) return true;
    this.waiters.push(waiter);
    return false;
  }

  describe(): string {
    return `wait group ${this.name}, ${this.#count} to go`;
  }
}

/**
 * sync.Mutex: `yield* mutex` locks it.
 *
 * Simplified: the lock passes to who has waited longest. Go's lets a running goroutine overtake for up to a millisecond,
 * which needs the time that goroutines take between two locks, and that is zero here.
 * Source: golang/go src/sync/mutex.go.
 */
export class Mutex extends Line {
  readonly name: string;
  #isLocked = false;

  constructor(name: string) {
    super();
    this.name = name;
  }

  get isLocked(): boolean {
    return this.#isLocked;
  }

  /** Locks it if it is free; whether it was. */
  tryLock(): boolean {
    if (this.#isLocked) return false;
    this.#isLocked = true;
    return true;
  }

  /** Throws for a mutex that is not locked, where Go ends the program. */
  unlock(): void {
    if (!this.#isLocked) throw new Error(`unlock of unlocked mutex ${this.name}`);
    const next = this.waiters.shift();
    if (next === undefined) this.#isLocked = false;
    else next.wake(undefined);
  }

  begin(waiter: Waiter): boolean {
    if (this.tryLock()) return true;
    this.waiters.push(waiter);
    return false;
  }

  describe(): string {
    return `mutex ${this.name}`;
  }
}
