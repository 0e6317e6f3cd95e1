import type { Distribution } from "../../engine/scenario/distribution.ts";
import type { Rate } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";

/** One row of a recorded trace. Fields that are present win over the entry's own. */
export interface TraceRow {
  at: Ns;
  cpuNs?: Ns;
  requestBytes?: number;
  responseBytes?: number;
}

/** When the requests of a source arrive. */
export type Arrivals =
  | { type: "constant"; rate: Rate }
  | { type: "poisson"; rate: Rate }
  | { type: "onoff"; on: Distribution; off: Distribution; rate: Rate; process: "poisson" | "constant" }
  | { type: "mmpp"; states: Array<{ rate: Rate; mean: Ns }> }
  | { type: "sine"; rate: Rate; amplitude: number; period: Ns }
  | { type: "steps"; steps: Array<{ at: Ns; rate: Rate }> }
  | { type: "stages"; startRate: Rate; stages: Array<{ duration: Ns; target: Rate }> }
  | { type: "closed"; users: number; think: Distribution }
  | { type: "trace"; rows: TraceRow[] };

export type Balance = "random" | "roundRobin" | "leastConnections";

/** One source of requests. */
export interface TrafficEntry {
  name: string;
  /** The workload, and the container where one was named (otherwise the pod's first). */
  to: { workload: string; container?: string };
  /** A workload; absent: a client outside the cluster. */
  from?: string;
  stream?: string;
  arrivals: Arrivals;
  /** CPU demand of one request. */
  cpu: Distribution;
  request?: { size: Distribution };
  response?: { size: Distribution };
  timeout?: Ns;
  cancelOnTimeout: boolean;
  balance: Balance;
}
