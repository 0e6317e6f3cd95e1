import type { ComparedFigure, ComparedLoad, Spread } from "./compare.ts";
import type { Figure } from "./figures.ts";

const COUNTS: ReadonlySet<Figure> = new Set(["nr_periods", "nr_throttled", "nr_bursts", "completed"]);

/** A figure as people read it: counts as they are, times in ms. */
export function shownFigure(figure: Figure, value: number): string {
  return COUNTS.has(figure) ? String(value) : (value / 1_000).toFixed(value < 10_000 ? 2 : 1);
}

/** A figure's name with its unit. */
export function labelOf(figure: Figure): string {
  return COUNTS.has(figure) ? figure : `${figure}_ms`;
}

export function shownSpread(figure: Figure, { min, median, max }: Spread): string {
  const text = (value: number) => shownFigure(figure, value);
  return min === max ? text(median) : `${text(median)} (${text(min)} .. ${text(max)})`;
}

/** How many figures there are, and how many of the model's medians lie where the kernel's do. */
export function score(loads: readonly ComparedLoad[]): { inside: number; all: number } {
  const figures = loads.flatMap((load) => load.figures);
  return { inside: figures.filter(({ isInside }) => isInside).length, all: figures.length };
}

/** Both sides, load by load, as text for a terminal; ends with the verdict. */
export function comparisonTable(loads: readonly ComparedLoad[]): string {
  const lines = loads.flatMap(({ load, repetitions, figures }) => [
    `${load.id}: ${load.note} (${repetitions} repetitions of ${load.duration / 1e9} s)`,
    ...columns([
      ["group", "figure", "kernel: median (min .. max)", "model: median (min .. max)", "accepted", ""],
      ...figures.flatMap((figure) => rows(figure, load.duration)),
    ]),
    "",
  ]);
  return [...lines, verdict(loads)].map((line) => `${line}\n`).join("");
}

function rows({ group, figure, kernel, model, accept, isInside }: ComparedFigure, duration: number): string[][] {
  const [low, high] = accept.map((value) => shownFigure(figure, Math.round(value)));
  const mark = isInside ? "agrees" : "DIFFERS";
  const row = [
    group,
    labelOf(figure),
    shownSpread(figure, kernel),
    shownSpread(figure, model),
    `${low} .. ${high}`,
    mark,
  ];
  if (figure !== "completed") return [row];
  const perSecond = ({ median }: Spread) => ((median * 1e9) / duration).toFixed(2);
  return [row, [group, "throughput_per_s", perSecond(kernel), perSecond(model), "", ""]];
}

/** One sentence: the figures that agree, and the loads in which one does not. */
export function verdict(loads: readonly ComparedLoad[]): string {
  const { inside, all } = score(loads);
  const off = loads.filter(({ figures }) => figures.some(({ isInside }) => !isInside)).map(({ load }) => load.id);
  const share = `${inside} of ${all} figures agree`;
  if (off.length === 0) return `${share}: the model behaves as this kernel does`;
  return `${share}; not all of them do in ${off.join(", ")}`;
}

function columns(table: readonly string[][]): string[] {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join("  ")}`.trimEnd());
}
