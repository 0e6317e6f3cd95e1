import { barChart, lineChart, ticks, type Line } from "./chart.ts";
import type { ComparedLoad } from "./compare.ts";
import type { RecordedSet } from "./recording.ts";
import { labelOf, score, shownFigure, shownSpread } from "./table.ts";

const KERNEL = "#1f5fa8";
const MODEL = "#d9822b";
/** Fewer than these are no distribution. */
const LEAST_RESPONSES = 20;

/** A page, and the charts that it shows by file name. */
export interface Page {
  markdown: string;
  charts: Map<string, string>;
}

/**
 * The comparison as a page of Markdown with SVG charts, which it expects in the folder `folder` beside it. Equal sets give
 * equal bytes.
 */
export function validationPage(set: RecordedSet, loads: readonly ComparedLoad[], draws: number, folder: string): Page {
  const charts = new Map<string, string>();
  const throttled = loads.filter(({ figures }) =>
    figures.some(({ figure, kernel }) => figure === "throttled" && kernel.max > 0),
  );
  if (throttled.length > 0) charts.set("throttled.svg", throttledChart(throttled));
  for (const compared of loads) {
    const groups = Object.entries(compared.responses);
    for (const [group, { kernel, model }] of groups) {
      if (kernel.length < LEAST_RESPONSES || model.length < LEAST_RESPONSES) continue;
      const file = groups.length === 1 ? `${compared.load.id}.svg` : `${compared.load.id}-${group}.svg`;
      charts.set(file, responseChart(compared, group, kernel, model));
    }
  }
  const sections = [
    introduction(set, loads, draws),
    ...[...charts.keys()].map((file) => `![${file.slice(0, -4)}: kernel and model](${folder}/${file})\n`),
    "## All figures\n",
    "Median over the repetitions, and over the replays of the model; smallest and largest in brackets. Times in ms.\n",
    table(loads),
    differences(loads),
    KNOWN_GAPS,
  ];
  return { markdown: sections.join("\n"), charts };
}

function introduction({ machine, recordings }: RecordedSet, loads: readonly ComparedLoad[], draws: number): string {
  const { inside, all } = score(loads);
  const repetitions = recordings[0]?.repetitions.length ?? 0;
  const { kernel, hz, cpus, cgroup, bandwidthSliceUs } = machine;
  return `# The CFS model beside a running kernel

Drawn by \`sim calibrate cfs --page\` from a recorded set; do not edit. To measure a machine of your own, as root:
\`sim calibrate cfs\`.

${inside} of ${all} figures of ${loads.length} loads agree.

Kernel: Linux ${kernel}, HZ ${hz}, ${cpus} CPUs, cgroup ${cgroup}, slice ${bandwidthSliceUs / 1000} ms. Every load ran ${repetitions} times in cgroups of its own,
below one of the heaviest weight, so that other work on the machine hardly interfered.

Model: replays exactly the demand that each repetition made: the instants of arrival, and the CPU time that each request
was charged, sleeping and waking included. What the kernel does not tell are the phases of its ticks and period timers; each
repetition is replayed ${draws} times with phases drawn anew.

A figure agrees if the model's median lies around the kernel's median as far as the kernel's own repetitions lie apart,
at least a floor for the noise of measuring (CPU 1.2 %, counts 1 to 2, throttled time 7 % or 4.8 ms a CPU, mean and median
response 10 %, higher percentiles 7 to 12 %; the floors are in \`models/calibrate/compare.ts\`).
`;
}

function table(loads: readonly ComparedLoad[]): string {
  const lines = loads.flatMap(({ load, figures }) => [
    `### ${load.id}\n`,
    `${load.note.charAt(0).toUpperCase()}${load.note.slice(1)}.\n`,
    "| group | figure | kernel | model | agrees |",
    "| --- | --- | --- | --- | --- |",
    ...figures.map(
      ({ group, figure, kernel, model, isInside }) =>
        `| ${group} | ${labelOf(figure)} | ${shownSpread(figure, kernel)} | ${shownSpread(figure, model)} | ${isInside ? "yes" : "NO"} |`,
    ),
    "",
  ]);
  return lines.join("\n");
}

function differences(loads: readonly ComparedLoad[]): string {
  const lines = loads.flatMap(({ load, figures }) =>
    figures
      .filter(({ isInside }) => !isInside)
      .map(({ group, figure, kernel, model, accept }) => {
        const text = (value: number) => shownFigure(figure, Math.round(value));
        const sides = `${text(model.median)} in the model and ${text(kernel.median)} on the kernel`;
        return `* ${load.id}, group ${group}: ${labelOf(figure)} is ${sides}; accepted ${text(accept[0])} to ${text(accept[1])}.`;
      }),
  );
  return `## What is not matched\n\n${lines.length === 0 ? "Every figure of this set agrees." : lines.join("\n")}\n`;
}

/** What the model leaves out, in every set: it shows in single requests before it shows in these figures. */
const KNOWN_GAPS = `Left out by the model, and where it would show:

* Waking a halted CPU and switching to the thread take the kernel 50 to 150 us, more in a virtual machine; the model starts
  the thread at once. Responses of an idle system are that much shorter.
* On two CPUs or more, a halted virtual CPU can count as preempted, so that a second wakeup queues behind the first until
  the next tick instead of taking the idle CPU. Medians of simultaneous requests are up to a tick longer on the kernel.
* The model balances a node as one scheduling domain, and the kernel's averages of load and idle time are simplified: with
  more threads than CPUs the tail of single requests differs by a tick and a balancing interval.
* Interrupts, other work on the machine and stolen time are not played. They show in the spread of the kernel's side.
* Figures of few requests (the maximum, p99 of some hundred) depend on the phases of ticks and period timers, which nobody
  can read: there only distributions can be compared, not values.
`;

function throttledChart(loads: readonly ComparedLoad[]): string {
  const series = [
    { name: "kernel", color: KERNEL },
    { name: "model", color: MODEL },
  ];
  const groups = loads.map(({ load, figures }) => {
    const own = figures.filter(({ figure }) => figure === "throttled");
    const largest = own.reduce((most, each) => (each.kernel.median > most.kernel.median ? each : most));
    const bar = ({ median, min, max }: { median: number; min: number; max: number }) => ({
      value: median / 1_000,
      min: min / 1_000,
      max: max / 1_000,
    });
    return { name: load.id, bars: [bar(largest.kernel), bar(largest.model)] };
  });
  return barChart({ title: "Throttled time, median and range", label: "ms", series, groups });
}

function responseChart(
  { load }: ComparedLoad,
  group: string,
  kernel: readonly number[],
  model: readonly number[],
): string {
  const longest = Math.max(kernel.at(-1) as number, model.at(-1) as number) / 1_000;
  const line = (name: string, color: string, isDashed: boolean, values: readonly number[]): Line => ({
    name,
    color,
    isDashed,
    points: distribution(values),
  });
  return lineChart({
    title: `${load.id}: response times of group ${group}`,
    x: { label: "response in ms", max: Math.max(longest, ticks(longest).at(-1) as number) },
    y: { label: "% done by then", max: 100 },
    lines: [line("kernel", KERNEL, false, kernel), line("model", MODEL, true, model)],
  });
}

/** The share of values up to each of 200 evenly spaced ranks, in percent by ms. */
function distribution(ascending: readonly number[]): Array<[number, number]> {
  const steps = Math.min(200, ascending.length);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const rank = Math.max(Math.ceil((i * ascending.length) / steps), 1);
    return [ascending[rank - 1] / 1_000, (rank / ascending.length) * 100];
  });
}
