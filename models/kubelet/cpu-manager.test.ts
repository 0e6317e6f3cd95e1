import { describe, expect, it } from "vitest";
import type { PodSpec } from "../cluster/schema.ts";
import { StaticCpuManager, exclusiveCpus, reservedCpus } from "./cpu-manager.ts";

const pod = (cpu: number, limit = cpu): PodSpec => ({
  containers: [{ name: "app", resources: { requests: { cpu, memory: 1 }, limits: { cpu: limit, memory: 1 } } }],
  restartPolicy: "Always",
  terminationGracePeriodSeconds: 30,
  tolerations: [],
});

describe("the static CPU manager", () => {
  it("owes exclusive CPUs to whole-numbered requests of Guaranteed pods alone", () => {
    const owed = (spec: PodSpec) => exclusiveCpus(spec, spec.containers[0]);
    expect(owed(pod(2000))).toBe(2);
    expect(owed(pod(1500))).toBe(0);
    expect(owed(pod(2000, 3000))).toBe(0);
  });

  it("gives the lowest free CPUs that are not reserved, and shares the rest with the reserved ones", () => {
    const manager = new StaticCpuManager(6, [0]);
    expect(manager.take("a/app", 2)).toEqual([1, 2]);
    expect(manager.take("b/app", 2)).toEqual([3, 4]);
    expect(manager.shared).toEqual([0, 5]);
    expect(manager.take("c/app", 2)).toBeUndefined();
    manager.release("a/app");
    expect(manager.take("c/app", 2)).toEqual([1, 2]);
  });

  it("reserves the CPUs named, or as many whole ones as are held back", () => {
    expect(reservedCpus([3], 2500)).toEqual([3]);
    expect(reservedCpus(undefined, 1500)).toEqual([0, 1]);
    expect(reservedCpus(undefined, 0)).toEqual([]);
  });
});
