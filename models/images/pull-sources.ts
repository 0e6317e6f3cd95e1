import type { Recorder, SourceRecorder } from "../../engine/statistics/recorder.ts";
import type { Ns } from "../../engine/time.ts";

/** The name of the source of all pulls; that of an entry's pulls is `pull_<entry>`. */
export const PULL_SOURCE = "pull";

/** The sources of pulls, in their order: one for all, and with several entries of nodes one for each. */
export function pullSourceNames(entries: readonly string[]): string[] {
  return [PULL_SOURCE, ...(entries.length > 1 ? entries.map((entry) => `${PULL_SOURCE}_${entry}`) : [])];
}

/** The source `pull`: every pull from its request to the image present, with the bytes that it downloaded. */
export class PullSources {
  readonly #all: SourceRecorder;
  readonly #byEntry: ReadonlyMap<string, SourceRecorder>;

  constructor(recorder: Recorder, entries: readonly string[]) {
    const [all, ...byEntry] = pullSourceNames(entries).map((name) => recorder.source(name, { bytes: true }));
    this.#all = all;
    this.#byEntry = new Map(byEntry.map((source, i) => [entries[i], source]));
  }

  requested(entry: string, at: Ns): void {
    this.#all.offered(at);
    this.#byEntry.get(entry)?.offered(at);
  }

  completed(entry: string, requestedAt: Ns, at: Ns, bytes: number): void {
    this.#all.completed(requestedAt, at, bytes);
    this.#byEntry.get(entry)?.completed(requestedAt, at, bytes);
  }

  failed(entry: string, requestedAt: Ns, at: Ns): void {
    this.#all.failed(requestedAt, at);
    this.#byEntry.get(entry)?.failed(requestedAt, at);
  }
}
