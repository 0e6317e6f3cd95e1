import type { Simulation } from "../../../engine/index.ts";
import { COUNT_RATE_PERIOD, type DiskWrite, type MemoryBehavior, type UsageBehavior } from "../behavior-schema.ts";
import { Quantity } from "../quantity.ts";
import { ContainerMemory } from "./container-memory.ts";
import { DiskWriter } from "./disk-writer.ts";
import type { Place } from "./place.ts";
import { RampPlayer } from "./play-ramps.ts";

export interface ContainerUsageOptions {
  simulation: Simulation;
  behavior: UsageBehavior;
  /** The sums of the pod. */
  pod: { memory: Quantity; pids: Quantity };
  /** memory.high, where it is set. */
  memoryHighBytes?: number;
  /** Where the container writes to. */
  placeOf: (to: DiskWrite["to"]) => Place;
}

const NO_MEMORY: MemoryBehavior = { initial: 0, ramps: [], steps: [], perRequest: 0, cache: 0 };

/** What one run of a container takes of its node, from its start to its end. */
export class ContainerUsage {
  readonly memory: ContainerMemory;
  readonly pids: Quantity;
  readonly #ramps: RampPlayer;
  readonly #writers: DiskWriter[];

  constructor({ simulation, behavior, pod, memoryHighBytes, placeOf }: ContainerUsageOptions) {
    const { memory = NO_MEMORY, pids = { initial: 1, ramps: [] }, disk = [] } = behavior;
    this.memory = new ContainerMemory(simulation, pod.memory, memory, memoryHighBytes);
    const processes = new Quantity(simulation, { per: COUNT_RATE_PERIOD, value: pids.initial, sum: pod.pids });
    this.pids = processes;
    const addRate = (rate: number) => processes.setRate(processes.rate + rate);
    this.#ramps = new RampPlayer(simulation, { level: processes, own: processes, addRate }, pids.ramps);
    const { workingSet } = this.memory;
    this.#writers = disk.map((write) => new DiskWriter(simulation, write, placeOf(write.to), workingSet));
  }

  /**
   * The processes end. Their memory is free at once; pages of a tmpfs stay and are charged to `heir` from now on. Gives
   * those charges.
   */
  end(heir: Quantity): Quantity[] {
    this.#ramps.stop();
    this.pids.setRate(0);
    this.pids.set(0);
    for (const writer of this.#writers) writer.stop();
    this.memory.end();
    const charges = this.#writers.flatMap(({ charge }) => (charge === undefined ? [] : [charge]));
    for (const charge of charges) charge.moveTo(heir);
    return charges;
  }
}
