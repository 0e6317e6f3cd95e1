import type { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";

const BITS_PER_BYTE = 8;
/** Bytes that a switch keeps for one port before it drops: 1000 full frames of MTU 1500; an estimate. */
const PORT_BUFFER_BYTES = 1_538_000;

/**
 * The port of the switch in front of a node's NIC: where several nodes send to one, what comes in faster than the NIC's
 * bandwidth waits, and is dropped when the buffer is full. It cuts through: a sender that is alone and not faster is not
 * delayed, and costs no event.
 */
export class SwitchPort<U> {
  dropped = 0;
  readonly #sim: Simulation;
  readonly #deliver: (unit: U) => void;
  #bandwidth: number;
  #freeAt: Ns = 0;
  #rest = 0;

  /** `bandwidth` in bit/s; Infinity costs no time. */
  constructor(sim: Simulation, bandwidth: number, deliver: (unit: U) => void) {
    this.#sim = sim;
    this.#bandwidth = bandwidth;
    this.#deliver = deliver;
  }

  setBandwidth(bandwidth: number): void {
    this.#bandwidth = bandwidth;
    this.#rest = 0;
  }

  /** The end of a unit arrives that took `slotNs` on the wire before. */
  arrive(unit: U, slotBytes: number, slotNs: Ns): void {
    const bandwidth = this.#bandwidth;
    if (bandwidth === Infinity) return this.#deliver(unit);
    const now = this.#sim.now;
    const begin = now - slotNs;
    const isIdle = this.#freeAt <= begin;
    const waitsNs = isIdle ? 0 : this.#freeAt - begin;
    if (waitsNs * bandwidth > PORT_BUFFER_BYTES * BITS_PER_BYTE * NS_PER_SECOND) {
      this.dropped++;
      return;
    }
    const work = slotBytes * BITS_PER_BYTE * NS_PER_SECOND + (isIdle ? 0 : this.#rest);
    const whole = Math.floor(work / bandwidth);
    this.#rest = work - whole * bandwidth;
    this.#freeAt = (isIdle ? begin : this.#freeAt) + whole;
    // The rest of a nanosecond that either wire rounds away must not make an event.
    if (this.#freeAt <= now + 1) this.#deliver(unit);
    else this.#sim.schedule(this.#freeAt - now, this.#deliver, unit);
  }
}
