/**
 * The simulation kernel: time, order and randomness, and nothing of Kubernetes or Linux. See README.md for the order in
 * which to read the files.
 */
export * from "./time.ts";
export * from "./errors.ts";
export {
  BEFORE_MODELS,
  MODELS,
  NO_EVENT,
  OBSERVERS,
  type Handle,
  type Handler,
  type PriorityClass,
} from "./event-store.ts";
export type { EventList } from "./event-list.ts";
export { Simulation, type Invariant, type SimulationOptions } from "./simulation.ts";
export type { RandomStream } from "./random/streams.ts";
export { DrawLog, firstDifference, type Draw } from "./trust/draw-log.ts";
export { Fingerprint } from "./trust/fingerprint.ts";
export * from "./process/index.ts";
export * from "./go/index.ts";
export * from "./resources/index.ts";
export { autocorrelation, batchMeans, batchMeansInterval, type BatchInterval } from "./statistics/batch-means.ts";
export { mser5, type Truncation } from "./statistics/mser.ts";
export {
  relativePrecision,
  replicateUntilPrecise,
  tInterval,
  type Interval,
  type PrecisionGoal,
} from "./statistics/t-interval.ts";
export { tQuantile } from "./statistics/t-quantile.ts";
export { TimeWeighted } from "./statistics/time-weighted.ts";
