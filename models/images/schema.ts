import * as z from "zod";
import type { Distribution } from "../../engine/scenario/distribution.ts";
import {
  bitRate,
  byteRate,
  compareVersions,
  duration,
  durationDistribution,
  integer,
  name,
  number,
  scalar,
  shown,
  size,
  version,
} from "../../engine/scenario/fields.ts";
import { refusing } from "../../engine/scenario/shape.ts";
import { UnitError } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";
import { NEWEST_CONTAINERD, OLDEST_CONTAINERD } from "./defaults.ts";
import { parseReference } from "./reference.ts";

/** One layer of an image as the scenario describes it: bytes as downloaded and on the disk. */
export interface LayerEntry {
  digest: string;
  size: number;
  /** Absent: as `size`. */
  unpacked?: number;
}

/** Which attempts at an image fail, and how. */
export type Failures =
  { type: "bernoulli"; p: number; error: string; after?: Ns } | Array<{ attempt: number; error: string; after?: Ns }>;

/** One entry of `images`: its layers, or the length of a pull in their place. */
export interface ImageEntry {
  name: string;
  layers?: LayerEntry[];
  pullDuration?: Distribution;
  /** Names of nodes, or of entries of `nodes`. */
  present: "all" | string[];
  failures?: Failures;
}

/** `registry`, or that of one entry of `nodes`; what is absent is ideal. */
export interface RegistrySection {
  /** Bits a second, of all its bodies and of one. */
  bandwidth?: number;
  perConnection?: number;
  /** From a request to its first byte. */
  latency?: Ns;
  /** From a pull's beginning to its first request for a layer. */
  resolve?: Ns;
}

/** What runs the containers, below containerd. */
export interface OciRuntime {
  name: "runc" | "crun";
  /** Absent: the newest. */
  version?: string;
}

/** `runtime`, or that of one entry of `nodes`; what is absent is ideal. */
export interface RuntimeSection {
  name?: "containerd";
  version?: string;
  maxConcurrentDownloads?: number;
  /** Unpacked bytes a second of one unpacker. */
  unpack?: number;
  sandbox?: Ns;
  create?: Ns;
  start?: Ns;
  oci?: OciRuntime;
}

const MOST_DOWNLOADS = 1_000;
const LONGEST_ERROR = 1_000;
const LAST_ATTEMPT = 1_000_000;
const SERVER_ERROR = "unexpected status from GET request: 503 Service Unavailable";

const imageName = scalar<string>(
  (value) => {
    if (typeof value === "string" && parseReference(value) !== undefined) return value;
    throw new UnitError(`found ${shown(value)}; allowed: the name of an image such as web:1 or registry.local/web:1`);
  },
  { description: "the image's name, as containers ask for it", examples: ["web:1"] },
);

/** Source: opencontainers/image-spec v1.1 descriptor.md, digests; their length is not looked at. */
const DIGEST = /^[a-z0-9]+([+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,128}$/;

const digest = scalar<string>(
  (value) => {
    if (typeof value === "string" && DIGEST.test(value)) return value;
    throw new UnitError(`found ${shown(value)}; allowed: an algorithm and a text such as "sha256:aa"`);
  },
  { description: "names the layer; the same digest is one layer everywhere", examples: ["sha256:aa"] },
);

const layerSchema = z.strictObject({
  digest,
  size: size({ description: "as downloaded" }),
  unpacked: size({ description: "on the disk", defaultNote: "size" }).optional(),
});

const error = z
  .string()
  .min(1)
  .max(LONGEST_ERROR)
  .meta({
    description:
      "what the runtime says; RegistryUnavailable or SignatureValidationFailed at its beginning are classes of their own",
  })
  .default(SERVER_ERROR);
const after = duration(
  { description: "how late it fails", defaultNote: "its pullDuration, or with layers the registry's latency" },
  { zero: true },
).optional();

const failuresSchema = z.union([
  z
    .array(
      z.strictObject({
        attempt: integer({ description: "counted from 1 on each node" }, 1, LAST_ATTEMPT),
        error,
        after,
      }),
    )
    .min(1),
  z.strictObject({
    type: z.literal("bernoulli"),
    p: number({ description: "the probability that an attempt fails" }, 0, 1),
    error,
    after,
  }),
]);

/** images[] */
export const imageSchema = z
  .strictObject({
    name: imageName,
    layers: z
      .array(layerSchema)
      .min(1)
      .meta({ description: "the bottom layer first; or give pullDuration" })
      .optional(),
    pullDuration: durationDistribution({
      description: "the length of a pull, whatever else goes on, in place of layers",
    }).optional(),
    present: z
      .union([z.literal("all"), z.array(name({ description: "a node, or an entry of nodes: all its nodes" }))])
      .meta({ description: "the nodes that hold it at time 0: all, or their names" })
      .default([]),
    failures: failuresSchema.meta({ description: "which attempts to pull it fail", defaultNote: "none" }).optional(),
  })
  .refine(({ layers, pullDuration }) => (layers === undefined) !== (pullDuration === undefined), {
    message: "allowed: either layers or pullDuration",
  });

/** registry, and nodes[].registry */
export const registrySchema = z.strictObject({
  bandwidth: bitRate({ description: "of all bodies together", defaultNote: "unlimited" }).optional(),
  perConnection: bitRate({ description: "of one body", defaultNote: "unlimited" }).optional(),
  latency: duration({ description: "from a request to its first byte", defaultNote: "0" }, { zero: true }).optional(),
  resolve: duration(
    {
      description: "from a pull's beginning to its first request; all of a pull whose layers are there",
      defaultNote: "0",
    },
    { zero: true },
  ).optional(),
});

const containerdVersion = version(
  { description: "whose rules hold where versions of containerd differ", defaultNote: NEWEST_CONTAINERD },
  (text) => {
    if (compareVersions(text, OLDEST_CONTAINERD) < 0 || compareVersions(text, NEWEST_CONTAINERD) > 0) {
      throw new UnitError(`found ${shown(text)}; allowed: "${OLDEST_CONTAINERD}" to "${NEWEST_CONTAINERD}"`);
    }
  },
);

const ociVersion = scalar<string>(
  (value) => {
    if (typeof value === "string" && /^[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,4})?$/.test(value)) return value;
    const hint = typeof value === "number" ? "; quote it: a version is a text" : "";
    throw new UnitError(`found ${shown(value)}; allowed: a version in quotes such as "1.3.2"${hint}`);
  },
  { description: "its version", defaultNote: "the newest", examples: ["1.3.2"] },
);

const latency = (description: string) => duration({ description, defaultNote: "0" }, { zero: true }).optional();

/** runtime, and nodes[].runtime */
export const runtimeSchema = z.strictObject({
  name: refusing(z.enum(["containerd"]), { "cri-o": "no model of this version knows CRI-O; allowed: containerd" })
    .meta({ description: "the container runtime", defaultNote: "containerd" })
    .optional(),
  version: containerdVersion.optional(),
  maxConcurrentDownloads: integer(
    {
      description:
        "bodies open at a time, of one pull up to containerd 2.0 and of the node from 2.1 on; containerd's own default is 3",
      defaultNote: "unlimited",
      source: "containerd v2.1 core/transfer/local/transfer.go",
    },
    1,
    MOST_DOWNLOADS,
  ).optional(),
  unpack: byteRate({ description: "unpacked bytes a second of one unpacker", defaultNote: "unlimited" }).optional(),
  sandbox: latency("making a pod's sandbox"),
  create: latency("creating a container"),
  start: latency("starting a container"),
  oci: z
    .strictObject({
      name: z.enum(["runc", "crun"]).meta({ description: "the program" }).default("runc"),
      version: ociVersion.optional(),
    })
    .meta({ description: "what runs the containers: decides how CPU shares become cpu.weight" })
    .optional(),
});
