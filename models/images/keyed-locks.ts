import type { Simulation } from "../../engine/simulation.ts";

/** Called when a lock or slot is granted. */
export type Granted = () => void;

/**
 * Exclusive locks by name, granted first come, first served: containerd's duplicate suppressor, which keeps two pulls from
 * doing the same layer. Names without a holder take no memory.
 */
export class KeyedLocks<K> {
  readonly #sim: Simulation;
  /** The waiting ones of each lock that is held. */
  readonly #held = new Map<K, Granted[]>();

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  acquire(key: K, granted: Granted): void {
    const waiting = this.#held.get(key);
    if (waiting !== undefined) {
      waiting.push(granted);
      return;
    }
    this.#held.set(key, []);
    granted();
  }

  /** Gives the lock up. The next holder goes on within this instant, after what is due already. */
  release(key: K): void {
    const waiting = this.#held.get(key);
    if (waiting === undefined) throw new Error(`released a lock that nobody holds: ${String(key)}`);
    const next = waiting.shift();
    if (next === undefined) this.#held.delete(key);
    else this.#sim.schedule(0, next, undefined);
  }
}

/** A number of slots, granted first come, first served: the limit of concurrent downloads. */
export class Slots {
  readonly #sim: Simulation;
  readonly #waiting: Granted[] = [];
  #free: number;

  constructor(sim: Simulation, count: number) {
    this.#sim = sim;
    this.#free = count;
  }

  acquire(granted: Granted): void {
    if (this.#free === 0) {
      this.#waiting.push(granted);
      return;
    }
    this.#free--;
    granted();
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else this.#sim.schedule(0, next, undefined);
  }
}
