import type { Ns } from "./time.ts";

/** What an event does: a function of one argument, so that scheduling allocates no closure. */
export type Handler<T = never> = (argument: T) => void;

/**
 * Names one scheduled event: generation x 2^24 + slot, a plain number. Once its event has run or was cancelled, the
 * handle is stale and every use of it is a no-op.
 */
export type Handle = number;

/** A handle that never names an event. */
export const NO_EVENT: Handle = -1;

const SLOT_BITS = 24;
const MAX_PENDING = 2 ** SLOT_BITS;
const SLOT_MASK = MAX_PENDING - 1;
/** Generations wrap here, so that generation x 2^24 + slot stays an exact integer below 2^53. */
const GENERATIONS = 2 ** 29;

// Classes of events at the same instant, in the order in which they run. After the models comes what counts only if they
// did not do something at that instant, such as a limit of time; last come observers, which change nothing.
export const BEFORE_MODELS = -1;
export const MODELS = 0;
export const AFTER_MODELS = 1;
export const OBSERVERS = 2;
export type PriorityClass = typeof BEFORE_MODELS | typeof MODELS | typeof AFTER_MODELS | typeof OBSERVERS;

/** Sequence numbers stay below this, so that class x 2^50 + sequence orders by class first, exactly. */
const CLASS_STEP = 2 ** 50;

/** The class that an order belongs to. */
export function classOf(order: number): PriorityClass {
  return Math.floor(order / CLASS_STEP) as PriorityClass;
}

/** Whether an order belongs to the class of the models. */
export function isModelsOrder(order: number): boolean {
  return classOf(order) === MODELS;
}

/** No event: slot 0 is never given out, so that it can end every chain of slots. Its time is infinite, and its next itself. */
const NOBODY = 0;

// A record takes 32 bytes, so that all of an event lies in one line of the cache: two doubles, then four integers.
// Indices are shifted and or-ed together, for which the compiler needs no check of overflow.
const DOUBLES = 2;
const ORDER = 1;
const INTEGERS = 3;
const NEXT = 4;
const PREVIOUS = 5;
const POSITION = 6;
const GENERATION = 7;

/** What an event calls: its handler and then its argument, side by side. */
const CALL = 1;
const ARGUMENT = 1;

/**
 * The events themselves: a record of numbers for each slot, and beside it what the event calls. Event lists chain and
 * order slots and own nothing of an event; slot 0 is nobody, whose time is infinite and whose next is nobody.
 *
 * Numbers in typed arrays, because comparisons then touch no object and moving an event triggers no write barrier;
 * together in one record, because an event that has left the cache then comes back at one miss (bench/README.md has the
 * figures).
 */
export class EventStore {
  /** Events released so far, whether they ran or were cancelled. */
  released = 0;

  /**
   * Views of the records. Event lists may read times from `doubles` at `slot << 2` instead of by `timeOf`, which, where
   * the compiler finds a call too rare to inline, allocates the number it gives.
   */
  doubles: Float64Array;
  private integers: Int32Array;
  private calls: unknown[];
  /** The chain of slots that were released, by their `next`. */
  private free = NOBODY;
  /** Slots below this were given out at least once. */
  private used = NOBODY + 1;
  private sequence = 0;
  private renewed = 0;
  private readonly drawTie: (() => number) | undefined;
  /** Slots at most, that of nobody included: a power of two. */
  private readonly limit: number;

  /** With `drawTie`, a uniform draw decides among events of one instant and class, and the sequence among equal draws. */
  constructor(capacity = 1024, drawTie?: () => number, limit = MAX_PENDING) {
    this.drawTie = drawTie;
    this.limit = limit;
    this.doubles = new Float64Array(capacity << DOUBLES);
    this.integers = new Int32Array(this.doubles.buffer);
    this.calls = Array.from({ length: capacity << CALL });
    this.doubles[NOBODY] = Infinity;
  }

  /** Events stored now: those that took a sequence number when they came, less those that left. */
  get size(): number {
    return this.sequence - this.renewed - this.released;
  }

  /**
   * Takes a slot for an event and gives it the next sequence number; without a class it is the models'. Throws RangeError
   * at 2^24 - 1 pending events, and says what most of them do.
   */
  allocate(time: Ns, priority: PriorityClass | undefined, handler: Handler, argument: unknown): number {
    let slot = this.free;
    if (slot !== NOBODY) this.free = this.integers[(slot << INTEGERS) | NEXT];
    else slot = this.unused();
    this.doubles[slot << DOUBLES] = time;
    this.doubles[(slot << DOUBLES) | ORDER] = this.nextOrder(priority);
    this.calls[slot << CALL] = handler;
    this.calls[(slot << CALL) | ARGUMENT] = argument;
    return slot;
  }

  /** Gives an event that is already stored a new time and a new sequence number, as if scheduled now. */
  renew(slot: number, time: Ns): void {
    this.renewed++;
    const order = this.nextOrder(classOf(this.orderOf(slot)));
    this.doubles[slot << DOUBLES] = time;
    this.doubles[(slot << DOUBLES) | ORDER] = order;
  }

  /** Frees a slot: its handles become stale, and what it referred to can be collected. */
  release(slot: number): void {
    const integers = this.integers;
    const at = slot << INTEGERS;
    integers[at | GENERATION] = (integers[at | GENERATION] + 1) & (GENERATIONS - 1);
    integers[at | NEXT] = this.free;
    this.free = slot;
    this.calls[slot << CALL] = undefined;
    this.calls[(slot << CALL) | ARGUMENT] = undefined;
    this.released++;
  }

  handleOf(slot: number): Handle {
    return this.integers[(slot << INTEGERS) | GENERATION] * MAX_PENDING + slot;
  }

  /** The slot of a handle, or -1 if the handle is stale. */
  slotOf(handle: Handle): number {
    if (handle < 0) return -1;
    const slot = handle & SLOT_MASK;
    const generation = (handle - slot) / MAX_PENDING;
    return slot < this.used && this.integers[(slot << INTEGERS) | GENERATION] === generation ? slot : -1;
  }

  /** When the event is due. */
  timeOf(slot: number): Ns {
    return this.doubles[slot << DOUBLES];
  }

  /** The order among events of one instant: (class, sequence) folded into one exact number. */
  orderOf(slot: number): number {
    return this.doubles[(slot << DOUBLES) | ORDER];
  }

  handlerOf(slot: number): Handler {
    return this.calls[slot << CALL] as Handler;
  }

  argumentOf(slot: number): unknown {
    return this.calls[(slot << CALL) | ARGUMENT];
  }

  /** Below 0 if the event of slot `a` comes before that of slot `b`, otherwise above. */
  compare(a: number, b: number): number {
    return this.timeOf(a) - this.timeOf(b) || this.orderOf(a) - this.orderOf(b);
  }

  /** Slots in the order of their events. */
  sorted(slots: readonly number[]): number[] {
    return slots.toSorted((a, b) => this.compare(a, b));
  }

  // For the event list alone: where it keeps the slot.

  /** The neighbours in a chain of slots; what they mean is the list's affair. */
  nextOf(slot: number): number {
    return this.integers[(slot << INTEGERS) | NEXT];
  }

  setNext(slot: number, next: number): void {
    this.integers[(slot << INTEGERS) | NEXT] = next;
  }

  previousOf(slot: number): number {
    return this.integers[(slot << INTEGERS) | PREVIOUS];
  }

  setPrevious(slot: number, previous: number): void {
    this.integers[(slot << INTEGERS) | PREVIOUS] = previous;
  }

  /** The place in an array; -1 unless the list sets it, and set to -1 again by the list when the slot leaves it. */
  positionOf(slot: number): number {
    return this.integers[(slot << INTEGERS) | POSITION];
  }

  setPosition(slot: number, position: number): void {
    this.integers[(slot << INTEGERS) | POSITION] = position;
  }

  private nextOrder(priority: PriorityClass | undefined): number {
    if (priority === undefined && this.drawTie === undefined) return this.sequence++;
    return (priority ?? MODELS) * CLASS_STEP + (this.drawTie === undefined ? this.sequence++ : this.shuffled());
  }

  /** 20 bits of a draw above 30 bits of the sequence: below 2^50, and never equal among pending events. */
  private shuffled(): number {
    const draw = Math.floor((this.drawTie?.() ?? 0) * 2 ** 20);
    return draw * 2 ** 30 + (this.sequence++ % 2 ** 30);
  }

  private unused(): number {
    const slot = this.used;
    if (slot << DOUBLES === this.doubles.length) this.grow();
    this.setPosition(slot, -1);
    this.used++;
    return slot;
  }

  private grow(): void {
    const { length } = this.doubles;
    if (length === this.limit << DOUBLES) this.refuse();
    const doubles = new Float64Array(length * 2);
    this.integers = new Int32Array(doubles.buffer);
    this.integers.set(new Int32Array(this.doubles.buffer));
    this.doubles = doubles;
  }

  private refuse(): never {
    const counts = new Map<string, number>();
    for (let slot = NOBODY + 1; slot < this.used; slot++) {
      const { name } = this.handlerOf(slot);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    let [most, count] = ["", 0];
    for (const [name, times] of counts) if (times > count) [most, count] = [name, times];
    throw new RangeError(`more than ${this.limit - 1} pending events; most of them, ${count}, are to run ${most}`);
  }
}
