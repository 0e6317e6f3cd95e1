import { describe, expect, it } from "vitest";
import { World, bandwidth, ms } from "./testing/world.ts";

describe("EEVDF among groups", () => {
  it("gives two saturating groups on one CPU time in the ratio of their shares, within a tick over a second", () => {
    const world = new World(1);
    const a = world.group("a", { shares: 1024 });
    const b = world.group("b", { shares: 512 });
    world.hog(a);
    world.hog(b);
    world.run(ms(1000));
    // 2/3 and 1/3 of a second; HZ 250, so a tick is 4 ms.
    expect(Math.abs(world.usage(a) - ms(2000 / 3))).toBeLessThanOrEqual(ms(4));
    expect(world.usage(a) + world.usage(b)).toBe(ms(1000));
  });

  it("divides time level by level: a group's threads share what the group gets", () => {
    const world = new World(1);
    const parent = world.group("parent", { shares: 1024 });
    const left = world.group("left", { parent, shares: 1024 });
    const right = world.group("right", { parent, shares: 3072 });
    const other = world.group("other", { shares: 1024 });
    world.hog(left);
    world.hog(right);
    world.hog(right);
    world.hog(other);
    world.run(ms(4000));
    // The parent has half of 4 s; its children divide 2 s as 1 : 3, however many threads they have.
    expect(Math.abs(world.usage(parent) - ms(2000))).toBeLessThanOrEqual(ms(8));
    expect(Math.abs(world.usage(left) - ms(500))).toBeLessThanOrEqual(ms(8));
    expect(Math.abs(world.usage(right) - ms(1500))).toBeLessThanOrEqual(ms(8));
  });

  it("splits a group's weight over the CPUs on which it runs", () => {
    // a has a thread on each of two CPUs and weighs half on each; b has one on CPU 0 alone and weighs all of its shares
    // there: CPU 0 goes 512 : 1024.
    const world = new World(2);
    const a = world.group("a");
    const b = world.group("b");
    world.hog(a, [0]);
    world.hog(a, [1]);
    world.hog(b, [0]);
    world.run(ms(3000));
    expect(Math.abs(world.usage(b) - ms(2000))).toBeLessThanOrEqual(ms(12));
    expect(world.usage(a) + world.usage(b)).toBe(ms(6000));
  });

  it("lets a waking thread wait behind a hog of equal weight for about a slice, rounded up to a tick", () => {
    const world = new World(1);
    const hog = world.group("hog");
    const waker = world.group("waker");
    world.hog(hog);
    const jobs = Array.from({ length: 50 }, (_, i) => ({ at: ms(20 * i + 3.1), work: ms(0.5) }));
    const done = world.worker(waker, jobs);
    world.run(ms(1100));
    const latencies = done.map((at, i) => at - jobs[i].at);
    expect(latencies).toHaveLength(50);
    // One CPU: base slice 0.7 ms, so at most one tick of 4 ms, and 0.5 ms of its own work.
    expect(Math.max(...latencies)).toBeLessThanOrEqual(ms(4.5));
  });

  it("leaves no CPU idle while a thread waits", () => {
    const world = new World(2);
    const group = world.group("a");
    for (let i = 0; i < 4; i++) world.hog(group);
    world.run(ms(500));
    expect(world.usage(group)).toBe(ms(1000));
  });

  it("takes three saturating threads on two CPUs in turns", () => {
    const world = new World(2);
    const groups = ["a", "b", "c"].map((name) => world.group(name));
    for (const group of groups) world.hog(group);
    world.run(ms(3000));
    for (const group of groups) expect(world.usage(group)).toBeGreaterThan(ms(1400));
  });
});

describe("a quota in a tree", () => {
  it("throttles at the level whose runtime is out, and shows the children's wait as local throttling", () => {
    // Parent 0.5 CPU, two children of 0.4 CPU each on a CPU of their own: the parent's quota is the one that binds.
    const world = new World(2);
    const parent = world.group("p", { bandwidth: bandwidth(50, 100) });
    const children = ["a", "b"].map((name) => world.group(name, { parent, bandwidth: bandwidth(40, 100) }));
    world.hog(children[0], [0]);
    world.hog(children[1], [1]);
    world.run(ms(4000));
    expect(parent.pool.nrThrottled).toBeGreaterThanOrEqual(38);
    for (const child of children) {
      expect(child.pool.throttledTime).toBeLessThan(ms(100));
      // Each is held back for most of three quarters of the time.
      expect(child.localThrottledTime).toBeGreaterThan(ms(2800));
    }
  });

  it("lets an unlimited child run on its parent's quota alone", () => {
    const world = new World(1);
    const parent = world.group("p", { bandwidth: bandwidth(20, 100) });
    const child = world.group("c", { parent });
    world.hog(child);
    world.run(ms(10_000));
    // 100 periods of 20 ms, and at most one more quota at the start plus a tick.
    expect(world.usage(child)).toBeGreaterThan(ms(1980));
    expect(world.usage(child)).toBeLessThanOrEqual(ms(2000 + 20 + 4));
  });
});
