import { describe, expect, it } from "vitest";
import { NS_PER_SECOND as S } from "../../engine/time.ts";
import { defaultImageConfig, refuseImageConfig, type ImageFields } from "./puller-config.ts";

function refused(given: ImageFields, minor = 34, gate?: boolean): string[] {
  return refuseImageConfig(defaultImageConfig(given, minor), minor, gate).map(({ field }) => field);
}

function isSerial(maxParallelImagePulls?: number, minor = 34): boolean {
  return defaultImageConfig({ maxParallelImagePulls }, minor).serializeImagePulls;
}

describe("the kubelet's image configuration", () => {
  it("pulls in parallel by default exactly where more than one pull may run, from 1.27 on", () => {
    expect([isSerial(), isSerial(1), isSerial(2), isSerial(2, 26)]).toEqual([true, true, false, true]);
  });

  it("takes a burst and a minimum age of 0 for unset, but keeps a rate of 0", () => {
    expect(defaultImageConfig({ registryBurst: 0, imageMinimumGCAge: 0, registryPullQPS: 0 }, 34)).toMatchObject({
      registryBurst: 10,
      imageMinimumGCAge: 120 * S,
      registryPullQPS: 0,
    });
  });

  it("refuses parallel pulls that are serialised, and limits below 1 in either mode", () => {
    expect(refused({ serializeImagePulls: true, maxParallelImagePulls: 2 })).toEqual(["maxParallelImagePulls"]);
    expect(refused({ serializeImagePulls: true, maxParallelImagePulls: 1 })).toEqual([]);
    expect(refused({ maxParallelImagePulls: 0 })).toEqual(["maxParallelImagePulls"]);
    expect(refused({ maxParallelImagePulls: 1 }, 26)).toEqual(["maxParallelImagePulls"]);
  });

  it("refuses thresholds that are equal, out of order or out of range", () => {
    expect(refused({ imageGCLowThresholdPercent: 85 })).toEqual(["imageGCLowThresholdPercent"]);
    expect(refused({ imageGCHighThresholdPercent: 101 })).toEqual(["imageGCHighThresholdPercent"]);
    expect(refused({ imageGCHighThresholdPercent: 100, imageGCLowThresholdPercent: 99 })).toEqual([]);
    expect(refused({ imageGCHighThresholdPercent: 79 })).toEqual(["imageGCLowThresholdPercent"]);
  });

  it("takes a maximum age above the minimum age only, with its gate on: by default from 1.30", () => {
    const age = { imageMaximumGCAge: 121 * S };
    expect([refused(age, 34), refused(age, 30), refused(age, 29, true)]).toEqual([[], [], []]);
    expect([refused(age, 28), refused(age, 29), refused(age, 34, false)]).toEqual([
      ["imageMaximumGCAge"],
      ["imageMaximumGCAge"],
      ["imageMaximumGCAge"],
    ]);
    expect(refused({ imageMaximumGCAge: 120 * S })).toEqual(["imageMaximumGCAge"]);
    expect(refused({ imageMaximumGCAge: -1 })).toEqual(["imageMaximumGCAge"]);
    expect(refused({ imageMinimumGCAge: -1 })).toEqual(["imageMinimumGCAge"]);
  });
});
