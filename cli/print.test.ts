import { describe, expect, it } from "vitest";
import { summaryRows } from "../engine/results/summary.ts";
import { CounterTable } from "../engine/results/counters.ts";
import { EventLog } from "../engine/results/event-log.ts";
import { Recorder } from "../engine/statistics/recorder.ts";
import type { RunResult } from "../models/run.ts";
import { answerOf, answerText, wantsColor } from "./print.ts";
import { canDraw, progressLine, ProgressBar } from "./progress.ts";

function result(): RunResult {
  const recorder = new Recorder({ durationNs: 3e9, warmupNs: 0, windowNs: 1e9 });
  const web = recorder.source("web");
  recorder.source("pod_start");
  for (const ns of [1_234_567, 2_000_000]) {
    web.offered(0);
    web.completed(0, ns);
  }
  return {
    facts: { name: "demo", resolved: {}, seed: "x", durationNs: 3e9, eventCount: 12 },
    outputs: { recorder, events: new EventLog(), counters: new CounterTable() },
    summary: summaryRows(recorder),
    thresholds: [
      { text: "web.failed == 0", value: 0, holds: true },
      { text: "pod_start.p99_ms < 5", value: null, holds: false },
    ],
  };
}

describe("the printed answer", () => {
  it("has the summary in columns, without those that are empty throughout, then the thresholds", () => {
    // Mean 1617283.5 ns, to the even 1617284; deviation 382716.5 ns, to the even 382716; shown with three decimals.
    expect(answerText(result(), "results/demo", false))
      .toBe(`demo: 3s simulated, seed x, 12 events; results in results/demo

source     offered  completed  failed  in_flight  throughput_per_s  mean_ms  stddev_ms  min_ms  p50_ms  p90_ms  p95_ms  p99_ms  max_ms
web              2          2       0          0             0.667    1.617      0.383   1.235   1.235       2       2       2       2
pod_start        0          0       0          0                 0

holds          web.failed == 0  (found 0)
does not hold  pod_start.p99_ms < 5  (no value)
`);
  });

  it("has colours only where they are wanted", () => {
    expect(answerText(result(), "o", true)).toContain("\u001b[31mdoes not hold\u001b[39m");
    expect(answerText(result(), "o", false)).not.toContain("\u001b");
    expect(wantsColor({ isTTY: true }, {})).toBe(true);
    expect(wantsColor({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
    expect(wantsColor({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColor({ isTTY: true }, { TERM: "dumb" })).toBe(false);
    expect(wantsColor({}, {})).toBe(false);
  });

  it("for programs has every column, numbers or null", () => {
    const answer = answerOf(result(), "results/demo");
    expect(Object.keys(answer)).toEqual(["scenario", "out", "seed", "summary", "thresholds"]);
    expect(answer).toMatchObject({ scenario: "demo", out: "results/demo", seed: "x" });
    expect(answer.summary[0]).toEqual({
      source: "web",
      offered: 2,
      completed: 2,
      failed: 0,
      in_flight: 0,
      throughput_per_s: 0.666667,
      bytes_per_s: null,
      mean_ms: 1.617284,
      stddev_ms: 0.382716,
      min_ms: 1.234567,
      p50_ms: 1.234567,
      p90_ms: 2,
      p95_ms: 2,
      p99_ms: 2,
      p999_ms: null,
      max_ms: 2,
    });
    expect(answer.thresholds[1]).toEqual({ text: "pod_start.p99_ms < 5", value: null, holds: false });
  });
});

describe("the progress bar", () => {
  it("shows simulated time, the duration and the share that is done", () => {
    expect(progressLine("burst", 15e9, 60e9)).toBe("burst  [######------------------]  25 %  15 s of 60 s");
    expect(progressLine("burst", 0, 1.5e9)).toBe("burst  [------------------------]   0 %  0 s of 1.5 s");
    expect(progressLine("burst", 59_999_999_999, 60e9)).toBe("burst  [#######################-]  99 %  59.9 s of 60 s");
  });

  it("stays within the terminal and leaves no trace", () => {
    const written: string[] = [];
    const bar = new ProgressBar(
      { isTTY: true, columns: 20, write: (text: string) => written.push(text) },
      "burst",
      60e9,
    );
    bar.clear();
    expect(written).toEqual([]);
    bar.update(15e9);
    bar.update(16e9);
    bar.clear();
    expect(written).toEqual(["\r\u001b[2Kburst  [######-----", "\r\u001b[2K"]);
  });

  it("is drawn on terminals that can clear a line", () => {
    expect(canDraw({ isTTY: true, write: String }, "xterm")).toBe(true);
    expect(canDraw({ isTTY: true, write: String }, "dumb")).toBe(false);
    expect(canDraw({ write: String }, "xterm")).toBe(false);
  });
});
