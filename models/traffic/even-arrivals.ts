import type { Rate } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";
import type { ArrivalProcess } from "./arrivals.ts";
import type { RateCurve } from "./rate-curve.ts";

/**
 * Arrivals at equal distances: the k-th at k x per / count, rounded one by one in exact arithmetic, so that they never
 * drift. The first comes at the start of every stretch with a rate, those of a stretch all come before its end.
 */
export class EvenArrivals implements ArrivalProcess {
  isArrival = true;
  readonly #curve: RateCurve;
  /** The next arrival: whole nanoseconds, and a remainder in count-ths of one. */
  #whole: Ns = 0;
  #remainder = 0;
  /** Moves all arrivals since the rate was last set: below a nanosecond. */
  #shift = 0;
  /** What is missing to the next arrival, in arrivals, while the rate is 0. */
  #missing = 0;
  #isFirst = true;

  constructor(curve: RateCurve) {
    this.#curve = curve;
  }

  next(): Ns {
    if (!this.isArrival) {
      this.#begin(this.#curve.end, 0);
      this.#missing = 0;
      this.#curve.advance();
    } else if (this.#isFirst) this.#isFirst = false;
    else this.#advance();
    return this.#find();
  }

  setRate(rate: Rate, now: Ns): Ns {
    const { count, per } = this.#curve.rate;
    if (count > 0) {
      const distance = this.#whole - now + this.#remainder / count + this.#shift;
      this.#missing = distance > 0 ? distance * (count / per) : 0;
    }
    this.#curve.setRate?.(rate);
    const { count: newCount, per: newPer } = this.#curve.rate;
    this.#begin(now, newCount > 0 ? this.#missing * (newPer / newCount) : 0);
    return this.#find();
  }

  #begin(now: Ns, delay: number): void {
    const whole = Math.floor(delay);
    this.#whole = now + whole;
    this.#shift = delay - whole;
    this.#remainder = 0;
  }

  #advance(): void {
    const { count, per } = this.#curve.rate;
    const rest = per % count;
    this.#whole += (per - rest) / count;
    this.#remainder += rest;
    if (this.#remainder >= count) {
      this.#remainder -= count;
      this.#whole++;
    }
  }

  #find(): Ns {
    const { rate, end } = this.#curve;
    const at = rate.count === 0 ? Infinity : this.#rounded(rate.count);
    this.isArrival = at < end;
    return this.isArrival ? at : end;
  }

  /** The next arrival, to the nearest nanosecond, ties to even. */
  #rounded(count: number): Ns {
    const sum = this.#remainder / count + this.#shift;
    const whole = sum < 1 ? this.#whole : this.#whole + 1;
    const fraction = sum < 1 ? sum : sum - 1;
    if (fraction === 0.5) return whole % 2 === 0 ? whole : whole + 1;
    return fraction < 0.5 ? whole : whole + 1;
  }
}
