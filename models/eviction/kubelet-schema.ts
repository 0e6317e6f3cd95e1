import * as z from "zod";
import { duration, integer } from "../../engine/scenario/fields.ts";
import type { Ns } from "../../engine/time.ts";

/** The fields of a KubeletConfiguration that this model reads, as given: absent ones have the kubelet's defaults. */
export interface EvictionFields {
  evictionHard?: Record<string, string> | null;
  evictionSoft?: Record<string, string> | null;
  evictionSoftGracePeriod?: Record<string, string> | null;
  evictionMinimumReclaim?: Record<string, string> | null;
  /** Seconds. */
  evictionMaxPodGracePeriod?: number;
  evictionPressureTransitionPeriod?: Ns;
  mergeDefaultEvictionSettings?: boolean;
  kernelMemcgNotification?: boolean;
  enforceNodeAllocatable?: string[];
  kubeReservedCgroup?: string;
  systemReservedCgroup?: string;
  cgroupsPerQOS?: boolean;
  localStorageCapacityIsolation?: boolean;
  singleProcessOOMKill?: boolean | null;
  memoryThrottlingFactor?: number | null;
  nodeStatusUpdateFrequency?: Ns;
  volumeStatsAggPeriod?: Ns;
}

const signals = (description: string, example: Record<string, string>, defaultNote: string) =>
  z
    .record(z.string(), z.string())
    .nullable()
    .meta({
      description,
      examples: [example],
      defaultNote,
      source: "kubernetes v1.34 pkg/kubelet/eviction/helpers.go ParseThresholdConfig",
    })
    .optional();

const flag = (description: string, defaultNote: string) => z.boolean().meta({ description, defaultNote }).optional();
const cgroup = (whom: string) =>
  z
    .string()
    .meta({ description: `the cgroup of ${whom}` })
    .optional();
const INT32 = 2 ** 31;

/** Their schemas, to be spread into that of the whole configuration. */
export const evictionFields = {
  evictionHard: signals(
    "signals and the lines at which pods are evicted at once; naming one drops the defaults of the others",
    { "memory.available": "100Mi" },
    "memory.available 100Mi, nodefs.available 10%, nodefs.inodesFree 5%, imagefs.available 15%, imagefs.inodesFree 5%",
  ),
  evictionSoft: signals(
    "signals and the lines at which pods are evicted after a grace period",
    { "memory.available": "1Gi" },
    "none",
  ),
  evictionSoftGracePeriod: signals(
    "how long each soft line must be passed",
    { "memory.available": "1m30s" },
    "none; every soft signal needs one",
  ),
  evictionMinimumReclaim: signals(
    "what must be free beyond a line that has been passed",
    { "nodefs.available": "500Mi" },
    "none",
  ),
  evictionMaxPodGracePeriod: integer(
    { description: "seconds: the most that a pod gets to end in a soft eviction", defaultNote: "0" },
    -INT32,
    INT32 - 1,
  ).optional(),
  evictionPressureTransitionPeriod: duration(
    { description: "how long a pressure condition outlives its last observation", defaultNote: "5m" },
    { zero: true },
  ).optional(),
  mergeDefaultEvictionSettings: flag("whether evictionHard is laid over the defaults", "false"),
  kernelMemcgNotification: flag("whether the kernel tells of passed memory lines; on cgroup v1 alone", "false"),
  enforceNodeAllocatable: z
    .array(z.string())
    .meta({ description: "whose share of the node is enforced; pods limits all pods together", defaultNote: "[pods]" })
    .optional(),
  kubeReservedCgroup: cgroup("Kubernetes' own daemons"),
  systemReservedCgroup: cgroup("the system's daemons"),
  cgroupsPerQOS: flag("whether pods have cgroups by QoS class", "true"),
  localStorageCapacityIsolation: flag("whether limits of local storage are enforced", "true"),
  singleProcessOOMKill: z
    .boolean()
    .nullable()
    .meta({
      description: "whether the OOM killer takes one process and not the whole container",
      defaultNote: "false on cgroup v2, true on v1",
    })
    .optional(),
  memoryThrottlingFactor: z
    .number()
    .nullable()
    .meta({
      description: "where memory.high lies between request and limit; wants the feature gate MemoryQoS",
      defaultNote: "0.9 up to v1.36, then none",
    })
    .optional(),
  nodeStatusUpdateFrequency: duration({
    description: "how often the node tells of its conditions, and gets its taints",
    defaultNote: "10s",
  }).optional(),
  volumeStatsAggPeriod: duration({
    description: "how often the use of a pod's volumes is read, up to twice as long by jitter",
    defaultNote: "1m",
  }).optional(),
};
