/** What a resource calls: with the argument of the request and, where it gives one, an item. */
export type Granted<A = never, T = never> = (argument: A, item: T) => void;

/** What a ticket needs of the resource that gave it. */
export interface TicketOwner<K> {
  /** Takes a ticket that waits out of its line; called by the ticket alone. */
  drop(ticket: K): void;
}

/**
 * One request to a resource. It waits until the resource calls its handler, and up to that call it can be withdrawn
 * without a trace.
 */
export class Ticket {
  /** Neither granted nor withdrawn yet. */
  isWaiting = true;
  /** Neighbours in a Line; for the line alone. */
  previous: Ticket | undefined;
  next: Ticket | undefined;

  readonly #owner: TicketOwner<Ticket>;
  readonly #handler: Granted<unknown, unknown>;
  readonly #argument: unknown;

  constructor(owner: TicketOwner<never>, handler: Granted, argument: unknown) {
    this.#owner = owner as TicketOwner<Ticket>;
    this.#handler = handler as Granted<unknown, unknown>;
    this.#argument = argument;
  }

  /** Gives the request up: its handler is never called. False if it has been called, or the ticket was withdrawn before. */
  withdraw(): boolean {
    if (!this.isWaiting) return false;
    this.isWaiting = false;
    this.#owner.drop(this);
    return true;
  }

  /** Calls the handler; for the resource alone, which has taken the ticket out of its line. */
  grant(item?: unknown): void {
    this.isWaiting = false;
    this.#handler(this.#argument, item);
  }
}
