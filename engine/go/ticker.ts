import type { Handle } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";
import type { Ns } from "../time.ts";
import { Channel } from "./channel.ts";

/**
 * time.Ticker: sends on `channel` every period; ticks that nobody took in time are dropped, because the channel holds one.
 * After `stop` or `reset` no tick of before is received any more, as in Go from 1.23 on.
 * Source: golang/go 1.24 src/time/tick.go and src/runtime/time.go.
 */
export class Ticker {
  /** Carries the time of the tick. */
  readonly channel: Channel<Ns>;
  readonly #sim: Simulation;
  #period: Ns;
  #timer: Handle;

  /** Throws RangeError for a period that is no whole number above zero, where Go panics. */
  constructor(sim: Simulation, name: string, period: Ns) {
    this.#sim = sim;
    this.channel = new Channel<Ns>(name, 1);
    this.#period = checked(name, period);
    this.#timer = sim.schedule(period, tick, this);
  }

  /** No further ticks; the channel stays open. */
  stop(): void {
    this.#sim.cancel(this.#timer);
    this.channel.tryReceive();
  }

  /** Another period, from now on; a ticker that was stopped goes on. Throws RangeError as the constructor does. */
  reset(period: Ns): void {
    this.#period = checked(this.channel.name, period);
    this.stop();
    this.#timer = this.#sim.schedule(period, tick, this);
  }

  /** For the engine alone. */
  tick(): void {
    this.#timer = this.#sim.schedule(this.#period, tick, this);
    this.channel.trySend(this.#sim.now);
  }
}

function tick(ticker: Ticker): void {
  ticker.tick();
}

function checked(name: string, period: Ns): Ns {
  if (!(Number.isSafeInteger(period) && period > 0)) {
    throw new RangeError(`ticker ${name}: a period of ${period} ns; allowed: a whole number above 0`);
  }
  return period;
}
