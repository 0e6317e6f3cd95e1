import type { Recorder, SourceRecorder, WindowFigures } from "../statistics/recorder.ts";
import type { Windows } from "../statistics/windows.ts";
import type { Ns } from "../time.ts";
import type { CounterTable } from "./counters.ts";
import type { Column, Table } from "./csv.ts";
import type { EventLog } from "./event-log.ts";
import { formatMs, formatPerSecond, formatSeconds } from "./numbers.ts";
import type { NodeResources, ResourceTable } from "./resource-table.ts";

/** throughput.csv: what every source was offered, completed, failed and carried, a second, in every window. */
export function throughputTable({ sources, windows }: Recorder): Table {
  const cells = (source: SourceRecorder, index: number): string[] => {
    const { offered, completed, failed, bytes } = source.windowFigures(index);
    const counts = source.hasBytes ? [offered, completed, failed, bytes] : [offered, completed, failed];
    return counts.map((count) => formatPerSecond(count, windows.lengthOf(index)));
  };
  return windowed(
    windows,
    sources.flatMap(({ name, hasBytes }) => [
      `${name}_offered_per_s`,
      `${name}_completed_per_s`,
      `${name}_failed_per_s`,
      ...(hasBytes ? [`${name}_bytes_per_s`] : []),
    ]),
    (index) => sources.flatMap((source) => cells(source, index)),
  );
}

/** latency.csv: percentiles of what completed in every window. */
export function latencyTable({ sources, windows }: Recorder): Table {
  return windowed(
    windows,
    sources.flatMap(({ name }) => [`${name}_p50_ms`, `${name}_p90_ms`, `${name}_p99_ms`, `${name}_max_ms`]),
    (index) => sources.flatMap((source) => latencyCells(source.windowFigures(index))),
  );
}

function latencyCells({ latency }: WindowFigures): string[] {
  if (latency === undefined) return ["", "", "", ""];
  return [latency.p50Ns, latency.p90Ns, latency.p99Ns, latency.maxNs].map(formatMs);
}

/** events.csv: what happened to pods and nodes, in order. */
export function eventsTable(events: EventLog): Table {
  const columns: Column[] = [{ name: "time_s", kind: "number" }, ...texts("node", "object", "reason", "message")];
  const rows = function* () {
    for (const { at, node, object, reason, message } of events.entries) {
      yield [formatSeconds(at), node, object, reason, message];
    }
  };
  return { columns, rows: rows() };
}

/** counters.csv: totals over the whole run. */
export function countersTable(counters: CounterTable): Table {
  return {
    columns: [...texts("object", "counter"), { name: "value", kind: "number" }],
    rows: counters.entries.map(({ object, counter, value }) => [object, counter, String(value)]),
  };
}

const RESOURCES: ReadonlyArray<[suffix: string, field: keyof NodeResources]> = [
  ["memory_available_bytes", "memoryAvailableBytes"],
  ["nodefs_available_bytes", "nodefsAvailableBytes"],
  ["imagefs_available_bytes", "imagefsAvailableBytes"],
  ["pids", "pids"],
];

/** resources.csv: what every node has left at the start of every window. */
export function resourcesTable(table: ResourceTable): Table {
  return windowed(
    table.windows,
    table.nodes.flatMap((node) => RESOURCES.map(([suffix]) => `${node}_${suffix}`)),
    (index) =>
      table.nodes.flatMap((node) => {
        const resources = table.get(index, node);
        return RESOURCES.map(([, field]) => String(resources?.[field] ?? ""));
      }),
  );
}

/** A table with one row for each window, which begins with the window's start. */
function windowed(windows: Windows, names: string[], cells: (index: number) => string[]): Table {
  const start = (index: number): Ns => windows.startOf(index);
  const rows = function* () {
    for (let index = 0; index < windows.count; index++) yield [formatSeconds(start(index)), ...cells(index)];
  };
  return { columns: ["time_s", ...names].map((name) => ({ name, kind: "number" })), rows: rows() };
}

function texts(...names: string[]): Column[] {
  return names.map((name) => ({ name, kind: "text" }));
}
