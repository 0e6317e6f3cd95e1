import { describe, expect, it } from "vitest";
import { Cgroup, DEFAULT_SETTINGS, withFiles } from "./cgroup.ts";
import type { CgroupVersion, CgroupWrite } from "./schema.ts";
import { World, ms } from "./testing/world.ts";

function rootOf(world: World, version: CgroupVersion = "v2"): Cgroup {
  return Cgroup.root(world.scheduler, version);
}

function settled(world: World, parent: Cgroup, name: string, files: CgroupWrite): Cgroup {
  return parent.settledChild(name, world.sim.random(`cgroup/${name}`), withFiles(DEFAULT_SETTINGS, files));
}

describe("what the kernel refuses", () => {
  const world = new World(2);
  const group = settled(world, rootOf(world), "a", { quotaUs: 20_000, periodUs: 100_000 });

  it.each([
    ["a quota below 1 ms", { quotaUs: 999 }, /at least 1000 us/],
    ["a period below 1 ms", { periodUs: 999 }, /from 1000 to 1000000 us/],
    ["a period above 1 s", { periodUs: 1_000_001 }, /from 1000 to 1000000 us/],
    ["a burst above the quota", { burstUs: 20_001 }, /burst \(20001 us\) exceeds the quota \(20000 us\)/],
    ["a CPU that is not there", { cpus: [0, 2] }, /no CPU 2/],
  ] as const)("%s", (_, files, reason) => {
    const before = group.settings;
    expect(group.write(files as CgroupWrite)).toMatch(reason);
    expect(group.settings).toBe(before);
  });

  it("a quota lowered below the burst that is set, also when the burst was set without a quota", () => {
    const limited = settled(world, rootOf(world), "b", { quotaUs: 50_000, burstUs: 50_000 });
    expect(limited.write({ quotaUs: 40_000 })).toMatch(/exceeds the quota/);
    const unlimited = settled(world, rootOf(world), "c", { burstUs: 50_000 });
    expect(unlimited.write({ quotaUs: 40_000 })).toMatch(/exceeds the quota/);
  });

  it("no burst above the quota on Alibaba's kernel", () => {
    const alibaba = new World(1, { flavor: "alibaba" });
    const free = settled(alibaba, rootOf(alibaba), "a", { quotaUs: 20_000 });
    expect(free.write({ burstUs: 200_000 })).toBeUndefined();
  });

  it("any burst before 5.14", () => {
    const old = new World(1, { version: "5.10" });
    expect(settled(old, rootOf(old), "a", { quotaUs: 20_000 }).write({ burstUs: 1000 })).toMatch(/5\.14/);
  });
});

describe("cgroup v1's rule on ratios", () => {
  const tree = (version: CgroupVersion) => {
    const world = new World(1);
    const parent = settled(world, rootOf(world, version), "p", { quotaUs: 20_000, periodUs: 100_000 });
    return { parent, child: settled(world, parent, "c", { periodUs: 100_000 }) };
  };

  it("refuses a child above its nearest limited ancestor, and takes one at or below it", () => {
    const { child } = tree("v1");
    expect(child.write({ quotaUs: 20_001 })).toMatch(/v1/);
    expect(child.write({ quotaUs: 20_000 })).toBeUndefined();
    // 10 ms per 50 ms is the same ratio; 10.001 ms is above it.
    expect(child.write({ quotaUs: 10_000, periodUs: 50_000 })).toBeUndefined();
    expect(child.write({ quotaUs: 10_001, periodUs: 50_000 })).toMatch(/v1/);
  });

  it("refuses to lower a parent below a child", () => {
    const { parent, child } = tree("v1");
    child.write({ quotaUs: 15_000 });
    expect(parent.write({ quotaUs: 14_000 })).toMatch(/underneath/);
    expect(parent.write({ quotaUs: 15_000 })).toBeUndefined();
  });

  it("does not exist under v2", () => {
    const { child } = tree("v2");
    expect(child.write({ quotaUs: 90_000 })).toBeUndefined();
  });
});

describe("a configuration write", () => {
  it("adds one quota, forgives debt, and releases what is throttled, even with the same values", () => {
    for (const version of ["6.12", "6.18"]) {
      const world = new World(1, { version, phases: "zero" });
      const group = settled(world, rootOf(world), "a", { quotaUs: 20_000, periodUs: 100_000 });
      world.hog(group.group);
      // Zero phases: 20 ms are used up by the tick at 20 ms; the next refill would be at 100 ms.
      world.sim.scheduleAt(ms(50), () => group.write({ quotaUs: 20_000 }), undefined);
      world.run(ms(49));
      expect(world.usage(group.group)).toBe(ms(20));
      world.run(ms(99));
      expect(world.usage(group.group)).toBeGreaterThanOrEqual(ms(40));
      expect(world.usage(group.group)).toBeLessThanOrEqual(ms(44));
      expect(group.group.pool.throttledTime).toBe(ms(30));
    }
  });

  it("lets a group run free once its limit is taken away", () => {
    const world = new World(1);
    const group = settled(world, rootOf(world), "a", { quotaUs: 10_000, periodUs: 100_000 });
    world.hog(group.group);
    world.sim.scheduleAt(ms(500), () => group.write({ quotaUs: "max" }), undefined);
    world.run(ms(1000));
    expect(world.usage(group.group)).toBeGreaterThanOrEqual(ms(500 + 40));
    expect(world.usage(group.group)).toBeLessThanOrEqual(ms(500 + 70));
  });

  it("moves running threads when the cpuset changes", () => {
    const world = new World(2);
    const group = settled(world, rootOf(world), "a", {});
    const threads = [0, 1].map(() => group.createThread({ workDone: () => 0 }));
    for (const thread of threads) world.sim.scheduleAt(0, () => thread.start(ms(1e6)), undefined);
    world.sim.scheduleAt(ms(100), () => group.write({ cpus: [1] }), undefined);
    world.run(ms(300));
    // Two CPUs for 100 ms, one for 200 ms.
    expect(world.usage(group.group)).toBe(ms(400));
  });
});
