import type { Ns } from "../../engine/time.ts";

/** A thread that burns CPU time when it has work and sleeps otherwise. */
export interface CpuThread {
  /** Gives a sleeping thread this much CPU work (more than 0 ns): it becomes ready to run. */
  start(demandNs: Ns): void;
  /** Ends what the thread is doing; it then sleeps. */
  stop(): void;
}

/** Whoever gives a thread its work. */
export interface ThreadOwner {
  /** The thread's work is used up: the next demand in ns (more than 0) to go on without sleeping, or 0 to sleep. */
  workDone(thread: CpuThread): Ns;
}
