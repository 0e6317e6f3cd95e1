import type { Ns } from "../engine/time.ts";
import type { NodeEntry, Workload } from "./cluster/schema.ts";
import type { KubeletSection } from "./kubelet/schema.ts";
import type { TrafficEntry } from "./traffic/schema.ts";

export type { Distribution } from "../engine/scenario/distribution.ts";
export type { Rate } from "../engine/scenario/units.ts";
export type * from "./cfs/schema.ts";
export type * from "./cluster/schema.ts";
export type * from "./kubelet/schema.ts";
export type * from "./traffic/schema.ts";

/** Sets one field of the scenario to a value at an instant. */
export interface SetAction {
  at: Ns;
  action: "set";
  /** Canonical: keys and list indices into the resolved scenario. */
  path: Array<string | number>;
  /** In the form that the resolved scenario has at `path`. */
  value: unknown;
  /** The path as the scenario has it. */
  text: string;
}

/** Sets one field again and again: at `from`, `from + every`, ... before `until`. */
export interface RepeatedSetAction extends Omit<SetAction, "at"> {
  every: Ns;
  from: Ns;
  /** Absent: the end of the run. */
  until?: Ns;
}

export type TimelineEntry = SetAction | RepeatedSetAction;

/** A statement about one cell of summary.csv. */
export interface Threshold {
  /** As written. */
  text: string;
  source: string;
  column: string;
  operator: "<" | "<=" | ">" | ">=" | "==" | "!=";
  value: number;
}

/** A valid scenario with every default filled in: plain data, times in nanoseconds, sizes in bytes. */
export interface Scenario {
  metadata: { name: string; description?: string };
  seed: number | string;
  kubernetesVersion: string;
  duration: Ns;
  warmup: Ns;
  window: Ns;
  nodes: NodeEntry[];
  kubelet: KubeletSection;
  workloads: Workload[];
  traffic: TrafficEntry[];
  timeline: TimelineEntry[];
  thresholds: Threshold[];
}
