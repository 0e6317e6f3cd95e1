import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import type { BlobSource, Unpacker } from "./containerd.ts";
import { FairShare, type FairGroup } from "./fair-share.ts";
import type { FlowLoad } from "./load-meter.ts";
import type { Image } from "./image-store.ts";

/** Why an attempt fails, and after how long; without `after` one request's latency. */
export interface AttemptFailure {
  error: string;
  after?: Ns;
}

export interface RegistryOptions {
  /** Bytes a second, over all nodes; Infinity is no limit. */
  bandwidth: number;
  /** Bytes a second of one body. */
  perConnection: number;
  /** From a request to its first byte. */
  latency: Ns;
}

/** Which attempts at an image fail, counted from 1 on each node. */
export type FailAttempt = (image: Image, attempt: number) => AttemptFailure | undefined;

/** What a registry that does not answer makes of a pull. */
const UNREACHABLE = "failed to resolve reference: registry is unreachable";

/**
 * A registry on the engine: bodies share its bandwidth and each node's own link max-min fairly, none above the limit of a
 * connection. Simplified: a connection is at its rate at once (slow start costs some tens of milliseconds a body), and an
 * outage cuts open bodies at once, where in truth some hang until the progress timeout.
 */
export class Registry {
  readonly #sim: Simulation;
  readonly #share: FairShare;
  #latency: Ns;
  readonly #open = new Set<(error: string) => void>();
  #isDown = false;

  constructor(sim: Simulation, options: RegistryOptions) {
    this.#sim = sim;
    this.#latency = options.latency;
    this.#share = new FairShare(sim, options.bandwidth, options.perConnection);
  }

  /** What all its bodies together have taken. */
  get load(): FlowLoad {
    return this.#share.load;
  }

  get latency(): Ns {
    return this.#latency;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** The registry as a node with this link (bytes a second) sees it; by default no attempt fails. */
  sourceFor(linkBandwidth: number, failure?: FailAttempt): NodeSource {
    return new NodeSource(this, this.#share.group(linkBandwidth), failure);
  }

  /** From now on the registry has these rates and this latency; requests that were made keep theirs. */
  change({ bandwidth, perConnection, latency }: RegistryOptions): void {
    this.#latency = latency;
    this.#share.setLimits(bandwidth, perConnection);
  }

  /** Stops answering: open bodies break off, new requests fail. */
  down(): void {
    this.#isDown = true;
    for (const cut of this.#open) cut(UNREACHABLE);
  }

  up(): void {
    this.#isDown = false;
  }

  /** Asks for a body over a node's link: the latency, then its bytes. */
  fetch(link: FairGroup, bytes: number, done: (error?: string) => void): () => void {
    let stopTransfer: (() => void) | undefined;
    const begin = (): void => {
      if (this.#isDown) cut(UNREACHABLE);
      else stopTransfer = link.start(bytes, () => this.#open.delete(cut) && done());
    };
    const request = this.#sim.schedule(this.#latency, begin, undefined);
    const stop = (): void => {
      this.#open.delete(cut);
      this.#sim.cancel(request);
      stopTransfer?.();
    };
    const cut = (error: string): void => {
      stop();
      done(error);
    };
    this.#open.add(cut);
    return stop;
  }
}

/** The registry behind one node's link. */
class NodeSource implements BlobSource {
  readonly #registry: Registry;
  readonly #link: FairGroup;
  readonly #failure: FailAttempt | undefined;
  readonly #attempts = new Map<string, number>();

  constructor(registry: Registry, link: FairGroup, failure: FailAttempt | undefined) {
    this.#registry = registry;
    this.#link = link;
    this.#failure = failure;
  }

  /** What the node's bodies have taken of its link. */
  get load(): FlowLoad {
    return this.#link.load;
  }

  refusal(image: Image): { error: string; after: Ns } | undefined {
    const attempt = (this.#attempts.get(image.name) ?? 0) + 1;
    this.#attempts.set(image.name, attempt);
    // Asked in an outage too, so that its random draws stay with their attempts.
    const scripted = this.#failure?.(image, attempt);
    const outage = this.outage();
    const failure: AttemptFailure | undefined = outage === undefined ? scripted : { error: outage };
    if (failure === undefined) return undefined;
    return { error: failure.error, after: failure.after ?? image.pullDuration?.() ?? this.#registry.latency };
  }

  outage(): string | undefined {
    return this.#registry.isDown ? UNREACHABLE : undefined;
  }

  fetch(bytes: number, done: (error?: string) => void): () => void {
    return this.#registry.fetch(this.#link, bytes, done);
  }

  /** From now on the node's link gives this many bytes a second. */
  setBandwidth(bandwidth: number): void {
    this.#link.setCapacity(bandwidth);
  }
}

export type { NodeSource };

/**
 * A disk that unpackers share: `write` is what it takes from all of them, `unpack` what one of them makes, in unpacked bytes
 * a second.
 */
export class UnpackingDisk implements Unpacker {
  readonly #disk: FairGroup;

  /** What unpacking has taken of the disk. */
  get load(): FlowLoad {
    return this.#disk.load;
  }

  constructor(sim: Simulation, { write, unpack }: { write: number; unpack: number }) {
    this.#disk = new FairShare(sim, Infinity, unpack).group(write);
  }

  unpack(bytes: number, done: () => void): () => void {
    return this.#disk.start(bytes, done);
  }
}
