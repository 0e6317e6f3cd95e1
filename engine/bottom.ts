import type { EventStore } from "./event-store.ts";
import { FourAryHeap } from "./heap.ts";
import type { Ns } from "./time.ts";

/** How far from the end an event is inserted; beyond that the overflow heap takes it. */
const INSERTION_REACH = 64;

/**
 * The events that are due next: a sorted array that is drained from its head, and a 4-ary heap for what would have to be
 * inserted too far from the array's end. -1 stands in the array where an event was cancelled, never at either end.
 */
export class Bottom {
  readonly #store: EventStore;
  /** Added to an index where the store keeps a slot's position; the heap keeps smaller positions. */
  readonly #base: number;
  readonly #heap: FourAryHeap;
  #times = new Float64Array(1024);
  #slots = new Int32Array(1024);
  #head = 0;
  #end = 0;

  constructor(store: EventStore, base: number) {
    this.#store = store;
    this.#base = base;
    this.#heap = new FourAryHeap(store);
  }

  /** Events in the heap, if it holds more than the array; otherwise 0. */
  get overflow(): number {
    const { size } = this.#heap;
    return size > this.#end - this.#head ? size : 0;
  }

  /** The slot of the earliest event, -1 if there is none. */
  first(): number {
    if (this.#heap.size === 0) return this.#head === this.#end ? -1 : this.#slots[this.#head];
    if (this.#head === this.#end) return this.#heap.first();
    const slot = this.#slots[this.#head];
    const other = this.#heap.first();
    return this.#store.compare(slot, other) < 0 ? slot : other;
  }

  /** Takes the earliest event if it is due before `before`; otherwise -1. */
  popBefore(before: Ns): number {
    if (this.#heap.size > 0) return this.#popBesideHeap(before);
    if (this.#head === this.#end || this.#times[this.#head] >= before) return -1;
    return this.#takeHead();
  }

  push(slot: number): void {
    let i = this.#insert(slot);
    if (i < 0) {
      this.#heap.push(slot);
      return;
    }
    for (; i < this.#end; i++) this.#place(i);
  }

  /** Takes an event out by its position in the store. */
  remove(slot: number, position: number): void {
    if (position < this.#base) {
      this.#heap.remove(slot);
      return;
    }
    this.#store.setPosition(slot, -1);
    const index = position - this.#base;
    this.#slots[index] = -1;
    if (index === this.#head) this.#skipCancelled();
    else while (this.#slots[this.#end - 1] < 0) this.#end--;
  }

  /**
   * Sorts the first `count` slots of an array, latest come first, into the empty bottom: into the heap what is far from
   * its place.
   */
  fill(from: Int32Array, count: number): void {
    this.#head = 0;
    this.#end = 0;
    for (let i = count - 1; i >= 0; i--) if (this.#insert(from[i]) < 0) this.#heap.push(from[i]);
    for (let i = 0; i < this.#end; i++) this.#place(i);
  }

  /** Empties array and heap. */
  takeAll(): number[] {
    const slots = this.slots();
    for (const slot of slots) this.#store.setPosition(slot, -1);
    this.#heap.clear();
    this.#head = 0;
    this.#end = 0;
    return slots;
  }

  slots(): number[] {
    const found = this.#heap.slots();
    for (let i = this.#head; i < this.#end; i++) if (this.#slots[i] >= 0) found.push(this.#slots[i]);
    return found;
  }

  #popBesideHeap(before: Ns): number {
    const slot = this.first();
    if (this.#store.timeOf(slot) >= before) return -1;
    return this.#store.positionOf(slot) < this.#base ? this.#heap.popBefore(before) : this.#takeHead();
  }

  /** Takes the first event of the array. */
  #takeHead(): number {
    const slot = this.#slots[this.#head++];
    this.#store.setPosition(slot, -1);
    this.#skipCancelled();
    return slot;
  }

  /** Tells the store where the array keeps an event. */
  #place(index: number): void {
    if (this.#slots[index] >= 0) this.#store.setPosition(this.#slots[index], this.#base + index);
  }

  #skipCancelled(): void {
    while (this.#head < this.#end && this.#slots[this.#head] < 0) this.#head++;
  }

  /** Puts an event in its place in the array and gives its index; -1 if that place is too far from the end. */
  #insert(slot: number): number {
    if (this.#head === this.#end) {
      this.#head = 0;
      this.#end = 0;
    } else if (this.#end === this.#slots.length) this.#makeRoom();
    const times = this.#times;
    const slots = this.#slots;
    const store = this.#store;
    const time = store.timeOf(slot);
    const order = store.orderOf(slot);
    const reach = this.#end - INSERTION_REACH;
    if (reach > this.#head) {
      const other = slots[reach];
      // A cancelled entry has no order to compare; the heap is always right.
      if (times[reach] > time || (times[reach] === time && (other < 0 || store.orderOf(other) > order))) return -1;
    }
    let i = this.#end++;
    for (; i > this.#head; i--) {
      const otherTime = times[i - 1];
      const other = slots[i - 1];
      if (otherTime < time || (otherTime === time && other >= 0 && store.orderOf(other) < order)) break;
      times[i] = otherTime;
      slots[i] = other;
    }
    times[i] = time;
    slots[i] = slot;
    return i;
  }

  /** Moves the array's content to its start; if it is more than half full, of one twice as long. */
  #makeRoom(): void {
    const length = this.#end - this.#head;
    const capacity = this.#slots.length * (length > this.#slots.length / 2 ? 2 : 1);
    const times = new Float64Array(capacity);
    const slots = new Int32Array(capacity);
    times.set(this.#times.subarray(this.#head, this.#end));
    slots.set(this.#slots.subarray(this.#head, this.#end));
    this.#times = times;
    this.#slots = slots;
    this.#head = 0;
    this.#end = length;
    for (let i = 0; i < length; i++) this.#place(i);
  }
}
