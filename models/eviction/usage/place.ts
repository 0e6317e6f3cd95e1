import type { Simulation } from "../../../engine/index.ts";
import { COUNT_RATE_PERIOD } from "../behavior-schema.ts";
import type { DiskUsage } from "../pod.ts";
import { Quantity } from "../quantity.ts";
import type { FileSystem } from "./file-system.ts";

/** A directory tree that grows: a writable layer, a container's logs, a volume. */
export class Place {
  readonly bytes: Quantity;
  readonly inodes: Quantity;
  /** Absent for a tmpfs, which is memory. */
  readonly fileSystem: FileSystem | undefined;
  /** The most that it can hold: the size of a tmpfs. */
  readonly sizeBytes: number;

  constructor(simulation: Simulation, fileSystem: FileSystem | undefined, sizeBytes = Infinity) {
    this.fileSystem = fileSystem;
    this.sizeBytes = sizeBytes;
    this.bytes = new Quantity(simulation, { sum: fileSystem?.bytes });
    this.inodes = new Quantity(simulation, { per: COUNT_RATE_PERIOD, sum: fileSystem?.inodes });
  }

  get usage(): Required<DiskUsage> {
    return { bytes: this.bytes.value, inodes: this.inodes.value };
  }

  /** Deletes all that it holds; the bytes that were freed. */
  clear(): number {
    const freed = this.bytes.value;
    this.bytes.set(0);
    this.inodes.set(0);
    return freed;
  }
}
