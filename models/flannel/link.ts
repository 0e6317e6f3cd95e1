import type { RandomStream } from "../../engine/random/streams.ts";
import type { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";

const BITS_PER_BYTE = 8;

export interface LinkConf {
  /** bit/s; Infinity costs no time. */
  readonly bandwidth: number;
  /** From the end of a slot to its arrival. */
  readonly latencyNs: Ns;
  /** Units that may wait for the link behind the one on it. */
  readonly queueLimit: number;
  /** Probability that a unit is lost on the way; needs a stream. */
  readonly loss?: number;
}

/**
 * A queue with tail drop in front of a wire (rule R25): a unit takes the time of its slots, then travels. Times are whole
 * nanoseconds, and what is left of one is carried on while the wire is busy, so that a full link carries its bandwidth
 * exactly. One event a unit: what has left the queue is counted when the next one comes.
 */
export class Link<U> {
  sent = 0;
  dropped = 0;
  lost = 0;

  readonly #sim: Simulation;
  readonly #deliver: (unit: U) => void;
  readonly #stream: RandomStream | undefined;
  #conf: LinkConf;
  /** When each unit inside will have left, oldest first from `#head`. */
  #leaves: Ns[] = [];
  #head = 0;
  #freeAt: Ns = 0;
  /** Of a nanosecond, in units of 1/bandwidth. */
  #rest = 0;

  constructor(sim: Simulation, conf: LinkConf, deliver: (unit: U) => void, stream?: RandomStream) {
    this.#sim = sim;
    this.#conf = conf;
    this.#deliver = deliver;
    this.#stream = stream;
  }

  get conf(): LinkConf {
    return this.#conf;
  }

  /** Changes bandwidth, latency or loss for the units that come from now on. */
  configure(conf: LinkConf): void {
    this.#conf = conf;
    this.#rest = 0;
  }

  /** Units waiting or on the wire; one whose slot ends now has left. */
  get inside(): number {
    const now = this.#sim.now;
    while (this.#head < this.#leaves.length && this.#leaves[this.#head] <= now) this.#head++;
    if (this.#head > 1024 && this.#head * 2 > this.#leaves.length) {
      this.#leaves = this.#leaves.slice(this.#head);
      this.#head = 0;
    }
    return this.#leaves.length - this.#head;
  }

  /**
   * Sends a unit of `slotBytes` bytes of wire time, the extra bytes of all its frames included; false where the queue is
   * full and the unit is dropped. A unit that is lost on the way was sent.
   */
  send(unit: U, slotBytes: number): boolean {
    const { bandwidth, latencyNs, queueLimit, loss } = this.#conf;
    const inside = this.inside;
    if (inside > queueLimit) {
      this.dropped++;
      return false;
    }
    const now = this.#sim.now;
    if (inside === 0) {
      this.#freeAt = now;
      this.#rest = 0;
    }
    if (bandwidth !== Infinity) {
      const work = slotBytes * BITS_PER_BYTE * NS_PER_SECOND + this.#rest;
      const whole = Math.floor(work / bandwidth);
      this.#rest = work - whole * bandwidth;
      this.#freeAt += whole;
    }
    this.#leaves.push(this.#freeAt);
    this.sent++;
    if (loss !== undefined && loss > 0 && this.#stream !== undefined && this.#stream.uniform() < loss) this.lost++;
    else this.#sim.schedule(this.#freeAt - now + latencyNs, this.#deliver, unit);
    return true;
  }
}
