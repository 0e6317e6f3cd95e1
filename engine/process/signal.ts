import { Waitable, type Waiter } from "./waitable.ts";

/** An event that happens once: everyone who waits, and everyone who comes later, gets its value. */
export class Signal<T = void> extends Waitable<T> {
  readonly name: string;
  #hasFired = false;
  #value: T | undefined;
  readonly #waiters = new Set<Waiter>();

  constructor(name: string) {
    super();
    this.name = name;
  }

  get hasFired(): boolean {
    return this.#hasFired;
  }

  /** Lets it happen, with a value; waiters go on in the order in which they came. Throws if it has happened. */
  fire(value: T): void {
    if (this.#hasFired) throw new Error(`signal ${this.name} has fired already`);
    this.#hasFired = true;
    this.#value = value;
    // One by one: who is woken may withdraw another of its waits for the same signal, and that one hears nothing.
    for (const waiter of this.#waiters) {
      this.#waiters.delete(waiter);
      waiter.wake(value);
    }
  }

  begin(waiter: Waiter): boolean {
    if (!this.#hasFired) {
      this.#waiters.add(waiter);
      return false;
    }
    waiter.value = this.#value;
    return true;
  }

  withdraw(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  describe(): string {
    return `signal ${this.name}`;
  }
}
