import type { Ns } from "../../engine/time.ts";

/** One thread as the models of processes see it: it sleeps, or it has CPU work to do. The CPU's model decides when. */
export interface CpuThread {
  /** Makes a sleeping thread runnable with `demandNs` (ns of CPU time, more than 0) to work off. */
  start(demandNs: Ns): void;
  /** Puts the thread to sleep at once, whatever is left of its work; no-op for a sleeping thread. It may start again. */
  stop(): void;
}

/** Whoever gives a thread its work. */
export interface ThreadOwner {
  /**
   * Called at the instant at which the work is used up. Returns the next demand (ns, more than 0) to go on without
   * sleeping, or 0 to sleep. During the call other threads of the node may be started and stopped; this one may be
   * stopped, and then sleeps whatever is returned.
   */
  workDone(thread: CpuThread): Ns;
}
