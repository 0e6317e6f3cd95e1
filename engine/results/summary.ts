import type { Recorder } from "../statistics/recorder.ts";
import type { Table } from "./csv.ts";
import { formatMs, formatPerSecond } from "./numbers.ts";

/** The columns of summary.csv after `source`. */
export const SUMMARY_COLUMNS = [
  "offered",
  "completed",
  "failed",
  "in_flight",
  "throughput_per_s",
  "bytes_per_s",
  "mean_ms",
  "stddev_ms",
  "min_ms",
  "p50_ms",
  "p90_ms",
  "p95_ms",
  "p99_ms",
  "p999_ms",
  "max_ms",
] as const;

export type SummaryColumn = (typeof SUMMARY_COLUMNS)[number];

/** One source's row of summary.csv: its cells as written, empty where there is no figure. */
export interface SummaryRow {
  source: string;
  cells: Readonly<Record<SummaryColumn, string>>;
}

/** The rows of summary.csv, in the order of the sources. */
export function summaryRows(recorder: Recorder): SummaryRow[] {
  const span = recorder.summaryNs;
  return recorder.sources.map((source) => {
    const { offered, completed, failed, inFlight, bytes, latency } = source.summaryFigures();
    const cells = {
      offered: String(offered),
      completed: String(completed),
      failed: String(failed),
      in_flight: String(inFlight),
      throughput_per_s: formatPerSecond(completed, span),
      bytes_per_s: source.hasBytes ? formatPerSecond(bytes, span) : "",
      mean_ms: ms(latency?.meanNs),
      stddev_ms: ms(latency?.deviationNs),
      min_ms: ms(latency?.minNs),
      p50_ms: ms(latency?.p50Ns),
      p90_ms: ms(latency?.p90Ns),
      p95_ms: ms(latency?.p95Ns),
      p99_ms: ms(latency?.p99Ns),
      p999_ms: ms(latency?.p999Ns),
      max_ms: ms(latency?.maxNs),
    };
    return { source: source.name, cells };
  });
}

/** Milliseconds, or an empty cell where there is no figure. */
function ms(ns: number | bigint | undefined): string {
  return ns === undefined ? "" : formatMs(ns);
}

/** The number in a cell of a row; null for an empty one. */
export function summaryValue(row: SummaryRow, column: SummaryColumn): number | null {
  const text = row.cells[column];
  return text === "" ? null : Number(text);
}

/** summary.csv. */
export function summaryTable(rows: readonly SummaryRow[]): Table {
  return {
    columns: [{ name: "source", kind: "text" }, ...SUMMARY_COLUMNS.map((name) => ({ name, kind: "number" as const }))],
    rows: rows.map(({ source, cells }) => [source, ...SUMMARY_COLUMNS.map((column) => cells[column])]),
  };
}
