import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";

/** What one unit costs a server: a fixed part, and picoseconds for each of its bytes. */
export interface UnitCost {
  readonly perUnitNs: Ns;
  /** Integer; 300 is 0.3 ns a byte. */
  readonly perBytePs: number;
}

export const PS_PER_NS = 1000;

/**
 * A stage that serves one unit after the other, with a finite queue and tail drop (rule R24): the softirq chain of one
 * core, a user-space proxy. A unit is a packet, or a GSO super-packet. Service takes exact integer nanoseconds; what is
 * left of a nanosecond is carried to the next unit as long as the server is busy, so that rates come out exact.
 */
export class Server<U> {
  /** Units that were taken in, and units that found the queue full. */
  accepted = 0;
  dropped = 0;
  /** Service given so far or promised to what waits: CPU time, where the stage runs on a CPU. */
  busyNs: Ns = 0;

  readonly #sim: Simulation;
  readonly #cost: UnitCost;
  readonly #limit: number;
  readonly #deliver: (unit: U) => void;
  readonly #finish: (unit: U) => void;
  #inside = 0;
  #freeAt: Ns = 0;
  #restPs = 0;

  /** `limit`: units that may wait behind the one in service. `deliver` gets each unit when its service ends. */
  constructor(sim: Simulation, cost: UnitCost, limit: number, deliver: (unit: U) => void) {
    this.#sim = sim;
    this.#cost = cost;
    this.#limit = limit;
    this.#deliver = deliver;
    this.#finish = (unit) => {
      this.#inside--;
      this.#deliver(unit);
    };
  }

  /** Units waiting or in service. */
  get inside(): number {
    return this.#inside;
  }

  /**
   * Takes a unit in, or drops it and returns false where the queue is full. `extraNs` is what this unit costs beyond the
   * server's own fixed part: encapsulation, segmentation.
   */
  offer(unit: U, bytes: number, extraNs: Ns = 0): boolean {
    if (this.#inside > this.#limit) {
      this.dropped++;
      return false;
    }
    const now = this.#sim.now;
    if (this.#inside === 0) {
      this.#freeAt = now;
      this.#restPs = 0;
    }
    const ps = this.#cost.perBytePs * bytes + this.#restPs;
    const whole = Math.floor(ps / PS_PER_NS);
    this.#restPs = ps - whole * PS_PER_NS;
    const service = this.#cost.perUnitNs + extraNs + whole;
    this.#freeAt += service;
    this.busyNs += service;
    this.#inside++;
    this.accepted++;
    this.#sim.schedule(this.#freeAt - now, this.#finish, unit);
    return true;
  }
}
