import type { EvictionRules } from "./defaults.ts";
import type { ContainerStats, ManagedPod } from "./pod.ts";
import { quantityText } from "./quantity-text.ts";
import { RESOURCE_OF, type Observations, type Signal, type StarvedResource } from "./signals.ts";
import { isHard, thresholdText, type Threshold } from "./threshold.ts";

/** A limit of local storage, under the name that the counter of evictions gives it. */
export type StorageLimit = "emptydirfs.limit" | "ephemeralpodfs.limit" | "ephemeralcontainerfs.limit";

/** One pod that the kubelet kills: it ends in phase Failed with reason Evicted, whatever its restartPolicy. */
export interface Eviction {
  pod: string;
  /** What the counter of evictions is labelled with. */
  signal: Signal | StorageLimit;
  /** Overrides the pod's own; the pod worker raises it to 1 s. */
  graceSeconds: number;
  /** The message of the pod's status and of its Warning event Evicted. */
  message: string;
  /** What the message says, in parts; absent for local storage. */
  parts?: MessageParts;
  /** Annotations of the event. */
  annotations: Readonly<Record<string, string>>;
  /** Set under node pressure alone. */
  condition?: { type: "DisruptionTarget"; status: "True"; reason: "TerminationByKubelet" };
}

/** Somebody who used more than requested: a container, or the pod where it has a request of its own. */
export interface Offender {
  name: string;
  isPod: boolean;
  usage: string;
  request: string;
}

/** Why a pod is evicted under node pressure; quantities as Kubernetes prints them. */
export interface MessageParts {
  resource: StarvedResource;
  thresholdQuantity?: string;
  available?: string;
  offenders: readonly Offender[];
}

/** Phase and reason of an evicted pod. */
export const EVICTED_STATUS = { phase: "Failed", reason: "Evicted" } as const;

/**
 * The grace of a pod that a threshold evicts: 1 s over a hard one; over a soft one evictionMaxPodGracePeriod, and since
 * v1.32 no more than the pod's own, if it has one. The API server gives one to every pod.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/eviction_manager.go synchronize
 */
export function evictionGraceSeconds(
  threshold: Threshold,
  maxPodGracePeriodSeconds: number,
  pod: ManagedPod,
  rules: EvictionRules,
): number {
  if (isHard(threshold)) return rules.hardGraceSeconds;
  if (!rules.softGraceCappedByPod) return maxPodGracePeriodSeconds;
  return Math.min(maxPodGracePeriodSeconds, pod.terminationGracePeriodSeconds ?? Infinity);
}

/** The eviction of a pod over a node's threshold; `ripe` in the order of reclaim. */
export function nodePressureEviction(
  pod: ManagedPod,
  threshold: Threshold,
  graceSeconds: number,
  ripe: readonly Threshold[],
  observations: Observations,
): Eviction {
  const resource = RESOURCE_OF[threshold.signal];
  const parts = messageParts(pod, resource, ripe, observations);
  return {
    pod: pod.name,
    signal: threshold.signal,
    graceSeconds,
    message: messageText(parts),
    parts,
    annotations: annotations(pod, parts),
    condition: { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" },
  };
}

/** The eviction of a pod that overran a limit of its local storage: as fast as one over a hard threshold. */
export function storageEviction(
  pod: ManagedPod,
  signal: StorageLimit,
  message: string,
  rules: Pick<EvictionRules, "hardGraceSeconds">,
): Eviction {
  return { pod: pod.name, signal, graceSeconds: rules.hardGraceSeconds, message, annotations: {} };
}

/**
 * What the message of an eviction tells: the resource, the first ripe threshold of that resource, and who uses more of
 * it than requested. Inodes and processes name nobody.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go evictionMessage, getThresholdMetInfo
 */
export function messageParts(
  pod: ManagedPod,
  resource: StarvedResource,
  ripe: readonly Threshold[],
  observations: Observations,
): MessageParts {
  const met = ripe.find(({ signal }) => RESOURCE_OF[signal] === resource && observations[signal] !== undefined);
  const observation = met === undefined ? undefined : observations[met.signal];
  const found: MessageParts = { resource, offenders: offenders(pod, resource) };
  if (met === undefined || observation === undefined) return found;
  const format = resource === "inodes" || resource === "pids" ? "DecimalSI" : "BinarySI";
  return {
    ...found,
    thresholdQuantity: thresholdText(met.value, observation.capacity),
    available: quantityText(observation.available, format),
  };
}

function offenders(pod: ManagedPod, resource: StarvedResource): Offender[] {
  const found: Offender[] = [];
  const name = (who: string, isPod: boolean, usage: number, request: number) =>
    void found.push({
      name: who,
      isPod,
      usage: quantityText(usage, "BinarySI"),
      request: quantityText(request, "BinarySI"),
    });
  const stats = pod.stats;
  if (
    resource === "memory" &&
    pod.podLevelMemoryRequestBytes !== undefined &&
    stats?.memoryWorkingSetBytes !== undefined
  ) {
    name(pod.name, true, stats.memoryWorkingSetBytes, pod.podLevelMemoryRequestBytes);
  }
  for (const container of stats?.containers ?? []) {
    const spec = pod.containers.find((candidate) => candidate.name === container.name);
    const usage = containerUsage(container, resource);
    if (spec === undefined || usage === undefined) continue;
    const requests = spec.requests ?? {};
    const request = (resource === "memory" ? requests.memoryBytes : requests.ephemeralStorageBytes) ?? 0;
    if (usage > request) name(container.name, false, usage, request);
  }
  return found;
}

/** A container's use of a resource in bytes, where all of its parts are known. */
function containerUsage(container: ContainerStats, resource: StarvedResource): number | undefined {
  if (resource === "memory") return container.workingSetBytes;
  if (resource !== "ephemeral-storage") return undefined;
  const layer = container.writableLayer?.bytes;
  const logs = container.logs?.bytes;
  return layer === undefined || logs === undefined ? undefined : layer + logs;
}

function messageText(parts: MessageParts): string {
  const { resource, thresholdQuantity, available } = parts;
  const sentences = [`node low on ${resource}`];
  if (thresholdQuantity !== undefined) sentences.push(`threshold ${thresholdQuantity}, available ${available}`);
  for (const { name, isPod, usage, request } of parts.offenders) {
    sentences.push(`${isPod ? "pod" : "container"} ${name} uses ${usage}, requests ${request}`);
  }
  return sentences.join("; ");
}

/** Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go OffendingContainersKey and its neighbours */
function annotations(pod: ManagedPod, parts: MessageParts): Record<string, string> {
  const found: Record<string, string> = {};
  const podItself = parts.offenders.find(({ isPod }) => isPod);
  if (podItself !== undefined) {
    found.offending_pod = podItself.name;
    found.offending_pod_usage = podItself.usage;
  }
  if (pod.stats === undefined) return found;
  const containers = parts.offenders.filter(({ isPod }) => !isPod);
  found.offending_containers = containers.map(({ name }) => name).join(",");
  found.offending_containers_usage = containers.map(({ usage }) => usage).join(",");
  found.starved_resource = parts.resource;
  return found;
}
