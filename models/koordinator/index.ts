/**
 * Koordinator's CPU burst: koordlet sets the kernel's burst and scales quotas of throttled containers while the node has
 * room, once a second. Rules with their sources, what is left out and how large the error is: README.md.
 */
export {
  DEFAULT_STRATEGY,
  POLICIES,
  parsePodConfig,
  podConfig,
  scalesQuota,
  setsBurst,
  strategyOf,
  type BurstConfig,
  type BurstPolicy,
  type BurstStrategy,
  type CpuBurstSection,
  type NodeStrategy,
} from "./config.ts";
export { matchesLabels, type LabelSelector } from "./label-selector.ts";
export { isBurstable, koordinatorQos, ownsCpus, type KoordinatorQos } from "./qos.ts";
export { staticBurstUs } from "./static-burst.ts";
export {
  baseQuotaUs,
  operationOnNode,
  quotaCeilingUs,
  quotaOperation,
  quotaWrites,
  targetQuotaUs,
  type QuotaOperation,
  type QuotaWrite,
} from "./quota-scaling.ts";
export { nodeState, sharePoolUsage, type NodeState, type PodShare } from "./node-state.ts";
export { TokenLimiter, tokenCapacity, usagePercent } from "./token-limiter.ts";
export { Samples, ThrottleMeter, throttledRatio, UsageMeter, type CpuStat } from "./metrics.ts";
export { CgroupWriter, type Refusal } from "./cgroup-writer.ts";
export { CpuBurst, type CpuBurstOptions, type ManagedPod, type RefusedWrite } from "./strategy.ts";
export { koordinatorSchema, type KoordinatorSection } from "./schema.ts";
export { strategyConflicts } from "./validate.ts";
