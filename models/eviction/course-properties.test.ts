import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Pod } from "../cluster/pod.ts";
import type { EvictionModel } from "./compose-eviction.ts";
import { memory, stage, testNode, testPod, type Stage, type TestPod } from "./testing/stage.ts";
import { GI, MI, SECOND } from "./testing/world.ts";

const RUN_SECONDS = 200;

/** Pods that leak, jump, crash and write, on a node of 4 GiB. */
const somePods = fc.array(
  fc.record({
    priority: fc.constantFrom(0, 0, 100),
    request: fc.constantFrom(0, 256 * MI, 1 * GI),
    limit: fc.constantFrom(0, 0, 1 * GI),
    initial: fc.integer({ min: 0, max: 900 * MI }),
    rate: fc.integer({ min: -20 * MI, max: 60 * MI }),
    after: fc.integer({ min: 0, max: 60 }),
    jump: fc.integer({ min: 0, max: 2 * GI }),
    jumpAt: fc.integer({ min: 0, max: 150 }),
    tmpfs: fc.constantFrom(0, 3_000_001, 40 * MI),
    disk: fc.constantFrom(0, 100_000_007),
    isStatic: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 1, maxLength: 7 },
);

const someSettings = fc.record({
  soft: fc.boolean(),
  transition: fc.integer({ min: 5, max: 40 }),
  reclaim: fc.constantFrom("0", "500Mi"),
});

type Pods = typeof somePods extends fc.Arbitrary<infer T> ? T : never;
type Settings = typeof someSettings extends fc.Arbitrary<infer T> ? T : never;

function play(pods: Pods, { soft, transition, reclaim }: Settings, onEvict?: Parameters<typeof stage>[3]): Stage {
  const kubelet = {
    evictionHard: { "memory.available": "200Mi", "nodefs.available": "10%" },
    evictionMinimumReclaim: { "memory.available": reclaim },
    evictionPressureTransitionPeriod: transition * SECOND,
    ...(soft
      ? { evictionSoft: { "memory.available": "1Gi" }, evictionSoftGracePeriod: { "memory.available": "15s" } }
      : {}),
  };
  const node = testNode(
    "worker",
    { capacity: { cpu: 4, memory: 4 * GI, pods: 110 }, disk: { nodefs: { size: 20 * GI }, imagefs: "nodefs" } },
    kubelet,
  );
  const workloads = pods.map((pod, i) => {
    const given: TestPod = {
      name: `p${i}`,
      isStatic: pod.isStatic,
      requests: { memory: pod.limit === 0 ? pod.request : Math.min(pod.request, pod.limit) },
      limits: pod.limit === 0 ? {} : { memory: pod.limit },
      memory: memory(pod.initial, {
        ramps: pod.rate === 0 ? [] : [{ after: pod.after * SECOND, rate: pod.rate }],
        steps: [{ after: pod.jumpAt * SECOND, to: pod.jump }],
      }),
      volumes: [{ name: "shm", source: "emptyDir", medium: "Memory" }],
      disk: [
        ...(pod.tmpfs === 0 ? [] : [{ to: "shm", after: 0, rate: pod.tmpfs, files: 0 }]),
        ...(pod.disk === 0 ? [] : [{ to: "rootfs", after: 0, rate: pod.disk, files: 0 }]),
      ],
      spec: { priority: pod.priority },
    };
    return testPod("worker", given);
  });
  return stage([node], workloads, RUN_SECONDS + 100, onEvict);
}

describe("whatever pods do", () => {
  it("the accounts of memory balance at every event, to the last fraction of a byte", () => {
    // The stage checks that after each event, and throws.
    fc.assert(
      fc.property(somePods, someSettings, (pods, settings) => {
        const world = play(pods, settings);
        world.run(RUN_SECONDS);
        for (const pod of world.cluster.pods) world.cluster.deletePod(pod);
        world.run(RUN_SECONDS + 60);
        expect(world.model.memoryAvailable(world.node("worker"))).toBe(4 * GI);
      }),
      { numRuns: 60 },
    );
  });

  it("no pod is evicted for memory while another ranks before it, and none that is static", () => {
    let evictions = 0;
    const check = (victim: Pod, message: string, model: EvictionModel) => {
      expect(victim.isStatic).toBe(false);
      if (!message.startsWith("node low on memory")) return;
      evictions++;
      for (const rival of victim.node.pods) {
        if (!rival.isStatic) expect(order(victim, rival, model)).toBeLessThanOrEqual(0);
      }
    };
    fc.assert(
      fc.property(somePods, someSettings, (pods, settings) => play(pods, settings, check).run(RUN_SECONDS)),
      { numRuns: 60 },
    );
    expect(evictions).toBeGreaterThan(20);
  });

  it("a condition lasts at least its transition period", () => {
    let ended = 0;
    fc.assert(
      fc.property(somePods, someSettings, (pods, settings) => {
        const world = play(pods, settings);
        const since = new Map<string, number>();
        world.simulation.invariant("conditions do not flap", () => {
          const conditions = world.model.conditionsOf(world.node("worker"));
          for (const condition of ["MemoryPressure", "DiskPressure"] as const) {
            const begun = since.get(condition);
            if (conditions.includes(condition)) since.set(condition, begun ?? world.simulation.now);
            else if (begun !== undefined) {
              ended++;
              since.delete(condition);
              if (world.simulation.now - begun < settings.transition * SECOND) return `${condition} since ${begun}`;
            }
          }
          return undefined;
        });
        world.run(RUN_SECONDS);
      }),
      { numRuns: 60 },
    );
    expect(ended).toBeGreaterThan(20);
  });
});

/** The ranking for memory, written down anew: above request, then lower priority, then the larger excess. */
function order(a: Pod, b: Pod, model: EvictionModel): number {
  const key = (pod: Pod) => {
    const used = model.workingSetOf(pod);
    const request = pod.spec.containers[0].resources.requests.memory ?? 0;
    return used === undefined ? undefined : [used > request ? 0 : 1, pod.priority, request - used];
  };
  const [left, right] = [key(a), key(b)];
  if (left === undefined || right === undefined) return 0;
  const i = left.findIndex((value, k) => value !== right[k]);
  return i < 0 ? 0 : left[i] - right[i];
}
