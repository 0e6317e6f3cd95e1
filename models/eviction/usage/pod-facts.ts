import { allContainers, podTotal, qosClass } from "../../kubelet/resources.ts";
import type { Pod } from "../../cluster/pod.ts";
import type { Container, InitContainer, PodSpec, ResourceList } from "../../cluster/schema.ts";
import type { UsageBehavior } from "../behavior-schema.ts";
import type { EvictionContainer, ManagedPod, Resources, Volume } from "../pod.ts";

/** All that a scenario says of a pod and that eviction and OOM decide by: everything but what it uses. */
export function podFacts(pod: Pod): Omit<ManagedPod, "stats"> {
  const { spec } = pod;
  return {
    name: pod.name,
    qos: qosClass(spec),
    priority: pod.priority,
    isStatic: pod.isStatic,
    requests: totals(spec, "requests"),
    limits: totals(spec, "limits"),
    podLevelMemoryRequestBytes: spec.resources?.requests.memory,
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds,
    containers: evictionContainers(spec),
    volumes: volumesOf(spec),
  };
}

/** In the order of the spec, init containers first. */
export function evictionContainers(spec: PodSpec): EvictionContainer[] {
  return allContainers(spec).map((container) => ({
    name: container.name,
    kind: kindOf(spec, container),
    requests: resources(container.resources.requests),
    limits: resources(container.resources.limits),
  }));
}

export function volumesOf(spec: PodSpec & { volumes?: Volume[] }): readonly Volume[] {
  return spec.volumes ?? [];
}

/** What a container's behaviour takes of its node. */
export function usageBehavior(pod: Pod, container: string): UsageBehavior {
  const behavior: UsageBehavior & { threads?: number } = pod.workload.entry.behavior[container] ?? { threads: 1 };
  return behavior;
}

/** The memory limit of a pod's cgroup in bytes: there only if every container has one, or the pod itself. */
export function podMemoryLimit(spec: PodSpec): number | undefined {
  const isLimited =
    spec.resources?.limits.memory !== undefined ||
    allContainers(spec).every(({ resources }) => (resources.limits.memory ?? 0) > 0);
  return isLimited ? podTotal(spec, "limits", "memory") : undefined;
}

function kindOf(spec: PodSpec, container: Container): EvictionContainer["kind"] {
  if (spec.containers.includes(container)) return "regular";
  return (container as InitContainer).restartPolicy === "Always" ? "sidecar" : "init";
}

function resources(list: ResourceList): Resources {
  return { memoryBytes: list.memory, ephemeralStorageBytes: list["ephemeral-storage"] };
}

/** A limit of storage that nobody sets is none, not one of zero. */
function totals(spec: PodSpec, kind: "requests" | "limits"): Resources {
  const isGiven = (name: keyof ResourceList) =>
    spec.resources?.[kind][name] !== undefined ||
    allContainers(spec).some(({ resources }) => resources[kind][name] !== undefined);
  const total = (name: keyof ResourceList) => (isGiven(name) ? podTotal(spec, kind, name) : undefined);
  return { memoryBytes: total("memory"), ephemeralStorageBytes: total("ephemeral-storage") };
}
