import type { Backend, BackendSet } from "../traffic/backend.ts";
import type { Pod } from "./pod.ts";
import type { Workload as WorkloadEntry } from "./schema.ts";

/** One workload: its pods, and those of them that serve. */
export class Workload {
  readonly entry: WorkloadEntry;
  /** Its name for random streams. */
  readonly stream: string;
  readonly pods: Pod[] = [];
  readonly #backends = new Map<string, ReadyBackends>();

  constructor(entry: WorkloadEntry) {
    this.entry = entry;
    this.stream = entry.stream ?? entry.name;
  }

  get name(): string {
    return this.entry.name;
  }

  /** The ready pods' containers of this name (the first if not given), kept up to date. */
  backends(container: string = this.entry.spec.containers[0].name): BackendSet {
    let backends = this.#backends.get(container);
    if (backends === undefined) {
      backends = new ReadyBackends(this, container);
      this.#backends.set(container, backends);
    }
    return backends;
  }

  /** The highest number that a pod's name has had, plus 1. */
  nextNumber = 0;

  remove(pod: Pod): void {
    const index = this.pods.indexOf(pod);
    if (index >= 0) this.pods.splice(index, 1);
  }

  /** Tells the sources of traffic that a pod has become ready, or no longer is. */
  readinessChanged(): void {
    for (const backends of this.#backends.values()) backends.update();
  }
}

class ReadyBackends implements BackendSet {
  ready: Backend[] = [];
  readonly #workload: Workload;
  readonly #container: string;
  readonly #callbacks: Array<() => void> = [];

  constructor(workload: Workload, container: string) {
    this.#workload = workload;
    this.#container = container;
    this.update();
  }

  onReady(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  update(): void {
    const before = this.ready.length;
    this.ready = this.#workload.pods
      .filter((pod) => pod.isReady)
      .flatMap((pod) => pod.allContainers.filter((container) => container.name === this.#container))
      .flatMap(({ run }) => (run === undefined ? [] : [run.queue]));
    if (this.ready.length > before) for (const callback of this.#callbacks) callback();
  }
}
