import * as z from "zod";
import { name, quantity, scalar, shown } from "../../engine/scenario/fields.ts";
import { refusing } from "../../engine/scenario/shape.ts";
import { UnitError } from "../../engine/scenario/units.ts";
import type { Volume, VolumeSource } from "./pod.ts";

export type { Volume } from "./pod.ts";

const medium = scalar<string>(
  (value) => {
    if (value === "" || value === "Memory") return value;
    const hint = String(value).startsWith("HugePages") ? "; no model of this version gives nodes huge pages" : "";
    throw new UnitError(`found ${shown(value)}; allowed: "" (the node's disk) or Memory (a tmpfs)${hint}`);
  },
  { description: '"": a directory on the node\'s disk; Memory: a tmpfs', examples: ["Memory"] },
);

const withoutEffect = (what: string) =>
  z
    .unknown()
    .optional()
    .meta({ description: `${what}; it takes no room here` });

const SOURCES: readonly VolumeSource[] = [
  "emptyDir",
  "hostPath",
  "configMap",
  "secret",
  "downwardAPI",
  "projected",
  "persistentVolumeClaim",
  "image",
];

/** What a pod's volume holds that the node's disk or memory has to bear. */
const volumeSchema = refusing(
  z.strictObject({
    name: name({ description: "the volume's name; behavior's disk writes to it by this name" }),
    emptyDir: z
      .strictObject({
        medium: medium.prefault(""),
        sizeLimit: quantity({
          description: "on disk: more evicts the pod, once it is noticed; of a tmpfs: its size",
        }).optional(),
      })
      .meta({ description: "a directory that lives as long as the pod" })
      .optional(),
    hostPath: z.unknown().optional().meta({ description: "a directory of the node; it outlives the pod" }),
    configMap: withoutEffect("a ConfigMap"),
    secret: withoutEffect("a Secret"),
    downwardAPI: withoutEffect("fields of the pod"),
    projected: withoutEffect("several sources in one"),
    persistentVolumeClaim: withoutEffect("a claim; its storage is not the node's"),
    image: z
      .strictObject({
        reference: z.string().meta({ description: "the image, as containers name theirs" }),
        pullPolicy: z
          .enum(["Always", "IfNotPresent", "Never"])
          .meta({ description: "when it is pulled", defaultNote: "Always for the tag latest, else IfNotPresent" })
          .optional(),
      })
      .meta({ description: "an image, pulled before any container starts" })
      .optional(),
  }),
  Object.fromEntries(
    ["ephemeral", "csi", "gitRepo", "nfs", "iscsi", "fc"].map((source) => [
      source,
      "no model of this version gives it effect; remove it",
    ]),
  ),
).transform((given, context): Volume => {
  const sources = SOURCES.filter((source) => given[source as keyof typeof given] !== undefined);
  if (sources.length !== 1) {
    const found = sources.length === 0 ? "no source" : sources.join(" and ");
    context.addIssue({ code: "custom", message: `found ${found}; allowed: one of ${SOURCES.join(", ")}` });
    return z.NEVER;
  }
  const volume: Volume = { name: given.name, source: sources[0] };
  if (given.image !== undefined) {
    const { reference, pullPolicy } = given.image;
    volume.image = { image: reference, ...(pullPolicy && { imagePullPolicy: pullPolicy }) };
  }
  if (given.emptyDir === undefined) return volume;
  volume.medium = given.emptyDir.medium;
  if (given.emptyDir.sizeLimit !== undefined) volume.sizeLimitBytes = given.emptyDir.sizeLimit;
  return volume;
});

/** spec.volumes */
export const volumesSchema = z
  .array(volumeSchema)
  .meta({
    description: "the pod's volumes; where containers mount them cannot change a result",
    source: "kubernetes v1.34 staging/src/k8s.io/api/core/v1/types.go Volume",
  })
  .optional();
