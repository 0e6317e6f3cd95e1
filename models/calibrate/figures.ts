import { percentileOf } from "../../engine/statistics/percentiles.ts";
import { NS_PER_US, type Ns } from "../../engine/time.ts";

/** What is compared of a group: cpu.stat's figures, CPU time, and what its requests saw; times in us. */
export const FIGURES = [
  "cpu",
  "nr_periods",
  "nr_throttled",
  "throttled",
  "nr_bursts",
  "burst",
  "completed",
  "mean",
  "p50",
  "p90",
  "p99",
  "max",
] as const;
export type Figure = (typeof FIGURES)[number];

/** The figures of one group; those that it does not have are absent. */
export type Figures = Partial<Record<Figure, number>>;

/** What completed requests saw, from their response times. */
export function responseFigures(responses: readonly Ns[]): Figures {
  const sorted = Float64Array.from(responses).toSorted();
  const total = sorted.reduce((sum, response) => sum + response, 0);
  const figures: Figures = { completed: sorted.length };
  if (sorted.length === 0) return figures;
  return {
    ...figures,
    mean: us(total / sorted.length),
    p50: us(percentileOf(sorted, 500)),
    p90: us(percentileOf(sorted, 900)),
    p99: us(percentileOf(sorted, 990)),
    max: us(sorted.at(-1)),
  };
}

function us(ns: Ns | undefined): number | undefined {
  return ns === undefined ? undefined : Math.round(ns / NS_PER_US);
}

/** The middle of the values, the lower one of two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1];
}
