import { NS_PER_US, type Ns } from "../../engine/time.ts";
import type { CpuThread, ThreadOwner } from "../cluster/cpu-thread.ts";

/** Softirq work is handed to the CPU in pieces of at least this, so that not every packet wakes a thread. */
const PIECE_NS: Ns = 50 * NS_PER_US;

/**
 * Takes the softirq work of one core from the node's CPU time: a kernel thread bound to that CPU has as much to do.
 *
 * Simplified: packets do not wait for that thread, and it competes like any thread where softirqs would interrupt.
 */
export class SoftirqLoad implements ThreadOwner {
  readonly #thread: CpuThread;
  #pendingNs: Ns = 0;
  #isRunning = false;

  /** `createThread` makes the thread on its CPU. */
  constructor(createThread: (owner: ThreadOwner) => CpuThread) {
    this.#thread = createThread(this);
  }

  charge(ns: Ns): void {
    this.#pendingNs += ns;
    if (this.#isRunning || this.#pendingNs < PIECE_NS) return;
    this.#isRunning = true;
    const work = this.#pendingNs;
    this.#pendingNs = 0;
    this.#thread.start(work);
  }

  workDone(): Ns {
    const work = this.#pendingNs;
    this.#pendingNs = 0;
    this.#isRunning = work > 0;
    return work;
  }
}
