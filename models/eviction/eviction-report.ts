import type { Ns } from "../../engine/index.ts";
import type { CounterTable } from "../../engine/results/counters.ts";
import type { Recorder, SourceRecorder } from "../../engine/statistics/recorder.ts";
import type { Node } from "../cluster/node.ts";
import type { NodeEntry } from "../cluster/schema.ts";
import type { Eviction } from "./eviction.ts";
import { RESOURCE_OF, isSignal, type NodeCondition, type Signal } from "./signals.ts";
import type { OomKill } from "./usage/oom-killer.ts";
import type { PodUsage, Released } from "./usage/pod-usage.ts";

/** A pod on its way out. */
interface Leaving {
  eviction: Eviction;
  since: Ns;
  /** What it had given back before. */
  released: Released;
}

const SOURCE = "eviction";

/** The names of the sources: all evictions, and with several entries of nodes one more for each. */
export function evictionSourceNames(nodes: readonly NodeEntry[]): string[] {
  return [SOURCE, ...(nodes.length > 1 ? nodes.map(({ name }) => `${SOURCE}_${name}`) : [])];
}

/** Records every evicted pod, from the first observation of what it is evicted for until it is gone. */
export class EvictionSources {
  readonly #all: SourceRecorder;
  readonly #byEntry = new Map<string, SourceRecorder>();
  readonly #leaving = new Map<PodUsage, Leaving>();

  constructor(recorder: Recorder, nodes: readonly NodeEntry[]) {
    const [all, ...names] = evictionSourceNames(nodes);
    this.#all = recorder.source(all, { bytes: true });
    names.forEach((name, i) => this.#byEntry.set(nodes[i].name, recorder.source(name, { bytes: true })));
  }

  /** A pod that is evicted again while it is ending counts once. */
  evicted(eviction: Eviction, pod: PodUsage, since: Ns): void {
    if (this.#leaving.has(pod)) return;
    this.#leaving.set(pod, { eviction, since, released: { ...pod.released } });
    for (const source of this.#sourcesOf(pod)) source.offered(since);
  }

  /** The pod has given back all that it had. */
  gone(pod: PodUsage, at: Ns): void {
    const leaving = this.#leaving.get(pod);
    if (leaving === undefined) return;
    this.#leaving.delete(pod);
    const bytes = reclaimedBytes(leaving, pod.released);
    for (const source of this.#sourcesOf(pod)) source.completed(leaving.since, at, bytes);
  }

  #sourcesOf(pod: PodUsage): SourceRecorder[] {
    const own = this.#byEntry.get(pod.pod.node.entry.name);
    return own === undefined ? [this.#all] : [this.#all, own];
  }
}

/** Bytes of memory for a memory signal, of disk for a disk signal or a storage limit; a process has no bytes. */
function reclaimedBytes({ eviction: { signal }, released: before }: Leaving, after: Released): number {
  const resource = isSignal(signal) ? RESOURCE_OF[signal] : "ephemeral-storage";
  if (resource === "pids") return 0;
  if (resource === "memory") return after.memoryBytes - before.memoryBytes;
  return after.diskBytes - before.diskBytes;
}

const PRESSURES: ReadonlyArray<[condition: NodeCondition, counter: string]> = [
  ["MemoryPressure", "sim_memory_pressure_ms"],
  ["DiskPressure", "sim_disk_pressure_ms"],
  ["PIDPressure", "sim_pid_pressure_ms"],
];

const LIMITS = ["emptydirfs.limit", "ephemeralpodfs.limit", "ephemeralcontainerfs.limit"] as const;

/** Totals of one node: evictions by signal, OOM kills, and how long it was under pressure as its kubelet knows it. */
export class NodeCounters {
  readonly #node: Node;
  readonly #evictions: Map<string, number>;
  readonly #pressureSince = new Map<NodeCondition, Ns>();
  readonly #pressureNs = new Map<NodeCondition, Ns>();
  /** By container, under the name of its cgroup. */
  readonly #oomKills = new Map<string, number>();

  /** `signals`: those that have thresholds, whose zeros are counted too. */
  constructor(node: Node, signals: readonly Signal[]) {
    this.#node = node;
    this.#evictions = new Map([...new Set<string>(signals), ...LIMITS].map((signal) => [signal, 0]));
  }

  evicted({ signal }: Eviction): void {
    this.#evictions.set(signal, (this.#evictions.get(signal) ?? 0) + 1);
  }

  oomKilled({ container }: OomKill): void {
    const cgroup = `cgroup/${container.pod.pod.name}/${container.name}`;
    this.#oomKills.set(cgroup, (this.#oomKills.get(cgroup) ?? 0) + 1);
  }

  conditionsChanged(conditions: readonly NodeCondition[], now: Ns): void {
    for (const [condition] of PRESSURES) {
      const since = this.#pressureSince.get(condition);
      if (conditions.includes(condition) === (since !== undefined)) continue;
      if (since === undefined) this.#pressureSince.set(condition, now);
      else {
        this.#pressureSince.delete(condition);
        this.#pressureNs.set(condition, (this.#pressureNs.get(condition) ?? 0) + now - since);
      }
    }
  }

  /** Writes the totals; pressure that lasts counts until now. */
  report(counters: CounterTable, now: Ns): void {
    this.conditionsChanged([], now);
    const object = `node/${this.#node.name}`;
    for (const [signal, count] of this.#evictions) {
      counters.add(object, `kubelet_evictions{eviction_signal="${signal}"}`, count);
    }
    for (const [condition, counter] of PRESSURES) {
      counters.add(object, counter, Math.floor((this.#pressureNs.get(condition) ?? 0) / 1_000_000));
    }
    let kills = 0;
    for (const count of this.#oomKills.values()) kills += count;
    // The kernel's own names: of /proc/vmstat, and of memory.events.
    counters.add(object, "oom_kill", kills);
    for (const [cgroup, count] of this.#oomKills) counters.add(cgroup, "oom_kill", count);
  }
}
