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
    [
      "refuses options of the policy none",
      { cpuManagerPolicyOptions: { "full-pcpus-only": "true" } },
      ["cpuManagerPolicyOptions"],
    ],
  ] as Array<[string, KubeletInput, string[]]>)("%s", (_, given, fields) => expect(refused(given)).toEqual(fields));

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
