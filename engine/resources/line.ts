import type { Ticket } from "./ticket.ts";

/** Tickets in the order in which they came, as a linked list: any of them can leave in constant time. */
export class Line<K extends Ticket> {
  size = 0;
  #first: K | undefined;
  #last: K | undefined;

  /** The ticket that has waited longest. */
  get first(): K | undefined {
    return this.#first;
  }

  add(ticket: K): void {
    ticket.previous = this.#last;
    if (this.#last === undefined) this.#first = ticket;
    else this.#last.next = ticket;
    this.#last = ticket;
    this.size++;
  }

  /** Takes out a ticket, which must be in this line. */
  remove(ticket: K): void {
    const { previous, next } = ticket;
    if (previous === undefined) this.#first = next as K | undefined;
    else previous.next = next;
    if (next === undefined) this.#last = previous as K | undefined;
    else next.previous = previous;
    ticket.previous = undefined;
    ticket.next = undefined;
    this.size--;
  }
}
