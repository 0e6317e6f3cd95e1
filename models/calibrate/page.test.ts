import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { barChart, lineChart, ticks } from "./chart.ts";
import { compareSet } from "./compare.ts";
import { validationPage } from "./page.ts";
import type { RecordedSet } from "./recording.ts";
import { score } from "./table.ts";

const SET = "testdata/linux-6.18.json";
const REDRAW =
  "the page is older than the model; draw it again: " +
  "sim calibrate cfs --replay models/calibrate/testdata/linux-6.18.json --page models/cfs/VALIDATION.md";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

describe("the model beside the recorded kernel", () => {
  const set = JSON.parse(read(SET)) as RecordedSet;
  const compared = compareSet(set, 8);

  it("agrees in at least 97 % of all figures, and misses at most two of any load", () => {
    const { inside, all } = score(compared);
    expect(all).toBeGreaterThan(100);
    expect(inside / all).toBeGreaterThanOrEqual(0.97);
    for (const { figures } of compared) {
      expect(figures.filter(({ isInside }) => !isInside).length).toBeLessThanOrEqual(2);
    }
  });

  it("gives the page and the charts that are committed, byte for byte", () => {
    const { markdown, charts } = validationPage(set, compared, 8, "validation");
    expect(read("../cfs/VALIDATION.md"), REDRAW).toBe(markdown);
    expect(readdirSync(new URL("../cfs/validation/", import.meta.url)).toSorted()).toEqual(
      [...charts.keys()].toSorted(),
    );
    for (const [file, chart] of charts) expect(read(`../cfs/validation/${file}`), REDRAW).toBe(chart);
  });
});

describe("a chart", () => {
  it("has round ticks from 0, at least four of them", () => {
    expect(ticks(100)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(ticks(7)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(ticks(2)).toEqual([0, 0.5, 1, 1.5, 2]);
    expect(ticks(1234)).toEqual([0, 200, 400, 600, 800, 1000, 1200]);
  });

  it("puts lines where the values are", () => {
    const chart = lineChart({
      title: "a < b",
      x: { label: "ms", max: 10 },
      y: { label: "%", max: 100 },
      lines: [
        {
          name: "kernel",
          color: "#000",
          isDashed: true,
          points: [
            [0, 0],
            [5, 50],
            [10, 100],
          ],
        },
      ],
    });
    // The inner field is 680 wide from 64 and 212 high from 56.
    expect(chart).toContain('d="M64 268L404 162L744 56"');
    expect(chart).toContain("a &lt; b");
  });

  it("gives bars the height of their values, and whiskers their range", () => {
    const chart = barChart({
      title: "t",
      label: "ms",
      series: [{ name: "kernel", color: "#111" }],
      groups: [{ name: "hog", bars: [{ value: 50, min: 25, max: 100 }] }],
    });
    // The axis ends at 105: 50 is 212 x 50 / 105 = 101 high; from 25 at 217.5 to 100 at 66.1.
    expect(chart).toContain('y="167" width="476" height="101"');
    expect(chart).toContain('d="M404 217.5V66.1"');
  });
});
