import type { Waiter } from "./waitable.ts";

/** One who stands in a line. */
interface Place<O> {
  readonly line: Line<O>;
  readonly waiter: Waiter;
  readonly rank: number;
  /** What the waiter brings: an amount, an item. */
  readonly offer: O;
  next: Place<O> | undefined;
  previous: Place<O> | undefined;
}

/**
 * Waiters in the order of (rank, arrival), smaller ranks first. Entering behind all of equal or smaller rank, leaving and
 * being served take constant time; overtaking costs the number of those overtaken.
 */
export class Line<O = undefined> {
  length = 0;
  #first: Place<O> | undefined = undefined;
  #last: Place<O> | undefined = undefined;

  get first(): { readonly waiter: Waiter; readonly offer: O } | undefined {
    return this.#first;
  }

  /** Gets in line; the place is kept in the waiter. */
  enter(waiter: Waiter, rank: number, offer: O): void {
    let previous = this.#last;
    while (previous !== undefined && previous.rank > rank) previous = previous.previous;
    const next = previous === undefined ? this.#first : previous.next;
    const place: Place<O> = { line: this, waiter, rank, offer, next, previous };
    if (previous === undefined) this.#first = place;
    else previous.next = place;
    if (next === undefined) this.#last = place;
    else next.previous = place;
    waiter.place = place;
    this.length++;
  }

  /** Leaves the line; no-op for one who is not in it. */
  leave(waiter: Waiter): void {
    const place = waiter.place as Place<O> | undefined;
    if (place === undefined || place.line !== this) return;
    waiter.place = undefined;
    const { next, previous } = place;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    this.length--;
  }

  /** Takes the first out of the line. */
  shift(): Waiter | undefined {
    const waiter = this.#first?.waiter;
    if (waiter !== undefined) this.leave(waiter);
    return waiter;
  }

  /** All in line, from the first. */
  *[Symbol.iterator](): Generator<{ readonly waiter: Waiter; readonly offer: O }> {
    for (let place = this.#first; place !== undefined; place = place.next) yield place;
  }
}
