import { Bottom } from "./bottom.ts";
import type { EventList } from "./event-list.ts";
import { isModelsOrder, type EventStore } from "./event-store.ts";
import { Lane } from "./lane.ts";
import type { Ns } from "./time.ts";

/** A bucket with more events than this is spread over a rung of its own instead of being sorted. */
const SORTED_AT_ONCE = 50;
/** From this size on, at each power of two, the overflow heap is spread over a rung. */
const SPREAD_HEAP = 1024;
const MAX_RUNGS = 8;
/**
 * Buckets for each event of a rung: so many that most events are alone in theirs and need no sorting, which costs a
 * branch that no processor can predict; but of many events not so many that the buckets outgrow the cache.
 */
const FEW = 20_000;
const BUCKETS_PER_EVENT_OF_FEW = 16;
const BUCKETS_PER_EVENT = 4;

/** Positions in the store: -1 in a list, in the bottom's heap below this, then in its array, then in the lane. */
const BOTTOM = 2 ** 24;
const LANE = 2 ** 27;

/** The list of events later than everything in the rungs, kept where rungs keep their buckets. */
const TOP = 0;

/**
 * A ladder queue with an overflow heap: constant time per event where a heap takes a logarithm, and never worse than
 * the heap.
 *
 * Events later than the `frontier` wait unsorted in the top list. When all else has run, the top is spread by time over
 * the buckets of a rung; the next bucket is sorted into the bottom, or spread over a finer rung if it is large. Events
 * that arrive for an instant whose bucket is taken already are inserted into the bottom from its end, or, far from the
 * end, into a 4-ary heap that is compared at each pop. Events for the instant that is running go to a first-in
 * first-out lane.
 *
 * The order is exact because every step from time to bucket is a non-decreasing function of the time: an event in a
 * finer rung, the bottom or the heap is strictly earlier than all events of coarser rungs and of the top. Equal times
 * therefore always meet in the bottom, the heap or the lane, where (class, sequence) is compared.
 *
 * Source: Tang, Goh and Thng, "Ladder queue", ACM TOMACS 15 (2005); the overflow heap bounds its quadratic burst.
 */
export class LadderQueue implements EventList {
  readonly #store: EventStore;
  readonly #bottom: Bottom;
  readonly #lane: Lane;
  size = 0;

  // Lists of events, doubly linked so that a cancelled one leaves at once. An event is named by its slot + 1, and 0 is
  // nobody: so the links of nobody can be written like any other, which saves a branch that no processor can predict.
  #next = new Int32Array(1025);
  #previous = new Int32Array(1025);
  /** The first of each list, 0 when empty: the top, then the buckets of all rungs one after another. */
  #lists = new Int32Array(1024);
  /** A bit for each list, set if it is not empty: the next bucket is found 32 at a time. */
  #occupied = new Int32Array(32);
  /** Later events are in the top; earlier and equal ones in rungs, bottom, heap or lane. */
  #frontier: Ns = -1;

  #rungs = 0;
  readonly #starts = new Float64Array(MAX_RUNGS);
  /** Buckets per nanosecond. */
  readonly #scales = new Float64Array(MAX_RUNGS);
  readonly #firstLists = new Int32Array(MAX_RUNGS);
  readonly #counts = new Int32Array(MAX_RUNGS);
  /** The first bucket not taken yet; below the rung's count, for an exhausted rung is dropped. */
  readonly #currents = new Int32Array(MAX_RUNGS);

  /** The time of the last event taken. */
  #instant: Ns = -1;

  /** Slots on their way from one list to the next stage. */
  #scratch = new Int32Array(1024);

  constructor(store: EventStore) {
    this.#store = store;
    this.#bottom = new Bottom(store, BOTTOM);
    this.#lane = new Lane(store, LANE);
  }

  // Long on purpose, with nothing called on the usual path: too large for the compiler to inline it, which leaves it room
  // to inline `schedule` into handlers, where the handle then needs no allocation.
  push(slot: number): void {
    const time = this.#store.times[slot];
    this.size++;
    const node = slot + 1;
    while (node >= this.#next.length) this.#growLinks();
    let list = TOP;
    if (time <= this.#frontier) {
      if (time === this.#instant && this.#pushLane(slot)) return;
      let rung = 0;
      for (; ; rung++) {
        if (rung === this.#rungs) {
          this.#pushBottom(slot);
          return;
        }
        const bucket = (time - this.#starts[rung]) * this.#scales[rung];
        // Compared before rounding, because far from the rung it exceeds 32 bits.
        if (bucket >= this.#currents[rung]) {
          const last = this.#counts[rung] - 1;
          list = this.#firstLists[rung] + (bucket < last ? bucket | 0 : last);
          break;
        }
      }
    }
    const lists = this.#lists;
    const first = lists[list];
    this.#next[node] = first;
    this.#previous[node] = 0;
    this.#previous[first] = node;
    lists[list] = node;
    this.#occupied[list >>> 5] |= 1 << list;
  }

  popBefore(before: Ns): number {
    if (this.#lane.count > 0) return this.#popBesideLane(before);
    if (this.#bottom.isEmpty) {
      const slot = this.#refill(before);
      if (slot >= 0) return slot;
    }
    return this.#popBottom(before);
  }

  remove(slot: number): void {
    const { positions, times } = this.#store;
    const position = positions[slot];
    this.size--;
    if (position < 0) this.#unlink(slot, times[slot]);
    else if (position < LANE) this.#bottom.remove(slot, position);
    else this.#lane.remove(position);
    positions[slot] = -1;
  }

  nextTime(): Ns {
    if (this.#lane.count > 0) return this.#instant;
    if (this.#bottom.isEmpty) this.#refill(-1);
    return this.#bottom.nextTime();
  }

  slots(): number[] {
    const found = [...this.#bottom.slots(), ...this.#lane.slots()];
    const lists = this.#rungs === 0 ? 1 : this.#firstLists[this.#rungs - 1] + this.#counts[this.#rungs - 1];
    for (let list = TOP; list < lists; list++) {
      for (let node = this.#lists[list]; node > 0; node = this.#next[node]) found.push(node - 1);
    }
    return this.#sorted(found);
  }

  // Lists

  /** The list that holds an instant: the same arithmetic as in `push`. */
  #listOf(time: Ns): number {
    if (time > this.#frontier) return TOP;
    let rung = 0;
    let bucket = (time - this.#starts[0]) * this.#scales[0];
    while (bucket < this.#currents[rung]) {
      rung++;
      bucket = (time - this.#starts[rung]) * this.#scales[rung];
    }
    const last = this.#counts[rung] - 1;
    return this.#firstLists[rung] + (bucket < last ? bucket | 0 : last);
  }

  #link(list: number, slot: number): void {
    const node = slot + 1;
    const first = this.#lists[list];
    this.#next[node] = first;
    this.#previous[node] = 0;
    this.#previous[first] = node;
    this.#lists[list] = node;
    this.#occupied[list >>> 5] |= 1 << list;
  }

  #unlink(slot: number, time: Ns): void {
    const next = this.#next[slot + 1];
    const previous = this.#previous[slot + 1];
    this.#previous[next] = previous;
    if (previous > 0) this.#next[previous] = next;
    else {
      const list = this.#listOf(time);
      this.#lists[list] = next;
      if (next === 0) this.#occupied[list >>> 5] &= ~(1 << list);
    }
  }

  /** Empties a list into the scratch array, newest first; how many there were. */
  #collect(list: number): number {
    let count = 0;
    for (let node = this.#lists[list]; node > 0; node = this.#next[node]) {
      if (count === this.#scratch.length) this.#scratch = doubled(this.#scratch);
      this.#scratch[count++] = node - 1;
    }
    this.#clear(list);
    return count;
  }

  #clear(list: number): void {
    this.#lists[list] = 0;
    this.#occupied[list >>> 5] &= ~(1 << list);
  }

  // Rungs

  /**
   * Brings the earliest events into the bottom, which is empty; or, if the earliest is alone in its bucket
   * and due before `before`, takes it and gives its slot. Otherwise -1.
   */
  #refill(before: Ns): number {
    for (;;) {
      let list = TOP;
      if (this.#rungs > 0) {
        list = this.#takeBucket();
        if (list < 0) continue;
      } else if (this.#lists[TOP] === 0) return -1;
      const node = this.#lists[list];
      if (this.#next[node] === 0) {
        this.#clear(list);
        return this.#takeSingle(node - 1, before);
      }
      const count = this.#collect(list);
      if (count <= SORTED_AT_ONCE) {
        const latest = this.#bottom.fillFew(this.#scratch, count);
        if (this.#rungs === 0) this.#frontier = this.#store.times[latest];
        return -1;
      }
      if (!this.#spread(count)) return -1;
    }
  }

  #takeSingle(slot: number, before: Ns): number {
    const time = this.#store.times[slot];
    if (this.#rungs === 0) this.#frontier = time;
    if (time < before) {
      this.#instant = time;
      this.size--;
      return slot;
    }
    this.#bottom.push(slot);
    return -1;
  }

  /** Moves the finest rung on to its next bucket with events and gives that list; -1, and drops the rung, if none is left. */
  #takeBucket(): number {
    const occupied = this.#occupied;
    const rung = this.#rungs - 1;
    const firstList = this.#firstLists[rung];
    const end = firstList + this.#counts[rung];
    let list = firstList + this.#currents[rung];
    let word = list >>> 5;
    let bits = occupied[word] & (-1 << list);
    while (bits === 0) {
      word++;
      if (word << 5 >= end) {
        this.#rungs = rung;
        return -1;
      }
      bits = occupied[word];
    }
    list = (word << 5) + 31 - Math.clz32(bits & -bits);
    if (list + 1 >= end) {
      this.#rungs = rung;
      return list < end ? list : -1;
    }
    this.#currents[rung] = list + 1 - firstList;
    return list;
  }

  /**
   * Spreads the scratch array over a finer rung; or, if it is small or cannot be split, brings it into the bottom and
   * gives false.
   */
  #spread(count: number): boolean {
    const { times } = this.#store;
    const scratch = this.#scratch;
    let min = Infinity;
    let max = -Infinity;
    for (let i = 0; i < count; i++) {
      const time = times[scratch[i]];
      if (time < min) min = time;
      if (time > max) max = time;
    }
    // With no rung left nothing lies between these events and the top.
    if (this.#rungs === 0) this.#frontier = max;
    if (count <= SORTED_AT_ONCE || min === max || this.#rungs === MAX_RUNGS) {
      this.#bottom.fill(scratch, count);
      return false;
    }
    const rung = this.#rungs++;
    const first = rung === 0 ? TOP + 1 : this.#firstLists[rung - 1] + this.#counts[rung - 1];
    const wanted = count * (count <= FEW ? BUCKETS_PER_EVENT_OF_FEW : BUCKETS_PER_EVENT);
    const buckets = max - min < wanted ? max - min + 1 : wanted;
    while (first + buckets > this.#lists.length) {
      this.#lists = doubled(this.#lists);
      this.#occupied = doubled(this.#occupied);
    }
    const scale = buckets / (max - min);
    this.#starts[rung] = min;
    this.#scales[rung] = scale;
    this.#firstLists[rung] = first;
    this.#counts[rung] = buckets;
    this.#currents[rung] = 0;
    // Oldest first, so that ties stay in the order of their arrival and sort at once.
    for (let i = count - 1; i >= 0; i--) {
      const slot = scratch[i];
      const bucket = (times[slot] - min) * scale;
      this.#link(first + (bucket < buckets - 1 ? bucket | 0 : buckets - 1), slot);
    }
    return true;
  }

  // Bottom and lane

  #pushBottom(slot: number): void {
    this.#bottom.push(slot);
    const overflow = this.#bottom.overflow;
    if (overflow < SPREAD_HEAP || (overflow & (overflow - 1)) !== 0 || this.#rungs === MAX_RUNGS) return;
    // What is in the bottom is earlier than the rest of every rung, so it may become a new finest one.
    const slots = this.#sorted(this.#bottom.takeAll());
    while (this.#scratch.length < slots.length) this.#scratch = doubled(this.#scratch);
    for (let i = 0; i < slots.length; i++) this.#scratch[i] = slots[slots.length - 1 - i];
    // The running instant must not stay in a list: events that arrive for it compare with the bottom alone.
    if (this.#spread(slots.length)) this.#refill(-1);
  }

  #popBottom(before: Ns): number {
    const slot = this.#bottom.popBefore(before);
    if (slot < 0) return -1;
    this.#instant = this.#store.times[slot];
    this.size--;
    return slot;
  }

  /**
   * The lane takes an event for the running instant if it comes after all that it holds, which is the rule for events of
   * the models' class. Sound because nothing else of this instant is in a list: its buckets are taken.
   */
  #pushLane(slot: number): boolean {
    return isModelsOrder(this.#store.orders[slot]) && this.#lane.push(slot);
  }

  #popBesideLane(before: Ns): number {
    if (this.#instant >= before) return -1;
    const { times, orders } = this.#store;
    const other = this.#bottom.first();
    if (other >= 0 && times[other] === this.#instant && orders[other] < orders[this.#lane.first]) {
      return this.#popBottom(before);
    }
    this.size--;
    return this.#lane.shift();
  }

  #growLinks(): void {
    this.#next = doubled(this.#next);
    this.#previous = doubled(this.#previous);
  }

  #sorted(slots: number[]): number[] {
    const { times, orders } = this.#store;
    return slots.toSorted((a, b) => times[a] - times[b] || orders[a] - orders[b]);
  }
}

/** A copy of at least twice the length. */
function doubled(old: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length * 2);
  larger.set(old);
  return larger;
}
