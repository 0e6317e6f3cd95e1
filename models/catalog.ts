/** A mechanism that the installed version models. */
export interface ModelInfo {
  /** The model's folder. */
  name: string;
  summary: string;
  /** The sections of a scenario that it reads. */
  sections: string[];
}

/** The models that scenarios can use. */
export const MODELS: readonly ModelInfo[] = [
  { name: "cluster", summary: "nodes, workloads and their pods", sections: ["nodes", "workloads"] },
  { name: "traffic", summary: "requests: arrivals, demands, balancing, timeouts", sections: ["traffic"] },
  {
    name: "cfs",
    summary: "the kernel's CPU scheduler: bandwidth control, bursts, weights, CPU sets",
    sections: ["nodes.kernel", "workloads.cgroup"],
  },
  {
    name: "kubelet",
    summary: "pods from bound to gone: containers, restarts and back-off, grace; cgroups; CPU manager",
    sections: ["kubelet", "nodes.kubelet"],
  },
  {
    name: "images",
    summary: "image pulls: pullers, containerd's layers, registry, link and disk; image collection",
    sections: ["images", "registry", "runtime", "nodes.registry", "nodes.runtime"],
  },
  {
    name: "scheduler",
    summary: "nodes for pods that name none: resources, taints, labels, least allocated",
    sections: ["workloads.spec"],
  },
  { name: "controllers", summary: "the five kinds of workloads, as ideal controllers", sections: ["workloads"] },
  {
    name: "koordinator",
    summary: "koordlet's CPU burst: kernel bursts and scaled quotas",
    sections: ["koordinator"],
  },
  {
    name: "eviction",
    summary: "memory, disk, inodes and processes: node-pressure eviction, emptyDir limits, the OOM killer",
    sections: ["workloads.behavior", "nodes.used", "kubelet"],
  },
  {
    name: "flannel",
    summary: "packets between pods: VXLAN, host-gw and udp backends, daemons, leases and tables",
    sections: ["flannel", "nodes.nic", "traffic.flow"],
  },
];
