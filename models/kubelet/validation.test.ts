import { describe, expect, it } from "vitest";
import { mergeKubelet, type KubeletInput } from "./schema.ts";
import { kubeletRefusals, reservedMilli } from "./validation.ts";

const ms = (milliseconds: number) => milliseconds * 1_000_000;

/** The fields for which the kubelet refuses a configuration on a node of four CPUs. */
function refused(given: KubeletInput): string[] {
  return kubeletRefusals(mergeKubelet(given), 4).map(({ path }) => path.join("."));
}

/** The same for options of the static policy. */
function options(cpuManagerPolicyOptions: Record<string, string>, featureGates = {}): string[] {
  return refused({ cpuManagerPolicy: "static", systemReserved: { cpu: 500 }, cpuManagerPolicyOptions, featureGates });
}

describe("the kubelet", () => {
  const gate = { CustomCPUCFSQuotaPeriod: true };

  it.each([
    ["accepts its defaults", {}, []],
    ["accepts 100 ms without the gate", { cpuCFSQuotaPeriod: ms(100) }, []],
    ["refuses another period without the gate", { cpuCFSQuotaPeriod: ms(20) }, ["cpuCFSQuotaPeriod"]],
    ["accepts 1 ms with the gate", { cpuCFSQuotaPeriod: ms(1), featureGates: gate }, []],
    ["accepts 1 s with the gate", { cpuCFSQuotaPeriod: ms(1000), featureGates: gate }, []],
    ["refuses less than 1 ms", { cpuCFSQuotaPeriod: ms(1) - 1, featureGates: gate }, ["cpuCFSQuotaPeriod"]],
    ["refuses more than 1 s", { cpuCFSQuotaPeriod: ms(1000) + 1, featureGates: gate }, ["cpuCFSQuotaPeriod"]],
    ["takes AllAlpha for the gate", { cpuCFSQuotaPeriod: ms(20), featureGates: { AllAlpha: true } }, []],
    ["refuses a gate that it does not know", { featureGates: { Nonsense: true } }, ["featureGates.Nonsense"]],
    ["wants CPU held back for the static policy", { cpuManagerPolicy: "static" }, ["cpuManagerPolicy"]],
    ["has it from kubeReserved", { cpuManagerPolicy: "static", kubeReserved: { cpu: 1 } }, []],
    ["has it from reservedSystemCPUs", { cpuManagerPolicy: "static", reservedSystemCPUs: [0] }, []],
    ["refuses CPUs that it lacks", { reservedSystemCPUs: [0, 4] }, ["reservedSystemCPUs"]],
    ["pulls in parallel where two may be pulled at a time", { maxParallelImagePulls: 2 }, []],
    [
      "refuses several pulls at a time that are told to be serial",
      { serializeImagePulls: true, maxParallelImagePulls: 2 },
      ["maxParallelImagePulls"],
    ],
    ["takes a maximum of the crash-loop back-off", { crashLoopBackOff: { maxContainerRestartPeriod: ms(1000) } }, []],
    [
      "refuses one of more than 300 s",
      { crashLoopBackOff: { maxContainerRestartPeriod: ms(300_001) } },
      ["crashLoopBackOff.maxContainerRestartPeriod"],
    ],
    [
      "refuses one whose gate is off",
      {
        crashLoopBackOff: { maxContainerRestartPeriod: ms(1000) },
        featureGates: { KubeletCrashLoopBackOffMax: false },
      },
      ["crashLoopBackOff.maxContainerRestartPeriod"],
    ],
    ["refuses no pull at a time", { maxParallelImagePulls: 0 }, ["maxParallelImagePulls"]],
    ["refuses a negative rate of pulls", { registryPullQPS: -1 }, ["registryPullQPS"]],
    [
      "says one word about thresholds out of order",
      { imageGCHighThresholdPercent: 80, imageGCLowThresholdPercent: 80 },
      ["imageGCLowThresholdPercent"],
    ],
    [
      "refuses to switch off a gate that is stable",
      { imageMaximumGCAge: ms(600_000), featureGates: { ImageMaximumGCAge: false } },
      ["featureGates.ImageMaximumGCAge"],
    ],
    ["takes a gate of another component, since all share one list", { featureGates: { WatchList: true } }, []],
    ["takes AllBeta for the gate of a beta option", { featureGates: { AllBeta: false } }, []],
    ["refuses a signal that does not exist", { evictionHard: { "memory.free": "1Gi" } }, ["evictionHard.memory.free"]],
    ["refuses a line of zero", { evictionHard: { "memory.available": "0" } }, ["evictionHard.memory.available"]],
    ["takes no hard line at all", { evictionHard: {} }, []],
    [
      "wants a grace period for a soft line",
      { evictionSoft: { "memory.available": "1Gi" } },
      ["evictionSoftGracePeriod.memory.available"],
    ],
    ["refuses none beside others", { enforceNodeAllocatable: ["pods", "none"] }, ["enforceNodeAllocatable"]],
    [
      "wants the cgroup that it is to limit",
      { enforceNodeAllocatable: ["pods", "kube-reserved"] },
      ["kubeReservedCgroup"],
    ],
    ["refuses a throttling factor of zero", { memoryThrottlingFactor: 0 }, ["memoryThrottlingFactor"]],
    [
      "refuses options of the policy none",
      { cpuManagerPolicyOptions: { "full-pcpus-only": "true" } },
      ["cpuManagerPolicyOptions"],
    ],
  ] as Array<[string, KubeletInput, string[]]>)("%s", (_, given, fields) => expect(refused(given)).toEqual(fields));

  it("holds a gate to its stage in the version: unknown before it came, off while alpha, with the stage's own switch", () => {
    const given = (featureGates: Record<string, boolean>, version: string) =>
      kubeletRefusals(mergeKubelet({ imageMaximumGCAge: ms(600_000), featureGates }), 4, 2, version).map(({ path }) =>
        path.join("."),
      );
    const gate = { ImageMaximumGCAge: true };
    expect([given({}, "1.29"), given(gate, "1.29"), given({ AllAlpha: true }, "1.29")]).toEqual([
      ["imageMaximumGCAge"],
      [],
      [],
    ]);
    expect([given({}, "1.34"), given({ AllBeta: false }, "1.34"), given({ AllBeta: false }, "1.35")]).toEqual([
      [],
      ["imageMaximumGCAge"],
      [],
    ]);
    expect(given(gate, "1.28")).toContain("featureGates.ImageMaximumGCAge");
  });

  it("kills single processes on cgroup v1, and cannot be told otherwise", () => {
    const kubelet = mergeKubelet({ singleProcessOOMKill: false });
    expect(kubeletRefusals(kubelet, 4, 2)).toEqual([]);
    expect(kubeletRefusals(kubelet, 4, 1).map(({ path }) => path)).toEqual([["singleProcessOOMKill"]]);
  });

  it("lays a node's own eviction lines over those of the cluster, and tells absent maps from empty ones", () => {
    const cluster = { evictionHard: { "memory.available": "100Mi", "nodefs.available": "10%" } };
    const own = { evictionHard: { "memory.available": "1Gi" } };
    expect(mergeKubelet(cluster, own).evictionHard).toEqual({ "memory.available": "1Gi", "nodefs.available": "10%" });
    expect(mergeKubelet({ evictionHard: {} }).evictionHard).toEqual({});
    expect(mergeKubelet({ evictionHard: null }).evictionHard).toBeUndefined();
  });

  it("checks the options of the static policy", () => {
    expect(options({ "full-pcpus-only": "true" })).toEqual([]);
    expect(options({ "full-pcpus-only": "yes" })).toEqual(["cpuManagerPolicyOptions.full-pcpus-only"]);
    expect(options({ "full-cpus": "true" })).toEqual(["cpuManagerPolicyOptions.full-cpus"]);
    expect(options({ "align-by-socket": "true" })).toEqual(["cpuManagerPolicyOptions.align-by-socket"]);
    expect(options({ "align-by-socket": "true" }, { CPUManagerPolicyAlphaOptions: true })).toEqual([]);
    expect(options({ "strict-cpu-reservation": "true" }, { CPUManagerPolicyBetaOptions: false })).toHaveLength(1);
  });

  it("holds back the named CPUs in place of both reservations", () => {
    const given = { kubeReserved: { cpu: 500 }, systemReserved: { cpu: 250 } };
    expect(reservedMilli(mergeKubelet(given))).toBe(750);
    expect(reservedMilli(mergeKubelet({ ...given, reservedSystemCPUs: [0, 1] }))).toBe(2000);
  });
});
