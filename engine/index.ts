/**
 * The simulation kernel: time, order and randomness, and nothing of Kubernetes or Linux. See README.md for the order in
 * which to read the files. Of the folders here, scenario/ and results/ serve the `sim` program and are no part of this face.
 */
export * from "./time.ts";
export * from "./errors.ts";
export {
  AFTER_MODELS,
  BEFORE_MODELS,
  MODELS,
  NO_EVENT,
  OBSERVERS,
  type Handle,
  type Handler,
  type PriorityClass,
} from "./event-store.ts";
export type { EventStore } from "./event-store.ts";
export type { EventList } from "./event-list.ts";
export { FourAryHeap } from "./heap.ts";
export { LadderQueue } from "./ladder.ts";
export { Simulation, type Invariant, type SimulationOptions } from "./simulation.ts";
export type { RandomStream, RandomStreams } from "./random/streams.ts";
export { quantileOf, sampler, type Distribution } from "./random/distributions.ts";
export * from "./math/index.ts";
export { DrawLog, firstDifference, type Draw } from "./trust/draw-log.ts";
export { Fingerprint } from "./trust/fingerprint.ts";
export * from "./process/index.ts";
export * from "./go/index.ts";
export * from "./resources/index.ts";
export { autocorrelation, batchMeans, batchMeansInterval, type BatchInterval } from "./statistics/batch-means.ts";
export { mser5, type Truncation } from "./statistics/mser.ts";
export { nearestRank, percentileOf, type PerMille } from "./statistics/percentiles.ts";
export {
  Recorder,
  type RecorderOptions,
  type SourceRecorder,
  type SummaryFigures,
  type WindowFigures,
} from "./statistics/recorder.ts";
export { Samples } from "./statistics/samples.ts";
export {
  relativePrecision,
  replicateUntilPrecise,
  tInterval,
  type Interval,
  type PrecisionGoal,
} from "./statistics/t-interval.ts";
export { tQuantile } from "./statistics/t-quantile.ts";
export { TimeWeighted } from "./statistics/time-weighted.ts";
export { Windows } from "./statistics/windows.ts";
