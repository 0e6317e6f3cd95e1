import type { Simulation } from "../../engine/index.ts";
import { NS_PER_US } from "../../engine/time.ts";
import type { Bandwidth } from "../cfs/bandwidth-rules.ts";
import { Cgroup, withFiles, type CpuSettings } from "../cfs/cgroup.ts";
import { isAtLeast } from "../cfs/kernel.ts";
import type { CgroupFiles, CgroupWrite, KernelSection } from "../cfs/schema.ts";
import { parseCgroupFile } from "../cfs/schema.ts";
import type { NodeScheduler } from "../cfs/scheduler.ts";
import { weightFromShares, weightFromSharesLinear } from "../cfs/weights.ts";
import type { Container, PodSpec } from "../cluster/schema.ts";
import { StaticCpuManager, exclusiveCpus, reservedCpus } from "./cpu-manager.ts";
import {
  containerCgroup,
  podCgroup,
  podTotal,
  qosClass,
  sharesFromMilli,
  type CpuCgroup,
  type QosClass,
} from "./resources.ts";
import type { KubeletSection } from "./schema.ts";

/** Gates that decide about CPU quotas, and from which Kubernetes version on they are on by default. */
const EXCLUSIVE_WITHOUT_QUOTA = "DisableCPUQuotaWithExclusiveCPUs";
const EXCLUSIVE_WITHOUT_QUOTA_SINCE = "1.33";

export interface NodeCgroupsOptions {
  simulation: Simulation;
  scheduler: NodeScheduler;
  kernel: KernelSection;
  kubelet: KubeletSection;
  kubernetesVersion: string;
  /** The node's name for random streams. */
  stream: string;
  cpuCount: number;
}

/** Why a node does not take a pod: the container, or the pod itself if absent, and the reason. */
export interface Refusal {
  container?: string;
  reason: string;
}

/** A pod as its cgroups see it. */
export interface PodCgroups {
  readonly name: string;
  /** The pod's name for random streams. */
  readonly stream: string;
  readonly spec: PodSpec;
  readonly qos: QosClass;
  pod: Cgroup;
  readonly containers: Map<string, Cgroup>;
}

/**
 * The kubelet's tree of cgroups on one node: kubepods; under it the Guaranteed pods and the parents of the Burstable and
 * BestEffort ones; a cgroup for each pod, and below it one for each container.
 *
 * Simplified: the weight of the Burstable parent follows its pods at once, upstream within a minute; init containers
 * have no part in a pod's sums yet.
 * Source: kubernetes v1.34 pkg/kubelet/cm/qos_container_manager_linux.go, pod_container_manager_linux.go.
 */
export class NodeCgroups {
  readonly #options: NodeCgroupsOptions;
  readonly #kubepods: Cgroup;
  readonly #burstable: Cgroup;
  readonly #bestEffort: Cgroup;
  readonly #cpuManager: StaticCpuManager | undefined;
  readonly #pods = new Set<PodCgroups>();

  constructor(options: NodeCgroupsOptions) {
    this.#options = options;
    const { scheduler, kernel, kubelet, cpuCount } = options;
    const root = Cgroup.root(scheduler, kernel.cgroup);
    const reservedMilli = (kubelet.kubeReserved.cpu ?? 0) + (kubelet.systemReserved.cpu ?? 0);
    const allocatable = Math.max(cpuCount * 1000 - reservedMilli, 0);
    this.#kubepods = this.#qosCgroup(root, "kubepods", sharesFromMilli(allocatable));
    this.#burstable = this.#qosCgroup(this.#kubepods, "burstable", sharesFromMilli(0));
    this.#bestEffort = this.#qosCgroup(this.#kubepods, "besteffort", sharesFromMilli(0));
    if (kubelet.cpuManagerPolicy === "static") {
      this.#cpuManager = new StaticCpuManager(cpuCount, reservedCpus(kubelet.reservedSystemCPUs, reservedMilli));
    }
  }

  /**
   * The cgroups of a pod that has been there for long (`isSettled`), or of one that starts now. Gives what the kernel or
   * the kubelet refuses instead.
   */
  addPod(
    name: string,
    stream: string,
    spec: PodSpec,
    files: { pod: CgroupFiles; containers: Record<string, CgroupFiles> },
    isSettled: boolean,
  ): PodCgroups | Refusal[] {
    const { simulation } = this.#options;
    const qos = qosClass(spec);
    const problems: Refusal[] = [];
    for (const container of spec.containers) {
      const count = this.#cpuManager === undefined ? 0 : exclusiveCpus(spec, container);
      if (count > 0 && this.#cpuManager?.take(`${name}/${container.name}`, count) === undefined) {
        problems.push({
          container: container.name,
          reason: `wants ${count} exclusive CPUs; the static CPU manager has ${this.#cpuManager?.free.length} left to give`,
        });
      }
    }
    const parent = this.#parentOf(qos);
    const podSettings = this.#withGiven(this.#podSettings(name, spec), files.pod);
    const podRefused = parent.refusesChild(podSettings);
    if (podRefused !== undefined) return [...problems, { reason: podRefused }];
    const make = (above: Cgroup, path: string, settings: CpuSettings) => {
      const random = simulation.streams.fresh(`cgroup/${path}`);
      if (isSettled) return above.settledChild(path, random, settings);
      const child = above.newChild(path, random);
      for (const write of asWrites(settings)) child.write(write);
      return child;
    };
    const pod: PodCgroups = { name, stream, spec, qos, pod: make(parent, stream, podSettings), containers: new Map() };
    for (const container of spec.containers) {
      const settings = this.#withGiven(
        this.#containerSettings(name, container),
        files.containers[container.name] ?? {},
      );
      const refused = pod.pod.refusesChild(settings);
      if (refused === undefined)
        pod.containers.set(container.name, make(pod.pod, `${stream}/${container.name}`, settings));
      else problems.push({ container: container.name, reason: refused });
    }
    if (problems.length > 0) return problems;
    this.#pods.add(pod);
    this.#updateBurstable();
    this.#updateShared();
    return pod;
  }

  removePod(pod: PodCgroups): void {
    for (const cgroup of pod.containers.values()) cgroup.remove();
    pod.pod.remove();
    this.#pods.delete(pod);
    for (const container of pod.spec.containers) this.#cpuManager?.release(`${pod.name}/${container.name}`);
    this.#updateBurstable();
    this.#updateShared();
  }

  /**
   * In-place resize: writes what the pod's changed spec asks for. The pod is written before its containers where its
   * limit grows, and after them where it shrinks. Gives what the kernel refused.
   * Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_manager.go, doPodResizeAction.
   */
  resizePod(pod: PodCgroups): Array<{ cgroup: string; reason: string }> {
    const { name, spec } = pod;
    const refused: Array<{ cgroup: string; reason: string }> = [];
    const write = (cgroup: Cgroup, settings: CpuSettings) => {
      const changes = changed(cgroup.settings, settings);
      const reason = Object.keys(changes).length === 0 ? undefined : cgroup.write(changes);
      if (reason !== undefined) refused.push({ cgroup: cgroup.name, reason });
    };
    const podSettings = this.#podSettings(name, spec);
    const grows = podSettings.bandwidth.quota >= pod.pod.settings.bandwidth.quota;
    if (grows) write(pod.pod, podSettings);
    for (const container of spec.containers) {
      const cgroup = pod.containers.get(container.name);
      if (cgroup !== undefined) write(cgroup, this.#containerSettings(name, container));
    }
    if (!grows) write(pod.pod, podSettings);
    this.#updateBurstable();
    return refused;
  }

  #qosCgroup(parent: Cgroup, name: string, shares: number): Cgroup {
    const { simulation, stream } = this.#options;
    const settings = this.#settings({ shares, periodUs: 100_000 }, true);
    return parent.settledChild(name, simulation.streams.fresh(`cgroup/${stream}/${name}`), settings);
  }

  #parentOf(qos: QosClass): Cgroup {
    if (qos === "Guaranteed") return this.#kubepods;
    return qos === "Burstable" ? this.#burstable : this.#bestEffort;
  }

  #podSettings(name: string, spec: PodSpec): CpuSettings {
    const { kubelet } = this.#options;
    const holdsExclusive = spec.containers.some((container) => this.#losesQuota(name, container));
    return this.#settings(
      podCgroup(spec, kubelet.cpuCFSQuotaPeriod / NS_PER_US, kubelet.cpuCFSQuota && !holdsExclusive),
      true,
    );
  }

  #containerSettings(name: string, container: Container): CpuSettings {
    const { kubelet } = this.#options;
    const enforces = kubelet.cpuCFSQuota && !this.#losesQuota(name, container);
    const settings = this.#settings(containerCgroup(container, kubelet.cpuCFSQuotaPeriod / NS_PER_US, enforces), false);
    const cpus =
      this.#cpuManager === undefined
        ? undefined
        : (this.#cpuManager.of(`${name}/${container.name}`) ?? this.#cpuManager.shared);
    return { ...settings, cpus };
  }

  /** Whether the container has exclusive CPUs, and therefore no quota. */
  #losesQuota(name: string, container: Container): boolean {
    if (this.#cpuManager?.of(`${name}/${container.name}`) === undefined) return false;
    const { kubelet, kubernetesVersion } = this.#options;
    return kubelet.featureGates[EXCLUSIVE_WITHOUT_QUOTA] ?? isAtLeast(kubernetesVersion, EXCLUSIVE_WITHOUT_QUOTA_SINCE);
  }

  /**
   * The kernel's settings for what the kubelet asks. Under cgroup v2 shares pass through cpu.weight: by the kubelet's
   * linear formula for pods and what is above them, by the container runtime's for containers.
   */
  #settings(asked: CpuCgroup, isKubelet: boolean): CpuSettings {
    const write: CgroupWrite = { quotaUs: asked.quotaUs ?? "max", periodUs: asked.periodUs };
    if (this.#options.kernel.cgroup === "v1") write.shares = asked.shares;
    else write.weight = isKubelet ? weightFromSharesLinear(asked.shares) : weightFromShares(asked.shares);
    return withFiles({ shares: 0, bandwidth: { quota: Infinity, period: 0, burst: 0 } }, write);
  }

  #withGiven(settings: CpuSettings, files: CgroupFiles): CpuSettings {
    const { cgroup } = this.#options.kernel;
    return Object.entries(files).reduce(
      (result, [name, value]) => withFiles(result, parseCgroupFile(cgroup, name, value)),
      settings,
    );
  }

  /** The Burstable parent weighs as much as its pods' requests together. */
  #updateBurstable(): void {
    let milli = 0;
    for (const pod of this.#pods) if (pod.qos === "Burstable") milli += podTotal(pod.spec, "requests", "cpu");
    const { shares } = this.#settings({ shares: sharesFromMilli(milli), periodUs: 100_000 }, true);
    if (shares !== this.#burstable.settings.shares) this.#burstable.write({ shares });
  }

  /** Containers without exclusive CPUs move to what is left to share. */
  #updateShared(): void {
    if (this.#cpuManager === undefined) return;
    const { shared } = this.#cpuManager;
    for (const pod of this.#pods) {
      for (const [name, cgroup] of pod.containers) {
        const isExclusive = this.#cpuManager.of(`${pod.name}/${name}`) !== undefined;
        if (!isExclusive && !sameNumbers(cgroup.settings.cpus, shared)) cgroup.write({ cpus: shared });
      }
    }
  }
}

/** The writes by which a runtime sets up a new cgroup: weight and CPUs, then the limit, then the burst. */
function asWrites({ shares, bandwidth, cpus }: CpuSettings): CgroupWrite[] {
  const writes: CgroupWrite[] = [{ shares, ...(cpus && { cpus: [...cpus] }) }, limitOf(bandwidth)];
  if (bandwidth.burst > 0) writes.push({ burstUs: bandwidth.burst / NS_PER_US });
  return writes;
}

function limitOf({ quota, period }: Bandwidth): CgroupWrite {
  return { quotaUs: quota === Infinity ? "max" : quota / NS_PER_US, periodUs: period / NS_PER_US };
}

/** The files whose value differs, burst and cpuset left as they are. */
function changed(now: CpuSettings, wanted: CpuSettings): CgroupWrite {
  const isLimitSame =
    now.bandwidth.quota === wanted.bandwidth.quota && now.bandwidth.period === wanted.bandwidth.period;
  return {
    ...(now.shares !== wanted.shares && { shares: wanted.shares }),
    ...(!isLimitSame && limitOf(wanted.bandwidth)),
  };
}

function sameNumbers(a: readonly number[] | undefined, b: readonly number[]): boolean {
  return a !== undefined && a.length === b.length && a.every((value, index) => value === b[index]);
}
