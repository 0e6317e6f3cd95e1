import { describe, expect, it } from "vitest";
import type { Taint, Toleration } from "../cluster/schema.ts";
import {
  balancedAllocation,
  failedSchedulingMessage,
  filterReasons,
  leastAllocated,
  nonZeroRequests,
  scores,
  type NodeInfo,
  type PodInfo,
} from "./rules.ts";
import { tolerates } from "./tolerations.ts";

const MI = 1024 * 1024;

function node(used: { cpu?: number; memory?: number } = {}, taints: Taint[] = []): NodeInfo {
  const { cpu = 0, memory = 0 } = used;
  return {
    allocatable: { cpu: 4000, memory: 8000 * MI, "ephemeral-storage": Infinity, pods: 2 },
    requested: { cpu, memory, "ephemeral-storage": 0, pods: 1 },
    nonZero: { cpu, memory },
    taints,
    labels: { disk: "ssd" },
  };
}

function pod(cpu: number, memory: number, tolerations: Toleration[] = []): PodInfo {
  const requests = { cpu, memory, "ephemeral-storage": 0, pods: 1 };
  return { requests, nonZero: nonZeroRequests(requests), tolerations, nodeSelector: {} };
}

describe("a node takes a pod", () => {
  it("if what is allocatable less the requests of its pods is enough, to the last byte", () => {
    expect(filterReasons(pod(1000, 2000 * MI), node({ cpu: 3000, memory: 6000 * MI }))).toEqual([]);
    expect(filterReasons(pod(1001, 2000 * MI), node({ cpu: 3000, memory: 6000 * MI }))).toEqual(["Insufficient cpu"]);
  });

  it("that asks for nothing even when its requests are exhausted, but not beyond its number of pods", () => {
    expect(filterReasons(pod(0, 0), node({ cpu: 4000, memory: 8000 * MI }))).toEqual([]);
    const full = node();
    full.requested.pods = 2;
    expect(filterReasons(pod(5000, 9000 * MI), full)).toEqual([
      "Too many pods",
      "Insufficient cpu",
      "Insufficient memory",
    ]);
  });

  it("only with a toleration of its NoSchedule and NoExecute taints; PreferNoSchedule keeps nobody away", () => {
    const taint: Taint = { key: "gpu", value: "a", effect: "NoSchedule" };
    expect(filterReasons(pod(0, 0), node({}, [taint]))).toEqual(["node(s) had untolerated taint {gpu: a}"]);
    expect(filterReasons(pod(0, 0, [{ key: "gpu", operator: "Equal", value: "a" }]), node({}, [taint]))).toEqual([]);
    expect(filterReasons(pod(0, 0), node({}, [{ ...taint, effect: "PreferNoSchedule" }]))).toEqual([]);
  });

  it("only with the labels of its selector", () => {
    const wants = (disk: string) => ({ ...pod(0, 0), nodeSelector: { disk } });
    expect(filterReasons(wants("ssd"), node())).toEqual([]);
    expect(filterReasons(wants("hdd"), node())).toEqual(["node(s) didn't match Pod's node affinity/selector"]);
  });
});

describe("a toleration", () => {
  const taint: Taint = { key: "k", value: "v", effect: "NoExecute" };

  it.each<[string, Toleration, boolean]>([
    ["of the key with Exists covers every value", { key: "k", operator: "Exists" }, true],
    ["without a key covers every taint with Exists", { operator: "Exists" }, true],
    ["of another value does not cover", { key: "k", operator: "Equal", value: "w" }, false],
    ["of another effect does not cover", { key: "k", operator: "Exists", effect: "NoSchedule" }, false],
    ["without a value covers only a taint without one", { key: "k", operator: "Equal" }, false],
  ])("%s", (_, toleration, covers) => {
    expect(tolerates(toleration, taint)).toBe(covers);
  });
});

describe("scores", () => {
  // cpu (4000 - 1000 - 1500) * 100 / 4000 = 37.5 -> 37; memory (8000 - 2000 - 1000) * 100 / 8000 = 62.5 -> 62; mean 49.5.
  it("favour what is least allocated, every step cut to whole numbers", () => {
    expect(leastAllocated(pod(1500, 1000 * MI), node({ cpu: 1000, memory: 2000 * MI }))).toBe(49);
  });

  it("count a pod without requests as 100m and 200Mi, and a resource that would overflow as 0", () => {
    // (4000 - 100) / 40 = 97.5 -> 97; (8000 - 200) / 80 = 97.5 -> 97.
    expect(leastAllocated(pod(0, 0), node())).toBe(97);
    expect(leastAllocated(pod(0, 0), node({ cpu: 4000 }))).toBe(48);
  });

  // cpu 2500 / 4000 = 0.625, memory 3000 / 8000 = 0.375: the deviation is half of 0.25, the score (1 - 0.125) * 100 = 87.
  it("favour even use of CPU and memory", () => {
    expect(balancedAllocation(pod(1500, 1000 * MI), node({ cpu: 1000, memory: 2000 * MI }))).toBe(87);
  });

  it("weigh a taint that is only preferred against three times that", () => {
    const tainted = node({}, [{ key: "old", effect: "PreferNoSchedule" }]);
    const [clean, old] = scores(pod(0, 0), [node({ cpu: 3000 }), tainted]);
    expect(clean).toBeGreaterThan(old);
  });
});

describe("the message of FailedScheduling", () => {
  it("counts the nodes by reason, in the order of the texts", () => {
    const reasons = new Map([
      ["Too many pods", 1],
      ["Insufficient cpu", 2],
    ]);
    expect(failedSchedulingMessage(3, reasons)).toBe("0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu.");
    expect(failedSchedulingMessage(0, new Map())).toBe("no nodes available to schedule pods");
  });
});
