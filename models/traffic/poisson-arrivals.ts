import { ln } from "../../engine/math/index.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { Rate } from "../../engine/scenario/units.ts";
import { roundNs, type Ns } from "../../engine/time.ts";
import type { ArrivalProcess } from "./arrivals.ts";
import type { RateCurve } from "./rate-curve.ts";

/**
 * A Poisson process by inversion: arrivals where the integral of the rate has grown by exponential numbers of mean 1, one
 * draw each. So the draws of the n-th arrival are the same whatever the rate does.
 */
export class PoissonArrivals implements ArrivalProcess {
  isArrival = true;
  readonly #curve: RateCurve;
  readonly #stream: RandomStream;
  /** The pending instant, before rounding; arrivals are rounded one by one, so no error adds up. */
  #at = 0;
  /** What will be missing of the integral at the pending instant: 0 at an arrival. */
  #missing = 0;

  constructor(curve: RateCurve, stream: RandomStream) {
    this.#curve = curve;
    this.#stream = stream;
  }

  next(): Ns {
    if (!this.isArrival) this.#curve.advance();
    else this.#missing = -ln(1 - this.#stream.uniform());
    return this.#find();
  }

  setRate(rate: Rate, now: Ns): Ns {
    const { count, per } = this.#curve.rate;
    // The pending instant is rounded, so it may lie a fraction of a nanosecond before now.
    if (count > 0 && this.#at > now) this.#missing += (this.#at - now) * (count / per);
    this.#at = now;
    this.#curve.setRate?.(rate);
    return this.#find();
  }

  /** The instant at which nothing is missing any more, or the end of the stretch if that is before. */
  #find(): Ns {
    const { rate, end } = this.#curve;
    const { count, per } = rate;
    this.isArrival = count > 0 && this.#at + this.#missing * (per / count) <= end;
    if (this.isArrival) {
      this.#at += this.#missing * (per / count);
      this.#missing = 0;
      return roundNs(this.#at);
    }
    if (end === Infinity) return Infinity;
    const grown = (end - this.#at) * (count / per);
    this.#missing = grown < this.#missing ? this.#missing - grown : 0;
    this.#at = end;
    return end;
  }
}
