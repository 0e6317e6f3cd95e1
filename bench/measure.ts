import Benchmark from "benchmark";
import type { BenchCase } from "./case.ts";

/** What a case reached. */
export interface Measurement {
  name: string;
  opsPerSecond: number;
  /** Relative margin of error at 95 %, in percent, as benchmark.js computes it. */
  rme: number;
  /** How many times as fast as each peer: medians of the same rounds. Empty where there is none. */
  ratioTo: Record<string, number>;
}

/** How long to measure. */
export interface Effort {
  /** Rounds of this program and then each peer in turn, so that a slow moment of the machine strikes all of them. */
  rounds: number;
  secondsPerRound: number;
  /** Measures the slow peers too, once. */
  hasSlowPeers: boolean;
}

export const FULL: Effort = { rounds: 7, secondsPerRound: 0.4, hasSlowPeers: true };
export const QUICK: Effort = { rounds: 3, secondsPerRound: 0.2, hasSlowPeers: false };

/** Into the steady state, and into optimised code. */
const WARMUP_NS = 700_000_000n;

/** Measures a case and its peers. Throws what the case throws. */
export function measure(benchCase: BenchCase, effort: Effort): Measurement {
  const until = process.hrtime.bigint() + WARMUP_NS;
  do benchCase.run();
  while (process.hrtime.bigint() < until);
  const rounds: Array<{ opsPerSecond: number; rme: number }> = [];
  const peers = new Map<string, number[]>();
  for (let round = 0; round < effort.rounds; round++) {
    rounds.push(sample(benchCase, effort.secondsPerRound));
    for (const peer of benchCase.peers ?? []) {
      if (peer.isSlow && (round > 0 || !effort.hasSlowPeers)) continue;
      const opsPerSecond = peer.measure();
      if (opsPerSecond !== undefined) peers.set(peer.name, [...(peers.get(peer.name) ?? []), opsPerSecond]);
    }
  }
  const middle = median(rounds, ({ opsPerSecond }) => opsPerSecond);
  const ratioTo: Record<string, number> = {};
  for (const [name, speeds] of peers) ratioTo[name] = middle.opsPerSecond / median(speeds, (speed) => speed);
  return { name: benchCase.name, opsPerSecond: middle.opsPerSecond, rme: middle.rme, ratioTo };
}

/** One run of benchmark.js: a call is a batch, so its rate is multiplied by the operations of a batch. */
function sample(benchCase: BenchCase, seconds: number): { opsPerSecond: number; rme: number } {
  let operations = 0;
  let calls = 0;
  let failure: unknown;
  const benchmark = new Benchmark(
    benchCase.name,
    () => {
      operations += benchCase.run();
      calls++;
    },
    { maxTime: seconds, minSamples: 3, minTime: 0.02, initCount: 1 },
  );
  benchmark.on("error", (event: { target?: { error?: unknown } }) => {
    failure = event.target?.error ?? new Error(`${benchCase.name} failed`);
  });
  benchmark.run({ async: false });
  if (failure !== undefined) throw failure;
  return { opsPerSecond: (benchmark.hz * operations) / calls, rme: benchmark.stats.rme };
}

function median<T>(items: readonly T[], key: (item: T) => number): T {
  return items.toSorted((a, b) => key(a) - key(b))[items.length >> 1];
}
