import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NS_PER_SECOND as S } from "../../engine/time.ts";
import { agePass, collect, collectionOrder, ImageRecords, isCollectionOn, spaceGoal, spacePass } from "./image-gc.ts";
import type { ImageGcPolicy, ImageRecord } from "./image-gc.ts";

const POLICY: ImageGcPolicy = { highThresholdPercent: 85, lowThresholdPercent: 80, minAge: 120 * S, maxAge: 0 };

function record(id: string, sizeBytes: number, firstDetected: number, lastUsed?: number): ImageRecord {
  return { id, sizeBytes, isPinned: false, firstDetected, lastUsed };
}

function image(id: string, isPinned = false) {
  return { id, sizeBytes: 1, isPinned };
}

function ids(records: readonly ImageRecord[]): string[] {
  return records.map(({ id }) => id);
}

describe("image detection", () => {
  it("dates images and their use by the passes, not by the pull or the container's end", () => {
    const records = new ImageRecords();
    records.detect([image("a")], new Set(["a"]), 300 * S);
    records.detect([image("a"), image("b")], new Set(), 600 * S);
    expect(records.get("a")).toMatchObject({ firstDetected: 300 * S, lastUsed: 300 * S });
    expect(records.get("b")).toMatchObject({ firstDetected: 600 * S, lastUsed: undefined });
    records.detect([image("b")], new Set(), 900 * S);
    expect(ids(records.all)).toEqual(["b"]);
  });

  it("offers neither used nor pinned images for collection", () => {
    const records = new ImageRecords();
    records.detect([image("used"), image("pinned", true), image("free")], new Set(["used"]), 0);
    expect(ids(records.candidates())).toEqual(["free"]);
  });
});

describe("the order of collection", () => {
  it("is never used first, then longest unused, then first detected, then by ID", () => {
    const records = [
      record("d", 1, 5, 20),
      record("c", 1, 5, 10),
      record("b", 1, 9),
      record("f", 1, 4, 20),
      record("e", 1, 5, 20),
      record("a", 1, 9),
    ];
    expect(ids(collectionOrder(records, new Set()))).toEqual(["a", "b", "c", "f", "d", "e"]);
  });
});

describe("the age pass", () => {
  it("waits until the kubelet itself is older than the maximum age, then takes the never used at any age", () => {
    const candidates = [record("new", 1, 59 * S), record("old", 1, 0, 1 * S), record("young", 1, 0, 2 * S)];
    const at = (now: number) => ids(agePass(candidates, 60 * S, 0, now, () => true).left);
    expect(at(60 * S)).toEqual(["new", "old", "young"]);
    // At 61 s `old` is exactly 60 s unused: not yet more than the maximum.
    expect(at(61 * S)).toEqual(["old", "young"]);
    expect(at(61 * S + 1)).toEqual(["young"]);
  });

  it("counts removals that fail and keeps those images", () => {
    const { left, failures } = agePass([record("a", 1, 0)], S, 0, 2 * S, () => false);
    expect([ids(left), failures]).toEqual([["a"], 1]);
  });
});

describe("the space arithmetic", () => {
  it("rounds free space down, so that 84.5 % used trips a threshold of 85 %", () => {
    expect(spaceGoal(1000, 155, POLICY)).toEqual({ usagePercent: 85, amountToFreeBytes: 45 });
    expect(spaceGoal(1000, 160, POLICY)).toEqual({ usagePercent: 84 });
  });

  it("is exact where available x 100 passes 2^53", () => {
    // 15 x capacity = 135,107,988,821,114,865; 100 x available is 65 less, so 14 % are free and not 15.
    const capacity = Number.MAX_SAFE_INTEGER;
    expect(spaceGoal(capacity, 1_351_079_888_211_148, POLICY)?.usagePercent).toBe(86);
  });

  it("takes more free space than capacity for all of it, and knows no usage of a filesystem without capacity", () => {
    expect(spaceGoal(1000, 2000, POLICY)).toEqual({ usagePercent: 0 });
    expect(spaceGoal(0, 0, POLICY)).toBeUndefined();
  });
});

describe("the space pass", () => {
  it("skips what is too young or in use since this instant, and stops when the sizes reach the goal", () => {
    const candidates = [
      record("a", 5, 0),
      record("b", 5, 90 * S),
      record("c", 5, 0, 10 * S),
      record("d", 5, 0, 11 * S),
    ];
    const removed: string[] = [];
    const result = spacePass(candidates, 8, 60 * S, 100 * S, ({ id }) => removed.push(id) > 0);
    expect(removed).toEqual(["a", "c"]);
    expect(result).toMatchObject({ freedBytes: 10, failures: 0 });
    expect(ids(result.considered)).toEqual(["a", "b", "c"]);
  });

  it("lets an image go at exactly the minimum age", () => {
    const freed = [60 * S - 1, 60 * S].map((now) => spacePass([record("a", 5, 0)], 1, 60 * S, now, () => true));
    expect(freed.map(({ freedBytes }) => freedBytes)).toEqual([0, 5]);
  });

  it("goes on after a failed removal", () => {
    const candidates = [record("a", 5, 0), record("b", 5, 1)];
    expect(spacePass(candidates, 5, 0, S, ({ id }) => id === "b")).toMatchObject({ freedBytes: 5, failures: 1 });
  });

  it("never removes a young image and never goes on past the goal", () => {
    const images = fc.array(
      fc.record({ sizeBytes: fc.integer({ min: 1, max: 9 }), age: fc.integer({ min: 0, max: 9 }) }),
    );
    fc.assert(
      fc.property(images, fc.integer({ min: 0, max: 40 }), (given, goal) => {
        const records = given.map(({ sizeBytes, age }, i) => record(`i${i}`, sizeBytes, 9 - age));
        const removed: ImageRecord[] = [];
        const { freedBytes } = spacePass(
          collectionOrder(records, new Set()),
          goal,
          5,
          9,
          (gone) => removed.push(gone) > 0,
        );
        const last = removed.at(-1)?.sizeBytes ?? 0;
        return (
          removed.every(({ firstDetected }) => 9 - firstDetected >= 5) &&
          (freedBytes === last || freedBytes - last < goal)
        );
      }),
      { numRuns: 100 },
    );
  });
});

function collectFrom(availableBytes: number, sizes: number[], remove = true, maxAge = 0, capacityBytes = 1000) {
  return collect(
    sizes.map((size, i) => record(`i${i}`, size, 0)),
    { ...POLICY, maxAge },
    0,
    3600 * S,
    () => ({ capacityBytes, availableBytes }),
    () => remove,
  );
}

describe("a collection", () => {
  it("frees down to the low threshold in one go", () => {
    // 100 of 1000 free, goal 200 free: two images of 60 make 120 >= 100.
    const outcome = collectFrom(100, [60, 60, 60]);
    expect(outcome.kind).toBe("ok");
    expect(ids(outcome.removed)).toEqual(["i0", "i1"]);
  });

  it("raises FreeDiskSpaceFailed when the images do not suffice, InvalidDiskCapacity without a capacity", () => {
    expect(collectFrom(50, [50])).toMatchObject({
      kind: "failed",
      event: {
        reason: "FreeDiskSpaceFailed",
        message:
          "Failed to garbage collect required amount of images. Attempted to free 150 bytes, but only found 50 bytes eligible to free.",
      },
    });
    expect(collectFrom(0, [], true, 0, 0)).toMatchObject({ kind: "failed", event: { reason: "InvalidDiskCapacity" } });
  });

  it("fails without an event when a removal fails, and then does not reach the space pass after a failed age pass", () => {
    const space = collectFrom(50, [50], false);
    expect(space).toMatchObject({ kind: "failed", event: undefined });
    const age = collectFrom(50, [50], false, 60 * S);
    expect(age).toMatchObject({ kind: "failed", removed: [], message: "failed to remove images past the maximum age" });
  });

  it("is off with a high threshold of 100 and no maximum age", () => {
    expect(isCollectionOn({ ...POLICY, highThresholdPercent: 100 })).toBe(false);
    expect(isCollectionOn({ ...POLICY, highThresholdPercent: 100, maxAge: S })).toBe(true);
  });
});
