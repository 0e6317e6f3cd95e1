import * as z from "zod";
import { integer } from "../../engine/scenario/fields.ts";
import { DEFAULT_STRATEGY, POLICIES, type CpuBurstSection } from "./config.ts";

/** The section `koordinator` of a scenario. */
export interface KoordinatorSection {
  /** As the key of the ConfigMap slo-controller-config. */
  "cpu-burst-config": CpuBurstSection;
}

const SOURCE = "koordinator v1.8.0 apis/slo/v1alpha1/nodeslo_types.go, pkg/util/sloconfig/nodeslo_config.go";

const described = (description: string, value: string | number) => ({
  description,
  defaultNote: `the cluster's strategy, else ${value}`,
  source: SOURCE,
});

/** The ranges are those that the webhook of slo-controller-config takes. */
const strategyFields = {
  policy: z
    .enum(POLICIES)
    .meta(
      described(
        "cpuBurstOnly sets the kernel's burst, cfsQuotaBurstOnly raises the quotas of throttled containers, auto does both",
        DEFAULT_STRATEGY.policy,
      ),
    )
    .optional(),
  cpuBurstPercent: integer(
    described(
      "the kernel's burst in percent of the limit; above 100 an upstream kernel refuses it",
      DEFAULT_STRATEGY.cpuBurstPercent,
    ),
    1,
    10_000,
  ).optional(),
  cfsQuotaBurstPercent: integer(
    described("how high a quota may be raised, in percent of the limit", DEFAULT_STRATEGY.cfsQuotaBurstPercent),
    100,
    Number.MAX_SAFE_INTEGER,
  ).optional(),
  cfsQuotaBurstPeriodSeconds: integer(
    described(
      "how long a container may use all of it before it has to save again; -1: for ever",
      DEFAULT_STRATEGY.cfsQuotaBurstPeriodSeconds,
    ),
    -1,
    Number.MAX_SAFE_INTEGER,
  ).optional(),
  sharePoolThresholdPercent: integer(
    described(
      "usage of the node's share pool from which quotas are taken back",
      DEFAULT_STRATEGY.sharePoolThresholdPercent,
    ),
    0,
    100,
  ).optional(),
};

const LABEL_KEY = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

const labelKey = z
  .string()
  .regex(LABEL_KEY, { message: "allowed: a label key such as koordinator.sh/pool" })
  .meta({ description: "the label" });

const requirement = z
  .strictObject({
    key: labelKey,
    operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]).meta({ description: "how the label is compared" }),
    values: z.array(z.string()).meta({ description: "with these; none for Exists and DoesNotExist" }).default([]),
  })
  .refine(({ operator, values }) => (operator === "In" || operator === "NotIn") === values.length > 0, {
    message: "allowed: values with In and NotIn, none with Exists and DoesNotExist",
    path: ["values"],
  });

const nodeSelector = z
  .strictObject({
    matchLabels: z.record(labelKey, z.string()).meta({ description: "labels that a node must have" }).default({}),
    matchExpressions: z.array(requirement).meta({ description: "further requirements; all must hold" }).default([]),
  })
  .refine(({ matchLabels, matchExpressions }) => Object.keys(matchLabels).length + matchExpressions.length > 0, {
    message: "an empty selector; allowed: at least one label or expression",
  })
  .meta({ description: "the nodes that the strategy is for" });

/** koordinator */
export const koordinatorSchema = z
  .strictObject({
    "cpu-burst-config": z
      .strictObject({
        clusterStrategy: z.strictObject(strategyFields).meta({ description: "for every node" }).optional(),
        nodeStrategies: z
          .array(
            z.strictObject({
              name: z.string().meta({ description: "what the strategy is called" }).optional(),
              nodeSelector,
              ...strategyFields,
            }),
          )
          .meta({ description: "for nodes with certain labels, over the cluster's; at most one may select a node" })
          .default([]),
      })
      .prefault({})
      .transform((section): CpuBurstSection => section)
      .meta({ description: "CPU burst, as the key of the ConfigMap slo-controller-config", live: true }),
  })
  .transform((section): KoordinatorSection => section)
  .meta({
    description: "Koordinator's koordlet runs on every node, with this configuration",
    source: "koordinator v1.8.0 apis/configuration/slo_controller_config.go",
  });
