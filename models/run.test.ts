import { describe, expect, it } from "vitest";
import { SimulationError } from "../engine/errors.ts";
import { summaryRows } from "../engine/results/summary.ts";
import { ScenarioErrors } from "../engine/scenario/errors.ts";
import { Recorder } from "../engine/statistics/recorder.ts";
import { judge, prepareRun, runScenario } from "./run.ts";
import { loadScenario, type Scenario, type Threshold } from "./scenario.ts";

function scenario(more = "", load = "arrivals: {type: constant, rate: 10/s}, cpu: 20ms"): Scenario {
  const text = `
metadata: {name: test}
seed: 7
duration: 10s
warmup: 2s
nodes: [{name: worker, capacity: {cpu: 1, memory: 1Gi}, kernel: {phases: zero}}]
workloads: [{name: web, spec: {containers: [{name: app}]}}]
traffic: [{name: web, to: web, ${load}}]
${more}`;
  return loadScenario({ text, name: "test.yaml", dir: "/" }).scenario;
}

describe("a run", () => {
  it("gives the summary, and holds the thresholds against it", async () => {
    // One request every 100 ms, 20 ms of CPU each on an idle CPU: 80 of them arrive in [2 s, 10 s), each takes 20 ms.
    const { summary, thresholds, facts } = await runScenario(
      scenario("thresholds: [web.p99_ms <= 20, web.offered == 80, web.failed != 0, web.p999_ms < 1000]"),
    );
    expect(summary).toHaveLength(1);
    expect(summary[0]).toMatchObject({
      source: "web",
      cells: { offered: "80", completed: "80", throughput_per_s: "10", mean_ms: "20", stddev_ms: "0", max_ms: "20" },
    });
    expect(thresholds).toEqual([
      { text: "web.p99_ms <= 20", value: 20, holds: true },
      { text: "web.offered == 80", value: 80, holds: true },
      { text: "web.failed != 0", value: 0, holds: false },
      { text: "web.p999_ms < 1000", value: null, holds: false },
    ]);
    expect(facts).toMatchObject({ name: "test", seed: 7, durationNs: 10_000_000_000 });
  });

  it("tells its caller how far it is, and ends with what the caller throws", async () => {
    const busy = scenario("", "arrivals: {type: constant, rate: 20000/s}, cpu: 10us");
    const seen: number[] = [];
    const run = prepareRun(busy).run((now) => {
      seen.push(now);
      throw new Error("enough");
    });
    await expect(run).rejects.toThrow(SimulationError);
    await expect(run).rejects.toThrow(/^at [0-9.]+ s \(seed 7\): enough$/);
    expect(seen).toHaveLength(1);
  });

  it("refuses before time 0 what only shows when the scenario is composed", () => {
    const overlarge = scenario();
    overlarge.workloads[0].cgroup.containers = { app: { "cpu.max": "1 1" } } as never;
    expect(() => prepareRun(overlarge)).toThrow(ScenarioErrors);
  });
});

describe("a threshold", () => {
  const recorder = new Recorder({ durationNs: 1e9, warmupNs: 0, windowNs: 1e9 });
  const web = recorder.source("web");
  for (const ns of [1_000_000, 2_500_000]) {
    web.offered(0);
    web.completed(0, ns);
  }
  const summary = summaryRows(recorder);

  it.each<[Threshold["operator"], number, boolean]>([
    ["<", 2.5, false],
    ["<", 2.500001, true],
    ["<=", 2.5, true],
    ["<=", 2.499999, false],
    [">", 2.5, false],
    [">", 2.4, true],
    [">=", 2.5, true],
    [">=", 2.6, false],
    ["==", 2.5, true],
    ["==", 2, false],
    ["!=", 2.5, false],
    ["!=", 2, true],
  ])("compares the written figure: 2.5 %s %d", (operator, value, holds) => {
    const text = `web.max_ms ${operator} ${value}`;
    expect(judge({ text, source: "web", column: "max_ms", operator, value }, summary)).toEqual({
      text,
      value: 2.5,
      holds,
    });
  });
});
