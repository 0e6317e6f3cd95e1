import { thresholdQuantity, isHard, type Threshold } from "./threshold.ts";

/** Bytes of the two resources that hard thresholds hold back. */
export interface ByteResources {
  memory: number;
  ephemeralStorage: number;
}

/** What a node has and keeps from its pods, in bytes. */
export interface NodeReservations {
  capacity: ByteResources;
  kubeReserved: ByteResources;
  systemReserved: ByteResources;
  thresholds: readonly Threshold[];
  /** Preallocated huge pages, which no pod can use as memory. */
  hugePagesBytes?: number;
  /** enforceNodeAllocatable. */
  enforceNodeAllocatable: readonly string[];
}

/**
 * What the hard thresholds of memory.available and nodefs.available keep from the scheduler; percentages count from the
 * capacity, and a later entry of a signal replaces an earlier one.
 *
 * Source: kubernetes v1.34 pkg/kubelet/cm/helpers.go hardEvictionReservation
 */
export function hardEvictionReservation(thresholds: readonly Threshold[], capacity: ByteResources): ByteResources {
  const reserved: ByteResources = { memory: 0, ephemeralStorage: 0 };
  for (const threshold of thresholds) {
    if (threshold.operator === "none" || !isHard(threshold)) continue;
    if (threshold.signal === "memory.available") reserved.memory = thresholdQuantity(threshold.value, capacity.memory);
    if (threshold.signal === "nodefs.available") {
      reserved.ephemeralStorage = thresholdQuantity(threshold.value, capacity.ephemeralStorage);
    }
  }
  return reserved;
}

/**
 * What the scheduler may give away: capacity less both reservations and that of the hard thresholds, never below 0.
 *
 * Source: kubernetes v1.34 pkg/kubelet/cm/node_container_manager_linux.go GetNodeAllocatableReservation;
 * pkg/kubelet/nodestatus/setters.go MachineInfo (huge pages)
 */
export function nodeAllocatable(node: NodeReservations): ByteResources {
  const { capacity, kubeReserved, systemReserved, hugePagesBytes = 0 } = node;
  const hard = hardEvictionReservation(node.thresholds, capacity);
  const memory = capacity.memory - kubeReserved.memory - systemReserved.memory - hard.memory;
  const disk =
    capacity.ephemeralStorage - kubeReserved.ephemeralStorage - systemReserved.ephemeralStorage - hard.ephemeralStorage;
  return { memory: Math.max(0, Math.max(0, memory) - hugePagesBytes), ephemeralStorage: Math.max(0, disk) };
}

/**
 * The memory limit of the kubepods cgroup in bytes. Where pods are enforced, capacity less both reservations and huge
 * pages, so that pods may grow past what is allocatable by the hard threshold; otherwise the whole capacity.
 *
 * Source: kubernetes v1.34 pkg/kubelet/cm/node_container_manager_linux.go getNodeAllocatableInternalAbsolute
 */
export function kubepodsMemoryLimit(node: NodeReservations): number {
  const { capacity, kubeReserved, systemReserved, hugePagesBytes = 0 } = node;
  if (!node.enforceNodeAllocatable.includes("pods")) return capacity.memory;
  return Math.max(0, capacity.memory - kubeReserved.memory - systemReserved.memory - hugePagesBytes);
}
