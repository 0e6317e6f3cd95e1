import { NS_PER_US } from "../../engine/time.ts";
import { FIGURES, median, type Figure, type Figures } from "./figures.ts";
import { loadsSchema, type Load } from "./load.ts";
import { responsesOf, type RecordedSet } from "./recording.ts";
import { replay } from "./replay.ts";

/** A figure over repetitions or draws. */
export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** One figure of one group, on both sides. */
export interface ComparedFigure {
  group: string;
  figure: Figure;
  kernel: Spread;
  model: Spread;
  /** The model's median should lie in here. */
  accept: [low: number, high: number];
  isInside: boolean;
}

export interface ComparedLoad {
  load: Load;
  repetitions: number;
  figures: ComparedFigure[];
  /** Response times in us of all repetitions and draws, ascending; groups without requests are absent. */
  responses: Record<string, { kernel: number[]; model: number[] }>;
}

/**
 * Noise of a measurement beside its own spread, relative and absolute (us or counts; the second absolute one on two CPUs
 * or more, where a halted virtual CPU costs up to a tick): what differs between two sets of repetitions of the same load.
 */
const FLOORS: Record<Figure, [relative: number, absolute: number, onMoreCpus: number]> = {
  cpu: [0.012, 3_600, 3_600],
  nr_periods: [0.03, 2, 2],
  nr_throttled: [0.07, 1.2, 1.2],
  throttled: [0.07, 4_800, 9_600],
  nr_bursts: [0.09, 1.2, 1.2],
  burst: [0.09, 4_800, 4_800],
  completed: [0.009, 1.2, 1.2],
  mean: [0.1, 1_000, 3_000],
  p50: [0.1, 500, 3_500],
  p90: [0.07, 2_400, 3_000],
  p99: [0.09, 3_600, 4_200],
  max: [0.12, 4_800, 5_400],
};

/** Figures of groups without a quota are zero on both sides and say nothing. */
const OF_QUOTA: ReadonlySet<Figure> = new Set(["nr_periods", "nr_throttled", "throttled", "nr_bursts", "burst"]);

/**
 * Where the model's median has to lie: around the kernel's median as far as the kernel's own repetitions lie apart, at
 * least the floor, and within half a floor of every repetition.
 */
export function acceptedRange(figure: Figure, kernel: Spread, cpus: number): [number, number] {
  const [relative, one, more] = FLOORS[figure];
  const floor = Math.max(relative * kernel.median, cpus > 1 ? more : one);
  const reach = Math.max(floor, kernel.max - kernel.min);
  const low = Math.min(kernel.median - reach, kernel.min - floor / 2);
  return [Math.max(low, 0), Math.max(kernel.median + reach, kernel.max + floor / 2)];
}

/**
 * Replays every repetition of a recorded set `draws` times, each with other phases of ticks and period timers, which the
 * kernel does not tell, and sets the figures side by side.
 */
export function compareSet({ machine, recordings }: RecordedSet, draws: number): ComparedLoad[] {
  return recordings.map(({ load: written, repetitions }) => {
    const [load] = loadsSchema.parse({ loads: [written] });
    const replays = repetitions.flatMap(({ served }, repetition) =>
      Array.from({ length: draws }, (_, draw) => replay(load, served, machine, `${load.id}/${repetition}/${draw}`)),
    );
    const figures = load.groups.flatMap(({ name, quota }) =>
      FIGURES.filter((figure) => quota !== Infinity || !OF_QUOTA.has(figure)).flatMap((figure) => {
        const kernel = spread(
          repetitions.map((repetition) => repetition.figures[name]),
          figure,
        );
        const model = spread(
          replays.map((each) => each.figures[name]),
          figure,
        );
        if (kernel === undefined || model === undefined) return [];
        const accept = acceptedRange(figure, kernel, load.cpus);
        const isInside = model.median >= accept[0] && model.median <= accept[1];
        return [{ group: name, figure, kernel, model, accept, isInside }];
      }),
    );
    const responses = Object.fromEntries(
      Object.keys(replays[0].responses).map((group) => [
        group,
        {
          kernel: ascending(repetitions.flatMap((repetition) => responsesOf(load, group, repetition.served) ?? [])),
          model: ascending(replays.flatMap((each) => each.responses[group].map((ns) => ns / NS_PER_US))),
        },
      ]),
    );
    return { load, repetitions: repetitions.length, figures, responses };
  });
}

function spread(all: readonly Figures[], figure: Figure): Spread | undefined {
  const values = all.map((figures) => figures[figure]).filter((value) => value !== undefined);
  if (values.length < all.length) return undefined;
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);
