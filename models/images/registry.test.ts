import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/simulation.ts";
import { NS_PER_MS, NS_PER_SECOND as S } from "../../engine/time.ts";
import { Containerd, type PullResult } from "./containerd.ts";
import { ImageStore, type Image } from "./image-store.ts";
import { ChainIds } from "./layers.ts";
import { Registry, UnpackingDisk, type FailAttempt, type RegistryOptions } from "./registry.ts";

const MB = 1e6;

function image(name: string, ...sizes: number[]): Image {
  return {
    name,
    layers: sizes.map((size, i) => ({ digest: `${name}/${i}`, sizeBytes: size * MB, unpackedBytes: size * MB })),
  };
}

/** Nodes with links of these MB/s behind one registry; unpacking costs nothing unless a disk is given. */
function world(
  links: readonly number[],
  options: Partial<RegistryOptions>,
  disk = { write: Infinity, unpack: Infinity },
  failure?: FailAttempt,
) {
  const sim = new Simulation();
  const chains = new ChainIds();
  const registry = new Registry(sim, { bandwidth: Infinity, perConnection: Infinity, latency: 0, ...options });
  const nodes = links.map(
    (link) =>
      new Containerd(
        sim,
        new ImageStore(chains),
        registry.sourceFor(link * MB, failure),
        new UnpackingDisk(sim, disk),
        {
          version: "2.1",
          resolve: 0,
        },
      ),
  );
  const results: Record<string, { at: number; error?: string }> = {};
  const pull = (at: number, node: number, wanted: Image, label = wanted.name): void => {
    const done = (result: PullResult): void => {
      results[label] = { at: sim.now / S, error: result.kind === "failed" ? result.error : undefined };
    };
    sim.scheduleAt(at * S, () => nodes[node].pull(wanted, done), undefined);
  };
  return { sim, registry, results, pull };
}

describe("a registry", () => {
  it("shares its bandwidth over all nodes, less what their links cannot take", () => {
    const { sim, results, pull } = world([10, 100], { bandwidth: 60 * MB });
    pull(0, 0, image("slow", 40));
    pull(0, 1, image("fast", 50));
    sim.runUntil(100 * S);
    // The slow node takes 10 of 60, the fast one gets 50.
    expect(results).toEqual({ slow: { at: 4 }, fast: { at: 1 } });
  });

  it("lets one latency pass before the first byte of each layer, beside each other", () => {
    const { sim, results, pull } = world([100], { latency: 40 * NS_PER_MS });
    pull(0, 0, image("a", 50, 50));
    sim.runUntil(100 * S);
    expect(results).toEqual({ a: { at: 1.04 } });
  });

  it("that goes down cuts the open bodies, refuses after a latency, and serves again once it is up", () => {
    const { sim, registry, results, pull } = world([10], { latency: 500 * NS_PER_MS });
    pull(0, 0, image("cut", 100));
    pull(3, 0, image("refused", 10));
    pull(7, 0, image("served", 10));
    sim.scheduleAt(2 * S, () => registry.down(), undefined);
    sim.scheduleAt(7 * S, () => registry.up(), undefined);
    sim.runUntil(100 * S);
    expect(Object.fromEntries(Object.entries(results).map(([name, { at }]) => [name, at]))).toEqual({
      cut: 2,
      refused: 3.5,
      // The registry comes up after the request of the same instant was made.
      served: 7.5,
    });
    expect(results.served.error).toContain("unreachable");
  });

  it("fails the attempts that it is told to fail, as late as it is told", () => {
    const failure: FailAttempt = ({ name }, attempt) =>
      attempt === 1 ? { error: `${name}: 404`, after: name === "late" ? 9 * S : undefined } : undefined;
    const { sim, results, pull } = world([10], { latency: S }, undefined, failure);
    pull(0, 0, image("late", 10));
    pull(0, 0, image("soon", 10));
    pull(20, 0, image("soon", 10), "soon again");
    pull(0, 0, { name: "known", layers: [], pullDuration: () => 4 * S });
    sim.runUntil(100 * S);
    expect(results).toEqual({
      late: { at: 9, error: "late: 404" },
      soon: { at: 1, error: "soon: 404" },
      "soon again": { at: 22 },
      known: { at: 4, error: "known: 404" },
    });
  });

  it("slows down and recovers with its bandwidth", () => {
    const { sim, registry, results, pull } = world([100], { bandwidth: 10 * MB });
    pull(0, 0, image("a", 100));
    sim.scheduleAt(5 * S, () => registry.change({ bandwidth: 1 * MB, perConnection: Infinity, latency: 0 }), undefined);
    sim.scheduleAt(
      15 * S,
      () => registry.change({ bandwidth: 20 * MB, perConnection: Infinity, latency: 0 }),
      undefined,
    );
    sim.runUntil(100 * S);
    // 50 + 10 by 15 s, then 40 at 20.
    expect(results).toEqual({ a: { at: 17 } });
  });
});

describe("a disk", () => {
  it("is shared by the images being unpacked, none faster than one unpacker", () => {
    const { sim, results, pull } = world([Infinity], {}, { write: 150 * MB, unpack: 100 * MB });
    pull(0, 0, image("a", 300));
    pull(0, 0, image("b", 75));
    sim.runUntil(100 * S);
    // 75 each: b ends at 1 s; a has 225 left and goes on at 100.
    expect(results).toEqual({ a: { at: 3.25 }, b: { at: 1 } });
  });
});
