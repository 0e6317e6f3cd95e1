import { describe, expect, it } from "vitest";
import { FEATURE_GATES, isGateOn, refuseGate } from "./feature-gates.ts";

describe("a feature gate", () => {
  it("is absent, then alpha and off, then beta and on, then on for good", () => {
    const states = [28, 29, 30, 34, 35, Infinity].map((minor) => isGateOn("ImageMaximumGCAge", {}, minor));
    expect(states).toEqual([false, false, true, true, true, true]);
    expect(isGateOn("MemoryQoS", {}, 36)).toBe(false);
    expect(isGateOn("DisableCPUQuotaWithExclusiveCPUs", {}, 32)).toBe(false);
    expect(isGateOn("DisableCPUQuotaWithExclusiveCPUs", {}, 33)).toBe(true);
  });

  it("obeys its own setting before that of its stage, and not the one of another stage", () => {
    const gate = "KubeletCrashLoopBackOffMax";
    expect(isGateOn(gate, { AllAlpha: true }, 34)).toBe(true);
    expect(isGateOn(gate, { AllAlpha: true, [gate]: false }, 34)).toBe(false);
    expect(isGateOn(gate, { AllBeta: true }, 34)).toBe(false);
    expect(isGateOn(gate, { AllBeta: false }, 35)).toBe(false);
    expect(isGateOn(gate, { AllBeta: false, [gate]: true }, 35)).toBe(true);
  });

  it("is refused by a version that does not have it, and cannot be switched off once it is stable", () => {
    expect(refuseGate("KubeletEnsureSecretPulledImages", false, 32)).toMatch(/from 1\.33 on/);
    expect(refuseGate("KubeletEnsureSecretPulledImages", false, 33)).toBeUndefined();
    expect(refuseGate("ImageMaximumGCAge", false, 35)).toMatch(/locked/);
    expect(refuseGate("ImageMaximumGCAge", true, 35)).toBeUndefined();
    expect(refuseGate("ImageMaximumGCAge", false, 34)).toBeUndefined();
    expect(refuseGate("NodeSwap", false, 34)).toBeUndefined();
  });

  it("is in the list once, under the name that configurations use", () => {
    expect(new Set(FEATURE_GATES).size).toBe(FEATURE_GATES.length);
    expect(FEATURE_GATES).toContain("CustomCPUCFSQuotaPeriod");
    expect(FEATURE_GATES).not.toContain("CPUCFSQuotaPeriod");
  });
});
