import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND as S } from "../../engine/time.ts";
import { ImageCollector } from "./image-collector.ts";
import type { ImageGcPolicy } from "./image-gc.ts";
import { ImageStore, type Image } from "./image-store.ts";
import { ChainIds } from "./layers.ts";

/** A node whose image disk holds 1000 bytes; images of one layer take their size twice, packed and unpacked. */
function world(policy: Partial<ImageGcPolicy> = {}, pinned?: ReadonlySet<string>) {
  const sim = new Simulation();
  const store = new ImageStore(new ChainIds());
  const inUse = new Set<string>();
  const log: Array<[number, string]> = [];
  const collector = new ImageCollector({
    sim,
    store,
    policy: { highThresholdPercent: 85, lowThresholdPercent: 80, minAge: 120 * S, maxAge: 0, ...policy },
    inUse: () => inUse,
    pinned,
    filesystem: () => ({ capacityBytes: 1000, availableBytes: 1000 - store.usedBytes }),
    onEvent: ({ reason }) => void log.push([sim.now / S, reason]),
    onRemoved: ({ id }) => void log.push([sim.now / S, id]),
  });
  const add = (name: string, size: number): void => {
    const image: Image = { name, layers: [{ digest: name, sizeBytes: size, unpackedBytes: size }] };
    store.preload(image);
  };
  const at = (seconds: number, action: () => void): void => void sim.scheduleAt(seconds * S, action, undefined);
  return { sim, store, inUse, log, collector, add, at };
}

describe("the image collector", () => {
  it("takes an image that was pulled between passes only once a pass has seen it grow old enough", () => {
    const { sim, log, collector, add, at } = world();
    collector.start();
    at(301, () => add("a", 430));
    sim.runUntil(2000 * S);
    // 860 of 1000 used. First detected at 600 and 0 s old then; at 900 it is 300 s old, and its 430 exceed the goal of 60.
    expect(log.filter(([, what]) => what === "a")).toEqual([[900, "a"]]);
  });

  it("complains of what it cannot free, and of its failure from the second one in a row on", () => {
    const { sim, inUse, log, collector, add } = world();
    add("a", 450);
    inUse.add("a");
    collector.start();
    sim.runUntil(601 * S);
    expect(log).toEqual([
      [0, "FreeDiskSpaceFailed"],
      [300, "FreeDiskSpaceFailed"],
      [300, "ImageGCFailed"],
      [600, "FreeDiskSpaceFailed"],
      [600, "ImageGCFailed"],
    ]);
  });

  it("forgets all ages when the kubelet restarts", () => {
    const { sim, log, collector, add, at } = world({ maxAge: 3600 * S });
    add("a", 10);
    collector.start();
    at(3500, () => collector.start());
    sim.runUntil(20_000 * S);
    // More than 3600 s after the restart: 3500 + 13 x 300.
    expect(log).toEqual([[7400, "a"]]);
  });

  it("does not collect at all with a high threshold of 100 and no maximum age, but deletes on demand", () => {
    const { sim, store, inUse, log, collector, add, at } = world({ highThresholdPercent: 100 }, new Set(["pause"]));
    for (const name of ["a", "b", "pause"]) add(name, 200);
    inUse.add("b");
    collector.start();
    const freed: number[] = [];
    at(60, () => freed.push(collector.deleteUnused()));
    at(120, () => freed.push(collector.deleteUnused()));
    sim.runUntil(2000 * S);
    // Detected at 0, so old enough at 120 s and not before.
    expect([freed, log]).toEqual([[0, 200], [[120, "a"]]]);
    expect(store.images.map(({ name }) => name)).toEqual(["b", "pause"]);
  });

  it("stops with its kubelet", () => {
    const { sim, collector, log, add, at } = world();
    collector.start(10 * S);
    at(5, () => collector.stop());
    at(6, () => add("a", 490));
    sim.runUntil(5000 * S);
    expect([log, sim.pending]).toEqual([[], 0]);
  });
});
