import type { Simulation } from "../../../engine/index.ts";
import { COUNT_RATE_PERIOD } from "../behavior-schema.ts";
import { Quantity } from "../quantity.ts";
import type { FileSystemStats } from "../signals.ts";

export interface FileSystemOptions {
  /** Absent: unlimited, and then never observed. */
  sizeBytes?: number;
  /** All inodes of it; absent as above. */
  inodes?: number;
  /** What the node itself has on it. */
  usedBytes: number;
}

/** Somebody who writes to a file system, and who waits while it is full. */
export interface FileWriter {
  /** Its writes fail from now on, or no longer do. */
  setStalled(isStalled: boolean): void;
}

/** One file system of a node: what it holds, and who waits for room on it. */
export class FileSystem {
  readonly bytes: Quantity;
  readonly inodes: Quantity;
  readonly #options: FileSystemOptions;
  readonly #writers = new Set<FileWriter>();
  #isFull = false;

  constructor(simulation: Simulation, options: FileSystemOptions) {
    this.#options = options;
    this.bytes = new Quantity(simulation, { value: options.usedBytes });
    this.inodes = new Quantity(simulation, { per: COUNT_RATE_PERIOD });
    const { sizeBytes, inodes } = options;
    for (const [quantity, most] of [
      [this.bytes, sizeBytes],
      [this.inodes, inodes],
    ] as const) {
      if (most === undefined) continue;
      const look = () => this.#look();
      quantity.watch("atLeast", most, look);
      quantity.watch("below", most, look);
    }
  }

  get sizeBytes(): number | undefined {
    return this.#options.sizeBytes;
  }

  /** Bytes that are free, never below 0; undefined without a size. */
  get availableBytes(): number | undefined {
    const { sizeBytes } = this.#options;
    return sizeBytes === undefined ? undefined : Math.max(0, sizeBytes - this.bytes.value);
  }

  addWriter(writer: FileWriter): void {
    this.#writers.add(writer);
    if (this.#isFull) writer.setStalled(true);
  }

  removeWriter(writer: FileWriter): void {
    this.#writers.delete(writer);
  }

  /** As the summary shows it now. */
  stats(at: number): FileSystemStats {
    const { sizeBytes, inodes } = this.#options;
    return {
      capacityBytes: sizeBytes,
      availableBytes: this.availableBytes,
      inodes,
      inodesFree: inodes === undefined ? undefined : Math.max(0, inodes - this.inodes.value),
      at,
    };
  }

  #look(): void {
    const { sizeBytes = Infinity, inodes = Infinity } = this.#options;
    const isFull = this.bytes.value >= sizeBytes || this.inodes.value >= inodes;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    for (const writer of this.#writers) writer.setStalled(isFull);
  }
}
