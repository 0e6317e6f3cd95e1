import { NS_PER_US, type Ns } from "../../engine/time.ts";
import type { Request } from "./demand.ts";
import { responseFigures, type Figures } from "./figures.ts";
import type { Load } from "./load.ts";

/** The machine on which loads were measured, as far as the model has to know. */
export interface Machine {
  /** Major and minor version of the kernel. */
  kernel: string;
  hz: number;
  cgroup: "v1" | "v2";
  cpus: number;
  bandwidthSliceUs: number;
}

/** A request as it was: [arrival, CPU time that it took, response time or -1 if it did not complete], in us. */
export type ServedRequest = [arrival: number, service: number, response: number];
/** A round of a closed loop: [CPU time that it took, response time or -1], in us. */
export type ServedRound = [service: number, response: number];

/** What the workers of one entry of a load did in one repetition. */
export interface Served {
  /** Of a queue, in the order of arrival. */
  requests?: ServedRequest[];
  /** Of closed loops, by thread. */
  rounds?: ServedRound[][];
}

/** One repetition of a load on the kernel: the demand actually made, and the kernel's figures by group. */
export interface Repetition {
  served: Served[];
  figures: Record<string, Figures>;
}

export interface Recording {
  /** As a file of loads has it. */
  load: unknown;
  repetitions: Repetition[];
}

/** Everything that a calibration measured. */
export interface RecordedSet {
  about: string;
  machine: Machine;
  recordings: Recording[];
}

/** A request as the load generator reports it, in ns. */
export interface RawRequest {
  worker: number;
  /** Its queue; -1 in a closed loop. */
  queue: number;
  index: number;
  arrival: Ns;
  /** -1: not completed before the end. */
  ended: Ns;
  /** The worker's CPU time at its start; -1 where the worker had not slept before. */
  cpu: Ns;
}

/** What the load generator reports of one repetition. */
export interface RawRun {
  /** By group: growth of the fields of cpu.stat. */
  stats: Array<Record<string, number>>;
  /** By worker: CPU time in all, in ns. */
  cpu: Ns[];
  requests: RawRequest[];
}

/** Reads the load generator's report. */
export function parseRun(text: string): RawRun {
  const run: RawRun = { stats: [], cpu: [], requests: [] };
  for (const line of text.split("\n")) {
    const [kind, ...words] = line.split(" ");
    if (kind === "group") {
      const [group, field, before, after] = words;
      (run.stats[Number(group)] ??= {})[field] = Number(after) - Number(before);
    } else if (kind === "cpu") run.cpu[Number(words[0])] = Number(words[1]);
    else if (kind === "request") {
      const [worker, queue, index, arrival, , ended, cpu] = words.map(Number);
      run.requests.push({ worker, queue, index, arrival, ended, cpu });
    }
  }
  return run;
}

/**
 * The CPU time that each of a worker's requests took. Its clock was read after sleeps alone, so the time between two
 * readings is shared out among the requests in between, as their programmed services have it: it contains what the kernel
 * charged for sleeping and waking. A request that did not complete keeps its programmed service.
 */
export function takenByRequests(
  requests: readonly RawRequest[],
  cpuAtEnd: Ns,
  programmed: (request: RawRequest) => Ns,
): Ns[] {
  const taken: Ns[] = [];
  for (let first = 0; first < requests.length;) {
    let next = first + 1;
    while (next < requests.length && requests[next].cpu < 0) next++;
    const stretch = requests.slice(first, next);
    const total = (next < requests.length ? requests[next].cpu : cpuAtEnd) - requests[first].cpu;
    const asked = stretch.reduce((sum, request) => sum + programmed(request), 0);
    const isComplete = stretch.every(({ ended }) => ended >= 0);
    for (const request of stretch) taken.push(isComplete ? (programmed(request) * total) / asked : programmed(request));
    first = next;
  }
  return taken;
}

const us = (ns: Ns) => Math.round(ns / NS_PER_US);

function responseOf({ ended, arrival }: RawRequest): number {
  return ended < 0 ? -1 : us(ended - arrival);
}

/**
 * One repetition from the generator's report. `queues`: the requests that were planned, by entry of the load's workers;
 * an entry without a queue has none.
 */
export function repetitionOf(load: Load, queues: readonly Request[][], run: RawRun): Repetition {
  const first: number[] = [];
  let workers = 0;
  for (const { threads } of load.workers) {
    first.push(workers);
    workers += threads;
  }
  const taken = new Map<RawRequest, Ns>();
  for (let worker = 0; worker < workers; worker++) {
    const entry = load.workers[first.findLastIndex((start) => start <= worker)];
    const { demand } = entry;
    const own = run.requests.filter((request) => request.worker === worker);
    const programmed = ({ queue, index }: RawRequest) =>
      demand.type === "closed" ? demand.burn : queues[queue][index].service;
    takenByRequests(own, run.cpu[worker], programmed).forEach((ns, i) => taken.set(own[i], ns));
  }
  const served = load.workers.map(({ demand, threads }, entry): Served => {
    if (demand.type === "hog") return {};
    if (demand.type === "closed") {
      const rounds = Array.from({ length: threads }, (_, thread) =>
        run.requests
          .filter(({ worker }) => worker === first[entry] + thread)
          .map((request): ServedRound => [us(taken.get(request) as Ns), responseOf(request)]),
      );
      return { rounds };
    }
    const requests = queues[entry].map(({ arrival, service }, index): ServedRequest => {
      const request = run.requests.find((each) => each.queue === entry && each.index === index);
      if (request === undefined) return [us(arrival), us(service), -1];
      return [us(arrival), us(taken.get(request) as Ns), responseOf(request)];
    });
    return { requests };
  });

  const figures = Object.fromEntries(
    load.groups.map(({ name }, g): [string, Figures] => {
      const inside = groupsBelow(load, name);
      const cpu = load.workers.reduce((sum, { group, threads }, entry) => {
        if (!inside.has(group)) return sum;
        const own = run.cpu.slice(first[entry], first[entry] + threads);
        return own.reduce((a, b) => a + b, sum);
      }, 0);
      const responses = responsesOf(load, name, served)?.map((response) => response * NS_PER_US);
      return [name, { cpu: us(cpu), ...statFigures(run.stats[g]), ...(responses && responseFigures(responses)) }];
    }),
  );
  return { served, figures };
}

/** The group and all below it. */
function groupsBelow(load: Load, name: string): Set<string> {
  const inside = new Set([name]);
  for (const { name: each, parent } of load.groups) if (parent !== undefined && inside.has(parent)) inside.add(each);
  return inside;
}

/** cpu.stat of either cgroup version; times in us. */
function statFigures(stat: Record<string, number>): Figures {
  const figures: Figures = { nr_periods: stat["nr_periods"], nr_throttled: stat["nr_throttled"] };
  figures.throttled = stat["throttled_usec"] ?? us(stat["throttled_time"]);
  // Kernels before 5.14 do not count bursts.
  if (stat["nr_bursts"] !== undefined) {
    figures.nr_bursts = stat["nr_bursts"];
    figures.burst = stat["burst_usec"] ?? us(stat["burst_time"]);
  }
  return figures;
}

/** Response times in us of the requests that a group's own workers completed; undefined for a group without requests. */
export function responsesOf(load: Load, group: string, served: readonly Served[]): number[] | undefined {
  const own = served.filter((_, entry) => load.workers[entry].group === group);
  if (own.every(({ requests, rounds }) => requests === undefined && rounds === undefined)) return undefined;
  const responses = own.flatMap(({ requests = [], rounds = [] }) => {
    const ofRequests = requests.map(([, , response]) => response);
    return ofRequests.concat(rounds.flat().map(([, response]) => response));
  });
  return responses.filter((response) => response >= 0);
}
