import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json } from "../models/conformance/adapter.ts";
import * as cfs from "../models/conformance/cfs-live.ts";
import { judgeFile } from "../models/conformance/judge.ts";

interface Measurements {
  configurations: Array<{ id: string; groups: Array<{ quota_us: number }>; [key: string]: unknown }>;
}

const text = readFileSync(new URL("../models/cfs/testdata/live-loads.json", import.meta.url), "utf8");

async function judged(measurements: Measurements) {
  return (await judgeFile(measurements as unknown as Json, [cfs])) ?? [];
}

describe("loads measured on a running kernel", () => {
  const measurements = JSON.parse(text) as Measurements;

  it.each(measurements.configurations.map((load) => [load.id, load] as const))(
    "%s: the medians of all figures over 24 draws of phases are inside the measured ranges",
    async (_, load) => {
      const figures = await judged({ ...measurements, configurations: [load] });
      expect(figures.length).toBeGreaterThan(0);
      expect(figures.filter(({ verdict }) => verdict.kind !== "passed")).toEqual([]);
    },
  );

  it("tell a quota of nine tenths from the measured one", async () => {
    const wrong = JSON.parse(text) as Measurements;
    wrong.configurations.length = 1;
    for (const group of wrong.configurations[0].groups) group.quota_us *= 0.9;
    const figures = await judged(wrong);
    expect(figures.filter(({ verdict }) => verdict.kind === "failed").map(({ id }) => id)).toContain("hog a.cpu_us");
  });
});
