import { describe, expect, it } from "vitest";
import type { Container, PodSpec, ResourceList } from "../cluster/schema.ts";
import { containerCgroup, podCgroup, qosClass, quotaFromMilli, sharesFromMilli } from "./resources.ts";

const container = (requests: ResourceList, limits: ResourceList, name = "app"): Container => ({
  name,
  resources: { requests, limits },
});

const spec = (...containers: Container[]): PodSpec => ({
  containers,
  restartPolicy: "Always",
  terminationGracePeriodSeconds: 30,
  tolerations: [],
});

describe("requests and limits as cgroup settings", () => {
  it("turns requests into shares, between 2 and 262144", () => {
    expect([0, 1, 100, 250, 1000, 300_000].map(sharesFromMilli)).toEqual([2, 2, 102, 256, 1024, 262_144]);
  });

  it("turns limits into a quota of at least 1 ms, so that 1m to 9m act as 10m", () => {
    expect([0, 1, 10, 500, 1500].map((milli) => quotaFromMilli(milli, 100_000))).toEqual([
      undefined,
      1000,
      1000,
      50_000,
      150_000,
    ]);
    // 125m of a 5 ms period is 625 us: raised to 1 ms.
    expect(quotaFromMilli(125, 5_000)).toBe(1000);
  });

  it("tells the QoS classes apart", () => {
    const full = { cpu: 500, memory: 1 };
    expect(qosClass(spec(container(full, full)))).toBe("Guaranteed");
    expect(qosClass(spec(container(full, full), container({}, {})))).toBe("Burstable");
    expect(qosClass(spec(container({ cpu: 250, memory: 1 }, full)))).toBe("Burstable");
    expect(qosClass(spec(container({ cpu: 500 }, { cpu: 500 })))).toBe("Burstable");
    expect(qosClass(spec(container({}, {})))).toBe("BestEffort");
  });

  it("limits a Burstable pod only if every container declares a CPU limit", () => {
    const limited = container({ cpu: 250 }, { cpu: 500 });
    expect(podCgroup(spec(limited, limited), 100_000, true)).toEqual({
      shares: 512,
      quotaUs: 100_000,
      periodUs: 100_000,
    });
    expect(podCgroup(spec(limited, container({ cpu: 250 }, {})), 100_000, true)).toEqual({
      shares: 512,
      periodUs: 100_000,
    });
  });

  it("takes a pod-level limit for the pod, whatever its containers declare", () => {
    const pod = { ...spec(container({}, {})), resources: { requests: { cpu: 500 }, limits: { cpu: 2000 } } };
    expect(podCgroup(pod, 100_000, true)).toEqual({ shares: 512, quotaUs: 200_000, periodUs: 100_000 });
  });

  it("gives BestEffort pods 2 shares and no quota", () => {
    expect(podCgroup(spec(container({}, {})), 100_000, true)).toEqual({ shares: 2, periodUs: 100_000 });
  });

  it("writes no quota where cpuCFSQuota is off", () => {
    const limited = container({ cpu: 250 }, { cpu: 500 });
    expect(podCgroup(spec(limited), 100_000, false).quotaUs).toBeUndefined();
    expect(containerCgroup(limited, 100_000, false)).toEqual({ shares: 256, quotaUs: undefined, periodUs: 100_000 });
  });
});
