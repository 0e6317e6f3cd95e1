import { expect } from "vitest";
import { NO_EVENT, type Handle, type Ns, type Simulation } from "../../../engine/index.ts";
import type { CpuThread, ThreadOwner } from "../cpu-thread.ts";

/** A thread that has a CPU of its own, at unit speed, and counts how often it wakes. */
export class UnitThread implements CpuThread {
  wakeUps = 0;
  isRunning = false;
  readonly #simulation: Simulation;
  readonly #owner: ThreadOwner;
  #end: Handle = NO_EVENT;

  constructor(simulation: Simulation, owner: ThreadOwner) {
    this.#simulation = simulation;
    this.#owner = owner;
  }

  start(demandNs: Ns): void {
    expect(this.isRunning).toBe(false);
    expect(demandNs).toBeGreaterThan(0);
    this.wakeUps++;
    this.#run(demandNs);
  }

  stop(): void {
    this.#simulation.cancel(this.#end);
    this.isRunning = false;
  }

  #run(demandNs: Ns): void {
    this.isRunning = true;
    this.#end = this.#simulation.schedule(demandNs, () => this.#done(), undefined);
  }

  #done(): void {
    const next = this.#owner.workDone(this);
    if (this.isRunning && next > 0) this.#run(next);
    else this.isRunning = false;
  }
}
