import * as z from "zod";
import { ScenarioErrors, type Problem } from "../../engine/scenario/errors.ts";
import { scalar, shown } from "../../engine/scenario/fields.ts";
import { didYouMean } from "../../engine/scenario/suggest.ts";
import { parseDecimalNs, UnitError } from "../../engine/scenario/units.ts";
import { NS_PER_MS, NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/** One row of a recorded trace. Fields that are present win over the entry's own. */
export interface TraceRow {
  at: Ns;
  cpuNs?: Ns;
  requestBytes?: number;
  responseBytes?: number;
}

const seconds = (text: string): Ns => parseDecimalNs(text, NS_PER_SECOND);
const milliseconds = (text: string): Ns => parseDecimalNs(text, NS_PER_MS);

function bytes(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text))
    throw new UnitError(`found ${JSON.stringify(text)}; allowed: a whole number of bytes`);
  return Number(text);
}

/** A number of a row, by way of its shortest text, which is what was written. */
function numberField(parse: (text: string) => number, description: string, unit: string) {
  const read = (value: unknown) => {
    if (typeof value === "number" && Number.isFinite(value)) return parse(String(value));
    throw new UnitError(`found ${shown(value)}; allowed: a number`);
  };
  return scalar<number>(read, { description, unit, examples: [0] }, ["number"]);
}

/** One of `rows`. */
export const traceRowSchema = z
  .strictObject({
    time_s: numberField(seconds, "when the request arrives", "s"),
    cpu_ms: numberField(milliseconds, "CPU time that it takes", "ms").optional(),
    request_bytes: numberField(bytes, "payload sent with it", "bytes").optional(),
    response_bytes: numberField(bytes, "payload sent back", "bytes").optional(),
  })
  .transform(({ time_s, cpu_ms, request_bytes, response_bytes }): TraceRow => {
    const row: TraceRow = { at: time_s };
    if (cpu_ms !== undefined) row.cpuNs = cpu_ms;
    if (request_bytes !== undefined) row.requestBytes = request_bytes;
    if (response_bytes !== undefined) row.responseBytes = response_bytes;
    return row;
  });

const COLUMNS = ["time_s", "cpu_ms", "request_bytes", "response_bytes"];

/** More than these problems of one file tell nothing new. */
const MOST_PROBLEMS = 20;

/**
 * Reads a recorded trace: a CSV with a header row, `time_s` ascending and any of cpu_ms, request_bytes, response_bytes
 * (an empty cell: the entry's own value holds). Decimals become nanoseconds exactly, never by way of a float. Throws
 * ScenarioErrors that name the file and line.
 */
export function parseTraceCsv(text: string, file: string): TraceRow[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const columns = cellsOf(lines[0]);
  const problems: Problem[] = headerProblems(columns).map((message) => ({
    file,
    line: 1,
    column: 1,
    path: "",
    message,
  }));
  if (problems.length > 0) throw new ScenarioErrors(problems);
  const rows: TraceRow[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    try {
      const row = parseRow(line, columns);
      const before = rows.at(-1);
      if (before !== undefined && row.at < before.at)
        throw new UnitError("time_s is before the row above; allowed: ascending times");
      rows.push(row);
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      problems.push({ file, line: index + 1, column: 1, path: "", sourceLine: line, message: error.message });
      if (problems.length === MOST_PROBLEMS) break;
    }
  }
  if (problems.length > 0) throw new ScenarioErrors(problems);
  return rows;
}

function headerProblems(columns: string[]): string[] {
  const problems = columns
    .filter((column) => !COLUMNS.includes(column))
    .map(
      (column) =>
        `unknown column ${JSON.stringify(column)}; allowed: ${COLUMNS.join(", ")}${didYouMean(column, COLUMNS)}`,
    );
  for (const [i, column] of columns.entries()) {
    if (columns.indexOf(column) < i) problems.push(`the column ${column} is given twice`);
  }
  if (!columns.includes("time_s")) problems.push("the column time_s is missing");
  return problems;
}

/** The cells of a line; numbers and names of columns need no quotes, but may have them. */
function cellsOf(line: string): string[] {
  return line.split(",").map((cell) => cell.trim().replace(/^"([^"]*)"$/, "$1"));
}

function parseRow(line: string, columns: string[]): TraceRow {
  const cells = cellsOf(line);
  if (cells.length !== columns.length) throw new UnitError(`found ${cells.length} cells; allowed: ${columns.length}`);
  const row: TraceRow = { at: 0 };
  for (const [i, column] of columns.entries()) {
    const cell = cells[i];
    if (cell === "" && column !== "time_s") continue;
    try {
      if (column === "time_s") row.at = seconds(cell);
      else if (column === "cpu_ms") row.cpuNs = milliseconds(cell);
      else if (column === "request_bytes") row.requestBytes = bytes(cell);
      else row.responseBytes = bytes(cell);
    } catch (error) {
      throw error instanceof UnitError ? new UnitError(`${column}: ${error.message}`) : error;
    }
  }
  return row;
}
