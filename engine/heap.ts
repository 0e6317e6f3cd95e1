import type { EventList } from "./event-list.ts";
import type { EventStore } from "./event-store.ts";
import type { Ns } from "./time.ts";

/**
 * A 4-ary heap in typed arrays. Each heap entry holds the slot beside a copy of its time, so that most comparisons read
 * one array; the order is read on equal times alone. Cancelled events leave at once (their position is known).
 */
export class FourAryHeap implements EventList {
  readonly #store: EventStore;
  #times = new Float64Array(1024);
  #slots = new Int32Array(1024);
  size = 0;

  constructor(store: EventStore) {
    this.#store = store;
  }

  push(slot: number): void {
    if (this.size === this.#slots.length) this.#grow();
    this.#siftUp(this.size++, slot, this.#store.timeOf(slot));
  }

  popBefore(before: Ns): number {
    if (this.size === 0 || this.#times[0] >= before) return -1;
    const slot = this.#slots[0];
    const last = --this.size;
    if (last > 0) this.#siftDown(0, this.#slots[last], this.#times[last]);
    this.#store.setPosition(slot, -1);
    return slot;
  }

  remove(slot: number): void {
    const position = this.#store.positionOf(slot);
    const last = --this.size;
    this.#store.setPosition(slot, -1);
    if (position === last) return;
    const moved = this.#slots[last];
    const time = this.#times[last];
    if (position > 0 && this.#before(time, moved, (position - 1) >> 2)) this.#siftUp(position, moved, time);
    else this.#siftDown(position, moved, time);
  }

  /** The slot of the earliest event; there must be one. */
  first(): number {
    return this.#slots[0];
  }

  /** Forgets all entries, without touching their positions in the store. */
  clear(): void {
    this.size = 0;
  }

  slots(): number[] {
    return this.#store.sorted(Array.from(this.#slots.subarray(0, this.size)));
  }

  /** Whether (time, slot) comes before the entry at `position`. */
  #before(time: Ns, slot: number, position: number): boolean {
    const other = this.#times[position];
    if (time !== other) return time < other;
    return this.#store.orderOf(slot) < this.#store.orderOf(this.#slots[position]);
  }

  #siftUp(position: number, slot: number, time: Ns): void {
    const times = this.#times;
    const slots = this.#slots;
    const store = this.#store;
    while (position > 0) {
      const parent = (position - 1) >> 2;
      const parentTime = times[parent];
      const parentSlot = slots[parent];
      if (time > parentTime || (time === parentTime && store.orderOf(slot) > store.orderOf(parentSlot))) break;
      times[position] = parentTime;
      slots[position] = parentSlot;
      store.setPosition(parentSlot, position);
      position = parent;
    }
    times[position] = time;
    slots[position] = slot;
    store.setPosition(slot, position);
  }

  #siftDown(position: number, slot: number, time: Ns): void {
    const times = this.#times;
    const slots = this.#slots;
    const size = this.size;
    const store = this.#store;
    for (;;) {
      const first = position * 4 + 1;
      if (first >= size) break;
      const end = first + 4 < size ? first + 4 : size;
      let least = first;
      let leastTime = times[first];
      for (let child = first + 1; child < end; child++) {
        const childTime = times[child];
        if (
          childTime < leastTime ||
          (childTime === leastTime && store.orderOf(slots[child]) < store.orderOf(slots[least]))
        ) {
          least = child;
          leastTime = childTime;
        }
      }
      const leastSlot = slots[least];
      if (time < leastTime || (time === leastTime && store.orderOf(slot) < store.orderOf(leastSlot))) break;
      times[position] = leastTime;
      slots[position] = leastSlot;
      store.setPosition(leastSlot, position);
      position = least;
    }
    times[position] = time;
    slots[position] = slot;
    store.setPosition(slot, position);
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const slots = new Int32Array(this.#slots.length * 2);
    slots.set(this.#slots);
    this.#slots = slots;
  }
}
