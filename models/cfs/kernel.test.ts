import { describe, expect, it } from "vitest";
import { defaultBaseSlice, isAtLeast, kernelFeatures, type KernelConfig } from "./kernel.ts";

const kernel = (version: string): KernelConfig => ({
  version,
  hz: 250,
  cgroup: "v2",
  flavor: "upstream",
  bandwidthSlice: 5_000_000,
  phases: "random",
});

describe("kernel versions", () => {
  it("compare number by number", () => {
    expect(isAtLeast("6.12", "6.9")).toBe(true);
    expect(isAtLeast("5.14", "5.14")).toBe(true);
    expect(isAtLeast("5.4", "5.14")).toBe(false);
    expect(isAtLeast("7.0", "6.18")).toBe(true);
  });

  it("scale the base slice with the CPUs, counted up to 8", () => {
    // 0.7 ms x (1 + floor(log2(min(n, 8))))
    const slices = [1, 2, 3, 4, 7, 8, 64].map((cpus) => defaultBaseSlice("6.18", cpus) / 1000);
    expect(slices).toEqual([700, 1400, 1400, 2100, 2100, 2800, 2800]);
    expect(defaultBaseSlice("6.8", 8)).toBe(3_000_000);
    expect(defaultBaseSlice("6.12", 8)).toBe(2_800_000);
  });

  it("switch on what they brought", () => {
    const has = (version: string) => {
      const { hasBurst, slicesExpire, hasOwnPeriodPhase, throttlesTasks, delaysDequeue } = kernelFeatures(
        kernel(version),
        4,
      );
      return { hasBurst, slicesExpire, hasOwnPeriodPhase, throttlesTasks, delaysDequeue };
    };
    const old = {
      hasBurst: false,
      slicesExpire: true,
      hasOwnPeriodPhase: false,
      throttlesTasks: false,
      delaysDequeue: false,
    };
    expect(has("5.3")).toEqual(old);
    expect(has("5.4")).toEqual({ ...old, slicesExpire: false });
    expect(has("5.14")).toEqual({ ...old, slicesExpire: false, hasBurst: true });
    expect(has("6.12")).toEqual({
      hasBurst: true,
      slicesExpire: false,
      hasOwnPeriodPhase: true,
      throttlesTasks: false,
      delaysDequeue: true,
    });
    expect(has("6.18").throttlesTasks).toBe(true);
  });

  it("give a tick of 3,333,333 ns at HZ 300", () => {
    expect(kernelFeatures({ ...kernel("6.12"), hz: 300 }, 1).tick).toBe(3_333_333);
  });
});
