import type { EventStore } from "./event-store.ts";

/**
 * Events of the running instant, first in, first out: a ring of slots in ascending order. -1 stands where an event was
 * cancelled, never at the head.
 */
export class Lane {
  readonly #store: EventStore;
  /** Added to an index where the store keeps a slot's position, to tell it from other places. */
  readonly #base: number;
  #ring = new Int32Array(64);
  #head = 0;
  /** The order of the event that came last. */
  lastOrder = 0;
  /** Places taken, those of cancelled events behind the head included. */
  count = 0;

  constructor(store: EventStore, base: number) {
    this.#store = store;
    this.#base = base;
  }

  /** The slot of the first event; there must be one. */
  get first(): number {
    return this.#ring[this.#head];
  }

  /** Takes an event that comes after all that are here. */
  push(slot: number, order: number): void {
    if (this.count === this.#ring.length) this.#grow();
    const index = (this.#head + this.count++) & (this.#ring.length - 1);
    this.#ring[index] = slot;
    this.lastOrder = order;
    this.#store.setPosition(slot, this.#base + index);
  }

  shift(): number {
    const slot = this.#ring[this.#head];
    this.#store.setPosition(slot, -1);
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.count--;
    this.#skipCancelled();
    return slot;
  }

  /** Takes an event out by its position in the store. */
  remove(slot: number, position: number): void {
    this.#store.setPosition(slot, -1);
    this.#ring[position - this.#base] = -1;
    this.#skipCancelled();
  }

  slots(): number[] {
    const found: number[] = [];
    for (let i = 0; i < this.count; i++) {
      const slot = this.#ring[(this.#head + i) & (this.#ring.length - 1)];
      if (slot >= 0) found.push(slot);
    }
    return found;
  }

  #skipCancelled(): void {
    while (this.count > 0 && this.#ring[this.#head] < 0) {
      this.#head = (this.#head + 1) & (this.#ring.length - 1);
      this.count--;
    }
  }

  #grow(): void {
    const length = this.#ring.length;
    const larger = new Int32Array(length * 2);
    for (let i = 0; i < length; i++) {
      const slot = this.#ring[(this.#head + i) & (length - 1)];
      larger[i] = slot;
      if (slot >= 0) this.#store.setPosition(slot, this.#base + i);
    }
    this.#ring = larger;
    this.#head = 0;
  }
}
