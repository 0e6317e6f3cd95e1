import { NS_PER_MS, NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import type { NodeEntry } from "../cluster/schema.ts";
import { isGateOn } from "../kubelet/feature-gates.ts";
import { evictionRules, PRESSURE_TRANSITION_PERIOD } from "./defaults.ts";
import type { Layout } from "./layout.ts";
import {
  hardEvictionReservation,
  kubepodsMemoryLimit,
  nodeAllocatable,
  type ByteResources,
  type NodeReservations,
} from "./node-allocatable.ts";
import { effectiveEvictionHard, parseThresholds } from "./parse.ts";
import type { EvictionManagerConfig } from "./synchronize.ts";

/** What one node's configuration means for its memory, disk and processes. */
export interface NodeSettings {
  manager: EvictionManagerConfig;
  layout: Layout;
  cgroupVersion: 1 | 2;
  memoryCapacityBytes: number;
  /** What the scheduler may give away. */
  allocatable: ByteResources;
  /** memory.max of the cgroup of all pods. */
  kubepodsLimitBytes: number;
  /** What pid.available counts down from. */
  maxPids: number;
  kernelMemcgNotification: boolean;
  /** Where memory.high lies between request and limit; absent: it is not set. */
  memoryThrottlingFactor?: number;
  nodeStatusUpdateFrequency: Ns;
  volumeStatsAggPeriod: Ns;
  /** Whether loops start at a phase of their own, or at 0 and without jitter. */
  hasPhases: boolean;
}

/** The most that a 64-bit kernel numbers, as systemd sets it. Source: linux v6.12 include/linux/threads.h PID_MAX_LIMIT; systemd 50-pid-max.conf */
const PID_MAX = 4_194_304;
/** Stacks may take an eighth of the memory. Source: linux v6.12 kernel/fork.c set_max_threads, THREAD_SIZE 16 KiB on x86-64 */
const BYTES_PER_THREAD = 8 * 16 * 1024;

/** Reads a node's entry of a valid scenario. */
export function nodeSettings(entry: NodeEntry, kubernetesVersion: string): NodeSettings {
  const { kubelet, kernel, capacity } = entry;
  const reservations = nodeReservations(entry, kubernetesVersion);
  const { thresholds } = reservations;
  const rules = evictionRules(kubernetesVersion);
  const minor = Number(kubernetesVersion.slice(2));
  const gates = kubelet.featureGates;
  const hasMemoryQos = isGateOn("MemoryQoS", gates, minor);
  const defaultFactor = minor >= 37 ? undefined : minor >= 27 ? 0.9 : 0.8;
  const { memoryThrottlingFactor: factor = defaultFactor } = kubelet;
  const { imagefs, containerfs } = entry.disk ?? { imagefs: "nodefs" };
  const imageFs = imagefs !== "nodefs";
  return {
    manager: {
      thresholds,
      maxPodGracePeriodSeconds: kubelet.evictionMaxPodGracePeriod ?? 0,
      // Zero is replaced as an absent one is.
      pressureTransitionPeriod: kubelet.evictionPressureTransitionPeriod || PRESSURE_TRANSITION_PERIOD,
      localStorageCapacityIsolation: kubelet.localStorageCapacityIsolation ?? true,
      rules: { ...rules, separateDiskGC: isGateOn("KubeletSeparateDiskGC", gates, minor) },
    },
    layout: { imageFs, split: imageFs && containerfs === "nodefs" },
    cgroupVersion: kernel.cgroup === "v1" ? 1 : 2,
    memoryCapacityBytes: capacity.memory,
    allocatable: nodeAllocatable(reservations),
    kubepodsLimitBytes: kubepodsMemoryLimit(reservations),
    maxPids: Math.min(PID_MAX, Math.floor(capacity.memory / BYTES_PER_THREAD)),
    kernelMemcgNotification: kubelet.kernelMemcgNotification ?? false,
    memoryThrottlingFactor: hasMemoryQos && kernel.cgroup !== "v1" ? (factor ?? undefined) : undefined,
    nodeStatusUpdateFrequency: kubelet.nodeStatusUpdateFrequency ?? 10 * NS_PER_SECOND,
    volumeStatsAggPeriod: kubelet.volumeStatsAggPeriod ?? 60_000 * NS_PER_MS,
    hasPhases: kernel.phases === "random",
  };
}

/**
 * What hard thresholds keep from the scheduler, in bytes: to be taken off a node's capacity beside its reservations.
 * A disk of unknown size keeps nothing.
 */
export function evictionReservation(entry: NodeEntry): ByteResources {
  const { capacity, thresholds } = nodeReservations(entry);
  const reserved = hardEvictionReservation(thresholds, capacity);
  return { ...reserved, ephemeralStorage: capacity.ephemeralStorage === 0 ? 0 : reserved.ephemeralStorage };
}

/** Size of the kubelet's file system in bytes; undefined for an unlimited one. */
export function nodefsSize({ disk, capacity }: NodeEntry): number | undefined {
  return disk?.nodefs?.size ?? capacity["ephemeral-storage"];
}

function nodeReservations(entry: NodeEntry, kubernetesVersion?: string): NodeReservations {
  const { capacity, kubelet } = entry;
  const enforceNodeAllocatable = kubelet.enforceNodeAllocatable ?? ["pods"];
  const evictionHard = effectiveEvictionHard(
    kubelet.evictionHard,
    kubelet.mergeDefaultEvictionSettings,
    kubernetesVersion,
  );
  const bytes = (reserved: typeof kubelet.kubeReserved): ByteResources => ({
    memory: reserved.memory ?? 0,
    ephemeralStorage: reserved["ephemeral-storage"] ?? 0,
  });
  return {
    capacity: { memory: capacity.memory, ephemeralStorage: capacity["ephemeral-storage"] ?? nodefsSize(entry) ?? 0 },
    kubeReserved: bytes(kubelet.kubeReserved),
    systemReserved: bytes(kubelet.systemReserved),
    thresholds: parseThresholds({ ...kubelet, evictionHard, enforceNodeAllocatable }),
    enforceNodeAllocatable,
  };
}
