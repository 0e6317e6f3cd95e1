import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NS_PER_SECOND as S, type Ns } from "../../engine/time.ts";
import { Simulation } from "../../engine/simulation.ts";
import type { Image } from "./image-store.ts";
import { newPuller, type PullImage, type Puller } from "./puller.ts";

interface Finished {
  name: string;
  startedAt: Ns;
  finishedAt: Ns;
  error?: string;
}

interface Setting {
  serial?: boolean;
  parallel?: number;
  qps?: number;
  burst?: number;
}

/** A puller over a runtime whose every pull takes its image's own length; lengths of images that fail are negative. */
function world({ serial = false, parallel, qps = 0, burst = 10 }: Setting) {
  const sim = new Simulation();
  const finished: Finished[] = [];
  const lengths = new Map<string, number>();
  let running = 0;
  let mostRunning = 0;
  const pullImage: PullImage = ({ name }, done) => {
    const length = lengths.get(name) ?? 0;
    mostRunning = Math.max(mostRunning, ++running);
    const finish = (): void => {
      running--;
      if (length < 0) done({ kind: "failed", error: "404", downloadedBytes: 0 });
      else done({ kind: "pulled", sizeBytes: 0, downloadedBytes: 0 });
    };
    sim.schedule(Math.abs(length) * S, finish, undefined);
  };
  const puller: Puller = newPuller(
    sim,
    { serializeImagePulls: serial, maxParallelImagePulls: parallel, registryPullQPS: qps, registryBurst: burst },
    pullImage,
  );
  const request = (name: string, seconds: number, at = 0): void => {
    lengths.set(name, seconds);
    const image: Image = { name, layers: [] };
    const ask = (): void =>
      puller.pull(image, ({ result, startedAt }) => {
        const error = result.kind === "failed" ? result.error : undefined;
        finished.push({ name, startedAt, finishedAt: sim.now, error });
      });
    sim.scheduleAt(at * S, ask, undefined);
  };
  return { sim, puller, finished, request, mostRunning: () => mostRunning };
}

function ends(finished: readonly Finished[]): Record<string, number> {
  return Object.fromEntries(finished.map(({ name, finishedAt }) => [name, finishedAt / S]));
}

function play(setting: Setting, requests: ReadonlyArray<{ at: number; length: number }>): Finished[] {
  const { sim, finished, request } = world(setting);
  requests.forEach(({ at, length }, i) => request(`i${i}`, length, at));
  sim.runUntil(1000 * S);
  return finished;
}

function starts(finished: readonly Finished[]): Map<string, Ns> {
  return new Map(finished.map(({ name, startedAt }) => [name, startedAt]));
}

describe("the serial puller", () => {
  it("never refuses: behind one pull and ten in the channel, senders block in the order in which they came", () => {
    const { sim, puller, finished, request } = world({ serial: true });
    for (let i = 0; i < 13; i++) request(`i${i}`, 1);
    sim.runUntil(S);
    expect(puller.queue).toEqual({ inService: 1, inChannel: 10, blockedSenders: 2 });
    sim.runUntil(20 * S);
    expect(finished.map(({ name }) => name)).toEqual(Array.from({ length: 13 }, (_, i) => `i${i}`));
    expect(finished.map(({ finishedAt }) => finishedAt / S)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });

  it("is held up by a failing pull for as long as that takes to fail", () => {
    const { sim, finished, request } = world({ serial: true });
    request("broken", -7);
    request("good", 1);
    sim.runUntil(10 * S);
    expect(ends(finished)).toEqual({ broken: 7, good: 8 });
  });

  it("refuses nothing at a pull rate below the limit, and the whole queue once it refuses one", () => {
    // 1 a second, burst 2: two pulls of 0.5 s; at 1 s there is exactly one token again, at 1.5 s only a half.
    const { sim, finished, request } = world({ serial: true, qps: 1, burst: 2 });
    for (let i = 0; i < 8; i++) request(`i${i}`, 0.5);
    sim.runUntil(10 * S);
    const refused = finished.filter(({ error }) => error !== undefined);
    // Tokens at each start: 2, 1.5, 1, 0.5: the fourth is refused at 1.5 s, and with it the rest at once.
    expect(refused.map(({ name, finishedAt }) => [name, finishedAt / S])).toEqual([
      ["i3", 1.5],
      ["i4", 1.5],
      ["i5", 1.5],
      ["i6", 1.5],
      ["i7", 1.5],
    ]);
  });
});

describe("the parallel puller", () => {
  it("serves as many as it has tokens, first come, first served", () => {
    const { sim, finished, request, mostRunning } = world({ parallel: 2 });
    request("a", 5);
    request("b", 1);
    request("c", 2);
    request("d", 1, 4);
    sim.runUntil(20 * S);
    // b ends at 1 and c takes its token, 1..3; d comes at 4 and finds one free.
    expect(ends(finished)).toEqual({ a: 5, b: 1, c: 3, d: 5 });
    expect(mostRunning()).toBe(2);
  });

  it("has no limit without maxParallelImagePulls, and no channel to block on", () => {
    const { sim, puller, mostRunning, request } = world({});
    for (let i = 0; i < 50; i++) request(`i${i}`, 1);
    sim.runUntil(S);
    expect(puller.queue).toEqual({ inService: 50, inChannel: 0, blockedSenders: 0 });
    expect(mostRunning()).toBe(50);
  });

  it("asks the rate limit with the token in hand and gives the token back at once when refused", () => {
    const { sim, finished, request } = world({ parallel: 1, qps: 1, burst: 1 });
    request("a", 0.5);
    request("b", 0.5);
    request("c", 0.5, 2);
    sim.runUntil(10 * S);
    // Half a token at 0.5 s; full again at 1 s.
    expect(ends(finished)).toEqual({ a: 0.5, b: 0.5, c: 2.5 });
    expect(finished.map(({ error }) => error)).toEqual([undefined, "pull QPS exceeded", undefined]);
  });

  it("works like the serial one with a single token", () => {
    const requests = [3, 1, -2, 4].map((length, at) => ({ at, length }));
    expect(ends(play({ parallel: 1 }, requests))).toEqual(ends(play({ serial: true }, requests)));
  });

  it("never finishes the last pull later with more tokens, and keeps the work conserved", () => {
    const requests = fc.array(fc.record({ at: fc.nat(20), length: fc.integer({ min: 1, max: 9 }) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 5 }), (given, parallel) => {
        const few = play({ parallel }, given);
        const late = starts(few);
        const early = starts(play({ parallel: parallel + 1 }, given));
        // First come, first served: with one more token no pull begins later.
        return few.length === given.length && [...early].every(([name, at]) => at <= (late.get(name) as number));
      }),
      { numRuns: 50 },
    );
  });
});
