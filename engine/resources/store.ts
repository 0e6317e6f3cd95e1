import type { Handler } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";
import { Line } from "./line.ts";
import { requireCapacity } from "./require.ts";
import { Soon } from "./soon.ts";
import { Ticket, type Granted } from "./ticket.ts";

/**
 * Items that wait for those who take them, first in, first out; with a capacity, those who put wait for room. Puts are
 * accepted in the order of their calls, and gets receive in the order of theirs.
 *
 * Handlers are called by events at the same instant, never within a call to the store.
 */
export class Store<T> {
  readonly capacity: number;
  readonly #items: T[] = [];
  /** Index of the oldest item; the array is cut when half of it is empty. */
  #head = 0;
  readonly #puts = new Line<PutTicket<T>>();
  readonly #gets = new Line<Ticket>();
  readonly #soon: Soon;

  /** Throws RangeError unless `capacity` is a whole number of items or Infinity. A capacity of 0 never holds one. */
  constructor(sim: Simulation, capacity = Infinity) {
    this.capacity = requireCapacity(capacity);
    this.#soon = new Soon(sim, serveNext<T>, this);
  }

  /** Items in the store. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Puts that wait for room. */
  get waitingPuts(): number {
    return this.#puts.size;
  }

  /** Gets that wait for an item. */
  get waitingGets(): number {
    return this.#gets.size;
  }

  /** Brings an item; `accepted(argument)` is called when it is in the store. */
  put<A>(item: T, accepted: Handler<A>, argument: A): PutTicket<T> {
    const ticket = new PutTicket(this, item, accepted as Handler, argument);
    this.#puts.add(ticket);
    this.#goOn();
    return ticket;
  }

  /** Asks for an item; `received(argument, item)` is called with the oldest. */
  get<A>(received: Granted<A, T>, argument: A): Ticket {
    const ticket = new Ticket(this, received as Granted, argument);
    this.#gets.add(ticket);
    this.#goOn();
    return ticket;
  }

  /** Puts an item at once; false where there is no room or others wait for it. */
  tryPut(item: T): boolean {
    if (this.size >= this.capacity || this.#puts.size > 0) return false;
    this.#items.push(item);
    this.#goOn();
    return true;
  }

  /** Takes the oldest item at once; undefined where there is none or others wait for it. */
  tryGet(): T | undefined {
    if (this.size === 0 || this.#gets.size > 0) return undefined;
    const item = this.#take();
    this.#goOn();
    return item;
  }

  /** For tickets alone. */
  drop(ticket: Ticket): void {
    if (ticket instanceof PutTicket) this.#puts.remove(ticket as PutTicket<T>);
    else this.#gets.remove(ticket);
  }

  /** Lets the first of those who wait go on: one who gets before one who puts. */
  serveNext(): void {
    const get = this.#gets.first;
    const put = this.#puts.first;
    if (get !== undefined && this.size > 0) {
      this.#gets.remove(get);
      const item = this.#take();
      this.#goOn();
      get.grant(item);
    } else if (put !== undefined && this.size < this.capacity) {
      this.#puts.remove(put);
      this.#items.push(put.item);
      this.#goOn();
      put.grant();
    }
  }

  #goOn(): void {
    const canGet = this.#gets.size > 0 && this.size > 0;
    const canPut = this.#puts.size > 0 && this.size < this.capacity;
    if (canGet || canPut) this.#soon.ask();
  }

  #take(): T {
    const item = this.#items[this.#head];
    this.#head++;
    if (this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/** An item that waits for room. */
export class PutTicket<T> extends Ticket {
  readonly item: T;

  constructor(store: Store<T>, item: T, accepted: Handler, argument: unknown) {
    super(store, accepted, argument);
    this.item = item;
  }
}

function serveNext<T>(store: Store<T>): void {
  store.serveNext();
}
