import { describe, expect, it } from "vitest";
import { mergeKubelet, type KubeletInput } from "../kubelet/schema.ts";
import { allocatable, nodeNames, pinnedTo, podNames, podRequests } from "./fit.ts";
import { nodeSchema, workloadSchema, type NodeEntry, type Workload } from "./schema.ts";

function node(name: string, count?: number, kubelet: KubeletInput = {}): NodeEntry {
  const { count: given, ...entry } = nodeSchema.parse({ name, count, capacity: { cpu: 4, memory: "1Gi", pods: 10 } });
  return { ...entry, ...(given === undefined ? {} : { count: given }), kubelet: mergeKubelet({}, kubelet) };
}

function workload(resources: unknown[], pod?: unknown): Workload {
  const containers = resources.map((each, i) => ({ name: `c${i}`, resources: each }));
  return workloadSchema.parse({ name: "web", replicas: 2, spec: { containers, resources: pod } });
}

describe("the names of nodes and pods", () => {
  it("are numbered from 0 where there are several", () => {
    expect(nodeNames(node("worker"))).toEqual(["worker"]);
    expect(nodeNames(node("worker", 3))).toEqual(["worker-0", "worker-1", "worker-2"]);
    expect(podNames(workload([{}]), [])).toEqual(["web-0", "web-1"]);
    expect(podNames({ ...workload([{}]), kind: "Pod", replicas: 1 }, [])).toEqual(["web"]);
  });

  it("pin to all nodes of an entry, or to one of them", () => {
    const nodes = [node("a"), node("b", 2)];
    expect(pinnedTo(nodes, "b")?.nodes).toEqual(["b-0", "b-1"]);
    expect(pinnedTo(nodes, "b-1")).toMatchObject({ entry: { name: "b" }, nodes: ["b-1"] });
    expect(pinnedTo(nodes, "b-2")).toBeUndefined();
    expect(pinnedTo(nodes, undefined)).toBeUndefined();
  });
});

describe("what pods may ask of a node", () => {
  it("is its capacity less what is held back, and 100Mi of memory against eviction", () => {
    // 4 - 0.5 - 0.25 CPUs; 1024 - 100 - 24 MiB.
    const held = { kubeReserved: { cpu: 500, memory: 24 * 1024 * 1024 }, systemReserved: { cpu: 250 } };
    expect(allocatable(node("a", undefined, held))).toEqual({
      cpu: 3250,
      memory: 900 * 1024 * 1024,
      "ephemeral-storage": Infinity,
      pods: 10,
    });
  });
});

describe("what a pod asks for", () => {
  it("is the sum of its containers' requests, a limit standing for a request that is absent", () => {
    const { spec } = workload([{ requests: { cpu: "500m" } }, { limits: { cpu: "250m", memory: "1Ki" } }]);
    expect(podRequests(spec)).toEqual({ cpu: 750, memory: 1024, "ephemeral-storage": 0 });
  });

  it("is what the pod says for itself, where it does", () => {
    const { spec } = workload([{ requests: { cpu: "500m", memory: "1Ki" } }], { requests: { cpu: 2 } });
    expect(podRequests(spec)).toEqual({ cpu: 2000, memory: 1024, "ephemeral-storage": 0 });
  });
});
