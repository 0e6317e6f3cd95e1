import { describe, expect, it } from "vitest";
import { NS_PER_MS as MS } from "../../engine/time.ts";
import { loadsSchema, type Load } from "./load.ts";
import { parseRun, repetitionOf, responsesOf, takenByRequests, type RawRequest } from "./recording.ts";

const load = (given: object): Load => loadsSchema.parse({ loads: [{ id: "x", ...given }] })[0];
const raw = (given: Partial<RawRequest>): RawRequest => ({
  worker: 0,
  queue: 0,
  index: 0,
  arrival: 0,
  ended: 0,
  cpu: -1,
  ...given,
});

describe("the CPU time of a request", () => {
  it("is what the worker's clock grew by until it next woke, shared out by programmed service", () => {
    const requests = [raw({ cpu: 1 * MS }), raw({}), raw({ cpu: 13 * MS })];
    // 12 ms between two wakeups for two requests of 4 and 2 ms: 8 and 4; then 5 ms until the end for one.
    const programmed = [4, 2, 6].map((ms) => ms * MS);
    expect(takenByRequests(requests, 18 * MS, (request) => programmed[requests.indexOf(request)])).toEqual([
      8 * MS,
      4 * MS,
      5 * MS,
    ]);
  });

  it("of a request that was cut off by the end is the programmed one", () => {
    expect(takenByRequests([raw({ cpu: 0, ended: -1 })], 3 * MS, () => 10 * MS)).toEqual([10 * MS]);
  });
});

describe("a report of the load generator", () => {
  const report = [
    "group 0 nr_periods 3 13",
    "group 0 nr_throttled 1 5",
    "group 0 throttled_time 1000000 45000000",
    "group 0 nr_bursts 0 2",
    "group 0 burst_time 0 3000000",
    "cpu 0 61000000",
    "request 0 0 0 0 100000 20000000 0",
    "request 0 0 1 100000000 100200000 142000000 20500000",
    "request 0 0 2 290000000 290100000 -1 61000000",
    "",
  ].join("\n");
  const periodic = load({
    duration: "300ms",
    groups: [{ name: "a", quota: "50ms" }],
    workers: [{ group: "a", demand: { type: "periodic", every: "100ms", cpu: "20ms" } }],
  });
  const planned = [0, 100, 290].map((arrival) => ({ arrival: arrival * MS, service: 20 * MS }));

  it("gives the growth of cpu.stat, in us, and what the requests saw", () => {
    const { figures } = repetitionOf(periodic, [planned], parseRun(report));
    expect(figures["a"]).toEqual({
      cpu: 61_000,
      nr_periods: 10,
      nr_throttled: 4,
      throttled: 44_000,
      nr_bursts: 2,
      burst: 3_000,
      completed: 2,
      // Responses of 20 and 42 ms.
      mean: 31_000,
      p50: 20_000,
      p90: 42_000,
      p99: 42_000,
      max: 42_000,
    });
  });

  it("gives the demand that was made: 20.5 and 40.5 ms, and the one cut off as programmed", () => {
    const { served } = repetitionOf(periodic, [planned], parseRun(report));
    expect(served).toEqual([
      {
        requests: [
          [0, 20_500, 20_000],
          [100_000, 40_500, 42_000],
          [290_000, 20_000, -1],
        ],
      },
    ]);
    expect(responsesOf(periodic, "a", served)).toEqual([20_000, 42_000]);
  });

  it("is read the same under cgroup v2, whose times are in us, and counts a parent's CPU with its children's", () => {
    const tree = load({
      groups: [
        { name: "p", quota: "50ms" },
        { name: "a", parent: "p" },
      ],
      workers: [{ group: "a", demand: { type: "hog" } }],
    });
    const text =
      "group 0 throttled_usec 5 12\ngroup 0 nr_periods 0 4\ngroup 0 nr_throttled 0 1\ngroup 1 throttled_usec 0 0\ngroup 1 nr_periods 0 0\ngroup 1 nr_throttled 0 0\ncpu 0 2000000\n";
    const { figures } = repetitionOf(tree, [[]], parseRun(text));
    expect(figures["p"]).toEqual({ cpu: 2_000, nr_periods: 4, nr_throttled: 1, throttled: 7 });
    expect(figures["a"]).toEqual({ cpu: 2_000, nr_periods: 0, nr_throttled: 0, throttled: 0 });
  });
});

describe("a file of loads", () => {
  const messages = (given: object): string[] => {
    const result = loadsSchema.safeParse({ loads: [{ id: "x", ...given }] });
    return result.success ? [] : result.error.issues.map(({ message }) => message);
  };
  const hog = { type: "hog" };

  it("refuses groups that do not exist, and workers beside child groups as cgroup v2 does", () => {
    const groups = [{ name: "p" }, { name: "a", parent: "p" }];
    expect(messages({ groups, workers: [{ group: "b", demand: hog }] })).toEqual(["found b; allowed: p, a"]);
    expect(messages({ groups, workers: [{ group: "p", demand: hog }] })).toEqual([
      "group p has groups below it; allowed: one without, as cgroup v2 has it",
    ]);
    expect(messages({ groups: [{ name: "a", parent: "p" }], workers: [{ group: "a", demand: hog }] })).toEqual([
      "found p; allowed: an earlier group",
    ]);
  });
});
