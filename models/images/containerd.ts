import type { Ns } from "../../engine/time.ts";
import type { Simulation } from "../../engine/simulation.ts";
import { imageSize, type Image, type ImageStore, type Lease } from "./image-store.ts";
import { KeyedLocks, Slots } from "./keyed-locks.ts";
import { downloadLimit, downloadScope, type ChainId, type DownloadScope, type Layer } from "./layers.ts";

/** Stops a transfer or an unpacking; its `done` is not called any more. */
export type Cancel = () => void;

/** Where blobs come from, as one node sees it. */
export interface BlobSource {
  /** Why a pull of this image would fail now before its first byte, e.g. because nobody answers; after `after` ns. */
  refusal(image: Image): { error: string; after: Ns } | undefined;
  /** Why nobody answers now; undefined while somebody does. */
  outage(): string | undefined;
  /** Opens one body; `done` is called with its last byte, or with why it broke off. */
  fetch(bytes: number, done: (error?: string) => void): Cancel;
}

/** What unpacks layers: as many as ask, sharing the disk. */
export interface Unpacker {
  unpack(bytes: number, done: () => void): Cancel;
}

export interface ContainerdOptions {
  version: string;
  /** Default 3. */
  maxConcurrentDownloads?: number;
  /** The cost of resolving a name, the whole of a pull whose layers are all there; a function where it may change. */
  resolve: Ns | (() => Ns);
}

/** What a pull ended with. */
export type PullResult =
  | { kind: "pulled"; sizeBytes: number; downloadedBytes: number }
  | { kind: "failed"; error: string; downloadedBytes: number };

/**
 * The container runtime of one node (rules R17 to R19): what `PullImage` does with layers, locks and the download limit.
 * Simplified: layers are unpacked one after the other within an image (containerd's default; parallel unpacking of 2.2 is
 * left out), and manifests cost nothing beyond `resolve` (some kB each).
 * Source: containerd v2.1 core/unpack/unpacker.go, core/transfer/local/pull.go.
 */
export class Containerd {
  readonly sim: Simulation;
  readonly store: ImageStore;
  readonly source: BlobSource;
  readonly unpacker: Unpacker;
  readonly scope: DownloadScope;
  readonly chainLocks: KeyedLocks<ChainId>;
  readonly blobLocks: KeyedLocks<string>;
  readonly #options: ContainerdOptions;
  readonly #nodeSlots: Slots;

  constructor(sim: Simulation, store: ImageStore, source: BlobSource, unpacker: Unpacker, options: ContainerdOptions) {
    this.sim = sim;
    this.store = store;
    this.source = source;
    this.unpacker = unpacker;
    this.scope = downloadScope(options.version);
    this.chainLocks = new KeyedLocks(sim);
    this.blobLocks = new KeyedLocks(sim);
    this.#options = options;
    this.#nodeSlots = this.#newSlots();
  }

  /** The limit that a new pull comes under: the node's, or one of its own. */
  slots(): Slots {
    return this.scope === "node" ? this.#nodeSlots : this.#newSlots();
  }

  /**
   * PullImage: resolves the name, then brings what is missing. Concurrent pulls share layers through the locks. What is
   * returned ends the call: its request was cancelled.
   */
  pull(image: Image, done: (result: PullResult) => void): Cancel {
    const refusal = this.source.refusal(image);
    if (refusal !== undefined) {
      const failed: PullResult = { kind: "failed", error: refusal.error, downloadedBytes: 0 };
      return this.#later(refusal.after, () => done(failed));
    }
    if (image.pullDuration === undefined) {
      const pull = new LayeredPull(this, image, done);
      const cancel = this.#later(this.#resolve, () => {
        const error = this.source.outage();
        if (error === undefined) pull.start();
        else done({ kind: "failed", error, downloadedBytes: 0 });
      });
      return () => {
        cancel();
        pull.cancel();
      };
    }
    // A pull of known length is a constant, whatever else goes on; of an image that is there it is the resolving alone.
    const length = this.store.hasImage(image.name) ? this.#resolve : image.pullDuration();
    return this.#later(length, () => {
      this.store.addImage(image);
      done({ kind: "pulled", sizeBytes: 0, downloadedBytes: 0 });
    });
  }

  get #resolve(): Ns {
    const { resolve } = this.#options;
    return typeof resolve === "number" ? resolve : resolve();
  }

  #later(delayNs: Ns, action: () => void): Cancel {
    const event = this.sim.schedule(delayNs, action, undefined);
    return () => void this.sim.cancel(event);
  }

  #newSlots(): Slots {
    return new Slots(this.sim, downloadLimit(this.#options.maxConcurrentDownloads));
  }
}

/** One pull on its way through the layers of its image. */
class LayeredPull implements Lease {
  readonly image: Image;
  readonly #node: Containerd;
  readonly #chains: readonly ChainId[];
  readonly #slots: Slots;
  readonly #done: (result: PullResult) => void;
  /** Downloads and unpackings under way. */
  readonly #running = new Set<Cancel>();
  /** By layer: whether its blob is in the content store. */
  readonly #isFetched: boolean[];
  #isFetching = false;
  #hasEnded = false;
  /** The layer whose chain this pull holds while it waits for the blob; -1 without one. */
  #awaited = -1;
  #downloadedBytes = 0;

  constructor(node: Containerd, image: Image, done: (result: PullResult) => void) {
    this.image = image;
    this.#node = node;
    this.#chains = node.store.chainsOf(image);
    this.#slots = node.slots();
    this.#done = done;
    this.#isFetched = image.layers.map(() => false);
  }

  start(): void {
    this.#node.store.hold(this);
    this.#takeLayer(0);
  }

  /** Waits for the lock of the layer's chain: another pull may be making it. */
  #takeLayer(i: number): void {
    if (i === this.image.layers.length) {
      this.#node.store.addImage(this.image);
      this.#end({ kind: "pulled", sizeBytes: imageSize(this.image), downloadedBytes: this.#downloadedBytes });
      return;
    }
    this.#node.chainLocks.acquire(this.#chains[i], () => this.#makeLayer(i));
  }

  #makeLayer(i: number): void {
    const chain = this.#chains[i];
    if (this.#hasEnded || this.#node.store.hasSnapshot(chain)) {
      this.#node.chainLocks.release(chain);
      if (!this.#hasEnded) this.#takeLayer(i + 1);
      return;
    }
    // The downloads of a pull begin at its first missing layer, all of them, and not before.
    if (!this.#isFetching) {
      this.#isFetching = true;
      for (let j = i; j < this.image.layers.length; j++) this.#fetch(j);
    }
    if (this.#isFetched[i]) this.#unpack(i);
    else this.#awaited = i;
  }

  /**
   * Brings one blob, unless it is there or another pull brings it. A pull's own limit is taken before the blob's lock, the
   * node's limit counts open bodies alone and is taken after it.
   */
  #fetch(i: number): void {
    const layer = this.image.layers[i];
    if (this.#node.store.hasBlob(layer.digest)) {
      this.#isFetched[i] = true;
      return;
    }
    if (this.#node.scope === "node") this.#lockBlob(i, () => this.#slots.acquire(() => this.#download(i)));
    else this.#slots.acquire(() => this.#lockBlob(i, () => this.#download(i)));
  }

  #lockBlob(i: number, missing: () => void): void {
    const { digest } = this.image.layers[i];
    this.#node.blobLocks.acquire(digest, () => {
      if (!this.#hasEnded && !this.#node.store.hasBlob(digest)) return missing();
      this.#node.blobLocks.release(digest);
      if (this.#node.scope === "pull") this.#slots.release();
      if (!this.#hasEnded) this.#onFetched(i);
    });
  }

  #download(i: number): void {
    const layer = this.image.layers[i];
    if (this.#hasEnded) {
      this.#releaseDownload(layer);
      return;
    }
    const cancel = this.#node.source.fetch(layer.sizeBytes, (error) => {
      this.#running.delete(stop);
      this.#releaseDownload(layer);
      if (error !== undefined) return this.#fail(error);
      this.#downloadedBytes += layer.sizeBytes;
      this.#node.store.addBlob(layer);
      this.#onFetched(i);
    });
    const stop = (): void => {
      cancel();
      this.#releaseDownload(layer);
    };
    this.#running.add(stop);
  }

  #releaseDownload({ digest }: Layer): void {
    this.#slots.release();
    this.#node.blobLocks.release(digest);
  }

  #onFetched(i: number): void {
    this.#isFetched[i] = true;
    if (this.#awaited !== i) return;
    this.#awaited = -1;
    this.#unpack(i);
  }

  #unpack(i: number): void {
    const layer = this.image.layers[i];
    const chain = this.#chains[i];
    const cancel = this.#node.unpacker.unpack(layer.unpackedBytes, () => {
      this.#running.delete(stop);
      this.#node.store.addSnapshot(chain, layer);
      this.#node.chainLocks.release(chain);
      this.#takeLayer(i + 1);
    });
    const stop = (): void => {
      cancel();
      this.#node.chainLocks.release(chain);
    };
    this.#running.add(stop);
  }

  /** Ends the pull without an answer. */
  cancel(): void {
    if (this.#hasEnded) return;
    this.#stop();
    this.#node.store.drop(this);
  }

  #fail(error: string): void {
    if (this.#hasEnded) return;
    this.#stop();
    this.#end({ kind: "failed", error, downloadedBytes: this.#downloadedBytes });
  }

  /** What is under way stops, its locks go to those who wait. What has arrived stays in the content store. */
  #stop(): void {
    this.#hasEnded = true;
    for (const stop of this.#running) stop();
    this.#running.clear();
    if (this.#awaited >= 0) this.#node.chainLocks.release(this.#chains[this.#awaited]);
  }

  #end(result: PullResult): void {
    this.#hasEnded = true;
    this.#node.store.drop(this);
    this.#done(result);
  }
}
