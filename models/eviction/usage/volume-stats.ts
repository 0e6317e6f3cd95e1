import type { Handle, Ns, RandomStream, Simulation } from "../../../engine/index.ts";
import { roundNs } from "../../../engine/time.ts";
import type { DiskUsage } from "../pod.ts";

export interface VolumeStatsOptions {
  /** volumeStatsAggPeriod. */
  period: Ns;
  /** Makes the stream that gives the jitter; without it there is none. */
  stream?: () => RandomStream;
  /** Reads each volume's use now. */
  volumes: ReadonlyMap<string, () => DiskUsage>;
}

/**
 * The loop of a pod that reads what its volumes hold: at once, then each time one to two periods later. Between two
 * rounds everybody sees the last figures. A pod without volumes to read has no loop.
 *
 * Simplified: a round takes no time; upstream walks the files of a volume, as du does.
 *
 * Source: kubernetes v1.34 pkg/kubelet/server/stats/volume_stat_calculator.go StartOnce (jitter factor 1.0, sliding)
 */
export class VolumeStats {
  /** As of the last round. */
  latest: ReadonlyMap<string, DiskUsage> = new Map();
  readonly #simulation: Simulation;
  readonly #options: VolumeStatsOptions;
  #round: Handle | undefined;
  #jitter: RandomStream | undefined;

  constructor(simulation: Simulation, options: VolumeStatsOptions) {
    this.#simulation = simulation;
    this.#options = options;
    if (options.volumes.size === 0) return;
    this.#jitter = options.stream?.();
    this.#read();
  }

  stop(): void {
    if (this.#round !== undefined) this.#simulation.cancel(this.#round);
  }

  #read(): void {
    const { period, volumes } = this.#options;
    this.latest = new Map([...volumes].map(([name, read]) => [name, read()]));
    const jitter = this.#jitter === undefined ? 0 : roundNs(this.#jitter.uniform() * period);
    this.#round = this.#simulation.schedule(period + jitter, () => this.#read(), undefined);
  }
}
