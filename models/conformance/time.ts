import { NS_PER_SECOND, roundNs, type Ns } from "../../engine/time.ts";

/** Reference cases count in seconds; the simulator in nanoseconds. */
export function nsOf(seconds: number): Ns {
  return seconds < 0 ? -roundNs(-seconds * NS_PER_SECOND) : roundNs(seconds * NS_PER_SECOND);
}

export function secondsOf(ns: Ns): number {
  return ns / NS_PER_SECOND;
}
