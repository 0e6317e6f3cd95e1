import { sampler } from "../../engine/random/distributions.ts";
import type { CounterTable } from "../../engine/results/counters.ts";
import type { Outputs } from "../../engine/results/outputs.ts";
import type { Simulation } from "../../engine/simulation.ts";
import { kubernetesMinor } from "../cluster/kubernetes-version.ts";
import type { NodeEntry } from "../cluster/schema.ts";
import { isGateOn } from "../kubelet/feature-gates.ts";
import { NEWEST_CONTAINERD } from "./defaults.ts";
import type { ReadFilesystem } from "./image-gc.ts";
import type { Image } from "./image-store.ts";
import { ChainIds, type Layer } from "./layers.ts";
import { NodeImages, type ImageNode } from "./node-images.ts";
import { PullSources } from "./pull-sources.ts";
import { defaultImageConfig } from "./puller-config.ts";
import { canonicalName } from "./reference.ts";
import { Registry, UnpackingDisk, type FailAttempt } from "./registry.ts";
import type { ImageEntry, RegistrySection, RuntimeSection } from "./schema.ts";
import { bytesPerSecond, resolveRegistry, resolveRuntime, type ResolvedRegistry } from "./sections.ts";
import type { RegistryAction } from "./timeline-schema.ts";
import { unpackedSize } from "./validate.ts";

/** A scenario, as far as images are concerned. Its registries may change while it runs. */
export interface ImagesSections {
  kubernetesVersion: string;
  nodes: readonly NodeEntry[];
  images?: readonly ImageEntry[];
  registry?: RegistrySection;
  runtime?: RuntimeSection;
}

export interface ComposeImagesOptions<Node extends ImageNode> {
  simulation: Simulation;
  scenario: ImagesSections;
  nodes: readonly Node[];
  outputs: Outputs;
  /** The image filesystem as the collector reads it; by default what the node's entry says and the images on it. */
  filesystemOf?: (node: Node) => ReadFilesystem;
  /** Told of the bytes that images take on a node's disk. */
  onUsedBytes?: (node: Node, usedBytes: number) => void;
}

/**
 * The images of a scenario on the engine, put on the stage: registries, and for each node its link, disk, runtime, pullers
 * and collector. Makes the sources `pull`. Undefined without a section `images`: then every image is there.
 */
export function composeImages<Node extends ImageNode>(options: ComposeImagesOptions<Node>): Images<Node> | undefined {
  const { images } = options.scenario;
  return images === undefined ? undefined : new Images(options, images);
}

/** An entry of `images`, with its canonical name. */
interface Described {
  entry: ImageEntry;
  name: string;
  layers: readonly Layer[];
}

/** A registry, the section that it follows, and the nodes that it serves. */
interface Served {
  registry: Registry;
  section: () => ResolvedRegistry;
  /** Absent: the cluster-wide one. */
  entry?: NodeEntry;
}

/** Puts images of all nodes side by side; an observer of what happens to nodes. */
export class Images<Node extends ImageNode> {
  readonly #options: ComposeImagesOptions<Node>;
  readonly #byNode: ReadonlyMap<Node, NodeImages>;
  readonly #registries: Served[] = [];

  constructor(options: ComposeImagesOptions<Node>, entries: readonly ImageEntry[]) {
    const { scenario, nodes, outputs } = options;
    this.#options = options;
    const sources = new PullSources(
      outputs.recorder,
      scenario.nodes.map(({ name }) => name),
    );
    const chains = new ChainIds();
    const described = entries.map((entry): Described => ({
      entry,
      name: canonicalName(entry.name) as string,
      layers: (entry.layers ?? []).map(layerOf),
    }));
    for (const entry of [undefined, ...scenario.nodes]) this.#addRegistry(entry);
    this.#byNode = new Map(nodes.map((node) => [node, this.#nodeImages(node, described, chains, sources)] as const));
  }

  /** The node's side of it, which its kubelet asks. */
  of(node: Node): NodeImages {
    const images = this.#byNode.get(node);
    if (images === undefined) throw new Error(`no images for node ${node.name}`);
    return images;
  }

  /** To be called when the pods of time 0 have begun; `isAbsent` names the nodes that join later. */
  start(isAbsent: (node: Node) => boolean = () => false): void {
    for (const [node, images] of this.#byNode) if (!isAbsent(node)) images.start();
  }

  nodeUp(node: Node): void {
    this.of(node).restart();
  }

  nodeDown(node: Node): void {
    this.of(node).down();
  }

  nodeDeleted(node: Node): void {
    this.of(node).deleted();
  }

  /** To be called before the kubelet's pods are synced again. */
  kubeletRestarted(node: Node): void {
    this.of(node).restart();
  }

  /** Carries out an action of the timeline. A node's name stands for the registry that serves it. */
  act({ action, node }: RegistryAction): void {
    for (const { registry } of this.#servedTo(node)) {
      if (action === "registryDown") registry.down();
      else registry.up();
    }
  }

  /** The scenario's registries have changed. */
  registryChanged(): void {
    for (const { registry, section } of this.#registries) registry.change(section());
  }

  reportCounters(counters: CounterTable): void {
    for (const images of this.#byNode.values()) images.reportCounters(counters);
  }

  /** The cluster-wide registry, or that of an entry which has one of its own. */
  #addRegistry(entry: NodeEntry | undefined): void {
    if (entry !== undefined && entry.registry === undefined) return;
    const { simulation, scenario } = this.#options;
    const section = () => resolveRegistry(scenario.registry, entry?.registry);
    this.#registries.push({ registry: new Registry(simulation, section()), section, ...(entry && { entry }) });
  }

  #registryOf(entry: NodeEntry): Served {
    return this.#registries.find((served) => served.entry === entry) ?? this.#registries[0];
  }

  #servedTo(name: string | undefined): Iterable<Served> {
    if (name === undefined) return this.#registries;
    const nodes = [...this.#byNode.keys()].filter((node) => node.name === name || node.entry.name === name);
    return new Set(nodes.map(({ entry }) => this.#registryOf(entry)));
  }

  #nodeImages(node: Node, described: readonly Described[], chains: ChainIds, sources: PullSources): NodeImages {
    const { simulation, scenario, outputs, filesystemOf, onUsedBytes } = this.#options;
    const { entry, stream } = node;
    const minor = kubernetesMinor(scenario.kubernetesVersion);
    const runtime = resolveRuntime(scenario.runtime, entry.runtime);
    const { registry, section } = this.#registryOf(entry);
    const images = new Map<string, Image>();
    const failures = new Map<string, FailAttempt>();
    const present: Image[] = [];
    for (const each of described) {
      const image = imageOf(simulation, each, stream);
      images.set(image.name, image);
      const fails = failAttempt(simulation, each, stream);
      if (fails !== undefined) failures.set(image.name, fails);
      if (isPresent(each.entry, node)) present.push(image);
    }
    const { nodefs, imagefs = "nodefs" } = entry.disk ?? {};
    const write = (imagefs === "nodefs" ? nodefs : imagefs)?.write ?? Infinity;
    return new NodeImages({
      sim: simulation,
      node,
      minor,
      config: defaultImageConfig(entry.kubelet, minor),
      source: registry.sourceFor(bytesPerSecond(entry.nic?.bandwidth), (image, attempt) =>
        failures.get(image.name)?.(image, attempt),
      ),
      disk: new UnpackingDisk(simulation, { write, unpack: runtime.unpack ?? Infinity }),
      runtime: {
        version: runtime.version ?? NEWEST_CONTAINERD,
        maxConcurrentDownloads: runtime.maxConcurrentDownloads ?? Infinity,
        resolve: () => section().resolve,
      },
      chains,
      images,
      present,
      events: outputs.events,
      sources,
      filesystem: filesystemOf?.(node),
      ...(onUsedBytes && { onUsedBytes: (usedBytes: number) => onUsedBytes(node, usedBytes) }),
      verifiesCredentials: isGateOn("KubeletEnsureSecretPulledImages", entry.kubelet.featureGates, minor),
    });
  }
}

function layerOf(layer: NonNullable<ImageEntry["layers"]>[number]): Layer {
  return { digest: layer.digest, sizeBytes: layer.size, unpackedBytes: unpackedSize(layer) };
}

/** The image as a node with this name for random streams pulls it. */
function imageOf(simulation: Simulation, { entry, name, layers }: Described, stream: string): Image {
  const { pullDuration } = entry;
  if (pullDuration === undefined) return { name, layers };
  return { name, layers, pullDuration: sampler(pullDuration, simulation.streams.fresh(`pull/${stream}/${name}`)) };
}

function failAttempt(simulation: Simulation, { entry, name }: Described, stream: string): FailAttempt | undefined {
  const { failures } = entry;
  if (failures === undefined) return undefined;
  if (Array.isArray(failures)) return (_, attempt) => failures.find((failure) => failure.attempt === attempt);
  const random = simulation.streams.fresh(`pull-failure/${stream}/${name}`);
  return () => (random.uniform() < failures.p ? failures : undefined);
}

function isPresent({ present }: ImageEntry, { name, entry }: ImageNode): boolean {
  return present === "all" || present.includes(name) || present.includes(entry.name);
}
