import type { Distribution } from "../../engine/scenario/distribution.ts";
import type { Ns } from "../../engine/time.ts";
import type { CgroupFiles, KernelSection } from "../cfs/schema.ts";
import type { KubeletSection } from "../kubelet/schema.ts";

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
}

/** CPU in thousandths, the rest in bytes. */
export interface ResourceList {
  cpu?: number;
  memory?: number;
  "ephemeral-storage"?: number;
}

export interface Resources {
  /** A request that is absent while its limit is given equals the limit, as the API server sets it. */
  requests: ResourceList;
  limits: ResourceList;
}

export interface Container {
  name: string;
  image?: string;
  resources: Resources;
}

export interface Toleration {
  key?: string;
  operator: "Exists" | "Equal";
  value?: string;
  effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  tolerationSeconds?: number;
}

export interface PodSpec {
  containers: Container[];
  priority?: number;
  priorityClassName?: string;
  restartPolicy: "Always" | "OnFailure" | "Never";
  terminationGracePeriodSeconds: number;
  tolerations: Toleration[];
  /** Pod-level resources; absent: the containers' sum counts. */
  resources?: Resources;
}

/** What the processes of one container do. */
export interface Behavior {
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
