import type { Ns } from "../../engine/time.ts";
import { ChainIds, type ChainId, type Layer } from "./layers.ts";

/** An image as the scenario describes it. */
export interface Image {
  /** With its tag. */
  name: string;
  /** The bottom layer first; none for an image whose pull has a known length. */
  layers: readonly Layer[];
  /** The length of the next pull, in place of what its layers would cost. */
  pullDuration?: () => Ns;
}

/** The compressed size of an image: what containerd reports and the collector counts, shared layers included. */
export function imageSize(image: Image): number {
  const blobs = new Map(image.layers.map(({ digest, sizeBytes }) => [digest, sizeBytes]));
  let size = 0;
  for (const bytes of blobs.values()) size += bytes;
  return size;
}

/** What a pull under way must not lose. */
export interface Lease {
  readonly image: Image;
}

/**
 * The blobs, snapshots and images of one node. The disk holds both the compressed blobs and the unpacked snapshots, as
 * containerd does by default (discard_unpacked_layers false).
 */
export class ImageStore {
  readonly #onUsedBytes: ((usedBytes: number) => void) | undefined;
  #usedBytes = 0;
  #mostUsedBytes = 0;
  readonly #chains: ChainIds;
  readonly #images = new Map<string, Image>();
  readonly #blobs = new Map<string, number>();
  readonly #snapshots = new Map<ChainId, number>();
  readonly #leases = new Set<Lease>();

  /** `chains` is shared by all nodes of a run; `onUsedBytes` is told whenever what lies on the disk has changed. */
  constructor(chains: ChainIds, onUsedBytes?: (usedBytes: number) => void) {
    this.#chains = chains;
    this.#onUsedBytes = onUsedBytes;
  }

  /** Bytes on the image filesystem. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  get images(): readonly Image[] {
    return [...this.#images.values()];
  }

  chainsOf(image: Image): ChainId[] {
    return this.#chains.ofLayers(image.layers);
  }

  hasImage(name: string): boolean {
    return this.#images.has(name);
  }

  hasBlob(digest: string): boolean {
    return this.#blobs.has(digest);
  }

  hasSnapshot(chain: ChainId): boolean {
    return this.#snapshots.has(chain);
  }

  /** The most that there ever was. */
  get mostUsedBytes(): number {
    return this.#mostUsedBytes;
  }

  addBlob(layer: Layer): void {
    if (this.#blobs.has(layer.digest)) return;
    this.#blobs.set(layer.digest, layer.sizeBytes);
    this.#use(layer.sizeBytes);
  }

  addSnapshot(chain: ChainId, layer: Layer): void {
    if (this.#snapshots.has(chain)) return;
    this.#snapshots.set(chain, layer.unpackedBytes);
    this.#use(layer.unpackedBytes);
  }

  addImage(image: Image): void {
    this.#images.set(image.name, image);
  }

  /** Puts a whole image there, as the nodes that hold it at time 0 have it. */
  preload(image: Image): void {
    const chains = this.chainsOf(image);
    image.layers.forEach((layer, i) => {
      this.addBlob(layer);
      this.addSnapshot(chains[i], layer);
    });
    this.addImage(image);
  }

  /** Empties the disk. */
  clear(): void {
    this.#images.clear();
    this.#blobs.clear();
    this.#snapshots.clear();
    this.#use(-this.#usedBytes);
  }

  /** Keeps the blobs and snapshots of an image while it is being pulled. */
  hold(lease: Lease): void {
    this.#leases.add(lease);
  }

  drop(lease: Lease): void {
    this.#leases.delete(lease);
  }

  /**
   * Removes an image, and with it what no other image and no pull under way needs; what a failed pull left goes with it.
   * Answers the bytes that the disk gained. Simplified: containerd collects its content a moment later, not at once.
   */
  remove(name: string): number {
    if (!this.#images.delete(name)) return 0;
    const blobs = new Set<string>();
    const chains = new Set<ChainId>();
    const kept = [...this.#images.values(), ...[...this.#leases].map(({ image }) => image)];
    for (const image of kept) {
      for (const { digest } of image.layers) blobs.add(digest);
      for (const chain of this.chainsOf(image)) chains.add(chain);
    }
    const freed = removeOthers(this.#blobs, blobs) + removeOthers(this.#snapshots, chains);
    this.#use(-freed);
    return freed;
  }

  #use(bytes: number): void {
    this.#usedBytes += bytes;
    this.#mostUsedBytes = Math.max(this.#mostUsedBytes, this.#usedBytes);
    this.#onUsedBytes?.(this.#usedBytes);
  }
}

/** Drops the entries that are not kept; their bytes. */
function removeOthers<K>(sizes: Map<K, number>, kept: ReadonlySet<K>): number {
  let removed = 0;
  for (const [key, bytes] of sizes) {
    if (kept.has(key)) continue;
    sizes.delete(key);
    removed += bytes;
  }
  return removed;
}
