import { describe, expect, it } from "vitest";
import { evictionRules } from "./defaults.ts";
import type { ManagedPod } from "./pod.ts";
import type { Observations } from "./signals.ts";
import {
  afterReclaim,
  initialState,
  synchronize,
  type EvictionManagerConfig,
  type EvictionState,
  type PassDecision,
} from "./synchronize.ts";
import { GI, line, manager, memoryPod, MI, SECOND } from "./testing/world.ts";

const SINGLE_DISK = { imageFs: false, split: false };

/** A manager that is asked pass by pass; every sample is new. */
class Passes {
  readonly config: EvictionManagerConfig;
  state: EvictionState;
  pods: ManagedPod[] = [memoryPod("small", 10 * MI), memoryPod("large", 900 * MI)];
  layout: { imageFs: boolean; split?: boolean } | undefined = SINGLE_DISK;

  constructor(config: EvictionManagerConfig) {
    this.config = config;
    this.state = initialState(config);
  }

  at(seconds: number, observations: Observations | undefined): PassDecision {
    const inputs = { now: seconds * SECOND, layout: this.layout, pods: this.pods, observations };
    const { state, decision } = synchronize(this.config, this.state, inputs);
    this.state = state;
    return decision;
  }

  memory(seconds: number, available: number): PassDecision {
    return this.at(seconds, { "memory.available": { available, capacity: 16 * GI, at: seconds * SECOND } });
  }
}

function evicted(decision: PassDecision): string[] {
  return decision.outcome.kind === "evict" ? decision.outcome.evictions.map(({ pod }) => pod) : [];
}

/** A first pass that stops for node-level reclaim. */
function stopped(passes: Passes, observations: Observations) {
  const { outcome } = passes.at(0, observations);
  if (outcome.kind !== "reclaim") throw new Error(`the pass did not stop for reclaim but gave ${outcome.kind}`);
  return outcome;
}

describe("a pass under memory pressure", () => {
  it("evicts over a hard threshold at once, the largest excess first, with 1 s of grace and an event on the node", () => {
    const passes = new Passes(manager([line("memory.available", 100 * MI)]));
    expect(passes.memory(0, 140 * MI).outcome).toEqual({ kind: "nothing" });
    const decision = passes.memory(10, 90 * MI);
    expect(evicted(decision)).toEqual(["large"]);
    expect(decision.starved).toBe("memory");
    expect(decision.outcome).toMatchObject({
      evictions: [
        {
          signal: "memory.available",
          graceSeconds: 1,
          message: "node low on memory; threshold 100Mi, available 90Mi; container large uses 900Mi, requests 0",
          annotations: {
            offending_containers: "large",
            offending_containers_usage: "900Mi",
            starved_resource: "memory",
          },
          condition: { type: "DisruptionTarget" },
        },
      ],
    });
  });

  it("does not meet a threshold at exactly its line", () => {
    const passes = new Passes(manager([line("memory.available", 100 * MI)]));
    expect(passes.memory(0, 100 * MI).outcome.kind).toBe("nothing");
    expect(passes.state.conditions).toEqual([]);
  });

  it("reports the condition from the first pass below a soft threshold, and evicts when the grace period is over", () => {
    const passes = new Passes(
      manager([line("memory.available", GI, { graceSeconds: 30 })], { maxPodGracePeriodSeconds: 60 }),
    );
    expect(evicted(passes.memory(0, 900 * MI))).toEqual([]);
    expect(passes.state.conditions).toEqual(["MemoryPressure"]);
    expect(evicted(passes.memory(20, 900 * MI))).toEqual([]);
    expect(evicted(passes.memory(30, 900 * MI))).toEqual(["large"]);
  });

  it("gives a soft eviction no more than the pod's own grace, and all of the maximum to a pod that has none", () => {
    const grace = (terminationGracePeriodSeconds?: number) => {
      const passes = new Passes(
        manager([line("memory.available", GI, { graceSeconds: 0.001 })], { maxPodGracePeriodSeconds: 60 }),
      );
      passes.pods = [memoryPod("p", 900 * MI, { terminationGracePeriodSeconds })];
      passes.memory(0, 900 * MI);
      const { outcome } = passes.memory(10, 900 * MI);
      return outcome.kind === "evict" ? outcome.evictions[0].graceSeconds : undefined;
    };
    expect([grace(30), grace(0), grace(90), grace()]).toEqual([30, 0, 60, 60]);
  });

  it("gives the whole of evictionMaxPodGracePeriod before v1.32", () => {
    const rules = evictionRules("1.31");
    const config = manager([line("memory.available", GI, { graceSeconds: 0.001 })], {
      maxPodGracePeriodSeconds: 60,
      rules,
    });
    const passes = new Passes(config);
    passes.memory(0, 900 * MI);
    expect(passes.memory(10, 900 * MI).outcome).toMatchObject({ evictions: [{ graceSeconds: 60 }] });
  });

  it("restarts the grace period after one pass above a soft threshold", () => {
    const passes = new Passes(manager([line("memory.available", GI, { graceSeconds: 30 })]));
    passes.memory(0, 900 * MI);
    passes.memory(10, 1100 * MI);
    passes.memory(20, 900 * MI);
    expect(evicted(passes.memory(40, 900 * MI))).toEqual([]);
    expect(evicted(passes.memory(50, 900 * MI))).toEqual(["large"]);
  });

  it("goes on evicting above the threshold until the minimum reclaim is available: 1Gi + 500Mi = 1524Mi", () => {
    const passes = new Passes(manager([line("memory.available", GI, { minReclaim: 500 * MI })]));
    expect(evicted(passes.memory(0, 1200 * MI))).toEqual([]);
    expect(evicted(passes.memory(10, 1000 * MI))).toEqual(["large"]);
    expect(evicted(passes.memory(20, 1524 * MI - 1))).toEqual(["large"]);
    expect(evicted(passes.memory(30, 1524 * MI))).toEqual([]);
  });

  it("does not evict twice on one sample, but keeps the condition", () => {
    const passes = new Passes(manager([line("memory.available", GI)]));
    const sample = { "memory.available": { available: 0, capacity: GI, at: 5 } };
    expect(evicted(passes.at(0, sample))).toEqual(["large"]);
    expect(evicted(passes.at(10, sample))).toEqual([]);
    expect(passes.state.conditions).toEqual(["MemoryPressure"]);
  });

  it("keeps the condition for five minutes after the last pass that saw it, and drops it then", () => {
    const passes = new Passes(manager([line("memory.available", GI)]));
    passes.memory(10, 0);
    passes.memory(302.2, 4 * GI);
    expect(passes.state.conditions).toEqual(["MemoryPressure"]);
    passes.memory(310, 4 * GI);
    expect(passes.state.conditions).toEqual([]);
  });

  it("passes over critical pods in the same pass, and evicts nobody if all are critical", () => {
    const passes = new Passes(manager([line("memory.available", GI)]));
    passes.pods = [
      memoryPod("static", 8 * GI, { isStatic: true }),
      memoryPod("system", 4 * GI, { priority: 2_000_000_000 }),
      memoryPod("other", MI, { priority: 1_999_999_999, requests: { memoryBytes: GI } }),
    ];
    expect(evicted(passes.memory(0, 0))).toEqual(["other"]);
    passes.pods.pop();
    expect(passes.memory(10, 0).outcome).toEqual({ kind: "nothing" });
  });

  it("acts upon the hard threshold of two that are ripe, so the soft one's grace does not matter", () => {
    const soft = line("memory.available", 2 * GI, { graceSeconds: 10 });
    const passes = new Passes(manager([soft, line("memory.available", GI)], { maxPodGracePeriodSeconds: 20 }));
    passes.memory(0, 1500 * MI);
    expect(passes.memory(10, 500 * MI).outcome).toMatchObject({ evictions: [{ graceSeconds: 1 }] });
  });

  it("keeps its state and decides nothing when the summary cannot be read", () => {
    const passes = new Passes(manager([line("memory.available", GI)]));
    passes.memory(0, 0);
    const before = passes.state;
    expect(passes.at(10, undefined).outcome).toEqual({ kind: "nothing" });
    expect(passes.state).toEqual(before);
  });

  it("arms memory notifiers in the first pass and then after more than 10 s", () => {
    const passes = new Passes(manager([line("memory.available", GI)]));
    expect([0, 10, 10.5, 20.5, 21].map((at) => passes.memory(at, 2 * GI).rearmsNotifiers)).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });
});

describe("a pass under disk pressure", () => {
  const low: Observations = { "nodefs.available": { available: MI, capacity: GI } };
  const enough: Observations = { "nodefs.available": { available: GI, capacity: GI } };

  it("stops for dead containers and unused images first, and evicts nobody if that is enough", () => {
    const passes = new Passes(manager([line("nodefs.available", 100 * MI)]));
    const { reclaims, pending } = stopped(passes, low);
    expect(reclaims).toEqual(["containers", "images"]);
    expect(afterReclaim(passes.config, passes.state, pending, enough)).toEqual({ kind: "nothing" });
    expect(passes.state.conditions).toEqual(["DiskPressure"]);
  });

  it("evicts after a reclaim that reaches the threshold but not its minimum reclaim, or whose stats cannot be read", () => {
    const passes = new Passes(manager([line("nodefs.available", 100 * MI, { minReclaim: 50 * MI })]));
    const { pending } = stopped(passes, low);
    const short: Observations = { "nodefs.available": { available: 150 * MI - 1, capacity: GI } };
    expect(afterReclaim(passes.config, passes.state, pending, short).kind).toBe("evict");
    expect(afterReclaim(passes.config, passes.state, pending, undefined).kind).toBe("evict");
  });

  it("evicts after a sufficient reclaim while an unrelated soft threshold is below its line", () => {
    const soft = line("memory.available", 2 * GI, { graceSeconds: 600 });
    const passes = new Passes(manager([line("nodefs.available", 100 * MI), soft]));
    const memory = { "memory.available": { available: GI, capacity: 4 * GI } };
    const { pending } = stopped(passes, { ...low, ...memory });
    expect(afterReclaim(passes.config, passes.state, pending, { ...enough, ...memory }).kind).toBe("evict");
  });

  it("waits while memory is ripe", () => {
    const passes = new Passes(manager([line("nodefs.available", 100 * MI), line("memory.available", GI)]));
    const decision = passes.at(0, { ...low, "memory.available": { available: 0, capacity: GI } });
    expect(decision.starved).toBe("memory");
    expect(evicted(decision)).toEqual(["large"]);
    expect(passes.state.conditions).toEqual(["DiskPressure", "MemoryPressure"]);
  });

  it("judges containerfs by the thresholds of its device, from the second pass on", () => {
    const passes = new Passes(manager([line("imagefs.available", 100 * MI)]));
    passes.layout = { imageFs: true, split: false };
    const layers = { "containerfs.available": { available: MI, capacity: GI } };
    expect(passes.at(0, layers).outcome.kind).toBe("nothing");
    expect(passes.at(10, layers).outcome).toMatchObject({ kind: "reclaim", reclaims: ["containers", "images"] });
  });

  it("fails while the image file system is unknown, and looks again in the next pass", () => {
    const passes = new Passes(manager([line("nodefs.available", 100 * MI)]));
    passes.layout = undefined;
    expect(passes.at(0, low).outcome.kind).toBe("error");
    passes.layout = { imageFs: false };
    expect(passes.at(10, low).outcome.kind).toBe("reclaim");
  });

  it("fails once on a split layout without KubeletSeparateDiskGC, and then reports pressure but evicts nobody", () => {
    const passes = new Passes(manager([line("memory.available", GI)], { rules: evictionRules("1.30") }));
    passes.layout = { imageFs: true, split: true };
    expect(passes.memory(0, 0).outcome.kind).toBe("error");
    expect(passes.memory(10, 0).outcome).toEqual({ kind: "nothing" });
    expect(passes.state.conditions).toEqual(["MemoryPressure"]);
  });
});

describe("a pass with limits of local storage", () => {
  it("evicts over them before any threshold, and skips node pressure for this pass", () => {
    const passes = new Passes(manager([line("memory.available", GI)], { localStorageCapacityIsolation: true }));
    const scratch = memoryPod("scratch", 0, {
      volumes: [{ name: "tmp", source: "emptyDir", sizeLimitBytes: GI }],
      stats: { containers: [], volumes: [{ name: "tmp", bytes: GI + 1 }] },
    });
    passes.pods.push(scratch, { ...scratch, name: "second" });
    const decision = passes.memory(0, 0);
    expect(evicted(decision)).toEqual(["scratch", "second"]);
    expect(decision.outcome).toMatchObject({ evictions: [{ signal: "emptydirfs.limit", graceSeconds: 1 }, {}] });
    expect(decision.starved).toBeUndefined();
    expect(passes.state.conditions).toEqual(["MemoryPressure"]);
  });

  it("does nothing at all without thresholds and without isolation", () => {
    const passes = new Passes(manager([]));
    passes.layout = undefined;
    expect(passes.memory(0, 0).outcome).toEqual({ kind: "nothing" });
  });
});
