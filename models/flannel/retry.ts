import type { Ns } from "../../engine/time.ts";
import { RETRY_ATTEMPTS, RETRY_DELAY_NS, RETRY_JITTER_NS } from "./defaults.ts";

/**
 * The wait after the n-th failure of a write, n from 1: 100 ms, 200 ms, 400 ms ... plus a jitter below 100 ms (rule R13).
 * `below(n)` draws an integer from 0 to n - 1. Source: avast/retry-go v4 BackOffDelay, RandomDelay, CombineDelay.
 */
export function retryWait(failures: number, below: (n: number) => number): Ns {
  let wait = RETRY_DELAY_NS;
  for (let i = 1; i < failures; i++) wait *= 2;
  return wait + below(RETRY_JITTER_NS);
}

export interface RetryOutcome {
  attempts: number;
  gaveUp: boolean;
  /** Bounds of the time spent waiting; the upper one is not reached. */
  minNs: Ns;
  maxNs: Ns;
}

/** How often a write is tried that fails `failures` times before it succeeds, and how long that blocks the daemon. */
export function retryOutcome(failures: number): RetryOutcome {
  const attempts = Math.min(failures + 1, RETRY_ATTEMPTS);
  let minNs = 0;
  for (let i = 1; i < attempts; i++) minNs += retryWait(i, () => 0);
  return { attempts, gaveUp: failures >= RETRY_ATTEMPTS, minNs, maxNs: minNs + (attempts - 1) * RETRY_JITTER_NS };
}
