import type { Handler } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";
import { IndexedHeap } from "./indexed-heap.ts";
import { requireCapacity } from "./require.ts";
import { Soon } from "./soon.ts";
import { Ticket } from "./ticket.ts";

/**
 * A pool of equal units, each held by one request at a time. Requests are granted by priority (the lower number first),
 * and in the order of their calls where that is equal: with the priority left out it is a FIFO server.
 *
 * A request is granted by an event of its own at the same instant, never within a call to the server.
 */
export class Server {
  #capacity: number;
  #inUse = 0;
  #requests = 0;
  readonly #waiting = new IndexedHeap<ServerTicket>(isServedBefore);
  readonly #soon: Soon;

  /** Throws RangeError unless `capacity` is a whole number of units or Infinity. */
  constructor(sim: Simulation, capacity: number) {
    this.#capacity = requireCapacity(capacity);
    this.#soon = new Soon(sim, grantNext, this);
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Units held; above the capacity after that was lowered, until enough are released. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Asks for a unit; `granted(argument)` is called when the ticket holds it, until it is released. */
  request<A>(granted: Handler<A>, argument: A, priority = 0): ServerTicket {
    const ticket = new ServerTicket(this, granted as Handler, argument, priority, this.#requests++);
    this.#waiting.add(ticket);
    if (this.#inUse < this.#capacity) this.#soon.ask();
    return ticket;
  }

  /** A unit at once, or nothing where none is free or others wait. */
  tryRequest(): ServerTicket | undefined {
    if (this.#waiting.size > 0 || this.#inUse >= this.#capacity) return undefined;
    const ticket = new ServerTicket(this, ignore, undefined, 0, this.#requests++);
    this.#inUse++;
    ticket.hold();
    return ticket;
  }

  /** From now on so many units; those that are held stay so until they are released. */
  setCapacity(capacity: number): void {
    this.#capacity = requireCapacity(capacity);
    this.#goOn();
  }

  /** For tickets alone. */
  drop(ticket: ServerTicket): void {
    this.#waiting.remove(ticket);
  }

  /** For tickets alone. */
  takeBack(): void {
    this.#inUse--;
    this.#goOn();
  }

  /** Grants the first request, if a unit is free: one for each event, so that a loop of grants is seen as a standstill. */
  grantNext(): void {
    const ticket = this.#waiting.first;
    if (ticket === undefined || this.#inUse >= this.#capacity) return;
    this.#waiting.remove(ticket);
    this.#inUse++;
    this.#goOn();
    ticket.hold();
  }

  #goOn(): void {
    if (this.#inUse < this.#capacity && this.#waiting.size > 0) this.#soon.ask();
  }
}

/** One request to a server: first it waits, then it holds a unit. */
export class ServerTicket extends Ticket {
  heapIndex = -1;
  readonly priority: number;
  readonly order: number;
  /** Whether it holds a unit now. */
  isHeld = false;
  readonly #server: Server;

  constructor(server: Server, granted: Handler, argument: unknown, priority: number, order: number) {
    super(server, granted, argument);
    this.#server = server;
    this.priority = priority;
    this.order = order;
  }

  /** For the server alone. */
  hold(): void {
    this.isHeld = true;
    this.grant();
  }

  /** Gives the unit back. Throws Error if the ticket holds none. */
  release(): void {
    if (!this.isHeld) throw new Error("cannot release a unit that the ticket does not hold");
    this.isHeld = false;
    this.#server.takeBack();
  }
}

function isServedBefore(a: ServerTicket, b: ServerTicket): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.order < b.order);
}

function grantNext(server: Server): void {
  server.grantNext();
}

function ignore(): void {}
