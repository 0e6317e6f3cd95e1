import { cosOfTurn, ln, sinOfTurn } from "../../engine/math/index.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { Rate } from "../../engine/scenario/units.ts";
import { roundNs, type Ns } from "../../engine/time.ts";
import type { ArrivalProcess } from "./arrivals.ts";

const TWO_PI = 2 * Math.PI;
const STEPS_MOST = 100;
/** Instants are found to this many nanoseconds. */
const TOLERANCE_NS = 1e-3;

/**
 * A Poisson process whose rate swings: rate x (1 + amplitude sin(2 pi t / period)). By inversion, as PoissonArrivals: one
 * draw an arrival, and the same draws whatever the rate.
 *
 * Work is measured in nanoseconds at the mean rate: over t ns of a period it is
 * t + amplitude period / (2 pi) (1 - cos(2 pi t / period)), and `period` over a whole one.
 */
export class SineArrivals implements ArrivalProcess {
  isArrival = true;
  readonly #amplitude: number;
  readonly #period: Ns;
  readonly #stream: RandomStream;
  #rate: Rate;
  /** The pending arrival: whole periods before it, and work within its own. */
  #periods = 0;
  #work = 0;
  /** The exponential number that is still to be worked off from there, while the rate is 0. */
  #missing = 0;

  constructor(rate: Rate, amplitude: number, period: Ns, stream: RandomStream) {
    this.#rate = rate;
    this.#amplitude = amplitude;
    this.#period = period;
    this.#stream = stream;
  }

  next(): Ns {
    this.#missing = -ln(1 - this.#stream.uniform());
    return this.#find();
  }

  setRate(rate: Rate, now: Ns): Ns {
    const periods = Math.floor(now / this.#period);
    const work = this.#workAt(now - periods * this.#period);
    const { count, per } = this.#rate;
    if (count > 0) {
      const left = (this.#periods - periods) * this.#period + this.#work - work;
      this.#missing = left > 0 ? left * (count / per) : 0;
    }
    this.#periods = periods;
    this.#work = work;
    this.#rate = rate;
    return this.#find();
  }

  #find(): Ns {
    const { count, per } = this.#rate;
    this.isArrival = count > 0;
    if (!this.isArrival) return Infinity;
    const work = this.#work + this.#missing * (per / count);
    const periods = Math.floor(work / this.#period);
    this.#missing = 0;
    this.#periods += periods;
    this.#work = work - periods * this.#period;
    return roundNs(this.#periods * this.#period + this.#timeOf(this.#work));
  }

  /** The work done `time` ns into a period. */
  #workAt(time: number): number {
    return time + ((this.#amplitude * this.#period) / TWO_PI) * (1 - cosOfTurn(time / this.#period));
  }

  /** The time within a period at which the work is done: Newton's method, kept between bounds that close in. */
  #timeOf(work: number): number {
    const most = (this.#amplitude * this.#period) / Math.PI;
    let low = work - most > 0 ? work - most : 0;
    let high = work;
    let time = work;
    for (let step = 0; step < STEPS_MOST && high - low > TOLERANCE_NS; step++) {
      const error = this.#workAt(time) - work;
      if (error === 0) return time;
      if (error > 0) high = time;
      else low = time;
      const slope = 1 + this.#amplitude * sinOfTurn(time / this.#period);
      let next = time - error / slope;
      if (!(next > low && next < high)) next = (low + high) / 2;
      const change = next > time ? next - time : time - next;
      time = next;
      if (change < TOLERANCE_NS) break;
    }
    return time;
  }
}
