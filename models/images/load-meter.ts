import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";

/** How much a shared capacity was in use. */
export interface FlowLoad {
  /** Time with at least one flow. */
  busyNs: Ns;
  /** The most flows at one time. */
  mostFlows: number;
}

/** Counts flows as they come and go. */
export class LoadMeter {
  readonly #sim: Simulation;
  #flows = 0;
  #mostFlows = 0;
  #busyNs: Ns = 0;
  #busySince: Ns = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  get load(): FlowLoad {
    const open = this.#flows > 0 ? this.#sim.now - this.#busySince : 0;
    return { busyNs: this.#busyNs + open, mostFlows: this.#mostFlows };
  }

  count(change: 1 | -1): void {
    const { now } = this.#sim;
    if (this.#flows === 0) this.#busySince = now;
    this.#flows += change;
    if (this.#flows === 0) this.#busyNs += now - this.#busySince;
    else if (this.#flows > this.#mostFlows) this.#mostFlows = this.#flows;
  }
}
