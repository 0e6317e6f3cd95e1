import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStreams } from "../../engine/random/streams.ts";
import type { Rate } from "../../engine/scenario/units.ts";
import { NS_PER_MS as MS, NS_PER_SECOND as SECOND, type Ns } from "../../engine/time.ts";
import { arrivalProcess, type ArrivalProcess } from "./arrivals.ts";
import type { Arrivals } from "./schema.ts";

const HOUR = 3600 * SECOND;

function perSecond(count: number): Rate {
  return { count, per: SECOND };
}

function processOf(arrivals: Exclude<Arrivals, { type: "closed" }>, seed = 1): ArrivalProcess {
  const streams = new RandomStreams(seed);
  return arrivalProcess(arrivals, { arrivals: streams.fresh("arrivals"), states: streams.fresh("states") });
}

/** The arrivals before `until`, with rates set on the way as a timeline does it: before what else happens then. */
function arrivalsOf(process: ArrivalProcess, until: Ns, changes: Array<{ at: Ns; rate: Rate }> = []): Ns[] {
  const found: Ns[] = [];
  const left = [...changes];
  let at = process.next();
  for (;;) {
    if (left.length > 0 && left[0].at <= at) {
      const { at: now, rate } = left.shift()!;
      at = process.setRate!(rate, now);
    } else if (at >= until) return found;
    else {
      if (process.isArrival) found.push(at);
      const next = process.next();
      expect(next).toBeGreaterThanOrEqual(at);
      at = next;
    }
  }
}

function countIn(arrivals: Ns[], from: Ns, to: Ns): number {
  return arrivals.filter((at) => at >= from && at < to).length;
}

/** A Poisson count of this mean is within 4 deviations but for one case in 16,000. */
function expectPoissonCount(found: number, mean: number): void {
  expect(Math.abs(found - mean)).toBeLessThan(4 * Math.sqrt(mean));
}

describe("constant arrivals", () => {
  it("come at 0 and then at equal distances, rounded one by one without drift", () => {
    // 3 a second: k x 333,333,333.33 ns.
    const found = arrivalsOf(processOf({ type: "constant", rate: perSecond(3) }), 2 * SECOND);
    expect(found).toEqual([0, 333_333_333, 666_666_667, SECOND, 1_333_333_333, 1_666_666_667]);
  });

  it("round halves to even", () => {
    // 2 in 5 ns: 0, 2.5, 5, 7.5, 10, 12.5
    const found = arrivalsOf(processOf({ type: "constant", rate: { count: 2, per: 5 } }), 15);
    expect(found).toEqual([0, 2, 5, 8, 10, 12]);
  });

  it("are exact after a million arrivals, for any rate", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), (count) => {
        const process = processOf({ type: "constant", rate: { count, per: HOUR } });
        let last = 0;
        for (let k = 0; k <= 2000; k++) last = process.next();
        const doubled = (2n * 2000n * BigInt(HOUR)) / BigInt(count);
        expect(Math.abs(2 * last - Number(doubled))).toBeLessThanOrEqual(2);
      }),
      { seed: 3, numRuns: 50 },
    );
  });

  it("keep the part of a distance that has passed when the rate changes", () => {
    // 10 a second until 250 ms: at 0, 100, 200. Half a distance is left then: at 20 a second 25 ms. Then every 50 ms.
    const process = processOf({ type: "constant", rate: perSecond(10) });
    const found = arrivalsOf(process, 400 * MS, [{ at: 250 * MS, rate: perSecond(20) }]);
    expect(found).toEqual([0, 100, 200, 275, 325, 375].map((ms) => ms * MS));
  });

  it("pause at rate 0 and go on where they were, and begin at once if none has come yet", () => {
    const changes = [
      { at: 150 * MS, rate: perSecond(0) },
      { at: 500 * MS, rate: perSecond(10) },
    ];
    const paused = arrivalsOf(processOf({ type: "constant", rate: perSecond(10) }), 700 * MS, changes);
    expect(paused).toEqual([0, 100, 550, 650].map((ms) => ms * MS));
    const late = arrivalsOf(processOf({ type: "constant", rate: perSecond(0) }), 250 * MS, [
      { at: 100 * MS, rate: perSecond(10) },
    ]);
    expect(late).toEqual([100 * MS, 200 * MS]);
    expect(arrivalsOf(processOf({ type: "constant", rate: perSecond(0) }), SECOND)).toEqual([]);
  });
});

describe("Poisson arrivals", () => {
  it("have exponential gaps: their mean, deviation and distribution function", () => {
    const found = arrivalsOf(processOf({ type: "poisson", rate: perSecond(1000) }), 40 * SECOND);
    expectPoissonCount(found.length, 40_000);
    const gaps = found.slice(1).map((at, i) => at - found[i]);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) * (gap - mean), 0) / gaps.length);
    expect(deviation / mean).toBeCloseTo(1, 1);
    const share = gaps.filter((gap) => gap > 2 * MS).length / gaps.length;
    expect(Math.abs(share - Math.exp(-2))).toBeLessThan(4 * Math.sqrt((Math.exp(-2) * 0.865) / gaps.length));
  });

  it("scale with the rate, draw for draw: half the rate, twice the instants", () => {
    const fast = arrivalsOf(processOf({ type: "poisson", rate: perSecond(100) }), SECOND);
    const slow = arrivalsOf(processOf({ type: "poisson", rate: perSecond(50) }), 2 * SECOND);
    expect(slow.length).toBe(fast.length);
    for (let i = 0; i < fast.length; i++) expect(Math.abs(slow[i] - 2 * fast[i])).toBeLessThanOrEqual(2);
  });

  it("use the same draws after a change of the rate", () => {
    // From 1 s on time runs twice as fast for the source.
    const steady = arrivalsOf(processOf({ type: "poisson", rate: perSecond(20) }), 3 * SECOND);
    const changed = arrivalsOf(processOf({ type: "poisson", rate: perSecond(20) }), 2 * SECOND, [
      { at: SECOND, rate: perSecond(40) },
    ]);
    const expected = steady.map((at) => (at < SECOND ? at : SECOND + (at - SECOND) / 2));
    expect(changed.length).toBe(expected.length);
    changed.forEach((at, i) => expect(Math.abs(at - expected[i])).toBeLessThanOrEqual(1));
  });

  it("are none at rate 0, and go on with the draw that waited", () => {
    const changes = [
      { at: SECOND, rate: perSecond(0) },
      { at: 5 * SECOND, rate: perSecond(20) },
    ];
    const steady = arrivalsOf(processOf({ type: "poisson", rate: perSecond(20) }), 2 * SECOND);
    const paused = arrivalsOf(processOf({ type: "poisson", rate: perSecond(20) }), 6 * SECOND, changes);
    const expected = steady.map((at) => (at < SECOND ? at : at + 4 * SECOND));
    paused.forEach((at, i) => expect(Math.abs(at - expected[i])).toBeLessThanOrEqual(1));
    expect(paused.length).toBe(expected.length);
    expect(arrivalsOf(processOf({ type: "poisson", rate: perSecond(0) }), HOUR)).toEqual([]);
  });
});

describe("on and off", () => {
  const on = { type: "fixed", value: 100 * MS } as const;
  const off = { type: "fixed", value: 150 * MS } as const;

  it("starts on, and arrives at equal distances from the start of each stretch with a constant process", () => {
    const rate = perSecond(25); // every 40 ms
    const found = arrivalsOf(processOf({ type: "onoff", on, off, rate, process: "constant" }), 600 * MS);
    expect(found).toEqual([0, 40, 80, 250, 290, 330, 500, 540, 580].map((ms) => ms * MS));
  });

  it("leaves out an arrival at the very end of a stretch", () => {
    const rate = perSecond(20); // every 50 ms: the third would come as the stretch ends
    const found = arrivalsOf(processOf({ type: "onoff", on, off, rate, process: "constant" }), 400 * MS);
    expect(found).toEqual([0, 50, 250, 300].map((ms) => ms * MS));
  });

  it("has a Poisson process of the given rate while it is on, and nothing while it is off", () => {
    const rate = perSecond(1000);
    const found = arrivalsOf(processOf({ type: "onoff", on, off, rate, process: "poisson" }), 10 * SECOND);
    expect(found.filter((at) => at % (250 * MS) > 100 * MS)).toEqual([]);
    expectPoissonCount(found.length, 4000);
  });

  it("takes a new rate in the middle of a stretch, on or off", () => {
    const process = processOf({ type: "onoff", on, off, rate: perSecond(25), process: "constant" });
    const changes = [
      { at: 60 * MS, rate: perSecond(50) }, // half of 40 ms is left: 10 ms at the new rate, then every 20
      { at: 200 * MS, rate: perSecond(20) },
    ];
    expect(arrivalsOf(process, 400 * MS, changes)).toEqual([0, 40, 70, 90, 250, 300].map((ms) => ms * MS));
  });

  it("draws the lengths of its stretches", () => {
    const lengths = { type: "exponential", mean: 10 * MS } as const;
    const found = arrivalsOf(
      processOf({ type: "onoff", on: lengths, off: lengths, rate: perSecond(1000), process: "poisson" }),
      40 * SECOND,
    );
    // On for half of the time, with a deviation of sqrt(10 ms x 40 s / 4) = 0.32 s in 20 s: 1.6 %, of which 3 pass.
    expect(Math.abs(found.length / 20_000 - 1)).toBeLessThan(0.05);
  });
});

describe("a modulated process", () => {
  it("starts in its first state and stays there if it is the only one", () => {
    const one = processOf({ type: "mmpp", states: [{ rate: perSecond(50), mean: MS }] });
    expectPoissonCount(arrivalsOf(one, 20 * SECOND).length, 1000);
    const silent = { rate: perSecond(0), mean: HOUR };
    const first = processOf({ type: "mmpp", states: [{ rate: perSecond(1000), mean: HOUR }, silent] });
    expectPoissonCount(arrivalsOf(first, SECOND).length, 1000);
    const last = processOf({ type: "mmpp", states: [silent, { rate: perSecond(1000), mean: HOUR }] });
    expect(arrivalsOf(last, SECOND)).toEqual([]);
  });

  it("spends time in its states as their means say", () => {
    // Each of three states is entered equally often: shares 1/6, 2/6, 3/6 of the time; the mean rate is 600 + 0 + 600.
    const states = [
      { rate: perSecond(3600), mean: 10 * MS },
      { rate: perSecond(0), mean: 20 * MS },
      { rate: perSecond(1200), mean: 30 * MS },
    ];
    const found = arrivalsOf(processOf({ type: "mmpp", states }), 60 * SECOND);
    expect(Math.abs(found.length / 72_000 - 1)).toBeLessThan(0.06);
  });
});

describe("a sine", () => {
  it("swings around its rate with its amplitude and period", () => {
    const rate = perSecond(1000);
    const found = arrivalsOf(processOf({ type: "sine", rate, amplitude: 0.8, period: 4 * SECOND }), 40 * SECOND);
    let [rising, falling] = [0, 0];
    for (let period = 0; period < 10; period++) {
      rising += countIn(found, period * 4 * SECOND, (period * 4 + 2) * SECOND);
      falling += countIn(found, (period * 4 + 2) * SECOND, (period * 4 + 4) * SECOND);
    }
    // Half a period of 2 s: 2000 (1 +- 0.8 x 2 / pi) = 3018.6 and 981.4
    expectPoissonCount(rising, 30_186);
    expectPoissonCount(falling, 9_814);
  });

  it("arrives where the integral of its rate has grown by the draws of a plain Poisson process", () => {
    const [count, amplitude, period] = [200, 1, SECOND];
    const plain = arrivalsOf(processOf({ type: "poisson", rate: perSecond(count) }), 5 * SECOND);
    const sine = arrivalsOf(processOf({ type: "sine", rate: perSecond(count), amplitude, period }), 5 * SECOND);
    expect(sine.length).toBe(plain.length);
    sine.forEach((at, i) => {
      const turns = at / period;
      const work = at + ((amplitude * period) / (2 * Math.PI)) * (1 - Math.cos(2 * Math.PI * turns));
      // The rate is at most twice its mean, so half a nanosecond of rounding is one of work.
      expect(Math.abs(work - plain[i])).toBeLessThanOrEqual(2);
    });
  });

  it("is a plain Poisson process without amplitude, also through changes of the rate", () => {
    const changes = [
      { at: 700 * MS, rate: perSecond(0) },
      { at: 1_300 * MS, rate: perSecond(300) },
    ];
    const plain = arrivalsOf(processOf({ type: "poisson", rate: perSecond(50) }), 3 * SECOND, changes);
    const sine = processOf({ type: "sine", rate: perSecond(50), amplitude: 0, period: 300 * MS });
    const found = arrivalsOf(sine, 3 * SECOND, changes);
    expect(found.length).toBe(plain.length);
    found.forEach((at, i) => expect(Math.abs(at - plain[i])).toBeLessThanOrEqual(1));
  });
});

describe("steps", () => {
  it("have nothing before the first, then each rate in turn", () => {
    const steps = [
      { at: SECOND, rate: perSecond(1000) },
      { at: 3 * SECOND, rate: perSecond(0) },
      { at: 4 * SECOND, rate: perSecond(4000) },
    ];
    const found = arrivalsOf(processOf({ type: "steps", steps }), 5 * SECOND);
    expect(countIn(found, 0, SECOND)).toBe(0);
    expectPoissonCount(countIn(found, SECOND, 3 * SECOND), 2000);
    expect(countIn(found, 3 * SECOND + 1, 4 * SECOND)).toBe(0);
    expectPoissonCount(countIn(found, 4 * SECOND, 5 * SECOND), 4000);
  });
});

describe("stages", () => {
  it("arrive where the integral of a rising rate reaches 1, 2, 3 ...", () => {
    // From 0 to 10 a second in 10 s the integral is t^2 / 2: the k-th arrival comes at sqrt(2 k).
    const stages = [{ duration: 10 * SECOND, target: perSecond(10) }];
    const found = arrivalsOf(processOf({ type: "stages", startRate: perSecond(0), stages }), HOUR);
    expect(found.length).toBe(50);
    expect(found.slice(0, 4)).toEqual([1_414_213_562, 2 * SECOND, 2_449_489_743, 2_828_427_125]);
    expect(found[49]).toBe(10 * SECOND);
  });

  it("carry the integral over from stage to stage, hold, fall and jump", () => {
    const stages = [
      { duration: 2 * SECOND, target: perSecond(2) }, // integral 2
      { duration: 2 * SECOND, target: perSecond(2) }, // 4 more: every 0.5 s
      { duration: 0, target: perSecond(1) },
      { duration: 3 * SECOND, target: perSecond(0) }, // 1.5 more: t - t^2 / 6 = 1 at 3 - sqrt(3)
    ];
    const found = arrivalsOf(processOf({ type: "stages", startRate: perSecond(0), stages }), HOUR);
    const falling = 4 * SECOND + 1_267_949_192;
    const seconds = [Math.sqrt(2), 2, 2.5, 3, 3.5, 4].map((s) => Math.round(s * SECOND));
    expect(found).toEqual([...seconds, falling]);
  });

  it("are equal distances where the rate does not change, without drift", () => {
    const stages = [{ duration: HOUR, target: perSecond(3) }];
    const found = arrivalsOf(processOf({ type: "stages", startRate: perSecond(3), stages }), 2 * HOUR);
    expect(found.length).toBe(10_800);
    expect(found.every((at, i) => at === Math.round(((i + 1) * SECOND) / 3))).toBe(true);
  });

  it("count rates of different units exactly", () => {
    // 90 an hour is 1.5 a minute: from 0 to there in 4 minutes makes 3.
    const stages = [{ duration: 240 * SECOND, target: { count: 90, per: HOUR } }];
    const startRate = { count: 0, per: 60 * SECOND };
    expect(arrivalsOf(processOf({ type: "stages", startRate, stages }), HOUR).length).toBe(3);
  });
});

describe("a trace", () => {
  it("is replayed to the nanosecond", () => {
    const rows = [{ at: 0 }, { at: 1 }, { at: 1 }, { at: 123_456_789 }];
    expect(arrivalsOf(processOf({ type: "trace", rows }), SECOND)).toEqual([0, 1, 1, 123_456_789]);
  });
});

describe("equal seeds", () => {
  it("give equal arrivals, and other seeds others", () => {
    const on = { type: "exponential", mean: 50 * MS } as const;
    const states = [
      { rate: perSecond(100), mean: 20 * MS },
      { rate: perSecond(10), mean: 20 * MS },
    ];
    const all: Array<Exclude<Arrivals, { type: "closed" }>> = [
      { type: "poisson", rate: perSecond(50) },
      { type: "onoff", on, off: on, rate: perSecond(50), process: "poisson" },
      { type: "mmpp", states },
      { type: "sine", rate: perSecond(50), amplitude: 0.5, period: 300 * MS },
    ];
    for (const arrivals of all) {
      expect(arrivalsOf(processOf(arrivals), SECOND)).toEqual(arrivalsOf(processOf(arrivals), SECOND));
      expect(arrivalsOf(processOf(arrivals), SECOND)).not.toEqual(arrivalsOf(processOf(arrivals, 2), SECOND));
    }
  });
});
