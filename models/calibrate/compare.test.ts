import { describe, expect, it } from "vitest";
import { acceptedRange, compareSet } from "./compare.ts";
import type { Machine, RecordedSet } from "./recording.ts";
import { replay } from "./replay.ts";
import { loadsSchema } from "./load.ts";
import { verdict } from "./table.ts";

const machine: Machine = { kernel: "6.18", hz: 250, cgroup: "v1", cpus: 2, bandwidthSliceUs: 5_000 };

describe("the accepted range", () => {
  it("reaches as far as the kernel's repetitions lie apart", () => {
    // 7 % of 100 ms is 7 ms; the repetitions lie 20 ms apart; half a floor beyond the least is 86.5 ms.
    expect(acceptedRange("throttled", { min: 90_000, median: 100_000, max: 110_000 }, 1)).toEqual([80_000, 120_000]);
  });

  it("is at least the floor, wider on two CPUs", () => {
    expect(acceptedRange("p50", { min: 20_000, median: 20_000, max: 20_000 }, 1)).toEqual([18_000, 22_000]);
    expect(acceptedRange("p50", { min: 20_000, median: 20_000, max: 20_000 }, 2)).toEqual([16_500, 23_500]);
  });

  it("contains every repetition, and nothing below zero", () => {
    expect(acceptedRange("nr_bursts", { min: 0, median: 0, max: 1 }, 1)).toEqual([0, 1.6]);
  });
});

describe("a replay", () => {
  const [load] = loadsSchema.parse({
    loads: [
      {
        id: "x",
        duration: "1s",
        groups: [{ name: "a", quota: "50ms" }],
        workers: [{ group: "a", threads: 2, demand: { type: "poisson", rate: "10/s", cpu: "20ms" } }],
      },
    ],
  });

  it("makes the recorded demand: each request at its arrival, with the CPU time that it took", () => {
    const served = [
      {
        requests: [
          [100_000, 20_000, -1],
          [300_000, 30_000, -1],
          [990_000, 20_000, -1],
        ] as Array<[number, number, number]>,
      },
    ];
    const { figures, responses } = replay(load, served, machine, "seed");
    // Requests that a quota of 50 ms does not delay take what they need; the last has had 10 ms when the load ends.
    expect(responses["a"]).toEqual([20e6, 30e6]);
    expect(figures["a"]).toMatchObject({ cpu: 60_000, completed: 2, nr_throttled: 0, p50: 20_000, max: 30_000 });
  });

  it("is the same for the same seed, and has other phases for another", () => {
    const served = [
      {
        requests: [
          [0, 70_000, -1],
          [400_000, 70_000, -1],
        ] as Array<[number, number, number]>,
      },
    ];
    const first = replay(load, served, machine, "1");
    expect(replay(load, served, machine, "1")).toEqual(first);
    expect(replay(load, served, machine, "2").responses).not.toEqual(first.responses);
  });
});

describe("a comparison", () => {
  it("says which loads differ", () => {
    const set: RecordedSet = {
      about: "",
      machine,
      recordings: [
        {
          load: {
            id: "hog",
            duration: "1s",
            groups: [{ name: "a", quota: "50ms" }],
            workers: [{ group: "a", demand: { type: "hog" } }],
          },
          // Half a CPU for a second would be 500 to 550 ms.
          repetitions: [{ served: [{}], figures: { a: { cpu: 300_000 } } }],
        },
      ],
    };
    const compared = compareSet(set, 4);
    expect(compared[0].figures.map(({ figure, isInside }) => [figure, isInside])).toEqual([["cpu", false]]);
    expect(verdict(compared)).toBe("0 of 1 figures agree; not all of them do in hog");
  });
});
