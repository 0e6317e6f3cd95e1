import { SimulationError } from "../engine/errors.ts";
import type { Outputs } from "../engine/results/outputs.ts";
import { summaryRows, summaryValue, type SummaryColumn, type SummaryRow } from "../engine/results/summary.ts";
import type { RunFacts } from "../engine/results/write.ts";
import type { Ns } from "../engine/time.ts";
import { compose, type ComposeOptions } from "./compose.ts";
import type { Scenario, Threshold } from "./scenario.ts";

/** Whether a statement about the summary holds. */
export interface Verdict {
  /** As the scenario has it. */
  text: string;
  /** What the cell shows; null for an empty one, of which nothing holds. */
  value: number | null;
  holds: boolean;
}

/** What a run found. */
export interface RunResult {
  facts: RunFacts;
  outputs: Outputs;
  summary: SummaryRow[];
  thresholds: Verdict[];
}

/** A scenario that is composed and has not run yet. */
export interface PreparedRun {
  /**
   * Runs it to its end, once. `onYield` is called with the simulated time now and then, and may throw to end the run.
   * Throws SimulationError for whatever goes wrong after time 0.
   */
  run(onYield?: (now: Ns) => void): Promise<RunResult>;
}

/** Composes a scenario. Throws ScenarioErrors for what only shows then. */
export function prepareRun(scenario: Scenario, options: ComposeOptions = {}): PreparedRun {
  const { simulation, outputs, finish } = compose(scenario, options);
  const { seed, duration } = scenario;
  const run = async (onYield?: (now: Ns) => void): Promise<RunResult> => {
    try {
      await simulation.run(duration, () => onYield?.(simulation.now));
      finish();
    } catch (error) {
      if (error instanceof SimulationError) throw error;
      throw new SimulationError((error as Error).message, simulation.now, seed, { cause: error });
    }
    const summary = summaryRows(outputs.recorder);
    return {
      facts: {
        name: scenario.metadata.name,
        resolved: scenario,
        seed,
        durationNs: duration,
        eventCount: simulation.eventCount,
      },
      outputs,
      summary,
      thresholds: scenario.thresholds.map((threshold) => judge(threshold, summary)),
    };
  };
  return { run };
}

/** Composes and runs a scenario: `prepareRun` and `run` in one. */
export function runScenario(scenario: Scenario, options: ComposeOptions = {}): Promise<RunResult> {
  return prepareRun(scenario, options).run();
}

/** Holds a threshold against the summary, by the figures as they are written there. */
export function judge(
  { text, source, column, operator, value: limit }: Threshold,
  summary: readonly SummaryRow[],
): Verdict {
  const row = summary.find((candidate) => candidate.source === source);
  const value = row === undefined ? null : summaryValue(row, column as SummaryColumn);
  return { text, value, holds: value !== null && COMPARISONS[operator](value, limit) };
}

const COMPARISONS: Readonly<Record<Threshold["operator"], (value: number, limit: number) => boolean>> = {
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  ">": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
  "==": (value, limit) => value === limit,
  "!=": (value, limit) => value !== limit,
};
