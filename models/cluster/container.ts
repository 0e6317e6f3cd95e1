import type { Ns, Simulation } from "../../engine/index.ts";
import { sampler } from "../../engine/random/distributions.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { CpuThread, ThreadOwner } from "./cpu-thread.ts";
import { RequestQueue } from "./request-queue.ts";
import type { Behavior } from "./schema.ts";

/** A container's place on its node's CPUs. */
export interface CpuGroup {
  createThread(owner: ThreadOwner): CpuThread;
  removeThread(thread: CpuThread): void;
}

export interface ContainerOptions {
  simulation: Simulation;
  name: string;
  behavior: Behavior;
  cpu: CpuGroup;
  /** CPU time added to every request's demand. */
  requestOverheadNs: Ns;
  /** Gives the start-up work. */
  stream: RandomStream;
  onReady: (container: Container) => void;
}

/**
 * The processes of one container: start-up work once, then threads that serve requests. Ready as soon as the start-up
 * work is done; without any, from the instant at which it starts.
 */
export class Container implements ThreadOwner {
  readonly name: string;
  readonly queue: RequestQueue;
  isReady = false;

  readonly #options: ContainerOptions;
  #starter: CpuThread | undefined;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.name = options.name;
    this.queue = new RequestQueue(options.requestOverheadNs);
  }

  start(): void {
    const { simulation, behavior } = this.#options;
    const delayNs = behavior.startup?.delay ?? 0;
    if (delayNs > 0) simulation.schedule(delayNs, beginStartup, this);
    else this.beginStartup();
  }

  beginStartup(): void {
    const { behavior, cpu, stream } = this.#options;
    const work = behavior.startup?.cpu;
    const demandNs = work === undefined ? 0 : sampler(work, stream)();
    if (demandNs === 0) return this.#becomeReady();
    this.#starter = cpu.createThread(this);
    this.#starter.start(demandNs);
  }

  /** The start-up work is done. */
  workDone(): Ns {
    this.#becomeReady();
    return 0;
  }

  #becomeReady(): void {
    const { behavior, cpu, onReady } = this.#options;
    for (let i = 0; i < behavior.threads; i++) this.queue.addThread((owner) => cpu.createThread(owner));
    this.isReady = true;
    onReady(this);
  }
}

function beginStartup(container: Container): void {
  container.beginStartup();
}
