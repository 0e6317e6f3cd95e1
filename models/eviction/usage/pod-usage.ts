import type { Simulation } from "../../../engine/index.ts";
import type { Pod } from "../../cluster/pod.ts";
import { COUNT_RATE_PERIOD } from "../behavior-schema.ts";
import { tmpfsSizeBytes } from "../empty-dir.ts";
import { memoryHigh } from "../memory-qos.ts";
import { oomScoreAdj } from "../oom.ts";
import { isLocalEphemeral, type DiskUsage, type EvictionContainer, type ManagedPod, type PodStats } from "../pod.ts";
import { Quantity, type Watch } from "../quantity.ts";
import { ContainerUsage } from "./container-usage.ts";
import type { NodeUsage } from "./node-usage.ts";
import { Place } from "./place.ts";
import { evictionContainers, podFacts, podMemoryLimit, usageBehavior } from "./pod-facts.ts";
import { VolumeStats } from "./volume-stats.ts";

/** What a container leaves on the disk, and a running one fills. */
interface Files {
  layer: Place;
  logs: Place;
}

/** One run of a container. */
export interface RunningContainer extends Files {
  readonly pod: PodUsage;
  readonly name: string;
  readonly usage: ContainerUsage;
  readonly oomScoreAdj: number;
  /** memory.max of its cgroup in bytes. */
  limitBytes: number;
  readonly limit: Watch;
}

/** What a pod has given back to its node so far. */
export interface Released {
  memoryBytes: number;
  diskBytes: number;
}

/** Pages as x86-64 has them. */
export const PAGE_BYTES = 4096;

/** All that one pod takes of its node, from the time it is bound until its volumes are unmounted and its cgroup is gone. */
export class PodUsage {
  readonly pod: Pod;
  /** The pod as the eviction manager sees it; its stats are those of the node's present sample. */
  readonly managed: ManagedPod;
  /** The working set of the pod's cgroup. */
  readonly memory: Quantity;
  readonly pids: Quantity;
  readonly released: Released = { memoryBytes: 0, diskBytes: 0 };
  /** memory.max of the pod's cgroup in bytes; Infinity without one. */
  limitBytes: number;

  readonly #simulation: Simulation;
  readonly #node: NodeUsage;
  #specs: readonly EvictionContainer[];
  readonly #running = new Map<string, RunningContainer>();
  /** The last dead container of each name: older ones are collected. */
  readonly #dead = new Map<string, Files>();
  readonly #volumes = new Map<string, Place>();
  readonly #volumeStats: VolumeStats;
  readonly #limit: Watch;
  /** Pages of a tmpfs whose writers have ended: the pod itself is charged for them. */
  readonly #orphanedPages: Quantity[] = [];
  #stats: PodStats | undefined;
  #sample = -1;

  constructor(simulation: Simulation, node: NodeUsage, pod: Pod) {
    this.#simulation = simulation;
    this.#node = node;
    this.pod = pod;
    const { spec } = pod;
    this.#specs = evictionContainers(spec);
    this.memory = new Quantity(simulation, { sum: node.kubepods });
    this.pids = new Quantity(simulation, { per: COUNT_RATE_PERIOD, sum: node.pids });
    this.limitBytes = podMemoryLimit(spec) ?? Infinity;
    this.#limit = this.memory.watch("atLeast", this.limitBytes + 1, () => node.limitPassed());
    const sample = () => this.stats;
    this.managed = {
      ...podFacts(pod),
      get stats() {
        return sample();
      },
    };
    for (const volume of this.managed.volumes) {
      const place = this.#placeOfVolume(volume);
      if (place !== undefined) this.#volumes.set(volume.name, place);
    }
    this.#volumeStats = new VolumeStats(simulation, {
      period: node.settings.volumeStatsAggPeriod,
      stream: node.settings.hasPhases ? () => simulation.streams.fresh(`pod/${pod.stream}/volume-stats`) : undefined,
      volumes: this.#writtenVolumes(),
    });
  }

  get running(): Iterable<RunningContainer> {
    return this.#running.values();
  }

  /** What the pod's working set is made of. */
  memoryParts(): Quantity[] {
    return [...[...this.#running.values()].map(({ usage }) => usage.memory.workingSet), ...this.#orphanedPages];
  }

  /** The containers' processes begin: their behaviour's times count from now. */
  startContainer(name: string): void {
    this.endContainer(name);
    const spec = this.#specs.find((container) => container.name === name) as EvictionContainer;
    const { containerFs, nodeFs, settings } = this.#node;
    const files: Files = {
      layer: new Place(this.#simulation, containerFs),
      logs: new Place(this.#simulation, nodeFs),
    };
    const limitBytes = spec.limits?.memoryBytes || Infinity;
    const usage = new ContainerUsage({
      simulation: this.#simulation,
      behavior: usageBehavior(this.pod, name),
      pod: this,
      memoryHighBytes: this.#memoryHigh(spec),
      placeOf: (to) => (to === "rootfs" ? files.layer : to === "logs" ? files.logs : (this.#volumes.get(to) as Place)),
    });
    const { workingSet, cacheBytes } = usage.memory;
    const scored = {
      ...this.managed,
      qos: this.managed.qos ?? "BestEffort",
      priorityClassName: this.pod.spec.priorityClassName,
    };
    this.#node.cacheBytes += cacheBytes;
    this.#running.set(name, {
      pod: this,
      name,
      usage,
      ...files,
      oomScoreAdj: oomScoreAdj(scored, spec, settings.memoryCapacityBytes),
      limitBytes,
      limit: workingSet.watch("atLeast", limitBytes + 1, () => this.#node.limitPassed()),
    });
  }

  /** The container's processes are gone, whatever ended them. Their files stay as a dead container's. */
  endContainer(name: string): void {
    const container = this.#running.get(name);
    if (container === undefined) return;
    this.#running.delete(name);
    const { usage, layer, logs, limit } = container;
    const before = this.memory.value;
    limit.cancel();
    this.#orphanedPages.push(...usage.end(this.memory));
    this.released.memoryBytes += before - this.memory.value;
    this.#node.cacheBytes -= usage.memory.cacheBytes;
    this.#collect(name);
    this.#dead.set(name, { layer, logs });
  }

  requestBegun(name: string): void {
    this.#running.get(name)?.usage.memory.requestBegun();
  }

  requestEnded(name: string): void {
    this.#running.get(name)?.usage.memory.requestEnded();
  }

  /** Takes over limits that have changed; what is used above a lower one goes to the OOM killer. */
  resize(): void {
    const { spec } = this.pod;
    this.#specs = evictionContainers(spec);
    this.limitBytes = podMemoryLimit(spec) ?? Infinity;
    this.#limit.setLevel(this.limitBytes + 1);
    for (const container of this.#running.values()) {
      const { limits } = this.#specs.find(({ name }) => name === container.name) as EvictionContainer;
      container.limitBytes = limits?.memoryBytes || Infinity;
      container.limit.setLevel(container.limitBytes + 1);
    }
  }

  /** Removes the files of dead containers. */
  removeDeadContainers(): void {
    for (const name of this.#dead.keys()) this.#collect(name);
  }

  /** The node is down: what was in memory is lost, with tmpfs volumes; what is on disk is not. */
  lose(): void {
    for (const name of this.#running.keys()) this.endContainer(name);
    this.#releasePages();
    for (const place of this.#volumes.values()) if (place.fileSystem === undefined) place.clear();
  }

  /** The pod is gone: its containers, its volumes, its cgroup. */
  remove(): void {
    for (const name of this.#running.keys()) this.endContainer(name);
    this.removeDeadContainers();
    this.#volumeStats.stop();
    this.#releasePages();
    this.#limit.cancel();
    for (const { name, source } of this.managed.volumes) {
      // A directory of the node stays as it is.
      const place = source === "hostPath" ? undefined : this.#volumes.get(name);
      if (place === undefined) continue;
      const freed = place.clear();
      if (place.fileSystem !== undefined) this.released.diskBytes += freed;
    }
  }

  /** The pod's part of the node's present sample. */
  get stats(): PodStats {
    if (this.#stats === undefined || this.#sample !== this.#node.sample) {
      this.#sample = this.#node.sample;
      this.#stats = this.#readStats();
    }
    return this.#stats;
  }

  #readStats(): PodStats {
    const containers = [...this.#running.values()].map(({ name, usage, layer, logs }) => ({
      name,
      workingSetBytes: usage.memory.workingSet.value,
      writableLayer: layer.usage,
      logs: logs.usage,
    }));
    const volumes = this.#volumeStats.latest;
    let ephemeralStorageBytes = 0;
    for (const { writableLayer, logs } of containers) ephemeralStorageBytes += writableLayer.bytes + logs.bytes;
    for (const volume of this.managed.volumes) {
      if (isLocalEphemeral(volume)) ephemeralStorageBytes += volumes.get(volume.name)?.bytes ?? 0;
    }
    return {
      memoryWorkingSetBytes: this.memory.value,
      processes: this.pids.value,
      ephemeralStorageBytes,
      containers,
      volumes: [...volumes].map(([name, { bytes, inodes }]) => ({ name, bytes, inodes })),
    };
  }

  #releasePages(): void {
    for (const pages of this.#orphanedPages.splice(0)) {
      this.released.memoryBytes += pages.value;
      pages.moveTo(undefined);
    }
  }

  #collect(name: string): void {
    const dead = this.#dead.get(name);
    if (dead === undefined) return;
    this.#dead.delete(name);
    this.released.diskBytes += dead.layer.clear() + dead.logs.clear();
  }

  #memoryHigh({ requests, limits }: EvictionContainer): number | undefined {
    const { memoryThrottlingFactor: factor, allocatable, manager } = this.#node.settings;
    const inputs = {
      requestBytes: requests?.memoryBytes ?? 0,
      limitBytes: limits?.memoryBytes ?? 0,
      nodeAllocatableBytes: allocatable.memory,
      factor,
      pageBytes: PAGE_BYTES,
    };
    return memoryHigh(inputs, manager.rules.memoryHigh);
  }

  #placeOfVolume({ source, medium, sizeLimitBytes }: ManagedPod["volumes"][number]): Place | undefined {
    if (source === "emptyDir" && medium === "Memory") {
      const { allocatable } = this.#node.settings;
      const podMemoryLimitBytes = this.limitBytes === Infinity ? undefined : this.limitBytes;
      const bounds = { nodeAllocatableMemoryBytes: allocatable.memory, podMemoryLimitBytes, sizeLimitBytes };
      return new Place(this.#simulation, undefined, tmpfsSizeBytes(bounds));
    }
    const isOnDisk = source === "emptyDir" || source === "hostPath";
    return isOnDisk ? new Place(this.#simulation, this.#node.nodeFs) : undefined;
  }

  /** Volumes whose use is read: those that some container writes. The use of a hostPath is not measured. */
  #writtenVolumes(): Map<string, () => DiskUsage> {
    const written = new Map<string, () => DiskUsage>();
    const writes = this.#specs.flatMap(({ name }) => usageBehavior(this.pod, name).disk ?? []);
    const targets = new Set(writes.map(({ to }) => to));
    for (const { name, source } of this.managed.volumes) {
      const place = this.#volumes.get(name);
      if (place === undefined || source === "hostPath" || !targets.has(name)) continue;
      written.set(name, () => place.usage);
    }
    return written;
  }
}
