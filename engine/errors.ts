import { NS_PER_SECOND, type Ns } from "./time.ts";

/** A run that cannot go on: the message, the simulated time at which it happened, and the seed to repeat it with. */
export class SimulationError extends Error {
  override readonly name: string = "SimulationError";
  readonly at: Ns;
  readonly seed: number | string;

  constructor(message: string, at: Ns, seed: number | string, options?: ErrorOptions) {
    super(`at ${at / NS_PER_SECOND} s (seed ${seed}): ${message}`, options);
    this.at = at;
    this.seed = seed;
  }
}

/** Something that the models declare to hold always did not: a fault of the simulator, not of its user. */
export class InvariantFailure extends SimulationError {
  override readonly name = "InvariantFailure";

  constructor(invariant: string, found: string, at: Ns, seed: number | string) {
    super(`invariant "${invariant}" does not hold: ${found}; please report this with the scenario`, at, seed);
  }
}
