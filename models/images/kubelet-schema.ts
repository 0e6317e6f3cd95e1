import * as z from "zod";
import { duration, integer } from "../../engine/scenario/fields.ts";
import type { ImageFields } from "./puller-config.ts";

/** The fields of a KubeletConfiguration that this model reads, as given: absent ones have the kubelet's defaults. */
export type GivenImageFields = { [K in keyof ImageFields]?: NonNullable<ImageFields[K]> };

const INT32 = 2 ** 31;
const SOURCE = "kubernetes v1.34 pkg/kubelet/apis/config/v1beta1/defaults.go";

const whole = (description: string, defaultNote: string) =>
  integer({}, -INT32, INT32 - 1)
    .nullable()
    .meta({ description, defaultNote, source: SOURCE })
    .optional();
const age = (description: string, defaultNote: string) =>
  duration({}, { zero: true }).nullable().meta({ description, defaultNote, source: SOURCE }).optional();

/** Their schemas, to be spread into that of the whole configuration. */
export const imageFields = {
  serializeImagePulls: z
    .boolean()
    .nullable()
    .meta({
      description: "pulls one image at a time",
      defaultNote: "true, unless maxParallelImagePulls is above 1",
      source: SOURCE,
    })
    .optional(),
  maxParallelImagePulls: whole("images pulled at a time, where pulls are not serial", "no limit"),
  registryPullQPS: whole("pulls begun a second; 0: no limit", "5"),
  registryBurst: whole("pulls that may begin at once", "10"),
  imageGCHighThresholdPercent: whole("usage of the image file system from which images are collected", "85"),
  imageGCLowThresholdPercent: whole("usage down to which images are collected", "80"),
  imageMinimumGCAge: age("how long an image must have been known before it goes for space", "2m"),
  imageMaximumGCAge: age("how long an image may be unused; 0: for ever", "0"),
  nodeStatusMaxImages: whole("images that the node's status lists; it has no effect here", "50"),
};
