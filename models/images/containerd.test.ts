import { describe, expect, it } from "vitest";
import { NS_PER_SECOND as S, type Ns } from "../../engine/time.ts";
import { Simulation } from "../../engine/simulation.ts";
import { Containerd, type BlobSource, type PullResult, type Unpacker } from "./containerd.ts";
import { ImageStore, imageSize, type Image } from "./image-store.ts";
import { ChainIds, NO_CHAIN, ProgressWatch, progressCheckPeriod, sequentialUnpack } from "./layers.ts";

/** Layers in MB, as `digest:size:unpacked`. */
function image(name: string, ...layers: string[]): Image {
  return {
    name,
    layers: layers.map((layer) => {
      const [digest, size, unpacked] = layer.split(":");
      return { digest, sizeBytes: Number(size), unpackedBytes: Number(unpacked ?? 0) };
    }),
  };
}

interface World {
  sim: Simulation;
  store: ImageStore;
  runtime: Containerd;
  /** Bodies open at the same time, at most. */
  mostOpen: () => number;
  /** Breaks every open body off. */
  cut: (error: string) => void;
  results: Map<string, PullResult & { at: Ns }>;
  pull: (at: Ns, label: string, image: Image) => void;
}

/** A node whose every body has 1 MB/s of its own and whose every layer is unpacked at 1 MB/s. */
function world(version: string, maxConcurrentDownloads = 3): World {
  const sim = new Simulation();
  const store = new ImageStore(new ChainIds());
  const open = new Set<(error?: string) => void>();
  let most = 0;
  const source: BlobSource = {
    refusal: ({ name }) => (name === "gone" ? { error: "404", after: S } : undefined),
    outage: () => undefined,
    fetch: (bytes, done) => {
      open.add(done);
      most = Math.max(most, open.size);
      const event = sim.schedule(bytes * S, (finish: typeof done) => open.delete(finish) && finish(), done);
      return () => {
        sim.cancel(event);
        open.delete(done);
      };
    },
  };
  const unpacker: Unpacker = {
    unpack: (bytes, done) => {
      const event = sim.schedule(bytes * S, done, undefined);
      return () => void sim.cancel(event);
    },
  };
  const runtime = new Containerd(sim, store, source, unpacker, { version, maxConcurrentDownloads, resolve: 0 });
  const results: World["results"] = new Map();
  return {
    sim,
    store,
    runtime,
    results,
    mostOpen: () => most,
    cut: (error) => {
      for (const done of open) if (open.delete(done)) done(error);
    },
    pull: (at, label, wanted) =>
      void sim.scheduleAt(
        at,
        () => runtime.pull(wanted, (result) => results.set(label, { ...result, at: sim.now })),
        undefined,
      ),
  };
}

function finish({ sim, results }: World, until = 1000): Record<string, number> {
  sim.runUntil(until * S);
  return Object.fromEntries([...results].map(([label, { at }]) => [label, at / S]));
}

describe("a pull of layers", () => {
  it("overlaps the downloads of later layers with the unpacking of earlier ones", () => {
    const node = world("2.1");
    node.pull(0, "a", image("a", "x:2:4", "y:3:1", "z:10:1"));
    // x: down 2, unpacked 2..6; y: down 3, unpacked 6..7; z: down 10, unpacked 10..11.
    expect(finish(node)).toEqual({ a: 11 });
    expect(sequentialUnpack([2, 3, 10], [4, 1, 1])).toEqual([
      [2, 6],
      [6, 7],
      [10, 11],
    ]);
  });

  it("fetches nothing for layers that are unpacked, and no blob twice", () => {
    const node = world("2.1");
    node.store.preload(image("base", "x:100:100"));
    node.pull(0, "a", image("a", "x:100:100", "y:2:1"));
    expect(finish(node)).toEqual({ a: 3 });
    expect(node.results.get("a")).toMatchObject({ kind: "pulled", downloadedBytes: 2, sizeBytes: 102 });
  });

  it("unpacks a layer again on another base, without downloading it again", () => {
    const node = world("2.1");
    node.store.preload(image("old", "b1:1:1", "x:50:5"));
    node.pull(0, "a", image("a", "b2:1:1", "x:50:5"));
    // b2: down 1, unpacked 1..2; x is in the content store: unpacked 2..7.
    expect(finish(node)).toEqual({ a: 7 });
  });

  it("waits for another pull's base before it fetches a byte of its own", () => {
    const node = world("2.1");
    node.pull(0, "a", image("a", "base:4:6", "p:1:1"));
    node.pull(1, "b", image("b", "base:4:6", "q:5:1"));
    // The base is committed at 10; a goes on with p (11), b asks for q only then: down 15, unpacked 16.
    expect(finish(node)).toEqual({ a: 11, b: 16 });
    expect(node.results.get("b")).toMatchObject({ downloadedBytes: 5 });
  });

  it("costs only the resolving when everything is there", () => {
    const node = world("2.1");
    node.store.preload(image("a", "x:9:9"));
    node.pull(5 * S, "again", image("a", "x:9:9"));
    expect(finish(node)).toEqual({ again: 5 });
  });
});

function twoPulls(version: string): World {
  const node = world(version, 2);
  node.pull(0, "a", image("a", "a1:4", "a2:4", "a3:4"));
  node.pull(0, "b", image("b", "b1:4", "b2:4", "b3:4"));
  return node;
}

describe("the limit of concurrent downloads", () => {
  it("is each pull's own up to containerd 2.0", () => {
    const node = twoPulls("2.0");
    expect(finish(node)).toEqual({ a: 8, b: 8 });
    expect(node.mostOpen()).toBe(4);
  });

  it("is the node's from 2.1 on, first come, first served", () => {
    const node = twoPulls("2.1");
    // Two at a time in the order a1 a2 a3 b1 b2 b3: a ends at 8, b at 12.
    expect(finish(node)).toEqual({ a: 8, b: 12 });
    expect(node.mostOpen()).toBe(2);
  });
});

describe("a pull that fails", () => {
  it("hands its locks to those who wait, and they fetch what it did not bring", () => {
    for (const version of ["2.0", "2.1"]) {
      const node = world(version, 1);
      node.pull(0, "a", image("a", "x:2:3", "y:9:1"));
      node.pull(1 * S, "b", image("b", "x:2:3", "y:9:1"));
      node.sim.scheduleAt(4 * S, () => node.cut("reset"), undefined);
      // x arrives at 2 and is being unpacked when y breaks off at 4; b unpacks x again, 4..7, and fetches y, 4..13.
      expect(finish(node)).toEqual({ a: 4, b: 14 });
      expect(node.results.get("a")).toMatchObject({ kind: "failed", error: "reset", downloadedBytes: 2 });
    }
  });

  it("takes as long as the registry takes to refuse", () => {
    const node = world("2.1");
    node.pull(0, "gone", image("gone", "x:1"));
    expect(finish(node)).toEqual({ gone: 1 });
    expect(node.store.hasImage("gone")).toBe(false);
  });
});

describe("the image store", () => {
  it("frees on removal only what no other image and no pull needs", () => {
    const store = new ImageStore(new ChainIds());
    const [a, b] = [image("a", "base:10:20", "p:1:2"), image("b", "base:10:20", "q:3:4")];
    store.preload(a);
    store.preload(b);
    expect(store.usedBytes).toBe(10 + 20 + 1 + 2 + 3 + 4);
    expect(store.remove("a")).toBe(3);
    const lease = { image: b };
    store.hold(lease);
    expect(store.remove("b")).toBe(0);
    store.drop(lease);
    store.preload(a);
    // With the lease gone, what b left goes with the next removal.
    expect(store.remove("a")).toBe(40);
    expect(store.usedBytes).toBe(0);
    expect(imageSize(image("twice", "x:5:9", "x:5:9"))).toBe(5);
  });
});

describe("chain IDs", () => {
  it("tell a layer on one base from the same layer on another", () => {
    const chains = new ChainIds();
    const base = chains.of(NO_CHAIN, "base");
    expect(chains.of(base, "x")).toBe(chains.of(base, "x"));
    expect(new Set([base, chains.of(base, "x"), chains.of(NO_CHAIN, "x")]).size).toBe(3);
  });
});

describe("the progress timeout", () => {
  it("cancels at the first check that is strictly more than the timeout after the last progress", () => {
    const watch = new ProgressWatch(0, 300 * S);
    const stuckAt: number[] = [];
    for (let now = 10; now <= 420; now += 10) {
      // Bytes stop at 95 s: the check at 100 s still finds new ones, the one at 400 s is exactly 300 s later.
      if (watch.isStuck(now * S, 1, Math.min(now, 95))) stuckAt.push(now);
    }
    expect(stuckAt).toEqual([410, 420]);
  });

  it("does not run while no request is open", () => {
    const watch = new ProgressWatch(0, 20 * S);
    expect(watch.isStuck(30 * S, 0, 0)).toBe(false);
    expect(watch.isStuck(50 * S, 1, 0)).toBe(false);
    expect(watch.isStuck(50 * S + 1, 1, 0)).toBe(true);
  });

  it("is looked at every 10 s, or at half of a shorter timeout", () => {
    expect([progressCheckPeriod(300 * S), progressCheckPeriod(4 * S)]).toEqual([10 * S, 2 * S]);
  });
});
