import type { Ns } from "../time.ts";

/** More rows than this in a windowed file are refused: nobody reads them, and they would outgrow memory. */
export const MAX_WINDOWS = 1_000_000;

/**
 * The windows of a run: [0, width), [width, 2 width) ... up to the duration. The last one is short where the width does
 * not divide the duration.
 */
export class Windows {
  readonly durationNs: Ns;
  readonly windowNs: Ns;
  readonly count: number;

  /** Throws RangeError for a duration or width that is no positive integer, and for more than 1,000,000 windows. */
  constructor(durationNs: Ns, windowNs: Ns) {
    requirePositive("duration", durationNs);
    requirePositive("window", windowNs);
    this.durationNs = durationNs;
    this.windowNs = windowNs;
    const whole = (durationNs - (durationNs % windowNs)) / windowNs;
    this.count = durationNs % windowNs === 0 ? whole : whole + 1;
    if (this.count > MAX_WINDOWS) {
      throw new RangeError(`${this.count} windows; allowed: at most ${MAX_WINDOWS}; make window larger`);
    }
  }

  /** The window that holds the instant `at`. Throws RangeError for an instant outside [0, duration). */
  indexOf(at: Ns): number {
    if (!(at >= 0 && at < this.durationNs)) {
      throw new RangeError(`cannot record at ${at} ns: the run is [0, ${this.durationNs}) ns`);
    }
    return (at - (at % this.windowNs)) / this.windowNs;
  }

  /** The first instant of a window. */
  startOf(index: number): Ns {
    return index * this.windowNs;
  }

  /** The length of a window: the width, or what is left of the run for a short last one. */
  lengthOf(index: number): Ns {
    return Math.min(this.windowNs, this.durationNs - this.startOf(index));
  }
}

function requirePositive(name: string, value: Ns): void {
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new RangeError(`${name} is ${value} ns; allowed: a positive whole number of nanoseconds`);
  }
}
