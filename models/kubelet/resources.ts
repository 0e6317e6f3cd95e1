import { MIN_SHARES } from "../cfs/defaults.ts";
import { clampShares } from "../cfs/weights.ts";
import type { Container, PodSpec, ResourceList } from "../cluster/schema.ts";

// Source of all of it: kubernetes v1.34 pkg/kubelet/cm/helpers_linux.go, pkg/kubelet/kuberuntime/
// kuberuntime_container_linux.go, pkg/apis/core/v1/helper/qos/qos.go.

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

/** What the kubelet asks of a cgroup's CPU controller. */
export interface CpuCgroup {
  shares: number;
  /** Microseconds per period; absent: no limit. */
  quotaUs?: number;
  periodUs: number;
}

const MIN_QUOTA_US = 1_000;

/**
 * The QoS class that the API server records: Guaranteed when every container has limits for CPU and memory that equal
 * its requests, BestEffort when no container has a request or a limit of either.
 */
export function qosClass(spec: PodSpec): QosClass {
  const all = spec.resources === undefined ? allContainers(spec).map(({ resources }) => resources) : [spec.resources];
  const given = all.some(({ requests, limits }) =>
    [requests, limits].some((list) => (list.cpu ?? 0) + (list.memory ?? 0) > 0),
  );
  if (!given) return "BestEffort";
  const isGuaranteed = all.every(({ requests, limits }) =>
    (["cpu", "memory"] as const).every((name) => (limits[name] ?? 0) > 0 && limits[name] === requests[name]),
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

/** requests.cpu as cpu.shares: 1000m is 1024; never below 2 or above 262144. */
export function sharesFromMilli(milli: number): number {
  if (milli === 0) return MIN_SHARES;
  return clampShares(Math.floor((milli * 1024) / 1000));
}

/** limits.cpu as a quota: milli x period / 1000, at least 1 ms, so that limits below 10m act as 10m. None for 0. */
export function quotaFromMilli(milli: number, periodUs: number): number | undefined {
  if (milli === 0) return undefined;
  return Math.max(Math.floor((milli * periodUs) / 1000), MIN_QUOTA_US);
}

/** Every container of a pod, in the order in which they start. */
export function allContainers(spec: PodSpec): readonly Container[] {
  return spec.initContainers === undefined ? spec.containers : [...spec.initContainers, ...spec.containers];
}

/**
 * The pod's requests or limits: pod-level ones if given, else what its containers need together. Those that run side by
 * side are added up; an init container counts where it alone, beside the sidecars started before it, needs more.
 * Source: kubernetes v1.34 staging/src/k8s.io/component-helpers/resource/helpers.go, AggregateContainerRequests.
 */
export function podTotal(spec: PodSpec, kind: "requests" | "limits", name: keyof ResourceList): number {
  const podLevel = spec.resources?.[kind][name];
  if (podLevel !== undefined) return podLevel;
  const amount = (container: Container) => container.resources[kind][name] ?? 0;
  let sidecars = 0;
  let starting = 0;
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === "Always") sidecars += amount(container);
    else starting = Math.max(starting, sidecars + amount(container));
  }
  const running = spec.containers.reduce((sum, container) => sum + amount(container), sidecars);
  return Math.max(starting, running);
}

/**
 * The pod's own cgroup. A Burstable pod has a quota only if every container declares a CPU limit, or the pod does; a
 * pod that holds exclusive CPUs, or whose node has cpuCFSQuota off, has none.
 */
export function podCgroup(spec: PodSpec, periodUs: number, enforcesQuota: boolean): CpuCgroup {
  const qos = qosClass(spec);
  if (qos === "BestEffort") return { shares: MIN_SHARES, periodUs };
  const shares = sharesFromMilli(podTotal(spec, "requests", "cpu"));
  const isLimited =
    spec.resources?.limits.cpu !== undefined ||
    allContainers(spec).every(({ resources }) => (resources.limits.cpu ?? 0) > 0);
  if (!enforcesQuota || (qos === "Burstable" && !isLimited)) return { shares, periodUs };
  return { shares, quotaUs: quotaFromMilli(podTotal(spec, "limits", "cpu"), periodUs), periodUs };
}

/** A container's cgroup. Without a CPU request its limit decides the shares. */
export function containerCgroup(container: Container, periodUs: number, enforcesQuota: boolean): CpuCgroup {
  const { requests, limits } = container.resources;
  const shares = sharesFromMilli(requests.cpu ?? limits.cpu ?? 0);
  return { shares, quotaUs: enforcesQuota ? quotaFromMilli(limits.cpu ?? 0, periodUs) : undefined, periodUs };
}
