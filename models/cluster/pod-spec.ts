import * as z from "zod";
import { integer, milliQuantity, name, quantity } from "../../engine/scenario/fields.ts";
import type { Volume } from "../eviction/pod.ts";
import { volumesSchema } from "../eviction/volume-schema.ts";
import { refusing } from "../../engine/scenario/shape.ts";

/** CPU in thousandths, the rest in bytes. */
export interface ResourceList {
  cpu?: number;
  memory?: number;
  "ephemeral-storage"?: number;
}

export interface Resources {
  /** A request that is absent while its limit is given equals the limit, as the API server sets it. */
  requests: ResourceList;
  limits: ResourceList;
}

export interface Container {
  name: string;
  image?: string;
  /** Absent: as the API server sets it by the image's tag. */
  imagePullPolicy?: "Always" | "IfNotPresent" | "Never";
  resources: Resources;
}

/** A container that runs before the others: to its end, or beside them if it is a sidecar. */
export interface InitContainer extends Container {
  /** Always makes it a sidecar. */
  restartPolicy?: "Always";
}

export interface Toleration {
  key?: string;
  operator: "Exists" | "Equal";
  value?: string;
  effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  tolerationSeconds?: number;
}

export interface PodSpec {
  initContainers?: InitContainer[];
  containers: Container[];
  priority?: number;
  priorityClassName?: "system-node-critical" | "system-cluster-critical";
  restartPolicy: "Always" | "OnFailure" | "Never";
  terminationGracePeriodSeconds: number;
  tolerations: Toleration[];
  /** Labels that the pod's node must have. */
  nodeSelector?: Record<string, string>;
  /** Pod-level resources; absent: the containers' sum counts. */
  resources?: Resources;
  volumes?: Volume[];
}

const resourceList = (what: string) =>
  z
    .strictObject({
      cpu: milliQuantity({ description: `CPU ${what}` }).optional(),
      memory: quantity({ description: `memory ${what}` }).optional(),
      "ephemeral-storage": quantity({ description: `disk ${what}` }).optional(),
    })
    .prefault({})
    .meta({ description: `what is ${what}` });

/** Source: kubernetes v1.34 pkg/apis/core/v1/defaults.go SetDefaults_Pod (a request that is absent equals its limit) */
const resourcesSchema = refusing(
  z.strictObject({ requests: resourceList("requested"), limits: resourceList("allowed at most") }),
  { claims: "no model of this version gives it effect; remove it" },
)
  .transform(({ requests, limits }): Resources => ({ requests: { ...limits, ...requests }, limits }))
  .meta({ description: "compute resources" });

const noEffect = z.unknown().optional().meta({ description: "accepted; it cannot change a result" });

function accepted<const N extends string>(names: readonly N[]): Record<never, typeof noEffect> {
  return Object.fromEntries(names.map((field) => [field, noEffect]));
}

function refused(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((field) => [field, "no model of this version gives it effect; remove it"]));
}

/** Fields of a container that cannot change a result. */
const CONTAINER_WITHOUT_EFFECT = [
  "args",
  "command",
  "env",
  "envFrom",
  "ports",
  "securityContext",
  "stdin",
  "stdinOnce",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "tty",
  "volumeMounts",
  "workingDir",
] as const;

/** Fields of a container that no model gives effect yet: a model that does takes its own out. */
const CONTAINER_WITHOUT_MODEL = [
  "lifecycle",
  "livenessProbe",
  "readinessProbe",
  "resizePolicy",
  "restartPolicyRules",
  "startupProbe",
  "volumeDevices",
];

const containerFields = {
  name: name({ description: "the container's name" }),
  image: z.string().meta({ description: "the image; without an images section every image is there" }).optional(),
  imagePullPolicy: z
    .enum(["Always", "IfNotPresent", "Never"])
    .meta({
      description: "when the image is pulled",
      defaultNote: "Always for the tag latest, else IfNotPresent",
      source: "kubernetes v1.34 pkg/apis/core/v1/defaults.go SetDefaults_Container",
    })
    .optional(),
  resources: resourcesSchema.prefault({}).meta({ live: true }),
  ...accepted(CONTAINER_WITHOUT_EFFECT),
};

const containerSchema = refusing(z.strictObject(containerFields), {
  ...refused(CONTAINER_WITHOUT_MODEL),
  restartPolicy: "no model of this version gives it effect for an ordinary container; give it to the pod",
});

const initContainerSchema = refusing(
  z.strictObject({
    ...containerFields,
    restartPolicy: z
      .literal("Always")
      .meta({ description: "Always makes it a sidecar: it starts before the containers and runs beside them" })
      .optional(),
  }),
  refused(CONTAINER_WITHOUT_MODEL),
);

const tolerationSchema = z.strictObject({
  key: z.string().meta({ description: "the taint's key; absent: every key" }).optional(),
  operator: z.enum(["Exists", "Equal"]).meta({ description: "whether the value counts" }).default("Equal"),
  value: z.string().meta({ description: "the taint's value" }).optional(),
  effect: z
    .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    .meta({ description: "absent: every effect" })
    .optional(),
  tolerationSeconds: z.int().meta({ description: "how long a NoExecute taint is tolerated" }).optional(),
});

/** Fields of a pod that cannot change a result. */
const POD_WITHOUT_EFFECT = [
  "automountServiceAccountToken",
  "dnsConfig",
  "dnsPolicy",
  "enableServiceLinks",
  "hostAliases",
  "hostIPC",
  "hostPID",
  "hostUsers",
  "hostname",
  "imagePullSecrets",
  "os",
  "securityContext",
  "serviceAccount",
  "serviceAccountName",
  "setHostnameAsFQDN",
  "shareProcessNamespace",
  "subdomain",
] as const;

/** Fields of a pod that no model gives effect yet: a model that does takes its own out. */
const POD_WITHOUT_MODEL = [
  "activeDeadlineSeconds",
  "affinity",
  "ephemeralContainers",
  "hostNetwork",
  "overhead",
  "preemptionPolicy",
  "readinessGates",
  "resourceClaims",
  "runtimeClassName",
  "schedulerName",
  "schedulingGates",
  "topologySpreadConstraints",
];

/** User pods may not go above this; the built-in classes do. Source: kubernetes v1.34 pkg/apis/scheduling/types.go */
const HIGHEST_USER_PRIORITY = 1_000_000_000;
const LOWEST_PRIORITY = -2_147_483_648;
/** Source: kubernetes v1.34 pkg/apis/scheduling/types.go SystemCriticalPriority */
const BUILT_IN_CLASSES = { "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000 };

/** The pod's priority: its own, or that of its class, or 0. */
export function podPriority({ priority, priorityClassName }: PodSpec): number {
  return priority ?? (priorityClassName === undefined ? 0 : BUILT_IN_CLASSES[priorityClassName]);
}

/** spec of a workload: PodSpec's fields. */
export const podSpecSchema = refusing(
  z.strictObject({
    initContainers: z
      .array(initContainerSchema)
      .meta({ description: "run before the containers, each to its end before the next one starts" })
      .optional(),
    containers: z
      .array(containerSchema)
      .min(1)
      .meta({ description: "the containers, in the order in which they start" }),
    volumes: volumesSchema,
    priority: integer({ description: "the pod's priority" }, LOWEST_PRIORITY, HIGHEST_USER_PRIORITY).optional(),
    priorityClassName: z
      .enum(["system-node-critical", "system-cluster-critical"])
      .meta({ description: "a built-in priority class" })
      .optional(),
    restartPolicy: z
      .enum(["Always", "OnFailure", "Never"])
      .meta({ description: "whether a container that ended starts again" })
      .default("Always"),
    terminationGracePeriodSeconds: integer(
      { description: "seconds between SIGTERM and SIGKILL" },
      0,
      1_000_000_000,
    ).default(30),
    tolerations: z.array(tolerationSchema).meta({ description: "taints that the pod tolerates" }).default([]),
    nodeSelector: z
      .record(z.string(), z.string())
      .meta({ description: "labels that the pod's node must have" })
      .optional(),
    resources: resourcesSchema.optional(),
    ...accepted(POD_WITHOUT_EFFECT),
  }),
  { ...refused(POD_WITHOUT_MODEL), nodeName: "give the workload's node instead" },
).meta({
  description: "the pods' specification, in PodSpec's own fields",
  source: "kubernetes v1.34 staging/src/k8s.io/api/core/v1/types.go",
});
