import type { Ns } from "../time.ts";
import { ExactMoments } from "./exact-moments.ts";
import { LEAST_SAMPLES_OF_P999 } from "./percentiles.ts";
import { MOST_EXACT_SAMPLES, Samples } from "./samples.ts";
import { Windows } from "./windows.ts";

export interface RecorderOptions {
  /** Simulated length of the run. */
  durationNs: Ns;
  /** What arrives before this instant is left out of the summary. */
  warmupNs: Ns;
  /** The width of a row of the windowed files. */
  windowNs: Ns;
  /** Samples kept one by one before a histogram takes over; default 10,000,000. */
  mostExactSamples?: number;
}

/** What a source did in one window: counts by their own moment, latencies of what completed in it. */
export interface WindowFigures {
  offered: number;
  completed: number;
  failed: number;
  bytes: number;
  /** Absent where nothing completed. */
  latency?: { p50Ns: Ns; p90Ns: Ns; p99Ns: Ns; maxNs: Ns };
}

/** What became of the items of a source that arrived after warm-up. */
export interface SummaryFigures {
  offered: number;
  completed: number;
  failed: number;
  inFlight: number;
  bytes: number;
  /** Of the completed items; absent where there is none. Mean and deviation rounded to the nanosecond, half to even. */
  latency?: {
    meanNs: bigint;
    /** The population's. */
    deviationNs: bigint;
    minNs: Ns;
    p50Ns: Ns;
    p90Ns: Ns;
    p95Ns: Ns;
    p99Ns: Ns;
    /** From 1000 samples. */
    p999Ns?: Ns;
    maxNs: Ns;
  };
}

/**
 * Takes down what happens to the items of every source (requests, pulls, pods) and gives the figures of throughput.csv,
 * latency.csv and summary.csv. It stands outside the mechanisms: recording changes nothing in a run.
 */
export class Recorder {
  readonly windows: Windows;
  readonly warmupNs: Ns;
  /** In creation order, which is their order in the files. */
  readonly sources: SourceRecorder[] = [];
  readonly #mostExactSamples: number;

  /** Throws RangeError for a warm-up that leaves nothing of the run, and as `Windows` does. */
  constructor(options: RecorderOptions) {
    const { durationNs, warmupNs, windowNs } = options;
    this.windows = new Windows(durationNs, windowNs);
    if (!Number.isSafeInteger(warmupNs) || warmupNs < 0 || warmupNs >= durationNs) {
      throw new RangeError(`warm-up is ${warmupNs} ns; allowed: whole nanoseconds from 0 to below ${durationNs}`);
    }
    this.warmupNs = warmupNs;
    this.#mostExactSamples = options.mostExactSamples ?? MOST_EXACT_SAMPLES;
  }

  /** The length of what the summary covers: duration less warm-up. */
  get summaryNs(): Ns {
    return this.windows.durationNs - this.warmupNs;
  }

  /**
   * Adds a source; `bytes` says that its items have a size, which gives it a column of bytes. Throws for a name that is
   * taken.
   */
  source(name: string, options: { bytes?: boolean } = {}): SourceRecorder {
    if (this.sources.some((other) => other.name === name)) throw new Error(`two sources are called ${name}`);
    const source = new SourceRecorder(
      name,
      options.bytes ?? false,
      this.windows,
      this.warmupNs,
      this.#mostExactSamples,
    );
    this.sources.push(source);
    return source;
  }
}

/**
 * The record of one source. All instants must lie in [0, duration); `at` is the present, so it never goes back, while an
 * intended arrival may lie in the past. Every item is offered once, then completed or failed at most once.
 */
export class SourceRecorder {
  readonly name: string;
  readonly hasBytes: boolean;

  readonly #windows: Windows;
  readonly #warmupNs: Ns;
  readonly #offered: Float64Array;
  readonly #completed: Float64Array;
  readonly #failed: Float64Array;
  readonly #bytes: Float64Array;
  /** p50, p90, p99 and maximum of each closed window, in turn; no meaning where nothing completed. */
  readonly #latencies: Float64Array;

  /** Latencies of the window that is open, and its number. */
  readonly #open: Samples;
  #openIndex = 0;

  readonly #summary: Samples;
  readonly #moments = new ExactMoments();
  #summaryOffered = 0;
  #summaryFailed = 0;
  #summaryBytes = 0;

  /** Made by `Recorder.source`. */
  constructor(name: string, hasBytes: boolean, windows: Windows, warmupNs: Ns, mostExactSamples: number) {
    this.name = name;
    this.hasBytes = hasBytes;
    this.#windows = windows;
    this.#warmupNs = warmupNs;
    this.#offered = new Float64Array(windows.count);
    this.#completed = new Float64Array(windows.count);
    this.#failed = new Float64Array(windows.count);
    this.#bytes = new Float64Array(hasBytes ? windows.count : 0);
    this.#latencies = new Float64Array(windows.count * 4);
    this.#open = new Samples(mostExactSamples);
    this.#summary = new Samples(mostExactSamples);
  }

  /** One item arrived, at its intended moment. */
  offered(arrivedAt: Ns): void {
    this.#offered[this.#windows.indexOf(arrivedAt)]++;
    if (arrivedAt >= this.#warmupNs) this.#summaryOffered++;
  }

  /** An item that arrived at `arrivedAt` completed at `at`, after a latency of the difference; `bytes` is its payload. */
  completed(arrivedAt: Ns, at: Ns, bytes = 0): void {
    const index = this.#windows.indexOf(at);
    const latency = at - arrivedAt;
    if (!(latency >= 0 && arrivedAt >= 0)) {
      throw new RangeError(`${this.name}: an item that arrived at ${arrivedAt} ns cannot complete at ${at} ns`);
    }
    if (index !== this.#openIndex) this.#openWindow(index);
    this.#completed[index]++;
    this.#open.add(latency);
    if (this.hasBytes) this.#bytes[index] += bytes;
    if (arrivedAt < this.#warmupNs) return;
    this.#summary.add(latency);
    this.#moments.add(latency);
    this.#summaryBytes += bytes;
  }

  /** An item that arrived at `arrivedAt` failed at `at`. */
  failed(arrivedAt: Ns, at: Ns): void {
    this.#failed[this.#windows.indexOf(at)]++;
    if (arrivedAt >= this.#warmupNs) this.#summaryFailed++;
  }

  /** Bytes of a flow arrived; they count at their own moment in the summary too. */
  received(at: Ns, bytes: number): void {
    const index = this.#windows.indexOf(at);
    if (this.hasBytes) this.#bytes[index] += bytes;
    if (at >= this.#warmupNs) this.#summaryBytes += bytes;
  }

  /** The figures of one window. */
  windowFigures(index: number): WindowFigures {
    if (index === this.#openIndex) this.#closeWindow();
    const completed = this.#completed[index];
    const [p50Ns, p90Ns, p99Ns, maxNs] = this.#latencies.subarray(index * 4, index * 4 + 4);
    return {
      offered: this.#offered[index],
      completed,
      failed: this.#failed[index],
      bytes: this.hasBytes ? this.#bytes[index] : 0,
      latency: completed > 0 ? { p50Ns, p90Ns, p99Ns, maxNs } : undefined,
    };
  }

  /** The figures of the whole run after warm-up. */
  summaryFigures(): SummaryFigures {
    const samples = this.#summary;
    const completed = samples.count;
    return {
      offered: this.#summaryOffered,
      completed,
      failed: this.#summaryFailed,
      inFlight: this.#summaryOffered - completed - this.#summaryFailed,
      bytes: this.#summaryBytes,
      latency: completed > 0 ? this.#summaryLatency() : undefined,
    };
  }

  #summaryLatency(): SummaryFigures["latency"] {
    const samples = this.#summary;
    return {
      meanNs: this.#moments.mean()!,
      deviationNs: this.#moments.deviation()!,
      minNs: samples.min,
      p50Ns: samples.percentile(500)!,
      p90Ns: samples.percentile(900)!,
      p95Ns: samples.percentile(950)!,
      p99Ns: samples.percentile(990)!,
      p999Ns: samples.count >= LEAST_SAMPLES_OF_P999 ? samples.percentile(999) : undefined,
      maxNs: samples.max,
    };
  }

  #openWindow(index: number): void {
    if (index < this.#openIndex) {
      throw new RangeError(`${this.name}: window ${index} is closed, window ${this.#openIndex} is open`);
    }
    this.#closeWindow();
    this.#open.clear();
    this.#openIndex = index;
  }

  #closeWindow(): void {
    const samples = this.#open;
    if (samples.count === 0) return;
    this.#latencies.set(
      [samples.percentile(500)!, samples.percentile(900)!, samples.percentile(990)!, samples.max],
      this.#openIndex * 4,
    );
  }
}
