import { BEFORE_MODELS, Simulation, type Ns } from "../../../engine/index.ts";
import { NS_PER_MS as MS } from "../../../engine/time.ts";
import { RequestQueue } from "../../cluster/request-queue.ts";
import { UnitThread } from "../../cluster/testing/unit-thread.ts";
import type { BackendSet, Network } from "../backend.ts";
import type { TrafficEntry } from "../schema.ts";
import { Source, type RequestLog } from "../source.ts";

export const fixed = (value: number) => ({ type: "fixed", value }) as const;

/** An entry of traffic with the scenario's defaults. */
export function entryOf(given: Partial<TrafficEntry> & Pick<TrafficEntry, "arrivals">): TrafficEntry {
  return { name: "web", to: { workload: "web" }, cpu: fixed(0), cancelOnTimeout: false, balance: "random", ...given };
}

/** Everything that happens to requests, in ms. */
export class NotedLog implements RequestLog {
  readonly offeredMs: number[] = [];
  /** Arrival, completion. */
  readonly completedMs: Array<[number, number]> = [];
  /** Arrival, failure. */
  readonly failedMs: Array<[number, number]> = [];
  readonly bytes: number[] = [];

  offered(arrivedAt: Ns): void {
    this.offeredMs.push(arrivedAt / MS);
  }

  completed(arrivedAt: Ns, at: Ns, bytes: number): void {
    this.completedMs.push([arrivedAt / MS, at / MS]);
    this.bytes.push(bytes);
  }

  failed(arrivedAt: Ns, at: Ns): void {
    this.failedMs.push([arrivedAt / MS, at / MS]);
  }
}

/** The ready pods of a workload, one request queue each. */
export class Pods implements BackendSet {
  ready: RequestQueue[] = [];
  readonly #callbacks: Array<() => void> = [];

  onReady(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  add(queue: RequestQueue): void {
    this.ready.push(queue);
    for (const callback of this.#callbacks) callback();
  }

  remove(queue: RequestQueue): void {
    this.ready = this.ready.filter((other) => other !== queue);
  }
}

export interface WorldOptions {
  pods?: number;
  threads?: number;
  network?: Network;
  seed?: number;
  replication?: number;
  log?: RequestLog;
}

/** One source before pods whose threads have CPUs of their own; started, at time 0. */
export function world(given: Partial<TrafficEntry> & Pick<TrafficEntry, "arrivals">, options: WorldOptions = {}) {
  const simulation = new Simulation({ seed: options.seed ?? 1, replication: options.replication });
  const entry = entryOf(given);
  const log = new NotedLog();
  const pods = new Pods();
  const threads: UnitThread[] = [];
  const addPod = (): RequestQueue => {
    const queue = new RequestQueue(0);
    for (let i = 0; i < (options.threads ?? 1); i++) {
      queue.addThread((owner) => {
        const thread = new UnitThread(simulation, owner);
        threads.push(thread);
        return thread;
      });
    }
    pods.add(queue);
    return queue;
  };
  for (let i = 0; i < (options.pods ?? 1); i++) addPod();
  const network = options.network;
  const source = new Source({ simulation, entry, log: options.log ?? log, backends: pods, network });
  source.start();
  /** Does something as the timeline would: before all else of the instant. */
  const at = (ms: number, action: () => void) => void simulation.scheduleAt(ms * MS, action, undefined, BEFORE_MODELS);
  return { simulation, entry, log, pods, threads, addPod, source, at };
}
