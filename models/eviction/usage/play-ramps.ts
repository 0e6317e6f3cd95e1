import type { Handle, Simulation } from "../../../engine/index.ts";
import type { Ramp } from "../behavior-schema.ts";
import type { Quantity, Watch } from "../quantity.ts";

/** What ramps move. */
export interface RampTarget {
  /** Holds the level that `until` means. */
  readonly level: Quantity;
  /** What it moves: where nothing is left of it, no ramp falls any more. */
  readonly own: Quantity;
  /** Adds to the rate at which it moves; negative takes away. */
  addRate(rate: number): void;
}

/** The ramps of one running container. Nothing moves by them after `stop`. */
export class RampPlayer {
  readonly #simulation: Simulation;
  readonly #target: RampTarget;
  readonly #pending = new Set<Handle>();
  readonly #running = new Set<RunningRamp>();
  readonly #floor: Watch | undefined;

  /** Times count from now. */
  constructor(simulation: Simulation, target: RampTarget, ramps: readonly Ramp[]) {
    this.#simulation = simulation;
    this.#target = target;
    for (const ramp of ramps) this.#after(ramp.after, () => this.#begin(ramp));
    if (ramps.some(({ rate }) => rate < 0)) this.#floor = target.own.watch("below", 1, () => this.#stopFalling());
  }

  /** Ends all ramps at once. */
  stop(): void {
    for (const handle of this.#pending) this.#simulation.cancel(handle);
    for (const ramp of this.#running) this.#end(ramp);
    this.#floor?.cancel();
  }

  #stopFalling(): void {
    for (const ramp of this.#running) if (ramp.rate < 0) this.#end(ramp);
  }

  #after(delay: number, action: () => void): void {
    const handle = this.#simulation.schedule(
      delay,
      () => {
        this.#pending.delete(handle);
        action();
      },
      undefined,
    );
    this.#pending.add(handle);
  }

  #begin({ rate, until, for: time }: Ramp): void {
    const { level, own } = this.#target;
    const isThere = rate > 0 ? level.value >= (until ?? Infinity) : level.value <= (until ?? -1) || own.value < 1;
    if (isThere) return;
    const ramp: RunningRamp = { rate };
    this.#running.add(ramp);
    this.#target.addRate(rate);
    if (until !== undefined) {
      const end = () => this.#end(ramp);
      ramp.watch = rate > 0 ? level.watch("atLeast", until, end) : level.watch("below", until + 1, end);
    }
    if (time !== undefined) this.#after(time, () => this.#end(ramp));
  }

  #end(ramp: RunningRamp): void {
    if (!this.#running.delete(ramp)) return;
    ramp.watch?.cancel();
    this.#target.addRate(-ramp.rate);
  }
}

interface RunningRamp {
  readonly rate: number;
  watch?: Watch;
}
