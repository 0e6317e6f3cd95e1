import type { Handle, Simulation } from "../../../engine/index.ts";
import type { DiskWrite } from "../behavior-schema.ts";
import { Quantity, type Watch } from "../quantity.ts";
import type { FileWriter } from "./file-system.ts";
import type { Place } from "./place.ts";

/**
 * One thing that a running container writes. On a full file system its writes fail, and it goes on as soon as there is
 * room; on a full tmpfs it ends. Pages of a tmpfs are charged to the container that writes them.
 */
export class DiskWriter implements FileWriter {
  /** What the container is charged for pages of a tmpfs. */
  readonly charge: Quantity | undefined;
  readonly #simulation: Simulation;
  readonly #write: DiskWrite;
  readonly #place: Place;
  #begin: Handle;
  #endOfTime: Handle | undefined;
  #full: Watch | undefined;
  #isWriting = false;
  #isStalled = false;

  /** Times count from now; `memory` is the working set of the container. */
  constructor(simulation: Simulation, write: DiskWrite, place: Place, memory: Quantity) {
    this.#simulation = simulation;
    this.#write = write;
    this.#place = place;
    if (place.fileSystem === undefined) this.charge = new Quantity(simulation, { sum: memory });
    this.#begin = simulation.schedule(write.after, () => this.#start(), undefined);
  }

  setStalled(isStalled: boolean): void {
    if (isStalled === this.#isStalled) return;
    this.#isStalled = isStalled;
    if (this.#isWriting) this.#move(isStalled ? -1 : 1);
  }

  /** Ends it; what it has written stays. */
  stop(): void {
    this.#simulation.cancel(this.#begin);
    if (this.#endOfTime !== undefined) this.#simulation.cancel(this.#endOfTime);
    this.#full?.cancel();
    this.#place.fileSystem?.removeWriter(this);
    if (!this.#isWriting) return;
    this.#isWriting = false;
    if (!this.#isStalled) this.#move(-1);
  }

  #start(): void {
    const { until = Infinity, for: time } = this.#write;
    const most = Math.min(until, this.#place.sizeBytes);
    if (this.#place.bytes.value >= most) return;
    this.#isWriting = true;
    this.#move(1);
    if (most < Infinity) this.#full = this.#place.bytes.watch("atLeast", most, () => this.stop());
    if (time !== undefined) this.#endOfTime = this.#simulation.schedule(time, () => this.stop(), undefined);
    // Last, because a file system that is full stalls it at once.
    this.#place.fileSystem?.addWriter(this);
  }

  #move(sign: 1 | -1): void {
    const { rate, files } = this.#write;
    const { bytes, inodes } = this.#place;
    bytes.setRate(bytes.rate + sign * rate);
    inodes.setRate(inodes.rate + sign * files);
    this.charge?.setRate(sign > 0 ? rate : 0);
  }
}
