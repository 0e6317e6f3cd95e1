import { NO_EVENT, OBSERVERS, type Handle } from "../../engine/event-store.ts";
import type { Simulation } from "../../engine/simulation.ts";
import type { CounterTable } from "../../engine/results/counters.ts";
import type { EventLog } from "../../engine/results/event-log.ts";
import { NS_PER_US, type Ns } from "../../engine/time.ts";
import type { NodeEntry } from "../cluster/schema.ts";
import { Containerd, type Cancel, type ContainerdOptions } from "./containerd.ts";
import { IMAGE_GC_PERIOD } from "./defaults.ts";
import type { ImageRequest } from "./ensure.ts";
import { PULL_QPS_EXCEEDED } from "./errors.ts";
import { ImageCollector } from "./image-collector.ts";
import type { ReadFilesystem } from "./image-gc.ts";
import { ImageManager, type EnsureResult } from "./image-manager.ts";
import { ImageStore, type Image } from "./image-store.ts";
import type { ChainIds } from "./layers.ts";
import type { PullSources } from "./pull-sources.ts";
import { newPuller, type PullImage, type PullOutcome, type Puller } from "./puller.ts";
import type { ImageConfig } from "./puller-config.ts";
import { canonicalName, defaultPullPolicy, type PullPolicy } from "./reference.ts";
import type { NodeSource, UnpackingDisk } from "./registry.ts";

/** The image that a container or a volume asks for. */
export interface ImageWish {
  readonly image?: string;
  readonly imagePullPolicy?: PullPolicy;
}

/** A container, as far as its image is concerned. */
export interface ImageContainer {
  readonly spec: ImageWish;
  /** Runs that have begun: from the first one on there is a container that refers to its image. */
  readonly runs: number;
}

/** A pod, as far as its images are concerned. A new pod is another object, whatever its name. */
export interface ImagePod {
  readonly name: string;
  readonly allContainers: readonly ImageContainer[];
  readonly spec?: { readonly volumes?: ReadonlyArray<{ readonly image?: ImageWish }> };
}

/** A node of the cluster, as far as its images are concerned. */
export interface ImageNode {
  readonly name: string;
  /** Its name for random streams. */
  readonly stream: string;
  readonly entry: NodeEntry;
  /** Those whose objects are bound to it. */
  readonly pods: readonly ImagePod[];
}

export interface NodeImagesOptions {
  sim: Simulation;
  node: ImageNode;
  /** Kubernetes 1.`minor` decides the forms that differ by version. */
  minor: number;
  config: ImageConfig;
  source: NodeSource;
  disk: UnpackingDisk;
  runtime: ContainerdOptions;
  chains: ChainIds;
  /** Every image of the scenario, by its canonical name, as this node pulls it. */
  images: ReadonlyMap<string, Image>;
  /** Those that its disk holds from the start. */
  present: readonly Image[];
  events: EventLog;
  sources: PullSources;
  /** The image filesystem as the collector reads it; by default what the entry says and the images on it. */
  filesystem?: ReadFilesystem;
  /** Told of the bytes that images take on the disk, at once and whenever they change. */
  onUsedBytes?: (usedBytes: number) => void;
  /** Whether the kubelet verifies credentials: then its messages say that the pod may have the image. */
  verifiesCredentials: boolean;
}

/** A request and the pod that it is for. */
interface PodRequest extends ImageRequest {
  pod: ImagePod;
}

/** The kubelet's image side on one node, over the runtime, the registry and the disk below it; and its collector. */
export class NodeImages {
  readonly node: ImageNode;
  readonly store: ImageStore;
  readonly collector: ImageCollector;
  readonly #options: NodeImagesOptions;
  readonly #runtime: Containerd;
  readonly #uids = new WeakMap<ImagePod, string>();
  #uidCount = 0;
  #puller: Puller;
  #manager: ImageManager<PodRequest>;
  /** When the requests were made that have no answer yet, and what ends the calls of the runtime that are under way. */
  readonly #open = new Set<{ requestedAt: Ns }>();
  readonly #calls = new Set<Cancel>();
  #gauge: Handle = NO_EVENT;
  readonly #counts = {
    pulls: 0,
    calls: 0,
    failedCalls: 0,
    refusals: 0,
    backOffs: 0,
    downloadedBytes: 0,
    mostWaiting: 0,
    collected: { age: 0, space: 0 },
  };

  constructor(options: NodeImagesOptions) {
    const { sim, node, config, source, disk, runtime, chains, events, onUsedBytes } = options;
    this.#options = options;
    this.node = node;
    this.store = new ImageStore(chains, onUsedBytes);
    this.#preload();
    this.#runtime = new Containerd(sim, this.store, source, disk, runtime);
    this.#puller = this.#newPuller();
    this.#manager = this.#newManager();
    this.collector = new ImageCollector({
      sim,
      store: this.store,
      policy: {
        highThresholdPercent: config.imageGCHighThresholdPercent,
        lowThresholdPercent: config.imageGCLowThresholdPercent,
        minAge: config.imageMinimumGCAge,
        maxAge: config.imageMaximumGCAge,
      },
      inUse: () => this.#inUse(),
      filesystem: options.filesystem ?? (() => this.#filesystem()),
      onEvent: ({ reason, message }) => events.add(sim.now, node.name, `node/${node.name}`, reason, message),
      onRemoved: (_, reason) => void this.#counts.collected[reason]++,
    });
  }

  /** What the scenario begins with: a kubelet that has been up for long. To be called when its first pods have begun. */
  start(): void {
    const { sim, node } = this.#options;
    const isRandom = node.entry.kernel.phases === "random";
    this.collector.start(isRandom ? sim.streams.fresh(`node/${node.stream}/image-gc`).below(IMAGE_GC_PERIOD) : 0);
  }

  /** Calls `done` when the container's image is there or its request has failed, within this call or later. */
  ensure(pod: ImagePod, { spec }: ImageContainer, done: (result: EnsureResult) => void): void {
    this.#ensure(pod, spec, done);
  }

  /** The same for the pod's volumes that are images, one after the other; the first that fails ends it. */
  ensureVolumes(pod: ImagePod, done: (result: EnsureResult) => void): void {
    const wishes = volumeImages(pod);
    const next = (i: number): void => {
      if (i === wishes.length) return done({ kind: "ok" });
      this.#ensure(pod, wishes[i], (result) => (result.kind === "ok" ? next(i + 1) : done(result)));
    };
    next(0);
  }

  #ensure(pod: ImagePod, { image, imagePullPolicy }: ImageWish, done: (result: EnsureResult) => void): void {
    if (image === undefined) return done({ kind: "ok" });
    const policy = imagePullPolicy ?? defaultPullPolicy(image);
    this.#manager.ensure({ pod, podUid: this.#uidOf(pod), image, policy }, done);
  }

  /** The eviction manager wants room: removes what no container uses, and gives the sizes of what went. */
  deleteUnusedImages(): number {
    return this.collector.deleteUnused();
  }

  /** The node loses power, or leaves: pulls are lost and nobody is told. What has arrived on the disk stays. */
  down(): void {
    this.#forget();
    this.collector.stop();
  }

  /** The node has booted, or its kubelet begins again: records and back-offs are lost, and pulls that were under way. */
  restart(): void {
    this.#forget();
    this.collector.start();
  }

  /** The node has left the cluster: whoever comes back under its name has a fresh disk. */
  deleted(): void {
    this.down();
    this.store.clear();
    this.#preload();
  }

  reportCounters(counters: CounterTable): void {
    const { source, disk, node } = this.#options;
    const { pulls, calls, failedCalls, refusals, backOffs, downloadedBytes, mostWaiting, collected } = this.#counts;
    const object = `node/${node.name}`;
    counters.add(object, "kubelet_image_pull_duration_seconds_count", pulls);
    counters.add(object, 'kubelet_runtime_operations_total{operation_type="pull_image"}', calls);
    counters.add(object, 'kubelet_runtime_operations_errors_total{operation_type="pull_image"}', failedCalls);
    counters.add(object, 'kubelet_image_garbage_collected_total{reason="age"}', collected.age);
    counters.add(object, 'kubelet_image_garbage_collected_total{reason="space"}', collected.space);
    counters.add(object, "sim_image_pull_qps_refusals", refusals);
    counters.add(object, "sim_image_pull_back_offs", backOffs);
    counters.add(object, "sim_image_pulls_waiting_max", mostWaiting);
    counters.add(object, "sim_image_downloaded_bytes", downloadedBytes);
    counters.add(object, "sim_image_fs_used_bytes", this.store.usedBytes);
    counters.add(object, "sim_image_fs_used_bytes_max", this.store.mostUsedBytes);
    counters.add(object, "sim_registry_connections_max", source.load.mostFlows);
    counters.add(object, "sim_registry_link_busy_usec", Math.floor(source.load.busyNs / NS_PER_US));
    counters.add(object, "sim_unpackers_max", disk.load.mostFlows);
    counters.add(object, "sim_unpack_busy_usec", Math.floor(disk.load.busyNs / NS_PER_US));
  }

  #preload(): void {
    for (const image of this.#options.present) this.store.preload(image);
  }

  #forget(): void {
    const { sim, node, sources } = this.#options;
    for (const cancel of this.#calls) cancel();
    this.#calls.clear();
    for (const { requestedAt } of this.#open) sources.failed(node.entry.name, requestedAt, sim.now);
    this.#open.clear();
    this.#puller.stop();
    this.#puller = this.#newPuller();
    this.#manager = this.#newManager();
  }

  #newManager(): ImageManager<PodRequest> {
    const { sim, minor, node, images, events, verifiesCredentials } = this.#options;
    const isPresent = (name: string): boolean => this.store.hasImage(canonicalName(name) ?? name);
    return new ImageManager({
      sim,
      minor,
      puller: { pull: (image, done) => this.#pull(image, done) },
      node: { imageStatus: isPresent, ...(verifiesCredentials && { isAllowed: () => true }) },
      image: (name) => images.get(canonicalName(name) as string) as Image,
      onEvent: ({ pod }, { reason, message }) => {
        if (reason === "BackOff") this.#counts.backOffs++;
        events.add(sim.now, node.name, `pod/${pod.name}`, reason, message);
      },
    });
  }

  #newPuller(): Puller {
    const { sim, config } = this.#options;
    const pullImage: PullImage = (image, done) => {
      this.#counts.calls++;
      const cancel = this.#runtime.pull(image, (result) => {
        this.#calls.delete(cancel);
        if (result.kind === "failed") this.#counts.failedCalls++;
        done(result);
      });
      this.#calls.add(cancel);
    };
    return newPuller(sim, config, pullImage);
  }

  /** Sends a request to the puller and takes down what becomes of it. */
  #pull(image: Image, done: (outcome: PullOutcome) => void): void {
    const { sim, node, sources } = this.#options;
    const requestedAt = sim.now;
    const request = { requestedAt };
    this.#open.add(request);
    sources.requested(node.entry.name, requestedAt);
    const counts = this.#counts;
    this.#puller.pull(image, (outcome) => {
      const { result } = outcome;
      // A refusal of a puller that is no more says nothing to anybody.
      if (!this.#open.delete(request)) return;
      counts.downloadedBytes += result.downloadedBytes;
      if (result.kind === "pulled") {
        counts.pulls++;
        sources.completed(node.entry.name, requestedAt, sim.now, result.downloadedBytes);
      } else {
        if (result.error === PULL_QPS_EXCEEDED) counts.refusals++;
        sources.failed(node.entry.name, requestedAt, sim.now);
      }
      done(outcome);
    });
    // When everything of this instant has happened.
    if (sim.timeOf(this.#gauge) === undefined) this.#gauge = sim.schedule(0, readGauge, this, OBSERVERS);
  }

  /** Notes how many requests wait. */
  readGauge(): void {
    const { inChannel, blockedSenders } = this.#puller.queue;
    this.#counts.mostWaiting = Math.max(this.#counts.mostWaiting, inChannel + blockedSenders);
  }

  #uidOf(pod: ImagePod): string {
    let uid = this.#uids.get(pod);
    if (uid === undefined) {
      uid = String(this.#uidCount++);
      this.#uids.set(pod, uid);
    }
    return uid;
  }

  /** Images of all containers that exist, running or exited, and of their pods' volumes; they go with the pod's object. */
  #inUse(): Set<string> {
    const inUse = new Set<string>();
    for (const pod of this.node.pods) {
      const existing = pod.allContainers.filter(({ runs }) => runs > 0).map(({ spec }) => spec);
      for (const { image } of existing.length > 0 ? [...existing, ...volumeImages(pod)] : []) {
        if (image !== undefined) inUse.add(canonicalName(image) as string);
      }
    }
    return inUse;
  }

  #filesystem(): { capacityBytes: number; availableBytes: number } {
    const { disk, used } = this.node.entry;
    const { nodefs, imagefs = "nodefs" } = disk ?? {};
    const size = imagefs === "nodefs" ? nodefs?.size : imagefs.size;
    const others = used.imagefs + (imagefs === "nodefs" ? used.nodefs : 0);
    const capacityBytes = size ?? UNLIMITED_BYTES;
    return { capacityBytes, availableBytes: Math.max(0, capacityBytes - others - this.store.usedBytes) };
  }
}

function volumeImages({ spec }: ImagePod): ImageWish[] {
  return (spec?.volumes ?? []).flatMap(({ image }) => (image === undefined ? [] : [image]));
}

function readGauge(images: NodeImages): void {
  images.readGauge();
}

/** The size of a filesystem without one: the collector's arithmetic is in whole numbers. */
const UNLIMITED_BYTES = Number.MAX_SAFE_INTEGER;
