import { stringify } from "yaml";
import { SUMMARY_COLUMNS, summaryValue, type SummaryRow } from "../engine/results/summary.ts";
import { formatProblem, type ScenarioErrors } from "../engine/scenario/errors.ts";
import { formatDuration } from "../engine/scenario/units.ts";
import type { RunResult, Verdict } from "../models/run.ts";
import type { OutputForm } from "./options.ts";

/** Prints an answer for programs: nothing where people get a table. */
export function printData(answer: unknown, form: OutputForm): void {
  if (form === "json") process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
  if (form === "yaml") process.stdout.write(stringify(answer));
}

/** Prints what is wrong with a scenario, to a terminal with the lines themselves. */
export function printProblems({ problems }: ScenarioErrors): void {
  const hasExcerpts = process.stderr.isTTY;
  process.stderr.write(problems.map((problem) => `${formatProblem(problem, hasExcerpts)}\n`).join(""));
}

/** What `-o json` and `-o yaml` print of a run. */
export interface Answer {
  scenario: string;
  /** The results folder, as the user named it. */
  out: string;
  seed: number | string;
  /** The rows of summary.csv: `source`, then a number or null for every column. */
  summary: Array<Record<string, string | number | null>>;
  thresholds: Verdict[];
}

/** A run's answer for programs. */
export function answerOf({ facts, summary, thresholds }: RunResult, out: string): Answer {
  const rows = summary.map((row) => ({
    source: row.source,
    ...Object.fromEntries(SUMMARY_COLUMNS.map((column) => [column, summaryValue(row, column)])),
  }));
  return { scenario: facts.name, out, seed: facts.seed, summary: rows, thresholds };
}

/** A run's answer for people: the summary in aligned columns, then the thresholds. */
export function answerText({ facts, summary, thresholds }: RunResult, out: string, hasColor: boolean): string {
  const { name, seed, durationNs, eventCount } = facts;
  const title = `${name}: ${formatDuration(durationNs)} simulated, seed ${seed}, ${eventCount} events; results in ${out}\n`;
  const parts = [title];
  if (summary.length > 0) parts.push(summaryText(summary));
  if (thresholds.length > 0) parts.push(thresholds.map((verdict) => verdictLine(verdict, hasColor)).join(""));
  return parts.join("\n");
}

/** The summary without the columns that are empty in every row; the file has them all, and every digit. */
function summaryText(summary: readonly SummaryRow[]): string {
  const columns = SUMMARY_COLUMNS.filter((column) => summary.some((row) => row.cells[column] !== ""));
  const rows = summary.map((row) => [row.source, ...columns.map((column) => shortened(row.cells[column]))]);
  return alignedText([["source", ...columns], ...rows]);
}

/** Three decimals are enough to read. */
function shortened(cell: string): string {
  return cell.includes(".") ? String(Number(Number(cell).toFixed(3))) : cell;
}

/** Rows of cells in columns: the first to the left, numbers to the right. */
export function alignedText(rows: ReadonlyArray<readonly string[]>): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

const GREEN = "\u001b[32m";
const RED = "\u001b[31m";
const PLAIN = "\u001b[39m";

function verdictLine({ text, value, holds }: Verdict, hasColor: boolean): string {
  const word = (holds ? "holds" : "does not hold").padEnd("does not hold".length);
  const shown = hasColor ? `${holds ? GREEN : RED}${word}${PLAIN}` : word;
  return `${shown}  ${text}  (${value === null ? "no value" : `found ${value}`})\n`;
}

/** Whether a stream takes colours: a terminal, and the user did not set NO_COLOR (no-color.org). */
export function wantsColor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
}
