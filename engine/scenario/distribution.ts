/**
 * A random quantity as the scenario describes it, resolved: `value`, `min`, `max`, `mean`, `scale` and `values` are
 * nanoseconds or bytes, `cv`, `shape`, `alpha` and `k` plain numbers.
 */
export type Distribution =
  | { type: "fixed"; value: number }
  | { type: "uniform"; min: number; max: number }
  | { type: "exponential"; mean: number }
  | { type: "lognormal"; mean: number; cv: number }
  | { type: "weibull"; shape: number; scale?: number; mean?: number }
  | { type: "pareto"; alpha: number; min: number; max?: number }
  | { type: "gamma"; shape: number; mean: number }
  | { type: "erlang"; k: number; mean: number }
  | { type: "empirical"; values: number[] };
