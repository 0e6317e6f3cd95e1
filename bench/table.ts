import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { BenchCase } from "./case.ts";
import { benchFolder } from "./folder.ts";
import type { Measurement } from "./measure.ts";

const BEGIN = "<!-- figures: begin -->";
const END = "<!-- figures: end -->";

/** Writes the figures into the table of bench/README.md, between its two marks. Rows of other cases stay. */
export function redraw(cases: readonly BenchCase[], measurements: readonly Measurement[]): void {
  const path = join(benchFolder(), "README.md");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, redrawn(text, cases, measurements, `${cpus()[0].model.trim()}, Node.js ${process.version}`));
}

/** The text with a new table. Throws Error if it has no marks. */
export function redrawn(
  text: string,
  cases: readonly BenchCase[],
  measurements: readonly Measurement[],
  machine: string,
): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`bench/README.md has no "${BEGIN}" and "${END}"`);
  const rows = new Map(
    text
      .slice(begin, end)
      .split("\n")
      .filter((line) => /^\| [a-z0-9-]+\//.test(line))
      .map((line) => [line.split("|")[1].trim(), line]),
  );
  for (const [index, { name, opsPerSecond, rme, ratioTo }] of measurements.entries()) {
    const ratios = Object.entries(ratioTo).map(([peer, ratio]) => `${ratio.toFixed(2)} ${peer}`);
    const cells = [name, `${figure(opsPerSecond)} ${cases[index].unit}`, `${rme.toFixed(1)} %`, ratios.join(", ")];
    rows.set(name, `| ${cells.join(" | ")} |`);
  }
  const table = ["| case | a second | margin | times as fast as |", "| --- | --- | --- | --- |", ...rows.values()];
  return `${text.slice(0, begin)}${BEGIN}\n\nLast measured on ${machine}.\n\n${table.join("\n")}\n\n${text.slice(end)}`;
}

/** Three significant digits, with commas: 15,900,000. */
export function figure(value: number): string {
  const digits = Number(value.toPrecision(3)).toFixed(value < 100 ? 1 : 0);
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}
