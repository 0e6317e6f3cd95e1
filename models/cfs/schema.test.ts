import { describe, expect, it } from "vitest";
import { parseCgroupFile, parseCpuList } from "./schema.ts";

describe("what is written to a cgroup file", () => {
  it.each([
    ["v2", "cpu.max", "50000 100000", { quotaUs: 50_000, periodUs: 100_000 }],
    ["v2", "cpu.max", "max 100000", { quotaUs: "max", periodUs: 100_000 }],
    // One word changes the quota alone.
    ["v2", "cpu.max", 50_000, { quotaUs: 50_000 }],
    ["v2", "cpu.max", "max", { quotaUs: "max" }],
    ["v2", "cpu.max.burst", 100_000, { burstUs: 100_000 }],
    ["v2", "cpu.weight", "39", { weight: 39 }],
    ["v2", "cpuset.cpus", "0-2,5", { cpus: [0, 1, 2, 5] }],
    ["v1", "cpu.cfs_quota_us", -1, { quotaUs: "max" }],
    ["v1", "cpu.cfs_quota_us", 20_000, { quotaUs: 20_000 }],
    ["v1", "cpu.cfs_period_us", 50_000, { periodUs: 50_000 }],
    ["v1", "cpu.cfs_burst_us", "0", { burstUs: 0 }],
    // The kernel clamps shares without a word: no error of the grammar.
    ["v1", "cpu.shares", 1, { shares: 1 }],
  ] as const)("%s %s %j", (cgroup, file, value, write) => {
    expect(parseCgroupFile(cgroup, file, value)).toEqual(write);
  });

  it.each([
    ["v2", "cpu.max", "50ms"],
    ["v2", "cpu.max", "-1"],
    ["v2", "cpu.max", "1 2 3"],
    ["v2", "cpu.max", "9007199254740993"],
    ["v2", "cpu.max.burst", "max"],
    ["v2", "cpu.max.burst", 1.5],
    ["v2", "cpu.weight", 0],
    ["v2", "cpu.weight", 10_001],
    ["v2", "cpuset.cpus", "3-1"],
    ["v2", "cpu.shares", 100],
    ["v1", "cpu.max", "max"],
    ["v1", "cpu.cfs_period_us", -1],
    ["v1", "cpu.shares", "1k"],
  ] as const)("refuses %s %s %j", (cgroup, file, value) => {
    expect(() => parseCgroupFile(cgroup, file, value)).toThrow(/allowed/);
  });

  it("lists CPUs ascending and once", () => {
    expect(parseCpuList("3,0-1,1")).toEqual([0, 1, 3]);
    expect(parseCpuList("")).toEqual([]);
    expect(() => parseCpuList("0-99999")).toThrow(/list of CPUs/);
    expect(() => parseCpuList("a")).toThrow(/list of CPUs/);
  });
});
