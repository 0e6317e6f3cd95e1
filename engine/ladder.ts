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

  // `push` and `popBefore` are long on purpose: so long that the compiler does not inline them, which leaves it room to
  // inline `schedule` into handlers, where the handle then needs no allocation. A test holds that (bench/README.md).

  push(slot: number): void {
    const time = this.#store.times[slot];
    const node = slot + 1;
    this.size++;
    while (node >= this.#next.length) {
      this.#next = doubled(this.#next);
      this.#previous = doubled(this.#previous);
    }
    let list = TOP;
    if (time <= this.#frontier) {
      if (time === this.#instant) {
        // The lane takes what comes after all that it holds: the rule for events of the models' class. Nothing else of this
        // instant is in a list, because its buckets are taken.
        const order = this.#store.orders[slot];
        const lane = this.#lane;
        if (isModelsOrder(order) && (lane.count === 0 || order > lane.lastOrder)) {
          lane.push(slot, order);
          return;
        }
      }
      let rung = 0;
      for (; ; rung++) {
        if (rung === this.#rungs) {
          this.#bottom.push(slot);
          const { overflow } = this.#bottom;
          if (overflow >= SPREAD_HEAP && (overflow & (overflow - 1)) === 0 && this.#rungs < MAX_RUNGS) {
            this.#spreadBottom();
          }
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
    // While the bottom is empty: take the next bucket, and what is alone in it at once.
    while (this.#bottom.isEmpty) {
      const occupied = this.#occupied;
      const rung = this.#rungs - 1;
      let list = TOP;
      if (rung < 0) {
        if (this.#lists[TOP] === 0) return -1;
      } else {
        const firstList = this.#firstLists[rung];
        const end = firstList + this.#counts[rung];
        list = firstList + this.#currents[rung];
        let word = list >>> 5;
        let bits = occupied[word] & (-1 << list);
        while (bits === 0 && ++word << 5 < end) bits = occupied[word];
        list = (word << 5) + 31 - Math.clz32(bits & -bits);
        // An exhausted rung is dropped, before or with its last bucket.
        if (bits === 0 || list + 1 >= end) this.#rungs = rung;
        if (bits === 0 || list >= end) continue;
        if (list + 1 < end) this.#currents[rung] = list + 1 - firstList;
      }
      const node = this.#lists[list];
      if (this.#next[node] !== 0) {
        this.#fillBottom(list);
        continue;
      }
      this.#lists[list] = 0;
      occupied[list >>> 5] &= ~(1 << list);
      const slot = node - 1;
      const time = this.#store.times[slot];
      if (this.#rungs === 0) this.#frontier = time;
      if (time >= before) this.#bottom.push(slot);
      else {
        this.#instant = time;
        this.size--;
        return slot;
      }
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
    if (this.#bottom.isEmpty) this.popBefore(-1);
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
    this.#lists[list] = 0;
    this.#occupied[list >>> 5] &= ~(1 << list);
    return count;
  }

  // Rungs

  /** Brings the events of a list into the empty bottom, or spreads them over a finer rung. */
  #fillBottom(list: number): void {
    const count = this.#collect(list);
    if (count > SORTED_AT_ONCE) this.#spread(count);
    else {
      const latest = this.#bottom.fillFew(this.#scratch, count);
      if (this.#rungs === 0) this.#frontier = this.#store.times[latest];
    }
  }

  /** Spreads the scratch array over a finer rung; or, if it cannot be split, brings it into the bottom. */
  #spread(count: number): void {
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
    if (min === max || this.#rungs === MAX_RUNGS) {
      this.#bottom.fill(scratch, count);
      return;
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
  }

  // Bottom and lane

  /** Spreads the bottom over a new finest rung: what is in it is earlier than the rest of every rung. */
  #spreadBottom(): void {
    const { times } = this.#store;
    const slots = this.#sorted(this.#bottom.takeAll());
    while (this.#scratch.length < slots.length) this.#scratch = doubled(this.#scratch);
    // The running instant stays in the bottom: events that arrive for it are compared with the bottom alone.
    let count = 0;
    for (const slot of slots.toReversed()) if (times[slot] !== this.#instant) this.#scratch[count++] = slot;
    if (count > 0) this.#spread(count);
    for (const slot of slots) if (times[slot] === this.#instant) this.#bottom.push(slot);
  }

  #popBottom(before: Ns): number {
    const slot = this.#bottom.popBefore(before);
    if (slot < 0) return -1;
    this.#instant = this.#store.times[slot];
    this.size--;
    return slot;
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
