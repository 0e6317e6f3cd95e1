import type { Ns } from "../../engine/index.ts";
import type { Recorder, SourceRecorder } from "../../engine/statistics/recorder.ts";
import type { Pod } from "./pod.ts";
import type { NodeEntry, Workload } from "./schema.ts";

/**
 * The source `pod_start`: every pod from bound to ready; with several entries of nodes one more source for each. There
 * is none where every pod is ready at time 0.
 */
export class PodStarts {
  readonly #all: SourceRecorder | undefined;
  readonly #byEntry = new Map<string, SourceRecorder>();

  constructor(
    recorder: Recorder,
    { nodes, workloads }: { nodes: readonly NodeEntry[]; workloads: readonly Workload[] },
  ) {
    if (!workloads.some((workload) => takesTimeToStart(workload))) return;
    this.#all = recorder.source("pod_start");
    if (nodes.length < 2) return;
    for (const { name } of nodes) this.#byEntry.set(name, recorder.source(`pod_start_${name}`));
  }

  bound(pod: Pod): void {
    this.#all?.offered(pod.boundAt);
    this.#byEntry.get(pod.node.entry.name)?.offered(pod.boundAt);
  }

  ready(pod: Pod, at: Ns): void {
    this.#all?.completed(pod.boundAt, at);
    this.#byEntry.get(pod.node.entry.name)?.completed(pod.boundAt, at);
  }
}

/** Whether the workload's pods have start-up work, and so are not ready at the instant at which they are bound. */
function takesTimeToStart({ behavior, replicas }: Workload): boolean {
  return (
    replicas > 0 &&
    Object.values(behavior).some(({ startup }) => (startup?.delay ?? 0) > 0 || startup?.cpu !== undefined)
  );
}
