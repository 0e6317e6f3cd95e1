import { describe, expect, it } from "vitest";
import { evictionRules } from "./defaults.ts";
import { localStorageEvictions } from "./local-storage.ts";
import type { ManagedPod } from "./pod.ts";
import { GI, memoryPod } from "./testing/world.ts";

function pod(more: Partial<ManagedPod>): ManagedPod {
  return memoryPod("p", 0, more);
}

function limits(pods: ManagedPod[], imageFs = false): string[] {
  return localStorageEvictions(pods, { imageFs }, evictionRules()).map(({ signal }) => signal);
}

/** A pod whose one emptyDir holds so much. */
function holding(bytes: number, sizeLimitBytes: number, medium = ""): ManagedPod {
  return pod({
    volumes: [{ name: "v", source: "emptyDir", medium, sizeLimitBytes }],
    stats: { containers: [], volumes: [{ name: "v", bytes }] },
  });
}

/** A pod of one container with a limit of 1 GiB. */
function layered(layer: number, logs: number, kind: "regular" | "init" = "regular"): ManagedPod {
  return pod({
    containers: [{ name: "app", kind, limits: { ephemeralStorageBytes: GI } }],
    stats: { containers: [{ name: "app", writableLayer: { bytes: layer }, logs: { bytes: logs } }], volumes: [] },
  });
}

describe("limits of local storage", () => {
  it("evict over the sizeLimit of an emptyDir of any medium, not at it, and not over a limit of zero", () => {
    expect(limits([holding(GI + 1, GI)])).toEqual(["emptydirfs.limit"]);
    expect(limits([holding(GI + 1, GI, "Memory")])).toEqual(["emptydirfs.limit"]);
    expect(limits([holding(GI, GI), holding(GI, 0)])).toEqual([]);
  });

  it("evict over the pod's limit whatever the layout, since the summary's total has the writable layers", () => {
    const over = pod({
      limits: { ephemeralStorageBytes: GI },
      stats: { ephemeralStorageBytes: GI + 1, containers: [], volumes: [] },
    });
    expect(limits([over])).toEqual(["ephemeralpodfs.limit"]);
    expect(limits([over], true)).toEqual(["ephemeralpodfs.limit"]);
  });

  it("count a writable layer against its container's limit only where it lies on the kubelet's disk", () => {
    expect(limits([layered(GI, 1)])).toEqual(["ephemeralcontainerfs.limit"]);
    expect(limits([layered(GI, 1)], true)).toEqual([]);
    expect(limits([layered(0, GI + 1)], true)).toEqual(["ephemeralcontainerfs.limit"]);
  });

  it("evict with the grace of a hard threshold: 1 s, and none before v1.29", () => {
    const grace = (version: string) =>
      localStorageEvictions([holding(GI + 1, GI)], { imageFs: false }, evictionRules(version))[0].graceSeconds;
    expect([grace("1.34"), grace("1.29"), grace("1.28")]).toEqual([1, 1, 0]);
  });

  it("do not look at init containers, pods without stats and critical pods, and still check the pods after them", () => {
    const over = layered(GI, 1);
    const pods = [layered(GI, 1, "init"), { ...over, stats: undefined }, { ...over, isStatic: true }, over];
    expect(limits(pods)).toEqual(["ephemeralcontainerfs.limit"]);
  });
});
