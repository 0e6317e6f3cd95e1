import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fdbOutageLoss, neighbourOutageLoss, queueCapacity, UnresolvedQueue } from "./neighbour-queue.ts";

const LIMIT = 212_992;

describe("packets that wait for a neighbour", () => {
  it("are 166 small, 92 middle and 48 large ones by their buffers' true size", () => {
    expect([1280, 2304, 4352].map((truesize) => queueCapacity(LIMIT, truesize))).toEqual([166, 92, 48]);
  });

  it("are dropped from the front, and sent in order", () => {
    const queue = new UnresolvedQueue<number>(LIMIT);
    const dropped: number[] = [];
    for (let i = 0; i < 201; i++) dropped.push(...queue.push(i, 1280));
    expect(dropped).toEqual(Array.from({ length: 35 }, (_, i) => i));
    const sent = queue.takeAll();
    expect([sent[0], sent.length, queue.bytes, queue.length]).toEqual([35, 166, 0, 0]);
  });

  it("stay within the limit whatever their sizes, unless a single one exceeds it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 256, max: 4000 }), { maxLength: 60 }), (sizes) => {
        const queue = new UnresolvedQueue<number>(10_000);
        let gone = 0;
        for (const [i, truesize] of sizes.entries()) {
          gone += queue.push(i, truesize).length;
          if (queue.bytes > 10_000) return false;
        }
        return gone + queue.length === sizes.length;
      }),
    );
    const queue = new UnresolvedQueue<string>(1000);
    queue.push("a", 600);
    expect(queue.push("b", 2000)).toEqual(["a"]);
    expect(queue.length).toBe(1);
  });
});

describe("a missing entry", () => {
  const neighbour = { limitBytes: LIMIT, truesize: 1280, probes: 3, probeSeconds: 1 };

  it("in the neighbour table costs what exceeds the queue, and whole rounds of 3 s", () => {
    // As measured: 34 of 201 at 2 s, 334 of 501 at 5 s (300 purged, then 200 - 166).
    expect(neighbourOutageLoss({ gapSeconds: 2, packetsPerSecond: 100 }, neighbour)).toBe(34);
    expect(neighbourOutageLoss({ gapSeconds: 5, packetsPerSecond: 100 }, neighbour)).toBe(334);
    expect(neighbourOutageLoss({ gapSeconds: 1, packetsPerSecond: 100 }, neighbour)).toBe(0);
    expect(neighbourOutageLoss({ gapSeconds: 7, packetsPerSecond: 50 }, neighbour)).toBe(300);
  });

  it("in the FDB costs everything", () => {
    expect(fdbOutageLoss({ gapSeconds: 2, packetsPerSecond: 100 })).toBe(200);
  });
});
