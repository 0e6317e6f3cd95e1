import type { Ns } from "../../engine/time.ts";

/**
 * The eviction signals, by name: the order in which lists are built wherever upstream walks a hash map.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/api/types.go
 */
export const SIGNALS = [
  "allocatableMemory.available",
  "containerfs.available",
  "containerfs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "pid.available",
] as const;

/** What the eviction manager watches. */
export type Signal = (typeof SIGNALS)[number];

/** What runs short when a signal crosses its threshold, under the name that events and messages give it. */
export type StarvedResource = "memory" | "ephemeral-storage" | "inodes" | "pids";

/** A pressure condition of the node. */
export type NodeCondition = "DiskPressure" | "MemoryPressure" | "PIDPressure";

/** Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go signalToResource */
export const RESOURCE_OF: Readonly<Record<Signal, StarvedResource>> = {
  "allocatableMemory.available": "memory",
  "containerfs.available": "ephemeral-storage",
  "containerfs.inodesFree": "inodes",
  "imagefs.available": "ephemeral-storage",
  "imagefs.inodesFree": "inodes",
  "memory.available": "memory",
  "nodefs.available": "ephemeral-storage",
  "nodefs.inodesFree": "inodes",
  "pid.available": "pids",
};

const CONDITION_OF: Readonly<Record<StarvedResource, NodeCondition>> = {
  memory: "MemoryPressure",
  "ephemeral-storage": "DiskPressure",
  inodes: "DiskPressure",
  pids: "PIDPressure",
};

/** Whether the kubelet knows a signal of this name. */
export function isSignal(name: string): name is Signal {
  return Object.hasOwn(RESOURCE_OF, name);
}

/** The node condition that a signal raises. Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go signalToNodeCondition */
export function conditionOf(signal: Signal): NodeCondition {
  return CONDITION_OF[RESOURCE_OF[signal]];
}

/** What a pass sees of one signal: bytes for memory and disks, counts for inodes and processes. */
export interface Observation {
  /** May be below zero for pid.available. */
  available: number;
  /** Used for percentages alone. */
  capacity: number;
  /** When the sample was taken; absent if its source gives no time. */
  at?: Ns;
}

/** What one pass sees; a signal that could not be measured is absent. */
export type Observations = Readonly<Partial<Record<Signal, Observation>>>;

/** A memory cgroup as the summary shows it. `availableBytes` is absent where there is no limit to count from. */
export interface MemoryStats {
  availableBytes?: number;
  workingSetBytes?: number;
  usageBytes?: number;
  at?: Ns;
}

/** A file system as the summary shows it. */
export interface FileSystemStats {
  availableBytes?: number;
  capacityBytes?: number;
  inodesFree?: number;
  inodes?: number;
  at?: Ns;
}

/** The node's part of a stats summary. */
export interface NodeStats {
  /** The root cgroup: available is the machine's memory less its working set. */
  memory?: MemoryStats;
  /** The kubepods cgroup: available is its limit less its working set. */
  kubepods?: MemoryStats;
  nodefs?: FileSystemStats;
  imagefs?: FileSystemStats;
  containerfs?: FileSystemStats;
  /** `max` is the smaller of kernel.pid_max and kernel.threads-max; `running` counts tasks, so threads. */
  pids?: { max: number; running: number; at?: Ns };
}

/**
 * Derives the observations of a pass from a summary; what the summary lacks is not observed.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go makeSignalObservations
 */
export function observe(stats: NodeStats): Observations {
  const found: Partial<Record<Signal, Observation>> = {};
  const note = (signal: Signal, available: number | undefined, capacity: number | undefined, at: Ns | undefined) => {
    if (available !== undefined && capacity !== undefined) found[signal] = { available, capacity, at };
  };
  const { memory, kubepods, pids } = stats;
  note("memory.available", memory?.availableBytes, memoryCapacity(memory), memory?.at);
  note("allocatableMemory.available", kubepods?.availableBytes, memoryCapacity(kubepods), kubepods?.at);
  for (const name of ["nodefs", "imagefs", "containerfs"] as const) {
    const fs = stats[name];
    note(`${name}.available`, fs?.availableBytes, fs?.capacityBytes, fs?.at);
    note(`${name}.inodesFree`, fs?.inodesFree, fs?.inodes, fs?.at);
  }
  if (pids !== undefined) note("pid.available", pids.max - pids.running, pids.max, pids.at);
  return found;
}

/** What a memory cgroup's percentages count from, in bytes: available + working set; undefined if either is unknown. */
export function memoryCapacity(stats: MemoryStats | undefined): number | undefined {
  if (stats?.availableBytes === undefined || stats.workingSetBytes === undefined) return undefined;
  return stats.availableBytes + stats.workingSetBytes;
}

/**
 * The working set of a memory cgroup in bytes: its usage less its inactive file pages, never below 0. Active file pages,
 * shared memory, tmpfs and slab count.
 *
 * Source: cadvisor v0.49 container/libcontainer/handler.go setMemoryStats
 */
export function workingSet(usageBytes: number, inactiveFileBytes: number): number {
  return usageBytes < inactiveFileBytes ? 0 : usageBytes - inactiveFileBytes;
}
