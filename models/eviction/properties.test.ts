import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ManagedPod } from "./pod.ts";
import { isCritical } from "./pod.ts";
import { afterReclaim, initialState, synchronize, type PassInputs } from "./synchronize.ts";
import { GI, line, manager, SECOND } from "./testing/world.ts";

const LAYOUTS = [
  { imageFs: false, split: false },
  { imageFs: true, split: false },
  { imageFs: true, split: true },
];

interface DrawnPod {
  priority: number | undefined;
  isStatic: boolean;
  request: number;
  used: number;
  layer: number;
  processes: number;
  hasStats: boolean;
}

const podArbitrary: fc.Arbitrary<DrawnPod> = fc.record({
  priority: fc.constantFrom(undefined, -1, 0, 1, 2_000_000_000),
  isStatic: fc.boolean(),
  request: fc.nat(4),
  used: fc.nat(4),
  layer: fc.nat(4),
  processes: fc.nat(4),
  hasStats: fc.boolean(),
});

function pods(drawn: readonly DrawnPod[]): ManagedPod[] {
  return drawn.map((given, i) => ({
    name: `pod-${i}`,
    priority: given.priority,
    isStatic: given.isStatic,
    requests: { memoryBytes: given.request, ephemeralStorageBytes: given.request },
    limits: {},
    containers: [],
    volumes: [],
    stats: given.hasStats
      ? {
          memoryWorkingSetBytes: given.used,
          processes: given.processes,
          containers: [{ name: "app", writableLayer: { bytes: given.layer, inodes: given.layer }, logs: {} }],
          volumes: [],
        }
      : undefined,
  }));
}

/** What pod `a` must not exceed `b` in, most significant first, written down anew from the table of the README. */
function key(pod: ManagedPod, signal: string, countsLayer: boolean): number[] {
  const { stats } = pod;
  const priority = pod.priority ?? 0;
  const unknown = stats === undefined ? 0 : 1;
  if (signal === "pid.available") return [priority, unknown, -(stats?.processes ?? 0)];
  const layer = countsLayer ? (stats?.containers[0].writableLayer?.bytes ?? 0) : 0;
  const used = signal === "memory.available" ? (stats?.memoryWorkingSetBytes ?? 0) : layer;
  const request = pod.requests.memoryBytes ?? 0;
  const exceeds = signal.endsWith("inodesFree") ? used > 0 : used > request;
  return [unknown, unknown === 1 && exceeds ? 0 : 1, priority, unknown === 1 ? request - used : 0];
}

function before(a: number[], b: number[]): boolean {
  const i = a.findIndex((value, at) => value !== b[at]);
  return i >= 0 && a[i] < b[i];
}

describe("for any pods, layout and signal", () => {
  const signals = [
    "memory.available",
    "pid.available",
    "nodefs.available",
    "imagefs.available",
    "nodefs.inodesFree",
  ] as const;

  it("no pod is evicted while another that may be evicted ranks before it", () => {
    fc.assert(
      fc.property(
        fc.array(podArbitrary, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(...signals),
        fc.constantFrom(...LAYOUTS),
        (drawn, signal, layout) => {
          const config = manager([line(signal, 10)]);
          const inputs = {
            now: 0,
            layout,
            pods: pods(drawn),
            observations: { [signal]: { available: 0, capacity: 100 } },
          };
          const { state, decision } = synchronize(config, initialState(config), inputs);
          const { outcome } = decision;
          const end =
            outcome.kind === "reclaim" ? afterReclaim(config, state, outcome.pending, inputs.observations) : outcome;
          const candidates = inputs.pods.filter((pod) => !isCritical(pod));
          if (end.kind !== "evict") {
            expect(candidates).toEqual([]);
            return;
          }
          expect(end.evictions).toHaveLength(1);
          // Writable layers lie with the images on a second disk, unless that holds images alone.
          const isImages = signal.startsWith("imagefs");
          const countsLayer = !layout.imageFs || (layout.split ? !isImages : isImages);
          const victim = inputs.pods.find(({ name }) => name === end.evictions[0].pod) as ManagedPod;
          expect(isCritical(victim)).toBe(false);
          const least = key(victim, signal, countsLayer);
          for (const pod of candidates) expect(before(key(pod, signal, countsLayer), least)).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("for any course of available memory", () => {
  it("a condition that was raised stays for the transition period at least, and is true in every pass below the line", () => {
    const step = fc.record({ afterSeconds: fc.integer({ min: 1, max: 200 }), available: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 400 }), (steps, periodSeconds) => {
        const soft = line("memory.available", 2 * GI, { graceSeconds: 60 });
        const config = manager([line("memory.available", GI), soft], {
          pressureTransitionPeriod: periodSeconds * SECOND,
        });
        let state = initialState(config);
        let now = 0;
        let lastBelow = -Infinity;
        for (const { afterSeconds, available } of steps) {
          now += afterSeconds * SECOND;
          const observations = { "memory.available": { available: available * GI, capacity: 4 * GI, at: now } };
          const inputs: PassInputs = { now, layout: LAYOUTS[0], pods: [], observations };
          state = synchronize(config, state, inputs).state;
          if (available < 2) lastBelow = now;
          expect(state.conditions).toEqual(now - lastBelow < periodSeconds * SECOND ? ["MemoryPressure"] : []);
        }
      }),
      { numRuns: 200 },
    );
  });
});
