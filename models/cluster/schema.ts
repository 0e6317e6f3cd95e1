import * as z from "zod";
import type { Distribution } from "../../engine/scenario/distribution.ts";
import {
  bitRate,
  byteRate,
  duration,
  durationDistribution,
  integer,
  name,
  quantity,
  scalar,
  shown,
  size,
} from "../../engine/scenario/fields.ts";
import {
  diskBehaviorSchema,
  memoryBehaviorSchema,
  pidsBehaviorSchema,
  type UsageBehavior,
} from "../eviction/behavior-schema.ts";
import { parseMilliQuantity, UnitError } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";
import { cgroupFilesSchema, kernelSchema, type CgroupFiles, type KernelSection } from "../cfs/schema.ts";
import { registrySchema, runtimeSchema, type RegistrySection, type RuntimeSection } from "../images/schema.ts";
import { kubeletSchema, type KubeletSection } from "../kubelet/schema.ts";
import { podSpecSchema, type PodSpec } from "./pod-spec.ts";

export type * from "./pod-spec.ts";

export interface Taint {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** One file system of a node; what is absent is ideal. Rates are bytes a second. */
export interface FileSystem {
  size?: number;
  inodes?: number;
  write?: number;
  read?: number;
}

export interface DiskSection {
  nodefs?: FileSystem;
  imagefs: "nodefs" | FileSystem;
  containerfs?: "nodefs" | "imagefs";
}

export interface NicSection {
  /** Bits a second. */
  bandwidth?: number;
  latency: Ns;
  mtu: number;
}

/** One entry of `nodes`: a node, or `count` equal ones named `<name>-0`, `<name>-1` ... */
export interface NodeEntry {
  name: string;
  /** Absent: one node under the plain name. */
  count?: number;
  stream?: string;
  /** cpu in whole CPUs, memory and ephemeral storage in bytes. */
  capacity: { cpu: number; memory: number; pods: number; "ephemeral-storage"?: number };
  labels: Record<string, string>;
  taints: Taint[];
  kernel: KernelSection;
  disk?: DiskSection;
  nic?: NicSection;
  /** What the node itself takes, in bytes. */
  used: { memory: number; nodefs: number; imagefs: number };
  /** The cluster-wide section with this entry's own fields over it. */
  kubelet: KubeletSection;
  /** As given: where absent, the entry shares the cluster-wide one. */
  registry?: RegistrySection;
  runtime?: RuntimeSection;
}

/** What the processes of one container do. */
export interface Behavior extends UsageBehavior {
  /** Interchangeable servers of one FIFO queue of requests. */
  threads: number;
  startup?: { cpu?: Distribution; delay?: Ns };
  exit?: { after: Ns; code: number };
}

export type WorkloadKind = "Pod" | "Deployment" | "DaemonSet" | "StatefulSet" | "Job";

export interface Workload {
  name: string;
  kind: WorkloadKind;
  replicas: number;
  /** An entry of `nodes`, or one node of an entry with count. */
  node?: string;
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  stream?: string;
  spec: PodSpec;
  /** Given cgroup files, which win over what Kubernetes derives from the spec; containers by name. */
  cgroup: { pod: CgroupFiles; containers: Record<string, CgroupFiles> };
  /** By container; every container has an entry. */
  behavior: Record<string, Behavior>;
}

/** More than these would only outgrow the memory. */
const MOST_NODES = 10_000;
export const MOST_REPLICAS = 100_000;
const MOST_CPUS = 4_096;
const MOST_THREADS = 100_000;

const wholeCpus = scalar<number>(
  (value) => {
    const isNumber = typeof value === "number" && value > 0 && Number.isFinite(value);
    const milli = typeof value === "string" || isNumber ? parseMilliQuantity(String(value)) : 0;
    if (milli > 0 && milli % 1000 === 0 && milli <= MOST_CPUS * 1000) return milli / 1000;
    throw new UnitError(`found ${shown(value)}; allowed: a whole number of CPUs from 1 to ${MOST_CPUS}`);
  },
  { description: "CPUs", examples: [4] },
  ["integer", "string"],
);

const podCount = scalar<number>(
  (value) => {
    const isCount = (typeof value === "number" && Number.isSafeInteger(value)) || /^[0-9]{1,6}$/.test(String(value));
    if (isCount && Number(value) >= 1 && Number(value) <= MOST_REPLICAS) return Number(value);
    throw new UnitError(`found ${shown(value)}; allowed: a whole number from 1 to ${MOST_REPLICAS}`);
  },
  {
    description: "how many pods the node takes",
    source: "kubernetes v1.34 pkg/kubelet/apis/config/v1beta1/defaults.go MaxPods",
  },
  ["integer", "string"],
);

const labels = (description: string) => z.record(z.string(), z.string()).meta({ description }).default({});

const fileSystemSchema = z.strictObject({
  size: size({ description: "its size", defaultNote: "unlimited" }).optional(),
  inodes: integer({ description: "its inodes", defaultNote: "unlimited" }, 1, Number.MAX_SAFE_INTEGER).optional(),
  write: byteRate({ description: "bytes written a second", defaultNote: "unlimited" }).optional(),
  read: byteRate({ description: "bytes read a second", defaultNote: "unlimited" }).optional(),
});

const taintSchema = z.strictObject({
  key: z.string().min(1).meta({ description: "the taint's key" }),
  value: z.string().meta({ description: "the taint's value" }).optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).meta({ description: "what it does to pods" }),
});

const used = (what: string) => size({ description: what }, { zero: true }).prefault(0);

/** nodes[] */
export const nodeSchema = z.strictObject({
  name: name({ description: "the node's name; with count the beginning of the names" }),
  count: integer(
    { description: "so many equal nodes, <name>-0, <name>-1 ...; absent or 1: one, under the plain name" },
    1,
    MOST_NODES,
  ).optional(),
  stream: name({
    description: "names the node's random draws: equal streams give equal draws",
    defaultNote: "the node's name",
  }).optional(),
  capacity: z
    .strictObject({
      cpu: wholeCpus,
      memory: quantity({ description: "memory" }, { zero: false }),
      pods: podCount.prefault(110),
      "ephemeral-storage": quantity({ description: "disk that pods may use", defaultNote: "unlimited" }).optional(),
    })
    .meta({ description: "what the node has, as Kubernetes' node.status.capacity" }),
  labels: labels("the node's labels; topology.kubernetes.io/zone gives the zone"),
  taints: z.array(taintSchema).meta({ description: "the node's taints" }).default([]),
  kernel: kernelSchema.prefault({}).meta({ description: "the node's kernel" }),
  disk: z
    .strictObject({
      nodefs: fileSystemSchema.meta({ description: "the kubelet's file system" }).optional(),
      imagefs: z
        .union([z.literal("nodefs"), fileSystemSchema])
        .meta({ description: "where images are: on nodefs, or a file system of their own" })
        .default("nodefs"),
      containerfs: z
        .enum(["nodefs", "imagefs"])
        .meta({ description: "where the containers' writable layers are", defaultNote: "where images are" })
        .optional(),
    })
    .meta({ description: "the node's disk; what is not given is ideal" })
    .optional(),
  nic: z
    .strictObject({
      bandwidth: bitRate({ description: "of the node's network card", defaultNote: "unlimited" }).optional(),
      latency: duration({ description: "to the next node" }, { zero: true }).prefault(0),
      mtu: integer({ description: "largest packet in bytes" }, 68, 65_535).default(1500),
    })
    .meta({ description: "the node's network card; without a flannel section the network costs nothing" })
    .optional(),
  used: z
    .strictObject({ memory: used("memory"), nodefs: used("bytes of nodefs"), imagefs: used("bytes of imagefs") })
    .prefault({})
    .meta({ description: "what the node itself takes" }),
  kubelet: kubeletSchema.meta({ description: "overrides of the cluster-wide kubelet section" }).optional(),
  registry: registrySchema
    .meta({
      description: "a registry for the nodes of this entry alone; fields not given are the cluster-wide ones",
      live: true,
    })
    .optional(),
  runtime: runtimeSchema.meta({ description: "overrides of the cluster-wide runtime section" }).optional(),
});

const behaviorSchema = z.strictObject({
  threads: integer({ description: "interchangeable servers of one FIFO queue of requests" }, 1, MOST_THREADS).default(
    1,
  ),
  startup: z
    .strictObject({
      cpu: durationDistribution({ description: "CPU time until it is ready" }).optional(),
      delay: duration({ description: "waiting before that work" }, { zero: true }).optional(),
    })
    .meta({ description: "what a container does before it is ready" })
    .optional(),
  exit: z
    .strictObject({
      after: duration({ description: "from the container's start" }, { zero: true }),
      code: integer({ description: "exit status" }, 0, 255).default(0),
    })
    .meta({ description: "the container ends by itself; restartPolicy decides what follows" })
    .optional(),
  memory: memoryBehaviorSchema.optional(),
  disk: diskBehaviorSchema.optional(),
  pids: pidsBehaviorSchema.optional(),
});

/** workloads[] */
export const workloadSchema = z.strictObject({
  name: name({
    description:
      "the workload's name; its pods are <name>-0, <name>-1 ..., a Pod is <name>, a DaemonSet's are <name>-<node>",
  }),
  kind: z
    .enum(["Pod", "Deployment", "DaemonSet", "StatefulSet", "Job"])
    .meta({ description: "what keeps the pods" })
    .default("Deployment"),
  replicas: integer(
    { description: "how many pods; for a Job how many have to succeed, all side by side" },
    0,
    MOST_REPLICAS,
  ).default(1),
  node: name({
    description: "pins every pod to this node, or round robin to the nodes of this entry",
    defaultNote: "the only node; with several the scheduler model chooses",
  }).optional(),
  metadata: z
    .strictObject({ labels: labels("labels of the pods"), annotations: labels("annotations of the pods") })
    .prefault({})
    .meta({ description: "the pods' metadata" }),
  stream: name({
    description: "names the workload's random draws: equal streams give equal draws",
    defaultNote: "the workload's name",
  }).optional(),
  spec: podSpecSchema,
  cgroup: z
    .strictObject({
      pod: cgroupFilesSchema.prefault({}),
      containers: z.record(z.string(), cgroupFilesSchema).meta({ description: "by container" }).default({}),
    })
    .prefault({})
    .meta({ description: "cgroup files; what is given here wins over what Kubernetes derives from the spec" }),
  behavior: z
    .record(z.string(), behaviorSchema)
    .meta({ description: "what the processes do, by container" })
    .default({}),
});
