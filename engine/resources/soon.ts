import type { Handler } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";

/**
 * One event at the current instant, however often it is asked for: how a resource acts on its own state after the event
 * that changed it, never within a call to it.
 */
export class Soon {
  readonly #sim: Simulation;
  readonly #handler: Handler<unknown>;
  readonly #argument: unknown;
  #isAsked = false;

  constructor(sim: Simulation, handler: Handler, argument: unknown) {
    this.#sim = sim;
    this.#handler = handler as Handler<unknown>;
    this.#argument = argument;
  }

  /** Lets the handler run once at this instant, after the events that wait for it already. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#sim.schedule(0, run, this as Soon);
  }

  /** For its own event alone. */
  run(): void {
    this.#isAsked = false;
    this.#handler(this.#argument);
  }
}

function run(soon: Soon): void {
  soon.run();
}
