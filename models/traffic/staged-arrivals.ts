import type { Rate } from "../../engine/scenario/units.ts";
import { roundNs, type Ns } from "../../engine/time.ts";
import type { ArrivalProcess } from "./arrivals.ts";

/** One stage, in exact numbers where they matter. */
interface Stage {
  from: Ns;
  durationNs: Ns;
  /** Rates at its start and end: arrivals in `unit` ns. */
  startCount: number;
  endCount: number;
  /** The integral of the rate before it: whole arrivals, and a part of one. */
  wholeBefore: number;
  partBefore: number;
  /** Whole arrivals by its end. */
  wholeAfter: number;
}

/**
 * Rates that change linearly from one target to the next, without chance: an arrival wherever the integral of the rate
 * reaches 1, 2, 3 ... Nothing follows the last stage. The integral at the ends of stages is exact; within a stage the
 * instant is found to well below a nanosecond, then rounded.
 */
export class StagedArrivals implements ArrivalProcess {
  readonly isArrival = true;
  readonly #unit: Ns;
  readonly #stages: readonly Stage[];
  #stage = 0;
  #arrivals = 0;

  constructor(startRate: Rate, stages: ReadonlyArray<{ duration: Ns; target: Rate }>) {
    const unit = [startRate, ...stages.map(({ target }) => target)].reduce((all, { per }) => leastCommon(all, per), 1n);
    this.#unit = Number(unit);
    this.#stages = timesOf(startRate, stages, unit);
  }

  next(): Ns {
    const k = ++this.#arrivals;
    while (this.#stage < this.#stages.length && this.#stages[this.#stage].wholeAfter < k) this.#stage++;
    if (this.#stage === this.#stages.length) return Infinity;
    const stage = this.#stages[this.#stage];
    const rest = k - stage.wholeBefore - stage.partBefore;
    return stage.from + roundNs(this.#timeTo(rest, stage));
  }

  /**
   * The time from a stage's start to `rest` more arrivals: with rate a at the start and s its slope, the root of
   * rest = a t + s t^2 / 2 in the form that loses nothing where s is small, 2 rest / (a + sqrt(a^2 + 2 s rest)).
   */
  #timeTo(rest: number, { durationNs, startCount, endCount }: Stage): number {
    const work = rest * this.#unit;
    const square = startCount * startCount + (2 * (endCount - startCount) * work) / durationNs;
    const time = (2 * work) / (startCount + Math.sqrt(square > 0 ? square : 0));
    return time < durationNs ? time : durationNs;
  }
}

function timesOf(startRate: Rate, stages: ReadonlyArray<{ duration: Ns; target: Rate }>, unit: bigint): Stage[] {
  const countOf = ({ count, per }: Rate) => BigInt(count) * (unit / BigInt(per));
  const times: Stage[] = [];
  let start = countOf(startRate);
  let from = 0;
  // Twice the integral so far, in arrivals / unit.
  let twice = 0n;
  for (const { duration, target } of stages) {
    const end = countOf(target);
    const before = twice;
    twice += (start + end) * BigInt(duration);
    times.push({
      from,
      durationNs: duration,
      startCount: Number(start),
      endCount: Number(end),
      wholeBefore: Number(before / (2n * unit)),
      partBefore: Number(before % (2n * unit)) / Number(2n * unit),
      wholeAfter: Number(twice / (2n * unit)),
    });
    from += duration;
    start = end;
  }
  return times;
}

function leastCommon(a: bigint, b: Ns): bigint {
  let [x, y] = [a, BigInt(b)];
  while (y > 0n) [x, y] = [y, x % y];
  return (a / x) * BigInt(b);
}
