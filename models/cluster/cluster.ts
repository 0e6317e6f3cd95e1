import { nodesOf, type Node } from "./node.ts";
import type { Pod } from "./pod.ts";
import type { NodeEntry, Workload as WorkloadEntry } from "./schema.ts";
import { Workload } from "./workload.ts";

/** The stage on which all mechanisms play: nodes, workloads and the pods that they have. */
export class Cluster {
  readonly nodes: readonly Node[];
  readonly workloads: readonly Workload[];

  constructor(nodes: readonly NodeEntry[], workloads: readonly WorkloadEntry[]) {
    this.nodes = nodes.flatMap((entry) => nodesOf(entry));
    this.workloads = workloads.map((entry) => new Workload(entry));
  }

  get pods(): Pod[] {
    return this.workloads.flatMap((workload) => workload.pods);
  }

  /** The workload of this name; the scenario is valid, so there is one. */
  workload(name: string): Workload {
    return this.workloads.find((workload) => workload.name === name) as Workload;
  }

  /** The nodes to which a workload is pinned: one, or all of an entry with count. */
  nodesNamed(name: string): Node[] {
    return this.nodes.filter((node) => node.name === name || node.entry.name === name);
  }
}
