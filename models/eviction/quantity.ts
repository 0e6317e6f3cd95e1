import { NO_EVENT, type Handle } from "../../engine/event-store.ts";
import type { Simulation } from "../../engine/simulation.ts";
import { END_OF_TIME, NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/** An exact value: whole units and a rest, in units / `per` of the quantity, at least 0 and below one unit. */
export interface ExactValue {
  whole: number;
  rest: number;
}

/** Waits for a quantity to reach a level. */
export interface Watch {
  /** Moves the level; a level that is passed now is reported at this instant, as a new passing. */
  setLevel(level: number): void;
  /** Ends the watch. */
  cancel(): void;
}

export interface QuantityOptions {
  /** Units at the start; whole. */
  value?: number;
  /** The time that rates count by; a part has its sum's. Default 1 s. */
  per?: Ns;
  /** The sum that this quantity is a part of: it moves by whatever its parts move by. */
  sum?: Quantity;
}

/**
 * A quantity that moves linearly between events: bytes of memory or disk, inodes, processes. Its value is exact at every
 * nanosecond, and so are the instants at which it passes a level: nothing is polled and nothing is rounded. A quiet
 * quantity costs no events.
 *
 * What others see of it is the whole part of its value, so that parts may show up to a unit each less than their sum.
 */
export class Quantity {
  readonly per: Ns;
  readonly #sim: Simulation;
  #sum: Quantity | undefined;
  /** The value at `#since`. */
  #whole = 0;
  #rest = 0;
  #since: Ns;
  #rate = 0;
  readonly #watches: LevelWatch[] = [];

  constructor(sim: Simulation, options: QuantityOptions = {}) {
    this.#sim = sim;
    this.#sum = options.sum;
    this.per = options.sum?.per ?? options.per ?? NS_PER_SECOND;
    this.#since = sim.now;
    if (options.value !== undefined) this.add(options.value);
  }

  /** Units in `per` nanoseconds; negative while it falls. */
  get rate(): number {
    return this.#rate;
  }

  /** The value now in whole units, rounded down. */
  get value(): number {
    return this.exact().whole;
  }

  /** The value now, or at a later instant if nothing changes until then. */
  exact(at: Ns = this.#sim.now): ExactValue {
    const passed = at - this.#since;
    if (passed === 0 || this.#rate === 0) return { whole: this.#whole, rest: this.#rest };
    return this.#normal(this.#whole, this.#rest, this.#rate, passed);
  }

  /** Adds whole units at once; negative takes away. */
  add(units: number): void {
    this.#shift(units, 0, 0);
  }

  /** Sets the value to whole units at once. */
  set(units: number): void {
    const { whole, rest } = this.exact();
    this.#shift(units - whole, -rest, 0);
  }

  /** Moves by so many whole units in `per` nanoseconds from now on. */
  setRate(rate: number): void {
    if (!Number.isSafeInteger(rate)) throw new RangeError(`a rate is a whole number of units, not ${rate}`);
    this.#shift(0, 0, rate - this.#rate);
  }

  /**
   * Becomes a part of another sum, which gains what the old one loses, to the last fraction; of none if it is undefined.
   * Throws RangeError for a sum whose rates count by another time.
   */
  moveTo(sum: Quantity | undefined): void {
    if (sum !== undefined && sum.per !== this.per) throw new RangeError("a part counts by its sum's time");
    const { whole, rest } = this.exact();
    if (this.#sum !== undefined) this.#sum.#shift(-whole, -rest, -this.#rate);
    this.#sum = sum;
    if (sum !== undefined) sum.#shift(whole, rest, this.#rate);
  }

  /**
   * The first instant from now on at which the value is at least `level` (whole units, or Infinity), if nothing changes
   * until then; Infinity if there is none.
   */
  firstAtLeast(level: number): Ns {
    const { whole, rest } = this.exact();
    if (whole >= level) return this.#sim.now;
    if (this.#rate <= 0 || level === Infinity) return Infinity;
    const missing = BigInt(level - whole) * BigInt(this.per) - BigInt(rest);
    const rate = BigInt(this.#rate);
    return this.#after((missing + rate - 1n) / rate);
  }

  /** As `firstAtLeast`, for a value below `level`. */
  firstBelow(level: number): Ns {
    const { whole, rest } = this.exact();
    if (whole < level) return this.#sim.now;
    if (this.#rate >= 0) return Infinity;
    const above = BigInt(whole - level) * BigInt(this.per) + BigInt(rest);
    return this.#after(above / BigInt(-this.#rate) + 1n);
  }

  /**
   * Calls `handler` each time that the value comes to be at least (or below) a level of whole units: at that very
   * nanosecond, in an event of its own, also where it is so already. What an instant's changes undo among themselves is
   * no passing.
   */
  watch(side: "atLeast" | "below", level: number, handler: () => void): Watch {
    const watch = new LevelWatch(this.#sim, this, side, level, handler, () => {
      const at = this.#watches.indexOf(watch);
      if (at >= 0) this.#watches.splice(at, 1);
    });
    this.#watches.push(watch);
    watch.update();
    return watch;
  }

  /** Changes value and rate now, here and in every sum above, then lets the watches look again. */
  #shift(units: number, rest: number, rate: number): void {
    if (!Number.isSafeInteger(units)) throw new RangeError(`a quantity changes by whole units, not by ${units}`);
    if (this.#since < this.#sim.now) {
      const { whole } = this.exact(this.#sim.now - 1);
      for (const watch of this.#watches) watch.notice(whole);
    }
    const { whole, rest: part } = this.exact();
    const moved = this.#normal(whole + units, part + rest, 0, 0);
    this.#whole = moved.whole;
    this.#rest = moved.rest;
    this.#since = this.#sim.now;
    this.#rate += rate;
    if (this.#sum !== undefined) this.#sum.#shift(units, rest, rate);
    for (const watch of this.#watches) watch.update();
  }

  /** whole + (rest + rate x passed) / per, with the rest in its bounds. */
  #normal(whole: number, rest: number, rate: number, passed: Ns): ExactValue {
    const moved = rate * passed + rest;
    if (Number.isSafeInteger(moved)) {
      const units = Math.floor(moved / this.per);
      return { whole: whole + units, rest: moved - units * this.per };
    }
    const per = BigInt(this.per);
    const exact = BigInt(rate) * BigInt(passed) + BigInt(rest);
    const rounded = exact / per;
    const units = rounded * per > exact ? rounded - 1n : rounded;
    return { whole: whole + Number(units), rest: Number(exact - units * per) };
  }

  #after(delay: bigint): Ns {
    const at = BigInt(this.#sim.now) + delay;
    return at > BigInt(END_OF_TIME) ? Infinity : Number(at);
  }
}

/** One level of one quantity: an event at the instant at which it is passed, and a memory of whether it was reported. */
class LevelWatch implements Watch {
  readonly #sim: Simulation;
  readonly #quantity: Quantity;
  readonly #side: "atLeast" | "below";
  #level: number;
  readonly #handler: () => void;
  readonly #forget: () => void;
  #event: Handle = NO_EVENT;
  /** The last passing was reported, and at the end of no instant since has the value been on the other side. */
  #isReported = false;
  #reportedAt: Ns = -1;

  constructor(
    sim: Simulation,
    quantity: Quantity,
    side: "atLeast" | "below",
    level: number,
    handler: () => void,
    forget: () => void,
  ) {
    this.#sim = sim;
    this.#quantity = quantity;
    this.#side = side;
    this.#level = level;
    this.#handler = handler;
    this.#forget = forget;
  }

  setLevel(level: number): void {
    this.#level = level;
    this.#isReported = false;
    this.update();
  }

  cancel(): void {
    this.#sim.cancel(this.#event);
    this.#forget();
  }

  /** Learns the value at the end of the instant before this one; what was reported in this one came after it. */
  notice(whole: number): void {
    if (this.#reportedAt === this.#sim.now) return;
    if (whole >= this.#level !== (this.#side === "atLeast")) this.#isReported = false;
  }

  /** Looks for the next passing after a change of the quantity or the level. */
  update(): void {
    const at = this.#next();
    if (at === Infinity || (this.#isReported && at === this.#sim.now)) this.#sim.cancel(this.#event);
    else if (!this.#sim.reschedule(this.#event, at)) {
      this.#event = this.#sim.scheduleAt(at, (watch: LevelWatch) => watch.#pass(), this);
    }
  }

  #next(): Ns {
    return this.#side === "atLeast" ? this.#quantity.firstAtLeast(this.#level) : this.#quantity.firstBelow(this.#level);
  }

  #pass(): void {
    this.#isReported = true;
    this.#reportedAt = this.#sim.now;
    this.#handler();
  }
}
