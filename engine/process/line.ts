import type { Waiter } from "./waitable.ts";

/**
 * Waiters in the order of (rank, arrival), smaller ranks first. Entering behind all of equal or smaller rank, leaving and
 * being served take constant time; overtaking costs the number of those overtaken.
 *
 * A ring instead of a chain, so that nothing is allocated for one who waits. Places are counted from the first that was
 * ever taken; a waiter keeps the number of his, and leaves it empty when he leaves.
 */
export class Line {
  length = 0;
  private waiters: Array<Waiter | undefined> = Array.from({ length: 16 });
  private ranks = new Float64Array(16);
  /** The first place, empty only if the line is, and the one behind the last. */
  private head = 0;
  private tail = 0;

  /** Gets in line. */
  enter(waiter: Waiter, rank: number): void {
    if (this.tail - this.head === this.waiters.length) this.makeRoom();
    const mask = this.waiters.length - 1;
    const last = this.tail++;
    const place = last > this.head && this.ranks[(last - 1) & mask] > rank ? this.overtake(last, rank) : last;
    this.waiters[place & mask] = waiter;
    this.ranks[place & mask] = rank;
    waiter.place = place;
    this.length++;
  }

  /** Leaves the line; no-op for one who is not in it. */
  leave(waiter: Waiter): void {
    const index = (waiter.place as number) & (this.waiters.length - 1);
    if (this.waiters[index] !== waiter) return;
    this.waiters[index] = undefined;
    this.length--;
    this.skipEmpty();
  }

  /** Takes the first out of the line. */
  shift(): Waiter | undefined {
    const index = this.head & (this.waiters.length - 1);
    const waiter = this.waiters[index];
    if (waiter === undefined) return undefined;
    this.waiters[index] = undefined;
    this.length--;
    this.skipEmpty();
    return waiter;
  }

  private skipEmpty(): void {
    if (this.length === 0) this.head = this.tail;
    else while (this.waiters[this.head & (this.waiters.length - 1)] === undefined) this.head++;
  }

  /** Moves everybody of a larger rank one place back, from the last place on; the place that becomes free. */
  private overtake(last: number, rank: number): number {
    const { waiters, ranks } = this;
    const mask = waiters.length - 1;
    let place = last;
    for (; place > this.head && ranks[(place - 1) & mask] > rank; place--) {
      const other = waiters[(place - 1) & mask];
      waiters[place & mask] = other;
      ranks[place & mask] = ranks[(place - 1) & mask];
      if (other !== undefined) other.place = place;
    }
    return place;
  }

  /** Closes up, in a ring of twice the length if more than half of the places are taken. */
  private makeRoom(): void {
    const { waiters, ranks } = this;
    const length = waiters.length * (this.length * 2 > waiters.length ? 2 : 1);
    this.waiters = Array.from({ length });
    this.ranks = new Float64Array(length);
    let count = 0;
    for (let place = this.head; place < this.tail; place++) {
      const waiter = waiters[place & (waiters.length - 1)];
      if (waiter === undefined) continue;
      this.waiters[count] = waiter;
      this.ranks[count] = ranks[place & (waiters.length - 1)];
      waiter.place = count++;
    }
    this.head = 0;
    this.tail = count;
  }
}
