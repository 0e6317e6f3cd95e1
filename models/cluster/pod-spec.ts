import * as z from "zod";
import { integer, milliQuantity, name, quantity } from "../../engine/scenario/fields.ts";
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
  resources: Resources;
}

export interface Toleration {
  key?: string;
  operator: "Exists" | "Equal";
  value?: string;
  effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  tolerationSeconds?: number;
}

export interface PodSpec {
  containers: Container[];
  priority?: number;
  priorityClassName?: string;
  restartPolicy: "Always" | "OnFailure" | "Never";
  terminationGracePeriodSeconds: number;
  tolerations: Toleration[];
  /** Pod-level resources; absent: the containers' sum counts. */
  resources?: Resources;
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
  "imagePullPolicy",
  "ports",
  "securityContext",
  "stdin",
  "stdinOnce",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "tty",
  "workingDir",
] as const;

/** Fields of a container that no model gives effect yet: a model that does takes its own out. */
const CONTAINER_WITHOUT_MODEL = [
  "lifecycle",
  "livenessProbe",
  "readinessProbe",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "startupProbe",
  "volumeDevices",
  "volumeMounts",
];

const containerSchema = refusing(
  z.strictObject({
    name: name({ description: "the container's name" }),
    image: z.string().meta({ description: "the image; without an images section every image is there" }).optional(),
    resources: resourcesSchema.prefault({}).meta({ live: true }),
    ...accepted(CONTAINER_WITHOUT_EFFECT),
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
  "initContainers",
  "nodeSelector",
  "overhead",
  "preemptionPolicy",
  "readinessGates",
  "resourceClaims",
  "runtimeClassName",
  "schedulerName",
  "schedulingGates",
  "topologySpreadConstraints",
  "volumes",
];

/** User pods may not go above this; the built-in classes do. Source: kubernetes v1.34 pkg/apis/scheduling/types.go */
const HIGHEST_USER_PRIORITY = 1_000_000_000;
const LOWEST_PRIORITY = -2_147_483_648;

/** spec of a workload: PodSpec's fields. */
export const podSpecSchema = refusing(
  z.strictObject({
    containers: z
      .array(containerSchema)
      .min(1)
      .meta({ description: "the containers, in the order in which they start" }),
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
    resources: resourcesSchema.optional(),
    ...accepted(POD_WITHOUT_EFFECT),
  }),
  { ...refused(POD_WITHOUT_MODEL), nodeName: "give the workload's node instead" },
).meta({
  description: "the pods' specification, in PodSpec's own fields",
  source: "kubernetes v1.34 staging/src/k8s.io/api/core/v1/types.go",
});
