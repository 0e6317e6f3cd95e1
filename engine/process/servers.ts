import { Line } from "./line.ts";
import { Waitable, type Waiter } from "./waitable.ts";

/**
 * A number of equal servers with one queue: first come, first served, or by rank (smaller first) and then by arrival.
 * Who acquires a server must release it.
 */
export class Servers {
  readonly name: string;
  #capacity: number;
  #inUse = 0;
  readonly #line = new Line();
  readonly #acquire: Waitable<void>;

  /** Throws RangeError unless `capacity` is an integer of at least 0. */
  constructor(name: string, capacity: number) {
    this.name = name;
    this.#capacity = checked(name, capacity);
    this.#acquire = new Acquire(this, 0);
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Changes the number of servers: more are handed out at once, fewer as they are released. */
  set capacity(capacity: number) {
    this.#capacity = checked(this.name, capacity);
    while (this.#inUse < this.#capacity && this.#line.length > 0) {
      this.#inUse++;
      this.#line.shift()?.wake(undefined);
    }
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** How many wait. */
  get queueLength(): number {
    return this.#line.length;
  }

  /** Waits for a server: `yield servers.acquire()`. The smallest rank goes first, and of equal ranks the earliest. */
  acquire(rank = 0): Waitable<void> {
    return rank === 0 ? this.#acquire : new Acquire(this, rank);
  }

  /** Takes a server if one is idle; whether it did. */
  tryAcquire(): boolean {
    if (this.#inUse >= this.#capacity) return false;
    this.#inUse++;
    return true;
  }

  /** Gives a server back: it passes to the first who waits. Throws Error if none is in use. */
  release(): void {
    if (this.#inUse === 0) throw new Error(`servers ${this.name}: released more often than acquired`);
    if (this.#inUse <= this.#capacity && this.#line.length > 0) this.#line.shift()?.wake(undefined);
    else this.#inUse--;
  }

  /** For `acquire` alone: gets in line. */
  enter(waiter: Waiter, rank: number): void {
    this.#line.enter(waiter, rank);
  }

  /** For `acquire` alone: leaves the line. */
  leave(waiter: Waiter): void {
    this.#line.leave(waiter);
  }
}

function checked(name: string, capacity: number): number {
  if (!(Number.isInteger(capacity) && capacity >= 0)) {
    throw new RangeError(`servers ${name}: their number must be an integer of at least 0, not ${capacity}`);
  }
  return capacity;
}

class Acquire extends Waitable<void> {
  readonly #servers: Servers;
  readonly #rank: number;

  constructor(servers: Servers, rank: number) {
    super();
    this.#servers = servers;
    this.#rank = rank;
  }

  begin(waiter: Waiter): boolean {
    if (this.#servers.tryAcquire()) return true;
    this.#servers.enter(waiter, this.#rank);
    return false;
  }

  withdraw(waiter: Waiter): void {
    this.#servers.leave(waiter);
  }

  override undo(): void {
    this.#servers.release();
  }

  describe(): string {
    return `a server of ${this.#servers.name}`;
  }
}
