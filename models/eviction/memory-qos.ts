import type { EvictionRules } from "./defaults.ts";

/** What memory.high derives from; sizes in bytes. */
export interface MemoryHighInputs {
  /** 0: none. */
  requestBytes: number;
  /** 0: none; the node's allocatable memory then stands in. */
  limitBytes: number;
  nodeAllocatableBytes: number;
  /** memoryThrottlingFactor; absent: memory.high is never set. */
  factor?: number;
  pageBytes: number;
}

/**
 * The memory.high of a container under the gate MemoryQoS, in bytes; undefined where it is not set: with equal request
 * and limit, or where the result would not exceed the request. It throttles and never kills.
 *
 * Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container_linux.go; kubernetes/enhancements KEP-2570
 */
export function memoryHigh(inputs: MemoryHighInputs, formula: EvictionRules["memoryHigh"]): number | undefined {
  const { requestBytes, limitBytes, nodeAllocatableBytes, factor, pageBytes } = inputs;
  if (factor === undefined) return undefined;
  const isBestEffort = requestBytes === 0 && limitBytes === 0;
  if (requestBytes === limitBytes && !(isBestEffort && formula === "aboveRequestAndBestEffort")) return undefined;
  const top = limitBytes === 0 ? nodeAllocatableBytes : limitBytes;
  const bytes = formula === "shareOfLimit" ? top * factor : requestBytes + (top - requestBytes) * factor;
  const high = Math.floor(bytes / pageBytes) * pageBytes;
  return high > requestBytes ? high : undefined;
}
