import { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import { adapter, premise, type Adapters, type Found } from "../conformance/adapter.ts";
import { nsOf, secondsOf } from "../conformance/time.ts";
import { pullerOf, type KubeletGiven } from "./conformance-pulls.ts";
import { Containerd, type BlobSource, type Unpacker } from "./containerd.ts";
import { classifyPullError } from "./errors.ts";
import { ImageStore, type Image } from "./image-store.ts";
import { ChainIds, ProgressWatch, progressCheckPeriod, type Layer } from "./layers.ts";
import { Registry, UnpackingDisk } from "./registry.ts";

interface ProgressGiven {
  timeout_s: number;
  check_period_s: number;
  bytes_stop_arriving_at_s: number;
  requests_still_open: boolean;
  pull_started_at_s: number;
}

/** The checks of one pull whose bytes stop arriving, one byte a nanosecond until then. */
function progressTimeout(given: ProgressGiven): Found {
  const timeout = nsOf(given.timeout_s);
  const start = nsOf(given.pull_started_at_s);
  const stop = nsOf(given.bytes_stop_arriving_at_s);
  const openRequests = given.requests_still_open ? 1 : 0;
  const period = progressCheckPeriod(timeout);
  premise(nsOf(given.check_period_s) === period, "the period of the checks follows from the timeout");
  const watch = new ProgressWatch(start, timeout);
  let seenAt = start;
  for (let now = start + period; now <= stop + 2 * (timeout + period); now += period) {
    if (watch.isStuck(now, openRequests, Math.min(now, stop) - start)) {
      const { reason } = classifyPullError("image", "context canceled");
      return {
        last_progress_seen_at_check_s: secondsOf(seenAt),
        cancelled_at_s: secondsOf(now),
        kubelet_result: reason,
      };
    }
    seenAt = watch.lastProgressAt;
  }
  return { last_progress_seen_at_check_s: secondsOf(seenAt), cancelled_at_s: null, kubelet_result: null };
}

interface GivenLayer {
  digest?: string;
  compressed_MB: number;
  unpacked_MB: number;
}

interface GivenImage {
  id?: string;
  /** Instead of the case's own. */
  at_s?: number;
  layers?: GivenLayer[];
  layers_MB?: number[];
}

interface RuntimeGiven {
  link_MBps: number;
  per_connection_MBps?: number;
  request_latency_s: number;
  resolve_s?: number;
  max_concurrent_downloads?: number;
  unpack_MBps_of_unpacked?: number;
  unpack?: string;
  limiter?: "per pull" | "node";
  kubelet?: KubeletGiven;
  at_s?: number;
  tie_break?: string;
  pods?: number;
  present_chain?: string[];
  image?: GivenImage;
  images?: GivenImage[];
  /** The layers of the one image. */
  layers?: GivenLayer[];
}

const MB = 1e6;
/** Versions on either side of the change of the limit's scope. */
const VERSIONS = { "per pull": "2.0", node: "2.1" } as const;
/** When every pull of a case has ended, in seconds. */
const END = 100_000;

/** An image and when it is asked for, where that is its own time. */
interface RequestedImage extends Image {
  at?: Ns;
}

function imageOf({ id = "image", at_s, layers, layers_MB }: GivenImage): RequestedImage {
  const given: GivenLayer[] =
    layers ?? (layers_MB ?? []).map((compressed_MB) => ({ compressed_MB, unpacked_MB: compressed_MB }));
  return {
    name: id,
    at: at_s === undefined ? undefined : nsOf(at_s),
    layers: given.map(({ digest, compressed_MB, unpacked_MB }, i) => ({
      digest: digest ?? `${id}/${i}`,
      sizeBytes: compressed_MB * MB,
      unpackedBytes: unpacked_MB * MB,
    })),
  };
}

/** What was seen of one case. */
interface Seen {
  calls: number;
  /** By pull, in the order of the requests. */
  finishedAt: Ns[];
  /** Ends of bodies by size, in the order of their starts. */
  downloads: Array<{ bytes: number; at: Ns }>;
  unpackings: Array<{ from: Ns; to: Ns }>;
  downloadedBytes: number;
}

/** Plays the pulls of a case over one node, registry and disk. */
function play(
  given: RuntimeGiven,
  images: readonly RequestedImage[],
  variant: { limiter?: "per pull" | "node"; kubelet?: KubeletGiven },
): Seen {
  const sim = new Simulation();
  const chains = new ChainIds();
  const store = new ImageStore(chains);
  const registry = new Registry(sim, {
    bandwidth: Infinity,
    perConnection: given.per_connection_MBps === undefined ? Infinity : given.per_connection_MBps * MB,
    latency: nsOf(given.request_latency_s),
  });
  premise(given.unpack === undefined || given.unpack === "instant", `no unpacking ${given.unpack}`);
  const unpack = given.unpack_MBps_of_unpacked === undefined ? Infinity : given.unpack_MBps_of_unpacked * MB;
  const seen: Seen = { calls: 0, finishedAt: [], downloads: [], unpackings: [], downloadedBytes: 0 };
  const source = watchedSource(sim, registry.sourceFor(given.link_MBps * MB), seen);
  const disk = watchedDisk(sim, new UnpackingDisk(sim, { write: Infinity, unpack }), seen);
  const runtime = new Containerd(sim, store, source, disk, {
    version: VERSIONS[variant.limiter ?? given.limiter ?? "node"],
    maxConcurrentDownloads: given.max_concurrent_downloads,
    resolve: nsOf(given.resolve_s ?? 0),
  });
  preloadChain(store, given.present_chain ?? [], images);
  const kubelet = { registryPullQPS: 0, ...(variant.kubelet ?? given.kubelet ?? { serializeImagePulls: false }) };
  const puller = pullerOf(sim, kubelet, (image, done) => {
    seen.calls++;
    runtime.pull(image, done);
  });
  images.forEach((image, i) => {
    const ask = (): void =>
      puller.pull(image, ({ result }) => {
        seen.finishedAt[i] = sim.now;
        seen.downloadedBytes += result.downloadedBytes;
      });
    sim.scheduleAt(image.at ?? nsOf(given.at_s ?? 0), ask, undefined);
  });
  sim.runUntil(nsOf(END));
  return seen;
}

function watchedSource(sim: Simulation, source: BlobSource, seen: Seen): BlobSource {
  return {
    refusal: (image) => source.refusal(image),
    outage: () => undefined,
    fetch: (bytes, done) => {
      const download = { bytes, at: Infinity };
      seen.downloads.push(download);
      return source.fetch(bytes, (error) => {
        download.at = sim.now;
        done(error);
      });
    },
  };
}

function watchedDisk(sim: Simulation, disk: Unpacker, seen: Seen): Unpacker {
  return {
    unpack: (bytes, done) => {
      const from = sim.now;
      return disk.unpack(bytes, () => {
        seen.unpackings.push({ from, to: sim.now });
        done();
      });
    },
  };
}

/** Puts a chain of layers there, the bottom one first, as an older image left it. */
function preloadChain(store: ImageStore, digests: readonly string[], images: readonly Image[]): void {
  const known = new Map(images.flatMap(({ layers }) => layers.map((layer): [string, Layer] => [layer.digest, layer])));
  const layers = digests.map((digest) => known.get(digest) ?? { digest, sizeBytes: 0, unpackedBytes: 0 });
  store.preload({ name: "older", layers });
}

const runtime = adapter<RuntimeGiven & Partial<ProgressGiven>>((given) => {
  if (given.timeout_s !== undefined) return progressTimeout(given as ProgressGiven);
  premise(
    given.tie_break === undefined || /^A before B, FIFO$/.test(given.tie_break),
    `no tie break ${given.tie_break}`,
  );
  const single = given.layers === undefined ? given.image : { layers: given.layers };
  const listed = (single === undefined ? (given.images ?? []) : [single]).map(imageOf);
  // Pods that share an image each ask for it.
  const copies = given.pods ?? 1;
  const images = listed.flatMap((image) => Array.from({ length: copies }, () => image));
  const finishes = (variant: Parameters<typeof play>[2]): Found => {
    const { finishedAt } = play(given, images, variant);
    if (single !== undefined) return secondsOf(finishedAt[0]);
    if (given.pods !== undefined) return finishedAt.map(secondsOf);
    return Object.fromEntries(images.map(({ name }, i) => [name, secondsOf(finishedAt[i])]));
  };
  const seen = play(given, images, {});
  return {
    finish_s: finishes({}),
    pull_s: secondsOf(Math.max(...seen.finishedAt)),
    serial_would_finish_s: finishes({ kubelet: { serializeImagePulls: true } }),
    with_per_pull_limiter_finish_s: finishes({ limiter: "per pull" }),
    with_node_limiter_finish_s: finishes({ limiter: "node" }),
    download_finish_s: seen.downloads.map(({ at }) => secondsOf(at)),
    unpack_s: seen.unpackings.map(({ from, to }) => [secondsOf(from), secondsOf(to)]),
    runtime_pull_calls: seen.calls,
    bytes_downloaded_MB: seen.downloadedBytes / MB,
  };
});

export const runtimeAdapters: Adapters = { runtime };
