import type { Simulation } from "../../../engine/index.ts";
import type { NodeResources } from "../../../engine/results/resource-table.ts";
import type { Node } from "../../cluster/node.ts";
import type { Pod } from "../../cluster/pod.ts";
import { COUNT_RATE_PERIOD } from "../behavior-schema.ts";
import { Quantity } from "../quantity.ts";
import { nodefsSize, type NodeSettings } from "../settings.ts";
import type { FileSystemStats, NodeStats } from "../signals.ts";
import { FileSystem } from "./file-system.ts";
import { killForMemory, type OomKill } from "./oom-killer.ts";
import { PodUsage } from "./pod-usage.ts";

export interface NodeUsageOptions {
  simulation: Simulation;
  node: Node;
  settings: NodeSettings;
  /** Ends a container whose process the kernel has killed; its memory is free already. */
  onOomKill: (kill: OomKill) => void;
}

/** What is used of one node: its memory, its file systems, its processes. */
export class NodeUsage {
  readonly node: Node;
  readonly settings: NodeSettings;
  /** The working set of the root cgroup. */
  readonly memory: Quantity;
  /** The working set of the cgroup of all pods. */
  readonly kubepods: Quantity;
  readonly pids: Quantity;
  readonly nodeFs: FileSystem;
  readonly imageFs: FileSystem;
  readonly containerFs: FileSystem;
  /** What images take of the image file system. */
  readonly imageBytes: Quantity;
  /** Page cache that would be there if there were room for it. */
  cacheBytes = 0;
  /** Counts the samples of pods' stats: figures of one sample are read once. */
  sample = 0;

  readonly #options: NodeUsageOptions;
  readonly #pods = new Map<Pod, PodUsage>();

  constructor(options: NodeUsageOptions) {
    const { simulation, node, settings } = options;
    const { disk, used } = node.entry;
    this.#options = options;
    this.node = node;
    this.settings = settings;
    this.memory = new Quantity(simulation, { value: used.memory });
    this.kubepods = new Quantity(simulation, { sum: this.memory });
    this.pids = new Quantity(simulation, { per: COUNT_RATE_PERIOD });
    this.memory.watch("atLeast", settings.memoryCapacityBytes + 1, () => this.limitPassed());
    this.kubepods.watch("atLeast", settings.kubepodsLimitBytes + 1, () => this.limitPassed());
    const { imagefs = "nodefs" } = disk ?? {};
    const isOneDisk = imagefs === "nodefs";
    this.nodeFs = new FileSystem(simulation, {
      sizeBytes: nodefsSize(node.entry),
      inodes: disk?.nodefs?.inodes,
      usedBytes: used.nodefs + (isOneDisk ? used.imagefs : 0),
    });
    this.imageFs = isOneDisk
      ? this.nodeFs
      : new FileSystem(simulation, { sizeBytes: imagefs.size, inodes: imagefs.inodes, usedBytes: used.imagefs });
    this.imageBytes = new Quantity(simulation, { sum: this.imageFs.bytes });
    this.containerFs = settings.layout.split ? this.nodeFs : this.imageFs;
  }

  /** In the order of their admission. */
  get pods(): Iterable<PodUsage> {
    return this.#pods.values();
  }

  usageOf(pod: Pod): PodUsage | undefined {
    return this.#pods.get(pod);
  }

  admit(pod: Pod): PodUsage {
    const usage = new PodUsage(this.#options.simulation, this, pod);
    this.#pods.set(pod, usage);
    return usage;
  }

  remove(pod: Pod): void {
    this.#pods.get(pod)?.remove();
    this.#pods.delete(pod);
  }

  /** Some limit of memory may be passed: the kernel looks for victims until none is. */
  limitPassed(): void {
    for (let kill = killForMemory(this); kill !== undefined; kill = killForMemory(this)) {
      kill.container.pod.endContainer(kill.container.name);
      this.#options.onOomKill(kill);
    }
  }

  /** The node's part of a stats summary that is taken now. */
  stats(): NodeStats {
    const { now } = this.#options.simulation;
    const { memoryCapacityBytes, kubepodsLimitBytes, maxPids } = this.settings;
    const workingSetBytes = this.memory.value;
    const availableBytes = Math.max(0, memoryCapacityBytes - workingSetBytes);
    const podsBytes = this.kubepods.value;
    const nodefs = this.nodeFs.stats(now);
    const imagefs = this.imageFs === this.nodeFs ? nodefs : this.imageFs.stats(now);
    const containerfs: FileSystemStats = this.containerFs === this.nodeFs ? nodefs : imagefs;
    // Page cache never takes what somebody needs.
    const cacheBytes = Math.min(this.cacheBytes, availableBytes);
    const podsAvailableBytes = Math.max(0, kubepodsLimitBytes - podsBytes);
    return {
      memory: { availableBytes, workingSetBytes, usageBytes: workingSetBytes + cacheBytes, at: now },
      kubepods: {
        availableBytes: podsAvailableBytes,
        workingSetBytes: podsBytes,
        usageBytes: podsBytes + Math.min(cacheBytes, podsAvailableBytes),
        at: now,
      },
      nodefs,
      imagefs,
      containerfs,
      pids: { max: maxPids, running: this.pids.value, at: now },
    };
  }

  /** What a reader of resources.csv sees of the node now. */
  resources(): NodeResources {
    const { memoryCapacityBytes } = this.settings;
    return {
      memoryAvailableBytes: Math.max(0, memoryCapacityBytes - this.memory.value),
      nodefsAvailableBytes: this.nodeFs.availableBytes,
      imagefsAvailableBytes: this.imageFs.availableBytes,
      pids: this.pids.value,
    };
  }

  /** Where the accounts of memory do not add up, to the last fraction of a byte; undefined if they do. */
  imbalance(): string | undefined {
    const pods = [...this.#pods.values()];
    const parts = pods.map(({ memory }) => memory);
    const wrong = mismatch("pods", this.kubepods, parts);
    if (wrong !== undefined) return wrong;
    for (const pod of pods) {
      const wrong = mismatch(pod.pod.name, pod.memory, pod.memoryParts());
      if (wrong !== undefined) return wrong;
    }
    return this.memory.value < this.node.entry.used.memory ? "pods take less than nothing" : undefined;
  }
}

/** The parts of a sum, added exactly. */
function mismatch(what: string, sum: Quantity, parts: readonly Quantity[]): string | undefined {
  let [whole, rest] = [0, 0];
  for (const part of parts) {
    const exact = part.exact();
    if (exact.whole < 0) return `a part of ${what} is below zero: ${exact.whole} bytes`;
    whole += exact.whole;
    rest += exact.rest;
  }
  const found = sum.exact();
  // Fractions of parts can make up whole bytes.
  if (found.whole - whole === (rest - found.rest) / sum.per) return undefined;
  return `the parts of ${what} are ${whole} bytes and ${rest}/${sum.per}, their sum is ${found.whole} and ${found.rest}`;
}
