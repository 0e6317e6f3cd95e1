import { describe, expect, it } from "vitest";
import { killsWholeContainer, oomPoints, oomScoreAdj, oomVictim, type OomScoredPod } from "./oom.ts";
import type { EvictionContainer, QosClass } from "./pod.ts";
import { GI, MI } from "./testing/world.ts";

function container(name: string, memoryBytes: number, kind: EvictionContainer["kind"] = "regular"): EvictionContainer {
  return { name, kind, requests: { memoryBytes } };
}

function scores(qos: QosClass, containers: EvictionContainer[], machine: number, more: Partial<OomScoredPod> = {}) {
  const pod = { qos, containers, ...more };
  return containers.map((each) => oomScoreAdj(pod, each, machine));
}

describe("oom_score_adj", () => {
  it("protects Guaranteed and node-critical pods, and offers BestEffort ones first", () => {
    expect(scores("Guaranteed", [container("c", GI)], 4 * GI)).toEqual([-997]);
    expect(scores("BestEffort", [container("c", 0)], 4 * GI)).toEqual([1000]);
    const critical = { priority: 2_000_001_000, priorityClassName: "system-node-critical" };
    expect(scores("BestEffort", [container("c", 0)], 4 * GI, critical)).toEqual([-997]);
    const cluster = { priority: 2_000_000_000, priorityClassName: "system-cluster-critical" };
    expect(scores("BestEffort", [container("c", 0)], 4 * GI, cluster)).toEqual([1000]);
  });

  it("takes a thousandth of the machine off for each that a Burstable container requests, within 3 and 999", () => {
    // 1000 - floor(1000 x 1/4), 1000 - floor(1000 x 1/3) = 1000 - 333, nothing requested, nearly all requested
    expect(scores("Burstable", [container("a", GI), container("b", 0)], 4 * GI)).toEqual([750, 999]);
    expect(scores("Burstable", [container("a", GI)], 3 * GI)).toEqual([667]);
    expect(scores("Burstable", [container("a", 4 * GI - 1)], 4 * GI)).toEqual([3]);
  });

  it("does not let a sidecar die before the least regular container", () => {
    const containers = [
      container("small", 1000, "sidecar"),
      container("big", 4000, "sidecar"),
      container("main", 2000),
    ];
    expect(scores("Burstable", containers, 8000)).toEqual([750, 500, 750]);
  });

  it("shares what a pod requests beyond its containers", () => {
    // (2000 - 1700) / 3 = 100 each: 1000 - 1100/4, 1000 - 600/4, and for the sidecar the least of 1000 - 300/4 and 850
    const containers = [container("s", 200, "sidecar"), container("a", 1000), container("b", 500)];
    expect(scores("Burstable", containers, 4000, { podLevelMemoryRequestBytes: 2000 })).toEqual([850, 725, 850]);
    // An init container that needs 1500 alone outweighs the 1000 that run later: (2000 - 1500) / 2 = 250 each.
    const starting = [container("init", 1500, "init"), container("main", 1000)];
    expect(scores("Burstable", starting, 4000, { podLevelMemoryRequestBytes: 2000 })).toEqual([563, 688]);
  });
});

describe("the OOM killer", () => {
  it("scales the adjustment by the group that is out of memory: +100 weighs 12 MiB of 120 MiB, not 2.4 GiB of 24", () => {
    const tasks = [
      { name: "a", rssBytes: 65 * MI, oomScoreAdj: 0 },
      { name: "b", rssBytes: 44 * MI, oomScoreAdj: 100 },
    ];
    // 120 MiB are 30720 pages, 30 to a point: a has 16640, b 11264 + 3000.
    expect(tasks.map((task) => oomPoints(task, 120 * MI, 4096))).toEqual([16640, 14264]);
    expect(oomVictim(tasks, 120 * MI, 4096)?.name).toBe("a");
    expect(oomVictim(tasks, 24 * GI, 4096)?.name).toBe("b");
  });

  it("counts swap and page tables, takes the later of two equals, and nobody who is exempt", () => {
    const one = { rssBytes: 4096, swapBytes: 8192, pageTableBytes: 4096, oomScoreAdj: 0 };
    expect(oomPoints({ name: "x", ...one }, GI, 4096)).toBe(4);
    expect(
      oomVictim(
        [
          { name: "older", ...one },
          { name: "younger", ...one },
        ],
        GI,
        4096,
      )?.name,
    ).toBe("younger");
    const exempt = [
      { name: "adj", ...one, oomScoreAdj: -1000 },
      { name: "kthread", ...one, isUnkillable: true },
    ];
    expect(oomVictim(exempt, GI, 4096)).toBeUndefined();
  });

  it("takes the whole container on cgroup v2 unless singleProcessOOMKill is set", () => {
    expect([killsWholeContainer(2), killsWholeContainer(2, true), killsWholeContainer(1)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
