import type { Ns } from "../time.ts";

/**
 * The mean over time of a value that changes in steps: a queue's length, units in use. Each value counts for as long as it
 * lasted. The sum is compensated (Neumaier), so that it is as good as exact after any number of changes.
 */
export class TimeWeighted {
  #value: number;
  #since: Ns;
  #from: Ns;
  #sum = 0;
  #correction = 0;
  #max: number;

  constructor(at: Ns = 0, value = 0) {
    this.#from = at;
    this.#since = at;
    this.#value = value;
    this.#max = value;
  }

  /** The value now. */
  get value(): number {
    return this.#value;
  }

  /** The largest value since the start. */
  get max(): number {
    return this.#max;
  }

  /** From `at` on the value is this. Throws RangeError if time goes back. */
  set(at: Ns, value: number): void {
    this.#add(this.#value * this.#elapsed(at));
    this.#since = at;
    this.#value = value;
    if (value > this.#max) this.#max = value;
  }

  /** From `at` on the value is larger by `change`. Throws RangeError if time goes back. */
  change(at: Ns, change: number): void {
    this.set(at, this.#value + change);
  }

  /** Forgets all before `at`, the end of a warm-up; the value stays. Throws RangeError if time goes back. */
  restart(at: Ns): void {
    this.#elapsed(at);
    this.#from = at;
    this.#since = at;
    this.#sum = 0;
    this.#correction = 0;
    this.#max = this.#value;
  }

  /** The mean from the start to `at`; the value itself where no time has passed. Throws RangeError if time goes back. */
  mean(at: Ns): number {
    const last = this.#value * this.#elapsed(at);
    return at === this.#from ? this.#value : (this.#sum + last + this.#correction) / (at - this.#from);
  }

  #elapsed(at: Ns): Ns {
    if (!(at >= this.#since)) throw new RangeError(`time goes back from ${this.#since} ns to ${at} ns`);
    return at - this.#since;
  }

  #add(term: number): void {
    const sum = this.#sum + term;
    this.#correction += Math.abs(this.#sum) >= Math.abs(term) ? this.#sum - sum + term : term - sum + this.#sum;
    this.#sum = sum;
  }
}
