import { Bottom } from "./bottom.ts";
import type { EventList } from "./event-list.ts";
import { isModelsOrder, type EventStore } from "./event-store.ts";
import { Lane } from "./lane.ts";
import type { Ns } from "./time.ts";

/** Among so few events of a bucket the earliest is looked for; of more, the bucket is sorted. */
const LOOKED_THROUGH = 4;
/** A bucket with more events than this is spread over a rung of its own instead of being sorted. */
const SORTED_AT_ONCE = 50;
/** From this size on, at each power of two, the overflow heap is spread over a rung. */
const SPREAD_HEAP = 1024;
const MAX_RUNGS = 8;
/**
 * The first rung reaches beyond its latest event by this share of its span, so that events that come while it is drained
 * find their bucket at once instead of waiting in the top.
 */
const REACH = 1;

/** Positions in the store: -1 in a list, in the bottom's heap below this, then in its array, then in the lane. */
const BOTTOM = 2 ** 24;
const LANE = 2 ** 27;

/**
 * The slot that is nobody's, which ends every list (EventStore). A constant of this file, because one that is imported
 * costs a load and checks at every use.
 */
const NONE = 0;

/** A record of the store takes 2^2 doubles, of which the first is the time. */
const RECORD = 2;

/** The list of events later than everything in the rungs, kept where rungs keep their buckets. */
const TOP = 0;

// What is known of a rung: doubles, for they are compared with doubles.
const RUNG = 8;
const START = 0;
/** Buckets per nanosecond. */
const SCALE = 1;
/** The lists of its first bucket, of the first bucket not taken yet, and of its last bucket. */
const FIRST = 2;
const CURRENT = 3;
const LAST = 4;

/**
 * A ladder queue with an overflow heap: constant time per event where a heap takes a logarithm, and never worse than
 * the heap.
 *
 * Events later than the `frontier` wait unsorted in the top list. When all else has run, the top is spread by time over
 * the buckets of a rung. The next event is the earliest of the next bucket that is not empty; a bucket of many is first
 * sorted into the bottom, or spread over a finer rung if it is large. Events that arrive for an instant whose bucket is
 * taken already are inserted into the bottom from its end, or, far from the end, into a 4-ary heap that is compared at
 * each pop. Events for the instant that is running go to a first-in first-out lane.
 *
 * The order is exact because every step from time to bucket is a non-decreasing function of the time: an event in a
 * finer rung, the bottom or the heap is strictly earlier than all events of coarser rungs and of the top. Equal times
 * therefore always meet in one bucket, the bottom, the heap or the lane, where (class, sequence) is compared.
 *
 * Source: Tang, Goh and Thng, "Ladder queue", ACM TOMACS 15 (2005); the overflow heap bounds its quadratic burst.
 */
export class LadderQueue implements EventList {
  readonly #store: EventStore;
  readonly #bottom: Bottom;
  readonly #lane: Lane;
  /** Events in the bottom and the lane: they come before all others. */
  #near = 0;

  // Lists are doubly linked, so that a cancelled event leaves at once; the `previous` of a list's first event is the
  // list's own complement.
  /** The first event of each list: the top, then the buckets of all rungs one after another. */
  #lists = new Int32Array(1024);
  /** A bit for each list, set if it is not empty: the next bucket is found 32 at a time. */
  #occupied = new Int32Array(32);
  /** Later events are in the top; earlier and equal ones in rungs, bottom, heap or lane. */
  #frontier: Ns = -1;

  #rungCount = 0;
  readonly #rungs = new Float64Array(MAX_RUNGS * RUNG);
  /** In `#occupied`, of the finest rung: no bucket before this word has an event, and none of the rung's is after `#end`. */
  #word = 0;
  #end = 0;

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
    const store = this.#store;
    const time = store.doubles[slot << RECORD];
    let list = TOP;
    if (time <= this.#frontier) {
      if (time === this.#instant) {
        // The lane takes what comes after all that it holds: the rule for events of the models' class. Nothing else of this
        // instant is in a list: who shared a bucket with an event of its own instant went to the bottom with it.
        const order = store.orderOf(slot);
        const lane = this.#lane;
        this.#near++;
        if (isModelsOrder(order) && (lane.count === 0 || order > lane.lastOrder)) lane.push(slot, order);
        else this.#bottom.push(slot);
        return;
      }
      const rungs = this.#rungs;
      const end = this.#rungCount * RUNG;
      let rung = 0;
      for (; ; rung += RUNG) {
        if (rung === end) {
          this.#near++;
          this.#bottom.push(slot);
          const { overflow } = this.#bottom;
          if (overflow >= SPREAD_HEAP && (overflow & (overflow - 1)) === 0 && end < RUNG * MAX_RUNGS) {
            this.#spreadBottom();
          }
          return;
        }
        const at = (time - rungs[rung | START]) * rungs[rung | SCALE] + rungs[rung | FIRST];
        // Compared before rounding, because far from the rung it exceeds 32 bits.
        if (at >= rungs[rung | CURRENT]) {
          const last = rungs[rung | LAST];
          list = (at < last ? at : last) | 0;
          break;
        }
      }
    }
    const lists = this.#lists;
    const first = lists[list];
    store.setNext(slot, first);
    store.setPrevious(slot, ~list);
    store.setPrevious(first, slot);
    lists[list] = slot;
    this.#occupied[list >>> 5] |= 1 << list;
  }

  popBefore(before: Ns): number {
    const store = this.#store;
    const times = store.doubles;
    for (;;) {
      if (this.#near > 0) {
        const near = this.#lane.count > 0 ? this.#popBesideLane(before) : this.#bottom.popBefore(before);
        if (near < 0) return -1;
        this.#near--;
        this.#instant = times[near << RECORD];
        return near;
      }
      const occupied = this.#occupied;
      let word = 0;
      let list = TOP;
      if (this.#rungCount > 0) {
        word = this.#word;
        let bits = occupied[word];
        while (bits === 0 && word < this.#end) bits = occupied[++word];
        if (bits === 0) {
          this.#dropRung();
          continue;
        }
        list = (word << 5) | (31 - Math.clz32(bits & -bits));
      }
      const lists = this.#lists;
      let slot = lists[list];
      const time = times[slot << RECORD];
      const second = store.nextOf(slot);
      // Nobody's time is infinite and nobody's next is nobody: so one or two events take the same way, without a branch that
      // asks how many they are, which no processor can predict.
      if (time < times[second << RECORD] && store.nextOf(second) === NONE) {
        if (time >= before) return -1;
        lists[list] = second;
        store.setPrevious(second, ~list);
        occupied[word] &= ~(isNone(second) << list);
      } else {
        if (slot === NONE) return -1;
        slot = this.#takeEarliest(list, before);
        if (slot === NONE) continue;
        if (slot < 0) return -1;
      }
      this.#word = word;
      this.#instant = times[slot << RECORD];
      if (list === TOP) this.#frontier = this.#instant;
      return slot;
    }
  }

  remove(slot: number): void {
    const position = this.#store.positionOf(slot);
    if (position < 0) {
      this.#unlink(slot);
      return;
    }
    this.#near--;
    if (position < LANE) this.#bottom.remove(slot, position);
    else this.#lane.remove(slot, position);
  }

  slots(): number[] {
    const found = [...this.#bottom.slots(), ...this.#lane.slots()];
    const last = this.#rungCount === 0 ? TOP : this.#rungs[(this.#rungCount - 1) * RUNG + LAST];
    for (let list = TOP; list <= last; list++) {
      for (let slot = this.#lists[list]; slot !== NONE; slot = this.#store.nextOf(slot)) found.push(slot);
    }
    return this.#store.sorted(found);
  }

  // Lists

  #link(list: number, slot: number): void {
    const first = this.#lists[list];
    this.#store.setNext(slot, first);
    this.#store.setPrevious(slot, ~list);
    this.#store.setPrevious(first, slot);
    this.#lists[list] = slot;
    this.#occupied[list >>> 5] |= 1 << list;
  }

  #unlink(slot: number): void {
    const next = this.#store.nextOf(slot);
    const previous = this.#store.previousOf(slot);
    this.#store.setPrevious(next, previous);
    if (previous >= 0) this.#store.setNext(previous, next);
    else {
      const list = ~previous;
      this.#lists[list] = next;
      if (next === NONE) this.#occupied[list >>> 5] &= ~(1 << list);
    }
  }

  /**
   * Takes the earliest event of a list of several; -1 if it is not due before `before`. Where they are many, or some of
   * them are of one instant, they go to the bottom or to a finer rung instead, and the answer is nobody.
   */
  #takeEarliest(list: number, before: Ns): number {
    const store = this.#store;
    const times = store.doubles;
    let earliest = this.#lists[list];
    let others = 0;
    for (let slot = store.nextOf(earliest); slot !== NONE; slot = store.nextOf(slot)) {
      const difference = times[slot << RECORD] - times[earliest << RECORD];
      if (++others === LOOKED_THROUGH || difference === 0) {
        this.#open(list);
        return NONE;
      }
      if (difference < 0) earliest = slot;
    }
    if (times[earliest << RECORD] >= before) return -1;
    this.#unlink(earliest);
    return earliest;
  }

  /** Brings the events of the next list into the empty bottom, or spreads them over a finer rung. */
  #open(list: number): void {
    let count = 0;
    for (let slot = this.#lists[list]; slot !== NONE; slot = this.#store.nextOf(slot)) {
      if (count === this.#scratch.length) this.#scratch = doubled(this.#scratch);
      this.#scratch[count++] = slot;
    }
    this.#lists[list] = NONE;
    this.#occupied[list >>> 5] &= ~(1 << list);
    if (list === TOP) {
      this.#spread(count, REACH);
      return;
    }
    const rung = (this.#rungCount - 1) * RUNG;
    if (list < this.#rungs[rung | LAST]) {
      this.#rungs[rung | CURRENT] = list + 1;
      this.#word = list >>> 5;
    } else this.#dropRung();
    // With no rung left nothing lies between these events and the top, and a rung of their own says where it begins.
    if (count > SORTED_AT_ONCE || this.#rungCount === 0) this.#spread(count, 0);
    else this.#fillBottom(count);
  }

  // Rungs

  /**
   * Spreads the scratch array over a finer rung that reaches beyond them by a share of their span; or, if they cannot be
   * split, brings them into the bottom.
   */
  #spread(count: number, reach: number): void {
    const times = this.#store.doubles;
    const scratch = this.#scratch;
    let min = Infinity;
    let max = -Infinity;
    for (let i = 0; i < count; i++) {
      const time = times[scratch[i] << RECORD];
      if (time < min) min = time;
      if (time > max) max = time;
    }
    const span = (max - min) * (1 + reach);
    if (this.#rungCount === 0) this.#frontier = min + span;
    if (min === max || this.#rungCount === MAX_RUNGS) {
      this.#fillBottom(count);
      return;
    }
    const rungs = this.#rungs;
    const rung = this.#rungCount++ * RUNG;
    // At the beginning of a word, so that no word holds bits of two rungs.
    const first = rung === 0 ? 32 : ((rungs[rung - RUNG + LAST] >>> 5) + 1) << 5;
    const wanted = count * bucketsPerEvent(count);
    const buckets = span < wanted ? span + 1 : wanted;
    while (first + buckets > this.#lists.length) {
      this.#lists = doubled(this.#lists);
      this.#occupied = doubled(this.#occupied);
    }
    const scale = buckets / span;
    const last = first + buckets - 1;
    rungs[rung | START] = min;
    rungs[rung | SCALE] = scale;
    rungs[rung | FIRST] = first;
    rungs[rung | CURRENT] = first;
    rungs[rung | LAST] = last;
    this.#enterRung();
    // Oldest first, so that ties stay in the order of their arrival and sort at once.
    for (let i = count - 1; i >= 0; i--) {
      const slot = scratch[i];
      const at = (times[slot << RECORD] - min) * scale + first;
      this.#link((at < last ? at : last) | 0, slot);
    }
  }

  /** Forgets the finest rung, whose buckets have all been taken. */
  #dropRung(): void {
    this.#rungCount--;
    if (this.#rungCount === 0) this.#frontier = this.#instant;
    else this.#enterRung();
  }

  #enterRung(): void {
    const rung = (this.#rungCount - 1) * RUNG;
    this.#word = this.#rungs[rung | CURRENT] >>> 5;
    this.#end = this.#rungs[rung | LAST] >>> 5;
  }

  // Bottom and lane

  #fillBottom(count: number): void {
    this.#near += count;
    this.#bottom.fill(this.#scratch, count);
  }

  /** Spreads the bottom over a new finest rung: what is in it is earlier than the rest of every rung. */
  #spreadBottom(): void {
    const store = this.#store;
    const slots = store.sorted(this.#bottom.takeAll());
    this.#near -= slots.length;
    while (this.#scratch.length < slots.length) this.#scratch = doubled(this.#scratch);
    // The running instant stays in the bottom: events that arrive for it are compared with the bottom alone.
    let count = 0;
    for (const slot of slots.toReversed()) if (store.timeOf(slot) !== this.#instant) this.#scratch[count++] = slot;
    if (count > 0) this.#spread(count, 0);
    for (const slot of slots) {
      if (store.timeOf(slot) !== this.#instant) continue;
      this.#bottom.push(slot);
      this.#near++;
    }
  }

  #popBesideLane(before: Ns): number {
    if (this.#instant >= before) return -1;
    const store = this.#store;
    const other = this.#bottom.first();
    if (other >= 0 && store.timeOf(other) === this.#instant && store.orderOf(other) < store.orderOf(this.#lane.first)) {
      return this.#bottom.popBefore(before);
    }
    return this.#lane.shift();
  }
}

/**
 * Buckets for each event of a rung: so many that most events are alone in theirs, because comparing random times costs a
 * branch that no processor can predict; but of many events not so many that the buckets outgrow its caches.
 */
function bucketsPerEvent(count: number): number {
  if (count <= 2000) return 32;
  return count <= 20_000 ? 16 : 4;
}

/** 1 for nobody, 0 for a slot: without a branch. */
function isNone(slot: number): number {
  return (slot - 1) >>> 31;
}

/** A copy of twice the length. */
function doubled(old: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length * 2);
  larger.set(old);
  return larger;
}
