import type { RandomStream } from "../../engine/random/streams.ts";
import type { Rate } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";
import { EvenArrivals } from "./even-arrivals.ts";
import { PoissonArrivals } from "./poisson-arrivals.ts";
import { Modulated, OnOff, Steady, Steps } from "./rate-curve.ts";
import type { Arrivals, TraceRow } from "./schema.ts";
import { SineArrivals } from "./sine-arrivals.ts";
import { StagedArrivals } from "./staged-arrivals.ts";

/**
 * When the requests of a source arrive. Whoever plays it asks for the next instant, waits for it, and asks again; some of
 * the instants only mark a change of the rate.
 */
export interface ArrivalProcess {
  /** Whether a request arrives at the instant that `next` or `setRate` gave last. */
  readonly isArrival: boolean;
  /** The next instant, never before the last one; Infinity if nothing follows. */
  next(): Ns;
  /**
   * Changes the rate from `now` on, and gives the pending instant anew. What of the rate's integral was still missing to
   * the next arrival stays missing: the draws of all arrivals are the same with and without the change. Absent where the
   * rate follows a plan of its own.
   */
  setRate?(rate: Rate, now: Ns): Ns;
}

/** Streams of one source: a fresh one for each purpose. */
export interface ArrivalStreams {
  /** One number for every arrival of a Poisson process. */
  arrivals: RandomStream;
  /** How long states last and which follows. */
  states: RandomStream;
}

/** The arrivals of a source that does not wait for answers, from time 0 on. */
export function arrivalProcess(
  arrivals: Exclude<Arrivals, { type: "closed" }>,
  streams: ArrivalStreams,
): ArrivalProcess {
  switch (arrivals.type) {
    case "constant":
      return new EvenArrivals(new Steady(arrivals.rate));
    case "poisson":
      return new PoissonArrivals(new Steady(arrivals.rate), streams.arrivals);
    case "onoff": {
      const curve = new OnOff(arrivals.rate, arrivals.on, arrivals.off, streams.states);
      return arrivals.process === "constant" ? new EvenArrivals(curve) : new PoissonArrivals(curve, streams.arrivals);
    }
    case "mmpp":
      return new PoissonArrivals(new Modulated(arrivals.states, streams.states), streams.arrivals);
    case "sine":
      return new SineArrivals(arrivals.rate, arrivals.amplitude, arrivals.period, streams.arrivals);
    case "steps":
      return new PoissonArrivals(new Steps(arrivals.steps), streams.arrivals);
    case "stages":
      return new StagedArrivals(arrivals.startRate, arrivals.stages);
    case "trace":
      return new RecordedArrivals(arrivals.rows);
  }
}

/** Replays a trace: every row at its instant. */
class RecordedArrivals implements ArrivalProcess {
  readonly isArrival = true;
  readonly #rows: readonly TraceRow[];
  #row = 0;

  constructor(rows: readonly TraceRow[]) {
    this.#rows = rows;
  }

  next(): Ns {
    return this.#row < this.#rows.length ? this.#rows[this.#row++].at : Infinity;
  }
}
