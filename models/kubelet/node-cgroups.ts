import type { Simulation } from "../../engine/index.ts";
import { NS_PER_US } from "../../engine/time.ts";
import type { Bandwidth } from "../cfs/bandwidth-rules.ts";
import { Cgroup, withFiles, type CpuSettings } from "../cfs/cgroup.ts";
import type { CgroupFiles, CgroupWrite, KernelSection } from "../cfs/schema.ts";
import { parseCgroupFile } from "../cfs/schema.ts";
import type { NodeScheduler } from "../cfs/scheduler.ts";
import { weightFromShares, weightFromSharesLinear } from "../cfs/weights.ts";
import { kubernetesMinor } from "../cluster/kubernetes-version.ts";
import type { Container, PodSpec } from "../cluster/schema.ts";
import { StaticCpuManager, exclusiveCpus, reservedCpus } from "./cpu-manager.ts";
import { isGateOn } from "./feature-gates.ts";
import {
  allContainers,
  containerCgroup,
  podCgroup,
  podTotal,
  qosClass,
  sharesFromMilli,
  type CpuCgroup,
  type QosClass,
} from "./resources.ts";
import type { KubeletSection } from "./schema.ts";

export interface NodeCgroupsOptions {
  simulation: Simulation;
  scheduler: NodeScheduler;
  kernel: KernelSection;
  kubelet: KubeletSection;
  kubernetesVersion: string;
  /** The node's name for random streams. */
  stream: string;
  cpuCount: number;
  /** How the container runtime converts shares to cpu.weight; default: the newest runtimes' way. */
  containerWeight?: (shares: number) => number;
  /** Told of a write for a new cgroup that the kernel refuses; `cgroup` as `web-0/app`. */
  onRefused: (pod: string, cgroup: string, reason: string) => void;
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
  readonly files: GivenFiles;
  pod: Cgroup;
  /** Those of its running containers. */
  readonly containers: Map<string, Cgroup>;
}

/** Cgroup files that the scenario gives: they win over what Kubernetes derives. */
export interface GivenFiles {
  pod: CgroupFiles;
  containers: Record<string, CgroupFiles>;
}

/**
 * The kubelet's tree of cgroups on one node: kubepods; under it the Guaranteed pods and the parents of the Burstable and
 * BestEffort ones; a cgroup for each pod, and below it one for each container.
 *
 * Simplified: the weight of the Burstable parent follows its pods at once, upstream within a minute; init containers and
 * sidecars run on the shared CPUs, also in pods that have CPUs of their own.
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
   * The cgroup of a pod that has been there for long (`isSettled`), or of one that comes now. Gives instead why the
   * kubelet does not take the pod, and for a settled one also what the kernel would refuse to it or its containers.
   */
  addPod(name: string, stream: string, spec: PodSpec, files: GivenFiles, isSettled: boolean): PodCgroups | Refusal[] {
    const problems = this.#takeCpus(name, spec);
    const parent = this.#parentOf(qosClass(spec));
    const settings = this.#withGiven(this.#podSettings(name, spec), files.pod);
    const podRefused = isSettled ? parent.refusesChild(settings) : undefined;
    if (podRefused !== undefined) problems.push({ reason: podRefused });
    if (problems.length > 0) {
      this.#releaseCpus(name, spec);
      return problems;
    }
    const cgroup = this.#make(parent, stream, `cgroup/${stream}`, settings, isSettled, (reason) =>
      this.#options.onRefused(name, name, reason),
    );
    const pod: PodCgroups = { name, stream, spec, qos: qosClass(spec), files, pod: cgroup, containers: new Map() };
    for (const container of isSettled ? allContainers(spec) : []) {
      const reason = cgroup.refusesChild(this.#givenSettings(pod, container));
      if (reason !== undefined) problems.push({ container: container.name, reason });
    }
    if (problems.length > 0) {
      cgroup.remove();
      this.#releaseCpus(name, spec);
      return problems;
    }
    this.#pods.add(pod);
    this.#updateBurstable();
    this.#updateShared();
    return pod;
  }

  /** The cgroup of one run of a container; `run` counts them from 0. */
  addContainer(pod: PodCgroups, container: Container, run: number, isSettled: boolean): Cgroup {
    const path = `${pod.stream}/${container.name}`;
    const random = run === 0 ? `cgroup/${path}` : `cgroup/${path}/${run}`;
    const settings = this.#givenSettings(pod, container);
    const cgroup = this.#make(pod.pod, path, random, settings, isSettled, (reason) =>
      this.#options.onRefused(pod.name, `${pod.name}/${container.name}`, reason),
    );
    pod.containers.set(container.name, cgroup);
    return cgroup;
  }

  /** The container's run has ended; its counters stay readable. */
  removeContainer(pod: PodCgroups, name: string): void {
    pod.containers.get(name)?.remove();
    pod.containers.delete(name);
  }

  removePod(pod: PodCgroups): void {
    for (const name of pod.containers.keys()) this.removeContainer(pod, name);
    pod.pod.remove();
    this.#pods.delete(pod);
    this.#releaseCpus(pod.name, pod.spec);
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
    for (const container of allContainers(spec)) {
      const cgroup = pod.containers.get(container.name);
      if (cgroup !== undefined) write(cgroup, this.#containerSettings(name, container));
    }
    if (!grows) write(pod.pod, podSettings);
    this.#updateBurstable();
    return refused;
  }

  /** Gives the pod's containers the CPUs that they own, and says for which there are not enough. */
  #takeCpus(name: string, spec: PodSpec): Refusal[] {
    if (this.#cpuManager === undefined) return [];
    const problems: Refusal[] = [];
    for (const container of spec.containers) {
      const count = exclusiveCpus(spec, container);
      if (count === 0 || this.#cpuManager.take(`${name}/${container.name}`, count) !== undefined) continue;
      const { free } = this.#cpuManager;
      const reason = `wants ${count} exclusive CPUs; the static CPU manager has ${free.length} left to give`;
      problems.push({ container: container.name, reason });
    }
    return problems;
  }

  #releaseCpus(name: string, spec: PodSpec): void {
    for (const container of spec.containers) this.#cpuManager?.release(`${name}/${container.name}`);
  }

  #make(
    parent: Cgroup,
    path: string,
    random: string,
    settings: CpuSettings,
    isSettled: boolean,
    onRefused: (reason: string) => void,
  ): Cgroup {
    const stream = this.#options.simulation.streams.fresh(random);
    if (isSettled) return parent.settledChild(path, stream, settings);
    const child = parent.newChild(path, stream);
    for (const write of asWrites(settings)) {
      const reason = child.write(write);
      if (reason !== undefined) onRefused(reason);
    }
    return child;
  }

  #givenSettings(pod: PodCgroups, container: Container): CpuSettings {
    return this.#withGiven(this.#containerSettings(pod.name, container), pod.files.containers[container.name] ?? {});
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
    return isGateOn("DisableCPUQuotaWithExclusiveCPUs", kubelet.featureGates, kubernetesMinor(kubernetesVersion));
  }

  /**
   * The kernel's settings for what the kubelet asks. Under cgroup v2 shares pass through cpu.weight: by the kubelet's
   * linear formula for pods and what is above them, by the container runtime's for containers.
   */
  #settings(asked: CpuCgroup, isKubelet: boolean): CpuSettings {
    const write: CgroupWrite = { quotaUs: asked.quotaUs ?? "max", periodUs: asked.periodUs };
    if (this.#options.kernel.cgroup === "v1") write.shares = asked.shares;
    else {
      const { containerWeight = weightFromShares } = this.#options;
      write.weight = isKubelet ? weightFromSharesLinear(asked.shares) : containerWeight(asked.shares);
    }
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
