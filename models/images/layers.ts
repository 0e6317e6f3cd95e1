import { IMAGE_PULL_PROGRESS_TIMEOUT, MAX_CONCURRENT_DOWNLOADS, PROGRESS_CHECK_PERIOD } from "./defaults.ts";
import { containerdAtLeast } from "./containerd-version.ts";
import type { Ns } from "../../engine/time.ts";

/** One layer of an image. The same digest is the same blob everywhere. */
export interface Layer {
  digest: string;
  /** As downloaded. */
  sizeBytes: number;
  /** On the disk. */
  unpackedBytes: number;
}

/** Names a layer on top of all layers below it: what a node's snapshots are kept under. */
export type ChainId = number;

/** The chain of no layers. */
export const NO_CHAIN: ChainId = 0;

/**
 * Numbers the chains of a run, so that a chain costs one look-up a layer and not a text of its whole length (rule R17): the
 * same layer on another base is another chain. Source: opencontainers/image-spec v1.1 identity/chainid.go.
 */
export class ChainIds {
  readonly #known = new Map<ChainId, Map<string, ChainId>>();
  #last: ChainId = NO_CHAIN;

  /** The chain of `digest` on top of `below`. */
  of(below: ChainId, digest: string): ChainId {
    let children = this.#known.get(below);
    if (children === undefined) {
      children = new Map();
      this.#known.set(below, children);
    }
    let chain = children.get(digest);
    if (chain === undefined) {
      chain = ++this.#last;
      children.set(digest, chain);
    }
    return chain;
  }

  /** The chains of an image's layers, the bottom one first. */
  ofLayers(layers: readonly Layer[]): ChainId[] {
    let below = NO_CHAIN;
    return layers.map(({ digest }) => (below = this.of(below, digest)));
  }
}

/** What a limit of concurrent downloads counts: the bodies of one pull, or those of all pulls of the node. */
export type DownloadScope = "pull" | "node";

/**
 * The scope of `max_concurrent_downloads` (rule R18): each pull its own up to containerd 2.0, one for the node from 2.1 on.
 * The comment in containerd's own configuration still says "for each image".
 * Source: containerd v2.1 core/transfer/local/transfer.go and core/remotes/docker/fetcher.go.
 */
export function downloadScope(containerdVersion: string): DownloadScope {
  return containerdAtLeast(containerdVersion, 2, 1) ? "node" : "pull";
}

/** How many bodies may be open within the scope. Source: containerd v2.1, MaxConcurrentDownloads. */
export function downloadLimit(configured: number | undefined): number {
  return configured ?? MAX_CONCURRENT_DOWNLOADS;
}

/**
 * When each layer is unpacked, one after the other in chain order (rule R19): a layer waits for its blob and for the layer
 * below, `U_i = max(D_i, U_(i-1)) + unpack_i`, so later downloads overlap earlier unpacking. Answers [start, end] of each.
 * Source: containerd v2.1 core/unpack/unpacker.go, unpack.
 */
export function sequentialUnpack(downloadedAt: readonly Ns[], unpackNs: readonly Ns[]): Array<[Ns, Ns]> {
  let end = 0;
  return downloadedAt.map((downloaded, i) => {
    const start = Math.max(downloaded, end);
    end = start + unpackNs[i];
    return [start, end];
  });
}

/** How often a pull's progress is looked at: every 10 s, or at half the timeout if that is shorter than 10 s. */
export function progressCheckPeriod(timeout: Ns = IMAGE_PULL_PROGRESS_TIMEOUT): Ns {
  return timeout < PROGRESS_CHECK_PERIOD ? Math.floor(timeout / 2) : PROGRESS_CHECK_PERIOD;
}

/**
 * Watches a pull for standstill (rule R20): cancelled at a check that finds a request open, no new bytes, and strictly more
 * than the timeout gone since the last check that found progress or no open request. Waiting for the download limit and
 * unpacking have no open request and never end a pull.
 * Source: containerd v2.1 internal/cri/server/images/image_pull.go, pullProgressReporter.
 */
export class ProgressWatch {
  readonly #timeout: Ns;
  #seenBytes = 0;
  /** The last check, or the pull's start, at which there was progress. */
  lastProgressAt: Ns;

  constructor(startedAt: Ns, timeout: Ns = IMAGE_PULL_PROGRESS_TIMEOUT) {
    this.#timeout = timeout;
    this.lastProgressAt = startedAt;
  }

  /** One check; true if the pull is cancelled at it. `bytes` counts all that arrived since the pull began. */
  isStuck(now: Ns, openRequests: number, bytes: number): boolean {
    if (openRequests === 0 || bytes > this.#seenBytes) {
      this.#seenBytes = bytes;
      this.lastProgressAt = now;
      return false;
    }
    return now - this.lastProgressAt > this.#timeout;
  }
}
