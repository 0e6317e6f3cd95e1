import type { Handler } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";
import { Line } from "./line.ts";
import { Soon } from "./soon.ts";
import { Ticket } from "./ticket.ts";

/**
 * An amount between 0 and a capacity, such as memory or credit. Those who take more than there is wait, and so do those who
 * add more than there is room for; each line strictly in the order of the calls, so that a large amount in front holds
 * back the small ones behind it and is never starved by them. Whole amounts add up exactly.
 *
 * Handlers are called by events at the same instant, never within a call to the level.
 */
export class Level {
  readonly capacity: number;
  #amount: number;
  readonly #puts = new Line<LevelTicket>();
  readonly #gets = new Line<LevelTicket>();
  readonly #soon: Soon;

  /** Throws RangeError unless 0 <= `initial` <= `capacity`. */
  constructor(sim: Simulation, capacity = Infinity, initial = 0) {
    if (!(initial >= 0 && initial <= capacity && initial < Infinity)) {
      throw new RangeError(`a level of ${initial} in a capacity of ${capacity}; allowed: from 0 to the capacity`);
    }
    this.capacity = capacity;
    this.#amount = initial;
    this.#soon = new Soon(sim, serveNext, this);
  }

  /** What there is now. */
  get amount(): number {
    return this.#amount;
  }

  /** Puts that wait for room. */
  get waitingPuts(): number {
    return this.#puts.size;
  }

  /** Gets that wait for the amount. */
  get waitingGets(): number {
    return this.#gets.size;
  }

  /** Adds an amount; `accepted(argument)` is called when there was room. Throws RangeError for more than the capacity. */
  put<A>(amount: number, accepted: Handler<A>, argument: A): LevelTicket {
    return this.#request(this.#puts, amount, accepted as Handler, argument);
  }

  /** Takes an amount; `granted(argument)` is called when it was there. Throws RangeError for more than the capacity. */
  get<A>(amount: number, granted: Handler<A>, argument: A): LevelTicket {
    return this.#request(this.#gets, amount, granted as Handler, argument);
  }

  /** Adds an amount at once; false where there is no room or others wait for it. */
  tryPut(amount: number): boolean {
    this.#require(amount);
    if (this.#puts.size > 0 || this.#amount + amount > this.capacity) return false;
    this.#amount += amount;
    this.#goOn();
    return true;
  }

  /** Takes an amount at once; false where it is not there or others wait for it. */
  tryGet(amount: number): boolean {
    this.#require(amount);
    if (this.#gets.size > 0 || amount > this.#amount) return false;
    this.#amount -= amount;
    this.#goOn();
    return true;
  }

  /** For tickets alone. */
  drop(ticket: LevelTicket): void {
    ticket.line.remove(ticket);
    // Those behind it may fit.
    this.#goOn();
  }

  /** Lets the first of those who wait go on, if its amount fits: one who takes before one who adds. */
  serveNext(): void {
    const get = this.#gets.first;
    const put = this.#puts.first;
    if (get !== undefined && this.#canGet()) {
      this.#gets.remove(get);
      this.#amount -= get.amount;
      this.#goOn();
      get.grant();
    } else if (put !== undefined && this.#canPut()) {
      this.#puts.remove(put);
      this.#amount += put.amount;
      this.#goOn();
      put.grant();
    }
  }

  #request(line: Line<LevelTicket>, amount: number, handler: Handler, argument: unknown): LevelTicket {
    this.#require(amount);
    const ticket = new LevelTicket(this, line, amount, handler, argument);
    line.add(ticket);
    this.#goOn();
    return ticket;
  }

  #canGet(): boolean {
    const { first } = this.#gets;
    return first !== undefined && first.amount <= this.#amount;
  }

  #canPut(): boolean {
    const { first } = this.#puts;
    return first !== undefined && this.#amount + first.amount <= this.capacity;
  }

  #goOn(): void {
    if (this.#canGet() || this.#canPut()) this.#soon.ask();
  }

  #require(amount: number): void {
    if (!(amount >= 0 && amount <= this.capacity && amount < Infinity)) {
      throw new RangeError(`an amount of ${amount}; allowed: from 0 to the capacity, ${this.capacity}`);
    }
  }
}

/** An amount that waits to be taken or added. */
export class LevelTicket extends Ticket {
  readonly amount: number;
  /** Where it waits; for the level alone. */
  readonly line: Line<LevelTicket>;

  constructor(level: Level, line: Line<LevelTicket>, amount: number, handler: Handler, argument: unknown) {
    super(level, handler, argument);
    this.amount = amount;
    this.line = line;
  }
}

function serveNext(level: Level): void {
  level.serveNext();
}
