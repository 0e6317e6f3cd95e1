import type { Simulation } from "../../engine/index.ts";
import type { BackendSet, Network } from "./backend.ts";
import type { TrafficEntry } from "./schema.ts";
import { Source, type RequestLog } from "./source.ts";
import type { BulkFlow, FlowLog } from "../flannel/bulk-flow.ts";
import type { FlowSection } from "../flannel/flow-schema.ts";

/** Where the records of sources are made: the engine's Recorder. */
export interface RequestLogs {
  source(name: string, options: { bytes: boolean }): RequestLog & FlowLog;
}

/** All sources of requests of a scenario, in its order. */
export class Traffic {
  readonly sources: ReadonlyArray<Source | BulkFlow>;

  /**
   * The entries are kept, not copied: whoever changes one says so by `changed`. `backendsOf` gives the ready pods of a
   * target; `networkOf` what carries an entry's requests, or nothing where they arrive at once.
   */
  constructor(
    simulation: Simulation,
    logs: RequestLogs,
    entries: readonly TrafficEntry[],
    backendsOf: (target: TrafficEntry["to"]) => BackendSet,
    networkOf?: (entry: TrafficEntry) => Network | undefined,
    flowOf?: (entry: TrafficEntry & { flow: FlowSection }, log: FlowLog, backends: BackendSet) => BulkFlow,
  ) {
    this.sources = entries.map((entry) => {
      const log = logs.source(entry.name, { bytes: hasBytes(entry) });
      const { flow } = entry;
      if (flow !== undefined && flowOf !== undefined) return flowOf({ ...entry, flow }, log, backendsOf(entry.to));
      return new Source({ simulation, entry, log, backends: backendsOf(entry.to), network: networkOf?.(entry) });
    });
  }

  /** Begins all sources: to be called once, at time 0, when the pods that are ready then are ready. */
  start(): void {
    for (const source of this.sources) source.start();
  }

  /** The entry of this index has changed. */
  changed(index: number): void {
    const source = this.sources[index];
    if (source instanceof Source) source.changed();
  }
}

/** Whether a size is given for what the entry's requests carry. */
function hasBytes({ request, response, arrivals, flow }: TrafficEntry): boolean {
  if (flow !== undefined || request !== undefined || response !== undefined) return true;
  if (arrivals.type !== "trace") return false;
  return arrivals.rows.some((row) => row.requestBytes !== undefined || row.responseBytes !== undefined);
}
