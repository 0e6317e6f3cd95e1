import type { Waiter } from "./waitable.ts";

/** One who stands in a line. */
interface Place {
  readonly line: Line;
  readonly waiter: Waiter;
  readonly rank: number;
  next: Place | undefined;
  previous: Place | undefined;
}

/**
 * Waiters in the order of (rank, arrival), smaller ranks first. Entering behind all of equal or smaller rank, leaving and
 * being served take constant time; overtaking costs the number of those overtaken.
 */
export class Line {
  length = 0;
  #first: Place | undefined = undefined;
  #last: Place | undefined = undefined;

  /** Gets in line; the place is kept in the waiter. */
  enter(waiter: Waiter, rank: number): void {
    let previous = this.#last;
    while (previous !== undefined && previous.rank > rank) previous = previous.previous;
    const next = previous === undefined ? this.#first : previous.next;
    const place: Place = { line: this, waiter, rank, next, previous };
    if (previous === undefined) this.#first = place;
    else previous.next = place;
    if (next === undefined) this.#last = place;
    else next.previous = place;
    waiter.place = place;
    this.length++;
  }

  /** Leaves the line; no-op for one who is not in it. */
  leave(waiter: Waiter): void {
    const place = waiter.place as Place | undefined;
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
}
