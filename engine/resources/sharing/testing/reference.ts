import { divideHalfEven } from "../../../statistics/exact-moments.ts";
import { NS_PER_SECOND } from "../../../time.ts";
import { isBelow, minus, over, plus, rational, times, type Rational } from "./rational.ts";

/** A transfer: on which links, how much, from when (ns). */
export interface Transfer {
  links: readonly number[];
  bytes: number;
  at: number;
  weight: number;
  cap: number;
}

interface Open {
  index: number;
  transfer: Transfer;
  left: Rational;
  /** Bytes a nanosecond. */
  rate: Rational;
}

const ZERO = rational(0);

/** When each transfer ends (ns), by the definition of max-min fairness over single flows, in exact fractions. */
export function referenceEnds(capacities: readonly number[], transfers: readonly Transfer[]): number[] {
  const ends = transfers.map(() => Infinity);
  const starts = [...new Set(transfers.map(({ at }) => at))].toSorted((a, b) => a - b);
  let open: Open[] = [];
  let now = 0;
  for (;;) {
    for (const { index, left, rate } of open) if (dueAt(now, left, rate) === now) ends[index] = now;
    open = open.filter(({ index }) => ends[index] === Infinity);
    transfers.forEach((transfer, index) => {
      if (transfer.at === now) open.push({ index, transfer, left: rational(transfer.bytes), rate: ZERO });
    });
    shareFairly(capacities, open);
    const next = Math.min(...starts.filter((at) => at > now), ...open.map(({ left, rate }) => dueAt(now, left, rate)));
    if (next === Infinity) return ends;
    for (const flow of open) flow.left = minus(flow.left, times(flow.rate, rational(next - now)));
    now = next;
  }
}

/** The rates of flows of unit `weight` in bytes a nanosecond, by progressive filling. */
function shareFairly(capacities: readonly number[], open: Open[]): void {
  let rising = [...open];
  let level = ZERO;
  while (rising.length > 0) {
    const limits = capacities.map((capacity, link) => {
      const crossing = open.filter(({ transfer }) => transfer.links.includes(link));
      const moving = crossing.filter((flow) => rising.includes(flow));
      const weight = moving.reduce((sum, { transfer }) => sum + transfer.weight, 0);
      const stopped = crossing
        .filter((flow) => !rising.includes(flow))
        .reduce((sum, { rate }) => plus(sum, rate), ZERO);
      return weight === 0 ? undefined : over(minus(perNs(capacity), stopped), rational(weight));
    });
    const caps = rising.map(({ transfer }) => over(perNs(transfer.cap), rational(transfer.weight)));
    level = [...limits, ...caps].reduce<Rational | undefined>(
      (least, limit) => (limit !== undefined && (least === undefined || isBelow(limit, least)) ? limit : least),
      undefined,
    )!;
    const isStopped = (flow: Open, i: number): boolean =>
      !isBelow(level, caps[i]) || flow.transfer.links.some((link) => !isBelow(level, limits[link]!));
    const stopped = new Set(rising.filter(isStopped));
    for (const flow of stopped) flow.rate = times(level, rational(flow.transfer.weight));
    rising = rising.filter((flow) => !stopped.has(flow));
  }
}

function perNs(bytesPerSecond: number): Rational {
  return rational(bytesPerSecond, NS_PER_SECOND);
}

/** To the nearest nanosecond, ties to even. */
function dueAt(now: number, left: Rational, rate: Rational): number {
  if (left.over <= 0n) return now;
  if (rate.over === 0n) return Infinity;
  const due = plus(rational(now), over(left, rate));
  return Number(divideHalfEven(due.over, due.under));
}
