import { createHash } from "node:crypto";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { stringify } from "csv-stringify/sync";

/** A column of a table: texts are made safe for spreadsheets, numbers arrive formatted. */
export interface Column {
  name: string;
  kind: "text" | "number";
}

/** What a CSV file holds. An empty cell is an empty text. */
export interface Table {
  columns: readonly Column[];
  rows: Iterable<readonly string[]>;
}

/** `excel-eu` is for spreadsheets in locales with a decimal comma, which read 1.5 as text. */
export type CsvPreset = "default" | "excel-eu";

export const CSV_PRESETS: readonly CsvPreset[] = ["default", "excel-eu"];

/** Rows that become text at once: few enough to keep memory small, many enough to cost nothing. */
const ROWS_PER_CHUNK = 4096;

/** Spreadsheets take a text that begins so for a formula. The last four are the full-width forms. */
const FORMULA_START = /^[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/;

/** A text that no spreadsheet runs as a formula: one that would be gets a leading apostrophe. */
export function safeText(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text;
}

/** A table as CSV, in pieces. */
export function* csvChunks({ columns, rows }: Table, preset: CsvPreset): Generator<string> {
  const isEuropean = preset === "excel-eu";
  const options = { delimiter: isEuropean ? ";" : ",", record_delimiter: isEuropean ? "\r\n" : "\n" };
  const cell = (text: string, index: number): string => {
    if (columns[index].kind === "text") return safeText(text);
    return isEuropean ? text.replace(".", ",") : text;
  };
  const header = [columns.map(({ name }) => safeText(name))];
  yield stringify(header, { ...options, bom: isEuropean });
  let chunk: string[][] = [];
  for (const row of rows) {
    chunk.push(row.map(cell));
    if (chunk.length < ROWS_PER_CHUNK) continue;
    yield stringify(chunk, options);
    chunk = [];
  }
  if (chunk.length > 0) yield stringify(chunk, options);
}

/** Writes a table to a new file and gives the SHA-256 of its bytes, in hexadecimal. */
export function writeCsv(path: string, table: Table, preset: CsvPreset): string {
  const hash = createHash("sha256");
  const file = openSync(path, "wx");
  try {
    for (const chunk of csvChunks(table, preset)) {
      const bytes = Buffer.from(chunk);
      hash.update(bytes);
      writeFileSync(file, bytes);
    }
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
