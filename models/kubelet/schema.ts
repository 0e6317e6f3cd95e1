import * as z from "zod";
import { duration, milliQuantity, quantity, scalar, shown } from "../../engine/scenario/fields.ts";
import { refusing } from "../../engine/scenario/shape.ts";
import { UnitError } from "../../engine/scenario/units.ts";
import { NS_PER_MS, type Ns } from "../../engine/time.ts";
import { parseCpuList } from "../cfs/schema.ts";
import { evictionFields, type EvictionFields } from "../eviction/kubelet-schema.ts";
import { imageFields, type GivenImageFields } from "../images/kubelet-schema.ts";
import { KNOWN_WITHOUT_EFFECT, REFUSED_FOR_NOW } from "./fields.ts";
import { restartFields, type RestartFields } from "./restart-schema.ts";

/** What a node holds back from its pods: CPU in thousandths, the rest in bytes or processes. */
export interface Reserved {
  cpu?: number;
  memory?: number;
  "ephemeral-storage"?: number;
  pid?: number;
}

/** The KubeletConfiguration of one node, defaults filled in but for eviction and images, where absent and empty differ. */
export interface KubeletSection extends EvictionFields, GivenImageFields, RestartFields {
  cpuCFSQuota: boolean;
  cpuCFSQuotaPeriod: Ns;
  /** As given: gates that are not named here have the default of the Kubernetes version. */
  featureGates: Record<string, boolean>;
  cpuManagerPolicy: "none" | "static";
  cpuManagerPolicyOptions: Record<string, string>;
  /** CPU numbers, ascending. */
  reservedSystemCPUs?: number[];
  kubeReserved: Reserved;
  systemReserved: Reserved;
}

const reserved = (whom: string) =>
  z
    .strictObject({
      cpu: milliQuantity({ description: "CPU" }).optional(),
      memory: quantity({ description: "memory" }).optional(),
      "ephemeral-storage": quantity({ description: "disk" }).optional(),
      pid: quantity({ description: "processes" }).optional(),
    })
    .meta({ description: `what the node holds back for ${whom}` });

const cpuList = scalar<number[]>(
  (value) => {
    if (typeof value === "string") return parseCpuList(value);
    throw new UnitError(`found ${shown(value)}; allowed: a list of CPUs in quotes such as "0-1"`);
  },
  { description: "CPUs held back for the system; replaces the CPU of kubeReserved and systemReserved" },
);

const noEffect = z.unknown().optional().meta({ description: "accepted; it cannot change a result" });

/** The fields as given; `withKubeletDefaults` fills in what is absent. */
const fields = {
  apiVersion: z.literal("kubelet.config.k8s.io/v1beta1").optional(),
  kind: z.literal("KubeletConfiguration").optional(),
  cpuCFSQuota: z.boolean().meta({ description: "whether CPU limits become quotas", defaultNote: "true" }).optional(),
  cpuCFSQuotaPeriod: duration(
    {
      description: "the period of the quotas of CPU limits; other than 100ms wants the gate CustomCPUCFSQuotaPeriod",
      defaultNote: "100ms",
    },
    { zero: true },
  ).optional(),
  featureGates: z.record(z.string(), z.boolean()).meta({ description: "feature gates by name" }).optional(),
  cpuManagerPolicy: z
    .enum(["none", "static"])
    .meta({
      description: "static gives containers of Guaranteed pods with whole CPUs CPUs of their own",
      defaultNote: "none",
    })
    .optional(),
  cpuManagerPolicyOptions: z
    .record(z.string(), z.string())
    .meta({ description: "options of the static policy" })
    .optional(),
  reservedSystemCPUs: cpuList.optional(),
  kubeReserved: reserved("Kubernetes' own daemons").optional(),
  systemReserved: reserved("the system's daemons").optional(),
  ...evictionFields,
  ...imageFields,
  ...restartFields,
};

/** A KubeletConfiguration as the scenario gives it. */
export const kubeletSchema = refusing(
  z.strictObject({
    ...fields,
    ...(Object.fromEntries(KNOWN_WITHOUT_EFFECT.map((field) => [field, noEffect])) as Record<never, typeof noEffect>),
  }),
  REFUSED_FOR_NOW,
).meta({
  description: "KubeletConfiguration v1beta1: field names, rules and defaults are the kubelet's",
  source: "kubernetes v1.34 staging/src/k8s.io/kubelet/config/v1beta1/types.go",
});

export type KubeletInput = z.output<z.ZodObject<typeof fields>>;

/**
 * The configuration of one node: its own fields over the cluster-wide ones (maps are merged key by key), the kubelet's
 * defaults below.
 *
 * Source: kubernetes v1.34 pkg/kubelet/apis/config/v1beta1/defaults.go
 */
export function mergeKubelet(cluster: KubeletInput, own: KubeletInput = {}): KubeletSection {
  const merged: KubeletSection = {
    cpuCFSQuota: own.cpuCFSQuota ?? cluster.cpuCFSQuota ?? true,
    cpuCFSQuotaPeriod: own.cpuCFSQuotaPeriod ?? cluster.cpuCFSQuotaPeriod ?? DEFAULT_PERIOD,
    featureGates: { ...cluster.featureGates, ...own.featureGates },
    cpuManagerPolicy: own.cpuManagerPolicy ?? cluster.cpuManagerPolicy ?? "none",
    cpuManagerPolicyOptions: { ...cluster.cpuManagerPolicyOptions, ...own.cpuManagerPolicyOptions },
    kubeReserved: { ...cluster.kubeReserved, ...own.kubeReserved },
    systemReserved: { ...cluster.systemReserved, ...own.systemReserved },
  };
  const reservedCpus = own.reservedSystemCPUs ?? cluster.reservedSystemCPUs;
  if (reservedCpus !== undefined && reservedCpus.length > 0) merged.reservedSystemCPUs = reservedCpus;
  return Object.assign(merged, mergeGiven(cluster, own));
}

/** The fields of eviction, images and restarts that are given somewhere: a null stands for an absent field. */
function mergeGiven(cluster: KubeletInput, own: KubeletInput): EvictionFields & GivenImageFields & RestartFields {
  const merged: Record<string, unknown> = {};
  const names = Object.keys({ ...evictionFields, ...imageFields, ...restartFields });
  for (const name of names as Array<keyof EvictionFields | keyof GivenImageFields | keyof RestartFields>) {
    const [below, above] = [cluster[name], own[name]];
    const value = isMap(below) && isMap(above) ? { ...below, ...above } : above === undefined ? below : above;
    if (value !== undefined && (value !== null || name === "memoryThrottlingFactor")) merged[name] = value;
  }
  return merged;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const DEFAULT_PERIOD: Ns = 100 * NS_PER_MS;
