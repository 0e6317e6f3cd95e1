import type { Recorder } from "../statistics/recorder.ts";
import type { CounterTable } from "./counters.ts";
import type { EventLog } from "./event-log.ts";
import type { ResourceTable } from "./resource-table.ts";

/** Where a run leaves what it finds, until the results folder is written. */
export interface Outputs {
  recorder: Recorder;
  events: EventLog;
  counters: CounterTable;
  /** Only where memory, disk or PIDs move. */
  resources?: ResourceTable;
}
