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
  { name: "kubelet", summary: "requests and limits as cgroups; CPU manager", sections: ["kubelet", "nodes.kubelet"] },
];
