import type { Ns, Simulation } from "../../engine/index.ts";
import type { Recorder, SourceRecorder } from "../../engine/statistics/recorder.ts";
import type { ClusterObserver } from "./observer.ts";
import type { Pod } from "./pod.ts";
import type { NodeEntry } from "./schema.ts";

/**
 * The source `pod_start`: every pod from bound to ready for the first time; one that ends before has failed. With several
 * entries of nodes there is one more source for each. There is none where every pod is ready at time 0.
 */
export class PodStarts implements ClusterObserver {
  readonly #simulation: Simulation;
  readonly #recorder: Recorder;
  readonly #entries: readonly NodeEntry[];
  #all: SourceRecorder | undefined;
  readonly #byEntry = new Map<string, SourceRecorder>();
  /** What is noted before it is known whether there are sources. */
  #early: Array<() => void> | undefined = [];
  readonly #starting = new Set<Pod>();

  constructor(simulation: Simulation, recorder: Recorder, entries: readonly NodeEntry[]) {
    this.#simulation = simulation;
    this.#recorder = recorder;
    this.#entries = entries;
  }

  /** The pods of time 0 have been started: makes the sources unless all of them are ready. */
  begin(pods: readonly Pod[]): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    if (pods.every(({ isReady }) => isReady)) return;
    this.#all = this.#recorder.source("pod_start");
    if (this.#entries.length > 1) {
      for (const { name } of this.#entries) this.#byEntry.set(name, this.#recorder.source(`pod_start_${name}`));
    }
    for (const note of early) note();
  }

  podBound(pod: Pod): void {
    this.#starting.add(pod);
    this.#note(pod, (source) => source.offered(pod.boundAt));
  }

  podReady(pod: Pod): void {
    if (!this.#starting.delete(pod)) return;
    const at: Ns = this.#simulation.now;
    this.#note(pod, (source) => source.completed(pod.boundAt, at, 0));
  }

  podTerminated(pod: Pod): void {
    this.#lost(pod);
  }

  podGone(pod: Pod): void {
    this.#lost(pod);
  }

  #lost(pod: Pod): void {
    if (!this.#starting.delete(pod)) return;
    const at: Ns = this.#simulation.now;
    this.#note(pod, (source) => source.failed(pod.boundAt, at));
  }

  #note(pod: Pod, what: (source: SourceRecorder) => void): void {
    if (this.#early !== undefined) {
      this.#early.push(() => this.#note(pod, what));
      return;
    }
    const own = this.#byEntry.get(pod.node.entry.name);
    if (this.#all !== undefined) what(this.#all);
    if (own !== undefined) what(own);
  }
}
