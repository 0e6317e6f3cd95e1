import { sampler, type Distribution } from "../../engine/random/distributions.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { Rate } from "../../engine/scenario/units.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/** A rate that changes in steps: constant until `end`, then `advance` goes on to the next stretch. */
export interface RateCurve {
  readonly rate: Rate;
  /** Where the present stretch ends; Infinity for the last. */
  readonly end: Ns;
  advance(): void;
  /** Changes the rate, where it is one number. */
  setRate?(rate: Rate): void;
}

const NOTHING: Rate = { count: 0, per: NS_PER_SECOND };

/** One rate throughout. */
export class Steady implements RateCurve {
  rate: Rate;
  readonly end = Infinity;

  constructor(rate: Rate) {
    this.rate = rate;
  }

  advance(): void {}

  setRate(rate: Rate): void {
    this.rate = rate;
  }
}

/** Rates by time, 0 before the first. */
export class Steps implements RateCurve {
  rate = NOTHING;
  end: Ns;
  readonly #steps: ReadonlyArray<{ at: Ns; rate: Rate }>;
  #next = 0;

  constructor(steps: ReadonlyArray<{ at: Ns; rate: Rate }>) {
    this.#steps = steps;
    this.end = steps[0]?.at ?? Infinity;
  }

  advance(): void {
    this.rate = this.#steps[this.#next++].rate;
    this.end = this.#steps[this.#next]?.at ?? Infinity;
  }
}

/** On and off in turn, on at first; one number is drawn for each stretch. */
export class OnOff implements RateCurve {
  end: Ns;
  readonly #draws: readonly [() => Ns, () => Ns];
  #isOn = true;
  #whileOn: Rate;

  constructor(rate: Rate, on: Distribution, off: Distribution, stream: RandomStream) {
    this.#whileOn = rate;
    this.#draws = [sampler(on, stream), sampler(off, stream)];
    this.end = this.#draws[0]();
  }

  get rate(): Rate {
    return this.#isOn ? this.#whileOn : NOTHING;
  }

  advance(): void {
    this.#isOn = !this.#isOn;
    this.end += this.#draws[this.#isOn ? 0 : 1]();
  }

  setRate(rate: Rate): void {
    this.#whileOn = rate;
  }
}

/**
 * The rate of a Markov-modulated Poisson process: the first state at first, an exponential stay in each, the next state
 * uniform among the others. Two numbers are drawn for each stay: which state, how long.
 */
export class Modulated implements RateCurve {
  end: Ns;
  readonly #states: ReadonlyArray<{ rate: Rate; stay: () => Ns }>;
  readonly #stream: RandomStream;
  #state = 0;

  constructor(states: ReadonlyArray<{ rate: Rate; mean: Ns }>, stream: RandomStream) {
    this.#stream = stream;
    this.#states = states.map(({ rate, mean }) => ({ rate, stay: sampler({ type: "exponential", mean }, stream) }));
    this.end = states.length > 1 ? this.#states[0].stay() : Infinity;
  }

  get rate(): Rate {
    return this.#states[this.#state].rate;
  }

  advance(): void {
    const other = this.#stream.below(this.#states.length - 1);
    this.#state = other < this.#state ? other : other + 1;
    this.end += this.#states[this.#state].stay();
  }
}
