import { loadsSchema, type Load } from "./load.ts";

/** A load as a file has it, and as it reads. */
export interface WrittenLoad {
  written: unknown;
  load: Load;
}

const poisson = { type: "poisson", rate: "25/s", cpu: { type: "exponential", mean: "15ms" } };
const periodic = { type: "periodic", every: "230ms", cpu: "60ms" };

const LOADS = [
  {
    id: "hog",
    note: "one thread that always runs, half a CPU",
    groups: [{ name: "a", quota: "50ms" }],
    workers: [{ group: "a", demand: { type: "hog" } }],
  },
  {
    id: "hog-burst",
    note: "the same with a burst: it is used up once",
    groups: [{ name: "a", quota: "50ms", burst: "50ms" }],
    workers: [{ group: "a", demand: { type: "hog" } }],
  },
  {
    id: "short-period",
    note: "a quota below a tick: every overrun is repaid",
    groups: [{ name: "a", quota: "2ms", period: "20ms" }],
    workers: [{ group: "a", demand: { type: "hog" } }],
  },
  {
    id: "periodic",
    note: "60 ms of work every 230 ms, 40 ms in 100 ms allowed",
    groups: [{ name: "a", quota: "40ms" }],
    workers: [{ group: "a", demand: periodic }],
  },
  {
    id: "periodic-burst",
    note: "the same with a burst of 20 ms: what one period left is enough for the next",
    groups: [{ name: "a", quota: "40ms", burst: "20ms" }],
    workers: [{ group: "a", demand: periodic }],
  },
  {
    id: "poisson",
    note: "Poisson arrivals, exponential demand, 75 % of half a CPU",
    groups: [{ name: "a", quota: "50ms" }],
    workers: [{ group: "a", threads: 2, demand: poisson }],
  },
  {
    id: "poisson-burst",
    note: "the same with a burst of one quota",
    groups: [{ name: "a", quota: "50ms", burst: "50ms" }],
    workers: [{ group: "a", threads: 2, demand: poisson }],
  },
  {
    id: "closed",
    note: "two threads that work 8 ms and sleep 12 ms in turns, 60 % of a CPU allowed",
    groups: [{ name: "a", quota: "60ms" }],
    workers: [{ group: "a", threads: 2, demand: { type: "closed", burn: "8ms", think: "12ms" } }],
  },
  {
    id: "two-groups",
    note: "two groups on one CPU, one of twice the weight: a thread that always runs, and requests beside it",
    groups: [
      { name: "a", shares: 1024 },
      { name: "b", shares: 512 },
    ],
    workers: [
      { group: "a", demand: { type: "hog" } },
      { group: "b", demand: { type: "poisson", rate: "20/s", cpu: { type: "exponential", mean: "8ms" } } },
    ],
  },
  {
    id: "tree",
    note: "a parent of half a CPU with two children of 0.4 CPU each: the parent throttles them",
    groups: [
      { name: "p", quota: "50ms" },
      { name: "a", parent: "p", quota: "40ms" },
      { name: "b", parent: "p", quota: "40ms" },
    ],
    workers: [
      { group: "a", demand: { type: "hog" } },
      { group: "b", demand: { type: "hog" } },
    ],
  },
  {
    id: "two-cpus",
    note: "four threads on two CPUs under a quota of 0.8 CPU",
    cpus: 2,
    groups: [{ name: "a", quota: "80ms" }],
    workers: [
      {
        group: "a",
        threads: 4,
        demand: { type: "poisson", rate: "40/s", cpu: { type: "exponential", mean: "14ms" } },
      },
    ],
  },
];

/**
 * The loads that `sim calibrate cfs` runs where no file gives others: each mechanism by itself, then together. Two loads
 * that differ in the burst alone have the same requests. Intervals of arrival are no multiples of the period, so that one
 * run meets many phases of it.
 */
export function builtInLoads(): WrittenLoad[] {
  return loadsSchema.parse({ loads: LOADS }).map((load, i) => ({ written: LOADS[i], load }));
}
