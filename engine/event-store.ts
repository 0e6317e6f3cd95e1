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
export const MAX_PENDING = 2 ** SLOT_BITS;
const SLOT_MASK = MAX_PENDING - 1;
/** Generations wrap here, so that generation x 2^24 + slot stays an exact integer below 2^53. */
const GENERATIONS = 2 ** 29;

/** Classes of events at the same instant, in the order in which they run. */
export const BEFORE_MODELS = -1;
export const MODELS = 0;
export const OBSERVERS = 1;
export type PriorityClass = typeof BEFORE_MODELS | typeof MODELS | typeof OBSERVERS;

/** Sequence numbers stay below this, so that class x 2^50 + sequence orders by class first, exactly. */
const CLASS_STEP = 2 ** 50;

/** The class that an order belongs to. */
export function classOf(order: number): PriorityClass {
  return order < 0 ? BEFORE_MODELS : order >= CLASS_STEP ? OBSERVERS : MODELS;
}

/** Whether an order belongs to the class of the models. */
export function isModelsOrder(order: number): boolean {
  return order >= 0 && order < CLASS_STEP;
}

/**
 * The events themselves, as parallel arrays indexed by slot; event lists order slots and own nothing else. Numbers in
 * typed arrays, because comparisons then touch no object and moving an event triggers no write barrier
 * (bench/README.md has the figures).
 */
export class EventStore {
  /** When the event is due. */
  times: Float64Array;
  /** Order among events of one instant: (class, sequence) folded into one exact number. */
  orders: Float64Array;
  generations: Int32Array;
  /** Where an event list keeps the slot; -1 while the slot is free or the event is running. */
  positions: Int32Array;
  handlers: Array<Handler | undefined>;
  arguments: unknown[];

  #free: Int32Array;
  #freeCount = 0;
  #used = 0;
  #sequence = 0;
  readonly #drawTie: (() => number) | undefined;

  /** With `drawTie`, a uniform draw decides among events of one instant and class, and the sequence among equal draws. */
  constructor(capacity = 1024, drawTie?: () => number) {
    this.#drawTie = drawTie;
    this.times = new Float64Array(capacity);
    this.orders = new Float64Array(capacity);
    this.generations = new Int32Array(capacity);
    this.positions = new Int32Array(capacity).fill(-1);
    this.#free = new Int32Array(capacity);
    this.handlers = Array.from({ length: capacity });
    this.arguments = Array.from({ length: capacity });
  }

  get capacity(): number {
    return this.times.length;
  }

  /** Takes a slot for an event and gives it the next sequence number. Throws RangeError at 2^24 pending events. */
  allocate(time: Ns, priority: PriorityClass, handler: Handler, argument: unknown): number {
    const slot = this.#freeCount > 0 ? this.#free[--this.#freeCount] : this.#unused();
    this.times[slot] = time;
    this.orders[slot] = priority * CLASS_STEP + (this.#drawTie === undefined ? this.#sequence++ : this.#shuffled());
    this.handlers[slot] = handler;
    this.arguments[slot] = argument;
    return slot;
  }

  /** Gives an event that is already stored a new time and a new sequence number, as if scheduled now. */
  renew(slot: number, time: Ns): void {
    const priority = classOf(this.orders[slot]);
    this.times[slot] = time;
    this.orders[slot] = priority * CLASS_STEP + (this.#drawTie === undefined ? this.#sequence++ : this.#shuffled());
  }

  /** Frees a slot: its handles become stale, and what it referred to can be collected. */
  release(slot: number): void {
    const generation = this.generations[slot] + 1;
    this.generations[slot] = generation === GENERATIONS ? 0 : generation;
    this.handlers[slot] = undefined;
    this.arguments[slot] = undefined;
    this.positions[slot] = -1;
    this.#free[this.#freeCount++] = slot;
  }

  handleOf(slot: number): Handle {
    return this.generations[slot] * MAX_PENDING + slot;
  }

  /** The slot of a handle, or -1 if the handle is stale. */
  slotOf(handle: Handle): number {
    if (handle < 0) return -1;
    const slot = handle & SLOT_MASK;
    const generation = (handle - slot) / MAX_PENDING;
    return slot < this.#used && this.generations[slot] === generation ? slot : -1;
  }

  /** 20 bits of a draw above 30 bits of the sequence: below 2^50, and never equal among pending events. */
  #shuffled(): number {
    const draw = Math.floor((this.#drawTie?.() ?? 0) * 2 ** 20);
    return draw * 2 ** 30 + (this.#sequence++ % 2 ** 30);
  }

  #unused(): number {
    if (this.#used === this.times.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const capacity = this.times.length * 2;
    if (capacity > MAX_PENDING) throw new RangeError(`more than ${MAX_PENDING} pending events`);
    this.times = grown(this.times, new Float64Array(capacity));
    this.orders = grown(this.orders, new Float64Array(capacity));
    this.generations = grown(this.generations, new Int32Array(capacity));
    this.positions = grown(this.positions, new Int32Array(capacity).fill(-1));
    this.#free = grown(this.#free, new Int32Array(capacity));
  }
}

function grown<A extends Float64Array | Int32Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
