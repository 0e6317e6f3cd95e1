/**
 * A small faithful scheduler for pods that name no node: filters on taints, labels and resources, scores on preferred
 * taints, least allocation and balance, as kube-scheduler's defaults have them. It takes no time, ties go to the first
 * node instead of a random one, nothing is preempted, and affinities, spreading, ports and volumes play no part; where a
 * scenario has none of these, only the choice among equal nodes can differ from upstream's.
 */
export {
  balancedAllocation,
  failedSchedulingMessage,
  filterReasons,
  leastAllocated,
  nonZeroRequests,
  scores,
  type Amounts,
  type NodeInfo,
  type PodInfo,
} from "./rules.ts";
export { DAEMON_TOLERATIONS, tolerates, untolerated } from "./tolerations.ts";
export { Placer, type PlacerOptions } from "./placer.ts";
