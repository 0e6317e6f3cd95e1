import { CPU_BURST_ANNOTATION } from "./defaults.ts";
import { matchesLabels, type LabelSelector } from "./label-selector.ts";

export const POLICIES = ["none", "cpuBurstOnly", "cfsQuotaBurstOnly", "auto"] as const;
export type BurstPolicy = (typeof POLICIES)[number];

/** How one pod may burst. */
export interface BurstConfig {
  /** cpuBurstOnly sets the kernel's burst, cfsQuotaBurstOnly raises quotas, auto does both. A pod may name anything. */
  policy: string;
  /** The kernel's burst in percent of the limit. */
  cpuBurstPercent: number;
  /** Ceiling of a raised quota in percent of the limit; up to 100 the quota stays. */
  cfsQuotaBurstPercent: number;
  /** How long a container may use its ceiling; below 0 for ever. */
  cfsQuotaBurstPeriodSeconds: number;
}

/** The strategy of one node. */
export interface BurstStrategy extends BurstConfig {
  /** The node is overloaded from this usage of its share pool, in percent. */
  sharePoolThresholdPercent: number;
}

/** Source: koordinator v1.8.0 pkg/util/sloconfig/nodeslo_config.go, DefaultCPUBurstStrategy */
export const DEFAULT_STRATEGY: Readonly<BurstStrategy> = {
  policy: "none",
  cpuBurstPercent: 1000,
  cfsQuotaBurstPercent: 300,
  cfsQuotaBurstPeriodSeconds: -1,
  sharePoolThresholdPercent: 50,
};

/** A strategy for nodes with certain labels, over the cluster's. */
export interface NodeStrategy extends Partial<BurstStrategy> {
  name?: string;
  nodeSelector: LabelSelector;
}

/** What the key cpu-burst-config of the ConfigMap slo-controller-config holds. */
export interface CpuBurstSection {
  clusterStrategy?: Partial<BurstStrategy>;
  nodeStrategies: NodeStrategy[];
}

/**
 * The strategy of a node with these labels: the first node strategy that selects it, else the cluster's. Fields that a
 * node strategy leaves out are the cluster's, and those that both leave out have their defaults.
 *
 * Source: koordinator v1.8.0 pkg/slo-controller/nodeslo/resource_strategy.go, calculateCPUBurstCfgMerged,
 * getCPUBurstConfigSpec
 */
export function strategyOf(section: CpuBurstSection, labels: Readonly<Record<string, string>>): BurstStrategy {
  const own = section.nodeStrategies.find(({ nodeSelector }) => matchesLabels(nodeSelector, labels));
  return withFields(withFields(DEFAULT_STRATEGY, section.clusterStrategy), own);
}

function withFields(below: Readonly<BurstStrategy>, above: Partial<BurstStrategy> = {}): BurstStrategy {
  return {
    policy: above.policy ?? below.policy,
    cpuBurstPercent: above.cpuBurstPercent ?? below.cpuBurstPercent,
    cfsQuotaBurstPercent: above.cfsQuotaBurstPercent ?? below.cfsQuotaBurstPercent,
    cfsQuotaBurstPeriodSeconds: above.cfsQuotaBurstPeriodSeconds ?? below.cfsQuotaBurstPeriodSeconds,
    sharePoolThresholdPercent: above.sharePoolThresholdPercent ?? below.sharePoolThresholdPercent,
  };
}

/**
 * The configuration of a pod: the node's, with the fields over it that the pod's annotation has. An annotation that does
 * not parse counts as none. Nobody checks the ranges of an annotation.
 *
 * Source: koordinator v1.8.0 pkg/koordlet/qosmanager/plugins/cpuburst/cpu_burst.go, genPodBurstConfig
 */
export function podConfig(annotations: Readonly<Record<string, string>>, node: BurstConfig): BurstConfig {
  const text = Object.hasOwn(annotations, CPU_BURST_ANNOTATION) ? annotations[CPU_BURST_ANNOTATION] : undefined;
  const own = text === undefined ? undefined : parsePodConfig(text);
  return { ...node, ...own };
}

const NUMBERS = ["cpuBurstPercent", "cfsQuotaBurstPercent", "cfsQuotaBurstPeriodSeconds"] as const;

/**
 * Reads the annotation as Go's encoding/json does: names in any case, unknown ones ignored, null as if absent; undefined
 * for anything that Go would not take. An empty policy is left out again when the result is laid over the node's.
 */
export function parsePodConfig(text: string): Partial<BurstConfig> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (parsed === null) return {};
  if (typeof parsed !== "object" || Array.isArray(parsed)) return undefined;
  const config: Partial<BurstConfig> = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (value === null) continue;
    const name = key.toLowerCase();
    if (name === "policy") {
      if (typeof value !== "string") return undefined;
      if (value !== "") config.policy = value;
      continue;
    }
    const field = NUMBERS.find((candidate) => candidate.toLowerCase() === name);
    if (field === undefined) continue;
    if (!Number.isSafeInteger(value)) return undefined;
    config[field] = value as number;
  }
  return config;
}

/** Whether the policy sets the kernel's burst. */
export function setsBurst(policy: string): boolean {
  return policy === "auto" || policy === "cpuBurstOnly";
}

/** Whether the policy scales quotas. */
export function scalesQuota(policy: string): boolean {
  return policy === "auto" || policy === "cfsQuotaBurstOnly";
}
