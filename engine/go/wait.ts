import type { RandomStream } from "../random/streams.ts";
import type { Simulation } from "../simulation.ts";
import { roundNs, type Ns } from "../time.ts";
import type { ProcessBody } from "../process/waitable.ts";
import { AnyOf, Delay } from "../process/combinators.ts";
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
  /** For the jitter. */
  stream?: RandomStream;
  /** The period counts from the end of a call (the default); otherwise from its start. */
  isSliding?: boolean;
}

/**
 * wait.JitterUntil: calls `step` at once and then again and again until `stop` is closed. `step` is a generator function,
 * so a call may take time; a call that is running when the channel is closed is finished.
 */
export function* jitterUntil(
  sim: Simulation,
  step: () => ProcessBody | void,
  period: Ns,
  stop: Channel<never>,
  options: JitterUntilOptions = {},
): ProcessBody {
  const { jitterFactor = 0, stream, isSliding = true } = options;
  while (!stop.isClosed) {
    const startedAt = sim.now;
    const delay = jitterFactor > 0 && stream !== undefined ? jitter(period, jitterFactor, stream) : period;
    const body = step();
    if (body !== undefined) yield* body;
    const rest = isSliding ? delay : Math.max(startedAt + delay - sim.now, 0);
    // The channel is looked at again before the next call, so that a stop wins over a timer of the same instant.
    yield* new AnyOf<unknown>([stop.receive(), new Delay(sim, rest)]);
  }
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
    let delay = this.#duration;
    if (this.#steps < 1) return this.#jittered(delay, part);
    this.#steps--;
    if (factor !== 0) {
      const grown = Math.trunc(this.#duration * factor);
      this.#duration = grown;
      if (cap > 0 && grown > cap) {
        this.#duration = cap;
        this.#steps = 0;
      }
    }
    delay = this.#jittered(delay, part);
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

/**
 * A back-off that begins again after a time without use, as reflectors and leader election use it.
 * Source: kubernetes/apimachinery v0.34 pkg/util/wait/backoff.go, exponentialBackoffManagerImpl.
 */
export class ResettingBackoff {
  readonly #sim: Simulation;
  readonly #backoff: Backoff;
  readonly #resetAfter: Ns;
  #lastUsed: Ns;

  constructor(sim: Simulation, backoff: Backoff, resetAfter: Ns) {
    this.#sim = sim;
    this.#backoff = backoff;
    this.#resetAfter = resetAfter;
    this.#lastUsed = sim.now;
  }

  step(): Ns {
    const { now } = this.#sim;
    if (now - this.#lastUsed > this.#resetAfter) this.#backoff.reset();
    this.#lastUsed = now;
    return this.#backoff.step();
  }
}
