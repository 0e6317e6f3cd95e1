import { NO_EVENT, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import { sampler } from "../../engine/random/distributions.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { CpuThread, ThreadOwner } from "./cpu-thread.ts";
import { RequestQueue, type ServiceMeter } from "./request-queue.ts";
import type { Behavior } from "./schema.ts";

/** A container's place on its node's CPUs. */
export interface CpuGroup {
  createThread(owner: ThreadOwner): CpuThread;
  removeThread(thread: CpuThread): void;
}

/** How a container ended. */
export interface ContainerExit {
  code: number;
  /** As in the status of a container: Completed, Error, OOMKilled. */
  reason: string;
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
  /** It has nothing to do but its start-up work, and ends with it: an init container that is not a sidecar. */
  endsAfterStartup?: boolean;
  /** Told of every request that a thread takes up or puts down. */
  meter?: ServiceMeter;
  onReady: () => void;
  /** Called at the end, before the requests that it holds fail: so that nobody sends it others. */
  onEnding: (exit: ContainerExit) => void;
  /** Called when nothing of it is left on the CPUs. */
  onEnded: (exit: ContainerExit) => void;
}

/** Exit status of a process that SIGKILL ended. */
export const KILLED: ContainerExit = { code: 137, reason: "Error" };

/**
 * The processes of one run of a container: start-up work once, then threads that serve requests, until it ends by itself
 * or is killed. Ready as soon as the start-up work is done; without any, from the instant at which it starts.
 *
 * Simplified: SIGTERM is not handled. A container that is told to stop goes on with what it has until SIGKILL at the end
 * of its grace period, as a process does that is PID 1 of its container and installs no handler.
 */
export class Container implements ThreadOwner {
  readonly name: string;
  readonly queue: RequestQueue;
  readonly startedAt: Ns;
  isReady = false;

  readonly #options: ContainerOptions;
  readonly #threads: CpuThread[] = [];
  #startup: Handle = NO_EVENT;
  #exit: Handle = NO_EVENT;
  #hasEnded = false;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.name = options.name;
    this.startedAt = options.simulation.now;
    this.queue = new RequestQueue(options.requestOverheadNs, options.meter);
  }

  /** To be called once, at the instant at which it was made. */
  start(): void {
    const { simulation, behavior } = this.#options;
    const { startup, exit } = behavior;
    if (exit !== undefined) this.#exit = simulation.schedule(exit.after, onExit, this);
    const delayNs = startup?.delay ?? 0;
    if (delayNs > 0) this.#startup = simulation.schedule(delayNs, beginStartup, this);
    else this.beginStartup();
  }

  beginStartup(): void {
    const { behavior, stream } = this.#options;
    const work = behavior.startup?.cpu;
    const demandNs = work === undefined ? 0 : sampler(work, stream)();
    if (demandNs === 0) this.#startupDone();
    else this.#createThread(this).start(demandNs);
  }

  /** The start-up work is done. */
  workDone(): Ns {
    this.#startupDone();
    return 0;
  }

  /** Ends by itself. */
  exit(code: number): void {
    this.end({ code, reason: code === 0 ? "Completed" : "Error" });
  }

  /** Ends it now; its requests fail. No-op for one that has ended. */
  end(exit: ContainerExit): void {
    if (this.#hasEnded) return;
    this.#cancelTimers();
    this.#options.onEnding(exit);
    this.queue.close();
    this.#removeThreads();
    this.#options.onEnded(exit);
  }

  /** Its node goes down: nothing runs any more, and nobody learns of it; requests stay open until their clients give up. */
  freeze(): void {
    if (this.#hasEnded) return;
    this.#cancelTimers();
    this.queue.freeze();
    this.#removeThreads();
  }

  #cancelTimers(): void {
    this.#hasEnded = true;
    this.isReady = false;
    this.#options.simulation.cancel(this.#startup);
    this.#options.simulation.cancel(this.#exit);
  }

  #removeThreads(): void {
    for (const thread of this.#threads) this.#options.cpu.removeThread(thread);
  }

  #startupDone(): void {
    const { behavior, endsAfterStartup, onReady } = this.#options;
    if (endsAfterStartup === true) {
      if (behavior.exit === undefined) this.exit(0);
      return;
    }
    for (let i = 0; i < behavior.threads; i++) this.queue.addThread((owner) => this.#createThread(owner));
    this.isReady = true;
    onReady();
  }

  #createThread(owner: ThreadOwner): CpuThread {
    const thread = this.#options.cpu.createThread(owner);
    this.#threads.push(thread);
    return thread;
  }

  /** Its own end has come, with the code that its behaviour gives. */
  onExitTimer(): void {
    this.exit(this.#options.behavior.exit?.code ?? 0);
  }
}

function beginStartup(container: Container): void {
  container.beginStartup();
}

function onExit(container: Container): void {
  container.onExitTimer();
}
