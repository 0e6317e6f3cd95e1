import { describe, expect, it } from "vitest";
import { UnitError } from "../../engine/scenario/units.ts";
import { effectiveEvictionHard, EvictionConfigError, parseFraction, parseThresholds } from "./parse.ts";
import { thresholdQuantity, thresholdText } from "./threshold.ts";

const MI = 1024 * 1024;

describe("the effective evictionHard", () => {
  it("is the release's defaults where the map is absent: four signals in v1.29, five since v1.30", () => {
    expect(Object.keys(effectiveEvictionHard(undefined, false, "1.29"))).toHaveLength(4);
    expect(effectiveEvictionHard(null)).toMatchObject({ "memory.available": "100Mi", "imagefs.inodesFree": "5%" });
  });

  it("drops every other default as soon as one signal is named", () => {
    expect(effectiveEvictionHard({ "memory.available": "1Gi" })).toEqual({ "memory.available": "1Gi" });
    expect(effectiveEvictionHard({})).toEqual({});
  });

  it("keeps the defaults under the user's entries with mergeDefaultEvictionSettings", () => {
    const merged = effectiveEvictionHard({ "memory.available": "1Gi", "imagefs.available": "0%" }, true, "1.34");
    expect(merged).toEqual({
      "memory.available": "1Gi",
      "nodefs.available": "10%",
      "nodefs.inodesFree": "5%",
      "imagefs.available": "0%",
      "imagefs.inodesFree": "5%",
    });
  });
});

describe("thresholds", () => {
  it("come hard first, then soft, then a copy of each hard memory threshold for allocatable memory", () => {
    const thresholds = parseThresholds({
      evictionHard: { "nodefs.available": "10%", "memory.available": "100Mi" },
      evictionSoft: { "memory.available": "300Mi" },
      evictionSoftGracePeriod: { "memory.available": "1m30s" },
      evictionMinimumReclaim: { "memory.available": "0" },
      enforceNodeAllocatable: ["pods"],
    });
    expect(thresholds.map(({ signal, gracePeriod }) => [signal, gracePeriod])).toEqual([
      ["memory.available", 0],
      ["nodefs.available", 0],
      ["memory.available", 90e9],
      ["allocatableMemory.available", 0],
    ]);
    expect(thresholds[3].value).toEqual({ amount: 100 * MI, format: "BinarySI" });
    expect(thresholds.map(({ minReclaim }) => minReclaim !== undefined)).toEqual([true, false, true, true]);
  });

  it("drop exactly 0% and 100%, and keep 0.0%", () => {
    expect(parseThresholds({ evictionHard: { "memory.available": "0%", "nodefs.available": "100%" } })).toEqual([]);
    expect(parseThresholds({ evictionHard: { "memory.available": "0.0%" } })).toHaveLength(1);
  });

  it.each([
    ["an unknown signal", { evictionHard: { "mem.available": "1Gi" } }, ["evictionHard", "mem.available"]],
    ["a zero quantity", { evictionHard: { "memory.available": "0" } }, ["evictionHard", "memory.available"]],
    ["a negative quantity", { evictionHard: { "memory.available": "-1Gi" } }, ["evictionHard", "memory.available"]],
    ["a negative percentage", { evictionHard: { "pid.available": "-1%" } }, ["evictionHard", "pid.available"]],
    ["more than 100 %", { evictionHard: { "pid.available": "100.1%" } }, ["evictionHard", "pid.available"]],
    [
      "a soft signal without grace",
      { evictionSoft: { "pid.available": "5%" } },
      ["evictionSoftGracePeriod", "pid.available"],
    ],
    [
      "a grace period without unit",
      { evictionSoft: { "pid.available": "5%" }, evictionSoftGracePeriod: { "pid.available": "90" } },
      ["evictionSoftGracePeriod", "pid.available"],
    ],
    [
      "a minimum reclaim of 0%",
      { evictionMinimumReclaim: { "pid.available": "0%" } },
      ["evictionMinimumReclaim", "pid.available"],
    ],
  ])("refuse %s, naming the field", (_what, maps, path) => {
    let thrown: unknown;
    try {
      parseThresholds(maps);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(EvictionConfigError);
    expect((thrown as EvictionConfigError).path).toEqual(path);
  });
});

describe("percentages", () => {
  it("are 32-bit floats widened to 64: 15 % of 100 GiB is 640 bytes above the exact figure", () => {
    // float32(0.15) = 0.1500000059604645; 107374182400 x that = 16106128000.0 (exact 15 %: 16106127360)
    const line = thresholdQuantity({ fraction: parseFraction("15%") }, 100 * 1024 * MI);
    expect(line).toBe(16_106_128_000);
    expect(line - 0.15 * 100 * 1024 * MI).toBeCloseTo(640, 5);
  });

  it("lose every sign at their end, and are refused without a number or beyond what such a float can hold", () => {
    expect([parseFraction("50%%"), parseFraction("5e1%")]).toEqual([0.5, 0.5]);
    // The largest 32-bit float is about 3.4e38.
    for (const text of ["%", "ten%", "4%2", "1e39%"]) expect(() => parseFraction(text)).toThrow(UnitError);
  });

  it("print as the quantity that they stand for", () => {
    expect(thresholdText({ fraction: 0.5 }, 3 * 1024 * MI)).toBe("1536Mi");
    expect(thresholdText({ amount: 1000, format: "DecimalSI" }, 0)).toBe("1k");
    expect(thresholdText({ amount: 1000, format: "BinarySI" }, 0)).toBe("1k");
    expect(thresholdText({ amount: 1025, format: "BinarySI" }, 0)).toBe("1025");
    expect(thresholdText({ amount: 2000, format: "DecimalExponent" }, 0)).toBe("2e3");
  });
});
