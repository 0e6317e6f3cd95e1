import { describe, expect, it } from "vitest";
import { NS_PER_MS, NS_PER_SECOND } from "../time.ts";
import { Recorder, type RecorderOptions } from "./recorder.ts";

const S = NS_PER_SECOND;

function recorder(options: Partial<RecorderOptions> = {}): Recorder {
  return new Recorder({ durationNs: 10 * S, warmupNs: 0, windowNs: S, ...options });
}

describe("the recorder's windows", () => {
  it("counts an arrival at a window's start in that window, one at its end in the next", () => {
    const source = recorder().source("web");
    source.offered(0);
    source.offered(S - 1);
    source.offered(S);
    expect([0, 1, 2].map((index) => source.windowFigures(index).offered)).toEqual([2, 1, 0]);
  });

  it("counts offered by arrival, completed, failed and latency by their own moment", () => {
    const source = recorder().source("web");
    source.offered(0.5 * S);
    source.offered(0.6 * S);
    source.completed(0.5 * S, 2 * S);
    source.failed(0.6 * S, 3.5 * S);
    expect(source.windowFigures(0)).toMatchObject({ offered: 2, completed: 0, failed: 0, latency: undefined });
    expect(source.windowFigures(2)).toMatchObject({ offered: 0, completed: 1, latency: { maxNs: 1.5 * S } });
    expect(source.windowFigures(3)).toMatchObject({ completed: 0, failed: 1, latency: undefined });
  });

  it("gives each window the percentiles of its own latencies", () => {
    const source = recorder().source("web");
    // 1 to 10 ms in the first window: r = ceil(10 k / 1000) = 5, 9, 10.
    for (let ms = 10; ms >= 1; ms--) source.completed(0, ms * NS_PER_MS);
    source.completed(S, S + 7 * NS_PER_MS);
    expect(source.windowFigures(0).latency).toEqual({
      p50Ns: 5 * NS_PER_MS,
      p90Ns: 9 * NS_PER_MS,
      p99Ns: 10 * NS_PER_MS,
      maxNs: 10 * NS_PER_MS,
    });
    expect(source.windowFigures(1).latency).toEqual({
      p50Ns: 7 * NS_PER_MS,
      p90Ns: 7 * NS_PER_MS,
      p99Ns: 7 * NS_PER_MS,
      maxNs: 7 * NS_PER_MS,
    });
  });

  it("gives the same figures however often and early they are asked for", () => {
    const source = recorder().source("web");
    source.completed(0, 30);
    expect(source.windowFigures(0).latency?.maxNs).toBe(30);
    source.completed(25, 35);
    expect(source.windowFigures(0).latency).toMatchObject({ p50Ns: 10, maxNs: 30 });
    expect(source.windowFigures(0).latency).toMatchObject({ p50Ns: 10, maxNs: 30 });
  });

  it("shows the windows of the warm-up, though the summary leaves them out", () => {
    const source = recorder({ warmupNs: 5 * S }).source("web");
    source.offered(S);
    source.completed(S, 2 * S);
    expect(source.windowFigures(1).offered).toBe(1);
    expect(source.windowFigures(2).latency?.maxNs).toBe(S);
    expect(source.summaryFigures()).toMatchObject({ offered: 0, completed: 0, latency: undefined });
  });

  it("adds up the bytes of completed items and of flows in the window where they arrive", () => {
    const source = recorder({ warmupNs: S }).source("copy", { bytes: true });
    source.offered(0);
    source.received(0.5 * S, 1000);
    source.received(1.5 * S, 2000);
    source.completed(1.2 * S, 1.6 * S, 30);
    expect([0, 1, 2].map((index) => source.windowFigures(index).bytes)).toEqual([1000, 2030, 0]);
    // A flow that began in the warm-up still counts what arrived after it.
    expect(source.summaryFigures().bytes).toBe(2030);
  });
});

describe("the recorder's summary", () => {
  it("takes an item by the moment of its intended arrival, from warm-up on", () => {
    const source = recorder({ warmupNs: 2 * S }).source("web");
    source.offered(2 * S - 1);
    source.offered(2 * S);
    source.offered(3 * S);
    source.offered(4 * S);
    source.completed(2 * S - 1, 9 * S);
    source.completed(2 * S, 9 * S);
    source.failed(3 * S, 9 * S);
    expect(source.summaryFigures()).toMatchObject({ offered: 3, completed: 1, failed: 1, inFlight: 1 });
    expect(source.summaryFigures().latency?.maxNs).toBe(7 * S);
  });

  it("gives the population's deviation", () => {
    const source = recorder().source("web");
    // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squared deviations 9+1+1+1+0+0+4+16 = 32, 32 / 8 = 4, deviation 2.
    for (const ns of [2, 4, 4, 4, 5, 5, 7, 9]) source.completed(100 - ns, 100);
    expect(source.summaryFigures().latency).toMatchObject({ meanNs: 5n, deviationNs: 2n, minNs: 2, maxNs: 9 });
  });

  it("gives p999 from the thousandth sample on", () => {
    const source = recorder().source("web");
    for (let ns = 1; ns < 1000; ns++) source.completed(0, ns);
    expect(source.summaryFigures().latency?.p999Ns).toBeUndefined();
    source.completed(0, 1000);
    expect(source.summaryFigures().latency?.p999Ns).toBe(999);
  });

  it("stays within 0.1 % when a histogram takes over", () => {
    const exact = recorder().source("web");
    const blurred = recorder({ mostExactSamples: 100 }).source("web");
    for (let i = 1; i <= 5000; i++) {
      const at = 7_919 * i;
      exact.completed(0, at);
      blurred.completed(0, at);
    }
    const a = exact.summaryFigures().latency!;
    const b = blurred.summaryFigures().latency!;
    for (const key of ["p50Ns", "p90Ns", "p95Ns", "p99Ns", "p999Ns"] as const) {
      expect(Math.abs(b[key]! / a[key]! - 1)).toBeLessThanOrEqual(0.001);
    }
    expect([b.meanNs, b.deviationNs, b.minNs, b.maxNs]).toEqual([a.meanNs, a.deviationNs, a.minNs, a.maxNs]);
  });
});

describe("what the recorder refuses", () => {
  it("is an instant outside the run", () => {
    const source = recorder().source("web");
    expect(() => source.offered(10 * S)).toThrow("cannot record at 10000000000 ns: the run is [0, 10000000000) ns");
    expect(() => source.completed(0, 10 * S)).toThrow(RangeError);
    expect(() => source.failed(0, -1)).toThrow(RangeError);
  });

  it("is an item that completes before it arrives, and time that goes back by a window", () => {
    const source = recorder().source("web");
    expect(() => source.completed(5, 4)).toThrow("an item that arrived at 5 ns cannot complete at 4 ns");
    source.completed(0, 3 * S);
    expect(() => source.completed(0, 2 * S)).toThrow("window 2 is closed, window 3 is open");
  });

  it("is a second source of one name", () => {
    const sources = recorder();
    sources.source("web");
    expect(() => sources.source("web")).toThrow("two sources are called web");
  });

  it("is a warm-up that leaves nothing, and more windows than anybody reads", () => {
    expect(() => recorder({ warmupNs: 10 * S })).toThrow("warm-up is 10000000000 ns; allowed");
    expect(() => recorder({ windowNs: 100 })).toThrow("100000000 windows; allowed: at most 1000000");
    expect(() => recorder({ windowNs: 0 })).toThrow("window is 0 ns");
  });
});
