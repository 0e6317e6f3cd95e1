import type { RandomStream } from "../random/streams.ts";
import type { Simulation } from "../simulation.ts";
import { roundNs, type Ns } from "../time.ts";
import type { ProcessBody } from "../process/waitable.ts";
import { anyOf, Delay } from "../process/combinators.ts";
import type { Channel } from "./channel.ts";

// Source of all of it: kubernetes/apimachinery v0.34 pkg/util/wait/{wait,backoff,timer}.go.

/** wait.Jitter: a duration made longer by up to `factor` of itself; a factor of 0 or less counts as 1. */
export function jitter(duration: Ns, factor: number, stream: RandomStream): Ns {
  const most = factor <= 0 ? 1 : factor;
  return roundNs(duration + stream.uniform() * most * duration);
}

export interface JitterUntilOptions {
  /** Lengthens each period by up to this part of it; 0 or less: no jitter. Default 0. */
  jitterFactor?: number;
  /** For the jitter, which needs one. */
  stream?: RandomStream;
  /** The period counts from the end of a call (the default); otherwise from its start. */
  isSliding?: boolean;
}

/** What gives the delay before the next call: a `Backoff`, a `ResettingBackoff`. */
export interface Delays {
  step(): Ns;
}

/**
 * wait.BackoffUntil: calls `step` at once and then again and again until `stop` is closed, after delays that `backoff`
 * gives. `step` is a generator function, so a call may take time; a call that is running when the channel is closed is
 * finished. A delay counts from the end of a call if it is sliding, otherwise from its start.
 */
export function* backoffUntil(
  sim: Simulation,
  step: () => ProcessBody | void,
  backoff: Delays,
  stop: Channel<never>,
  isSliding = true,
): ProcessBody {
  while (!stop.isClosed) {
    // A delay that does not slide is drawn before the call, as upstream's timer is started before it.
    const dueAt = isSliding ? 0 : sim.now + backoff.step();
    const body = step();
    if (body !== undefined) yield* body;
    const rest = isSliding ? backoff.step() : Math.max(dueAt - sim.now, 0);
    // The channel is looked at again before the next call, so that a stop wins over a timer of the same instant.
    yield* anyOf(stop.receive(), new Delay(sim, rest));
  }
}

/** wait.JitterUntil: `backoffUntil` with one period, which may be jittered. Throws RangeError for a jitter without a stream. */
export function jitterUntil(
  sim: Simulation,
  step: () => ProcessBody | void,
  period: Ns,
  stop: Channel<never>,
  options: JitterUntilOptions = {},
): ProcessBody {
  const { jitterFactor = 0, stream, isSliding = true } = options;
  return backoffUntil(sim, step, { step: periodsOf(period, jitterFactor, stream) }, stop, isSliding);
}

function periodsOf(period: Ns, jitterFactor: number, stream: RandomStream | undefined): () => Ns {
  if (!(jitterFactor > 0)) return () => period;
  if (stream === undefined) throw new RangeError(`a jitter factor of ${jitterFactor} needs a random stream`);
  return () => jitter(period, jitterFactor, stream);
}

/** wait.Until: `jitterUntil` without jitter, the period counted from the end of a call. */
export function until(sim: Simulation, step: () => ProcessBody | void, period: Ns, stop: Channel<never>): ProcessBody {
  return jitterUntil(sim, step, period, stop);
}

/** wait.Backoff: delays that grow by a factor, with jitter and a cap. */
export interface BackoffOptions {
  /** The first delay. */
  duration: Ns;
  /** Multiplies the delay after each step; 0: it stays. */
  factor?: number;
  /** Lengthens each delay by up to this part of it. */
  jitter?: number;
  /** Delays that grow; after that it stays as it is. */
  steps: number;
  /** No delay grows beyond it, and it ends the growth; 0: none. */
  cap?: Ns;
}

/**
 * The sequence of delays of a wait.Backoff.
 * Source: kubernetes/apimachinery v0.34 pkg/util/wait/backoff.go, delay.
 */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  readonly #stream: RandomStream;
  #steps: number;
  #duration: Ns;

  constructor(options: BackoffOptions, stream: RandomStream) {
    this.#options = { factor: 0, jitter: 0, cap: 0, ...options };
    this.#stream = stream;
    this.#steps = options.steps;
    this.#duration = options.duration;
  }

  /** Delays that are left before the back-off gives up. */
  get stepsLeft(): number {
    return this.#steps;
  }

  /** The next delay. */
  step(): Ns {
    const { factor, cap, jitter: part } = this.#options;
    const delay = this.#jittered(this.#duration, part);
    if (this.#steps < 1) return delay;
    this.#steps--;
    if (factor !== 0) {
      const grown = Math.trunc(this.#duration * factor);
      this.#duration = grown;
      if (cap > 0 && grown > cap) {
        this.#duration = cap;
        this.#steps = 0;
      }
    }
    return delay;
  }

  /** Begins again. */
  reset(): void {
    this.#steps = this.#options.steps;
    this.#duration = this.#options.duration;
  }

  #jittered(delay: Ns, part: number): Ns {
    return part > 0 ? jitter(delay, part, this.#stream) : delay;
  }
}

/** From when a back-off counts the time after which it begins again. */
export type ResetFrom = "lastUse" | "lastReset";

/**
 * A back-off that begins again after a time: without use, as wait.NewExponentialBackoffManager counts it, or since it last
 * began, as Backoff.DelayWithReset does, used or not. In both cases more than that time must have passed; a time of 0 since
 * it last began means that it never grows.
 * Source: kubernetes/apimachinery v0.34 pkg/util/wait/backoff.go, exponentialBackoffManagerImpl and backoffManager.
 */
export class ResettingBackoff {
  readonly #sim: Simulation;
  readonly #backoff: Backoff;
  readonly #resetAfter: Ns;
  readonly #from: ResetFrom;
  #since: Ns;

  constructor(sim: Simulation, backoff: Backoff, resetAfter: Ns, from: ResetFrom = "lastUse") {
    this.#sim = sim;
    this.#backoff = backoff;
    this.#resetAfter = resetAfter;
    this.#from = from;
    this.#since = sim.now;
  }

  /** The next delay. */
  step(): Ns {
    const { now } = this.#sim;
    const neverGrows = this.#resetAfter === 0 && this.#from === "lastReset";
    const isDue = neverGrows || now - this.#since > this.#resetAfter;
    if (isDue) this.#backoff.reset();
    if (isDue || this.#from === "lastUse") this.#since = now;
    return this.#backoff.step();
  }
}
