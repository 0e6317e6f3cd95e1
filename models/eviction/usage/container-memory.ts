import type { Handle, Simulation } from "../../../engine/index.ts";
import type { MemoryBehavior } from "../behavior-schema.ts";
import { Quantity } from "../quantity.ts";
import { MemoryThrottle } from "./memory-throttle.ts";
import { RampPlayer } from "./play-ramps.ts";

/**
 * The memory of one running container: its processes' own, what requests in service hold, and the tmpfs pages that it has
 * written. Their sum is the working set of its cgroup; page cache lies on top and is given up before anything else.
 */
export class ContainerMemory {
  /** The working set of the container's cgroup, in bytes. */
  readonly workingSet: Quantity;
  /** Page cache, as far as there is room for it. */
  readonly cacheBytes: number;

  readonly #simulation: Simulation;
  /** What ramps and steps move. */
  readonly #own: Quantity;
  readonly #perRequest: number;
  readonly #ramps: RampPlayer;
  readonly #steps: Handle[];
  readonly #throttle: MemoryThrottle | undefined;
  /** The sum of the rates of the ramps, bytes a second. */
  #wantedRate = 0;
  #requestBytes = 0;

  /** `pod` is the working set of the pod; `highBytes` is the container's memory.high. */
  constructor(simulation: Simulation, pod: Quantity, behavior: MemoryBehavior, highBytes?: number) {
    this.#simulation = simulation;
    this.workingSet = new Quantity(simulation, { sum: pod });
    this.#own = new Quantity(simulation, { value: behavior.initial, sum: this.workingSet });
    this.cacheBytes = behavior.cache;
    this.#perRequest = behavior.perRequest;
    if (highBytes !== undefined) {
      this.#throttle = new MemoryThrottle(this.workingSet, highBytes, () => this.#applyRate());
    }
    const target = { level: this.workingSet, own: this.#own, addRate: (rate: number) => this.#addRate(rate) };
    this.#ramps = new RampPlayer(simulation, target, behavior.ramps);
    this.#steps = behavior.steps.map((step) => simulation.schedule(step.after, () => this.#jump(step.to), undefined));
  }

  /** Resident pages of the processes, which the OOM killer counts: tmpfs pages are nobody's. */
  get residentBytes(): number {
    return this.#own.value + this.#requestBytes;
  }

  requestBegun(): void {
    this.#hold(this.#perRequest);
  }

  requestEnded(): void {
    this.#hold(-this.#perRequest);
  }

  /** The processes end: what they held is free at once. */
  end(): void {
    this.#ramps.stop();
    for (const step of this.#steps) this.#simulation.cancel(step);
    this.#throttle?.cancel();
    this.#own.setRate(0);
    this.#own.set(0);
    this.#hold(-this.#requestBytes);
  }

  #hold(bytes: number): void {
    if (bytes === 0) return;
    this.#requestBytes += bytes;
    this.workingSet.add(bytes);
  }

  /** The working set becomes `bytes`, or as little as requests and tmpfs pages leave of it. */
  #jump(bytes: number): void {
    const others = this.workingSet.value - this.#own.value;
    this.#own.set(Math.max(0, bytes - others));
  }

  #addRate(rate: number): void {
    this.#wantedRate += rate;
    this.#applyRate();
  }

  #applyRate(): void {
    this.#own.setRate(Math.min(this.#wantedRate, this.#throttle?.mostBytesPerSecond ?? Infinity));
  }
}
