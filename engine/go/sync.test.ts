import { describe, expect, it } from "vitest";
import { CANCELED, Context, DEADLINE_EXCEEDED, Mutex, WaitGroup } from "./index.ts";
import { world } from "./testing/world.ts";

describe("sync and context", () => {
  it("a wait group lets waiters go when its count is zero, and panics below", () => {
    const { sim, go, log, note } = world();
    const group = new WaitGroup("pods");
    group.add(2);
    go("waiter", function* () {
      yield* group;
      note("all done");
    });
    for (const at of [3, 8]) sim.scheduleAt(at, () => group.done(), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["8 all done"]);
    expect(() => group.done()).toThrow(/negative/);
  });

  it("a mutex is held by one at a time, first come first served", () => {
    const { sim, go, log, note } = world();
    const mutex = new Mutex("m");
    for (const name of ["a", "b", "c"]) {
      go(name, function* () {
        yield* mutex;
        note(`${name} in`);
        yield 5;
        mutex.unlock();
      });
    }
    sim.runUntil(100);
    expect(log).toEqual(["0 a in", "5 b in", "10 c in"]);
    expect(() => mutex.unlock()).toThrow(/unlocked/);
  });

  it("cancelling a context closes Done of it and of all below, and of nothing above", () => {
    const { sim } = world();
    const root = Context.background(sim);
    const parent = root.withCancel("parent");
    const child = parent.withCancel("child").withCancel("grandchild");
    parent.cancel();
    expect([parent.done.isClosed, child.done.isClosed, root.done.isClosed]).toEqual([true, true, false]);
    expect(child.error).toBe(CANCELED);
    expect(parent.withCancel("late").done.isClosed).toBe(true);
    expect(() => root.cancel()).toThrow(/background/);
  });

  it("a deadline ends a context, and the earlier of two counts", () => {
    const { sim, go, log, note } = world();
    const parent = Context.background(sim).withTimeout("parent", 10);
    const child = parent.withTimeout("child", 50);
    go("waiter", function* () {
      yield* child.done.receive();
      note(child.error);
    });
    sim.runUntil(100);
    expect(log).toEqual([`10 ${DEADLINE_EXCEEDED}`]);
    expect(child.deadline).toBe(10);
  });

  it("a wait group lets all waiters go, none waits at zero, and it can be used again", () => {
    const { sim, go, log, note } = world();
    const group = new WaitGroup("pods");
    const waiter = (name: string) =>
      go(name, function* () {
        yield* group;
        note(name);
      });
    waiter("at zero");
    group.add(1);
    waiter("a");
    waiter("b");
    sim.scheduleAt(3, () => group.done(), undefined);
    sim.runUntil(5);
    group.add(1);
    waiter("again");
    sim.scheduleAt(8, () => group.done(), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["3 at zero", "3 a", "3 b", "8 again"]);
  });

  it("a mutex belongs to nobody: try-lock takes it where it is free, and anyone may unlock it", () => {
    const { sim, go, log, note } = world();
    const mutex = new Mutex("m");
    expect([mutex.tryLock(), mutex.tryLock()]).toEqual([true, false]);
    go("waiter", function* () {
      yield* mutex;
      note(`locked ${mutex.isLocked}`);
    });
    sim.scheduleAt(4, () => mutex.unlock(), undefined);
    sim.runUntil(10);
    expect(log).toEqual(["4 locked true"]);
  });

  it("the first reason why a context is over stays, and cancelling it again does nothing", () => {
    const { sim } = world();
    const late = Context.background(sim).withTimeout("late", 10);
    sim.runUntil(20);
    late.cancel();
    expect(late.error).toBe(DEADLINE_EXCEEDED);
    const early = Context.background(sim).withTimeout("early", 10);
    early.cancel();
    early.cancel();
    expect([early.error, sim.pending]).toEqual([CANCELED, 0]);
    sim.runUntil(40);
    expect(early.error).toBe(CANCELED);
  });

  it("a child of a context that is over has its reason, and a deadline that has passed ends one at once", () => {
    const { sim } = world();
    sim.runUntil(100);
    const passed = Context.background(sim).withDeadline("passed", 50);
    expect([passed.error, passed.done.isClosed]).toEqual([DEADLINE_EXCEEDED, true]);
    expect(passed.withTimeout("child", 1000).error).toBe(DEADLINE_EXCEEDED);
    const cancelled = Context.background(sim).withCancel("cancelled");
    cancelled.cancel();
    expect(cancelled.withTimeout("child", 0).error).toBe(CANCELED);
    expect(sim.pending).toBe(0);
  });

  it("a parent's deadline ends its children with the parent's reason, a child's own deadline no parent", () => {
    const { sim } = world();
    const parent = Context.background(sim).withTimeout("parent", 30);
    const [short, long] = [parent.withTimeout("short", 10), parent.withCancel("long")];
    sim.runUntil(20);
    expect([short.error, parent.error, long.error]).toEqual([DEADLINE_EXCEEDED, undefined, undefined]);
    sim.runUntil(40);
    expect([parent.error, long.error, long.deadline]).toEqual([DEADLINE_EXCEEDED, DEADLINE_EXCEEDED, 30]);
  });
});
