import { SUMMARY_COLUMNS } from "../engine/results/summary.ts";
import { UnitError } from "../engine/scenario/units.ts";
import { shown } from "../engine/scenario/fields.ts";
import { didYouMean } from "../engine/scenario/suggest.ts";

/** A statement about one cell of summary.csv. */
export interface Threshold {
  /** As written. */
  text: string;
  source: string;
  column: string;
  operator: "<" | "<=" | ">" | ">=" | "==" | "!=";
  value: number;
}

/** Reads `web.p99_ms < 250`. Throws UnitError for another form, and for a source or column that does not exist. */
export function parseThreshold(text: string, sources: readonly string[]): Threshold {
  const match = /^\s*([^\s.<>=!]+)\.([^\s<>=!]+)\s*(<=|>=|==|!=|<|>)\s*(-?[0-9]+(?:\.[0-9]+)?)\s*$/.exec(text);
  if (match === null) {
    throw new UnitError(
      `found ${shown(text)}; allowed: <source>.<column> with < <= > >= == != and a number, such as web.p99_ms < 250`,
    );
  }
  const [, source, column, operator, value] = match;
  if (!sources.includes(source)) {
    const known = sources.length === 0 ? "the scenario has none" : `allowed: ${sources.join(", ")}`;
    throw new UnitError(`there is no source ${source}; ${known}${didYouMean(source, sources)}`);
  }
  if (!(SUMMARY_COLUMNS as readonly string[]).includes(column)) {
    throw new UnitError(
      `summary.csv has no column ${column}; allowed: ${SUMMARY_COLUMNS.join(", ")}${didYouMean(column, SUMMARY_COLUMNS)}`,
    );
  }
  return { text, source, column, operator: operator as Threshold["operator"], value: Number(value) };
}
