import { describe, expect, it } from "vitest";
import { measuredParts, nodeReclaims, withContainerFsThresholds } from "./layout.ts";
import { GI, line } from "./testing/world.ts";
import { thresholdsMet } from "./threshold.ts";

const SINGLE = { imageFs: false, split: false };
const IMAGES = { imageFs: true, split: false };
const SPLIT = { imageFs: true, split: true };

describe("node-level reclaim", () => {
  it.each([
    [SINGLE, ["containers", "images"], ["containers", "images"], ["containers", "images"]],
    [IMAGES, [], ["containers", "images"], ["containers", "images"]],
    [SPLIT, ["containers"], ["images"], ["containers"]],
  ])("on %o cleans up what frees the file system under pressure", (layout, nodefs, imagefs, containerfs) => {
    expect(nodeReclaims("nodefs.available", layout)).toEqual(nodefs);
    expect(nodeReclaims("imagefs.inodesFree", layout)).toEqual(imagefs);
    expect(nodeReclaims("containerfs.available", layout)).toEqual(containerfs);
  });

  it("has nothing to clean up for memory and processes", () => {
    expect(nodeReclaims("memory.available", SINGLE)).toEqual([]);
    expect(nodeReclaims("pid.available", SINGLE)).toEqual([]);
  });
});

describe("the parts that rank a pod", () => {
  it("are those on the disk under pressure; on a disk of images alone nothing of a pod", () => {
    expect(measuredParts("nodefs.available", SINGLE)).toContain("writableLayers");
    expect(measuredParts("nodefs.available", IMAGES)).toEqual(["logs", "localVolumes"]);
    expect(measuredParts("containerfs.available", IMAGES)).toEqual(["writableLayers", "images"]);
    expect(measuredParts("containerfs.inodesFree", SPLIT)).toEqual(["logs", "localVolumes", "writableLayers"]);
    expect(measuredParts("imagefs.available", SPLIT)).toEqual(["images"]);
  });
});

describe("containerfs thresholds", () => {
  it("copy nodefs on a single disk and on a split one, imagefs on a second disk, grace and reclaim included", () => {
    const thresholds = [
      line("nodefs.available", GI, { minReclaim: 5 }),
      line("imagefs.available", 2 * GI, { graceSeconds: 30 }),
    ];
    const derived = (layout: typeof SINGLE) =>
      withContainerFsThresholds(thresholds, layout).thresholds.filter(
        ({ signal, operator }) => signal.startsWith("containerfs") && operator !== "none",
      );
    expect(derived(SINGLE)).toEqual([{ ...thresholds[0], signal: "containerfs.available" }]);
    expect(derived(SPLIT)).toEqual(derived(SINGLE));
    expect(derived(IMAGES)).toEqual([{ ...thresholds[1], signal: "containerfs.available" }]);
  });

  it("replace the user's own, which is worth a warning", () => {
    const own = line("containerfs.available", 7 * GI);
    const { thresholds, overridden } = withContainerFsThresholds([own, line("nodefs.available", GI)], SINGLE);
    expect(overridden).toBe(true);
    expect(thresholds[0]).toEqual(line("containerfs.available", GI));
    expect(withContainerFsThresholds([], SINGLE).overridden).toBe(false);
  });

  it("are placeholders that nothing meets where there is no original", () => {
    const { thresholds } = withContainerFsThresholds([], SINGLE);
    expect(thresholds).toHaveLength(4);
    const empty = { available: -1, capacity: 0 };
    const observations = { "containerfs.available": empty, "containerfs.inodesFree": empty };
    expect(thresholdsMet(thresholds, observations, true)).toEqual([]);
  });
});
