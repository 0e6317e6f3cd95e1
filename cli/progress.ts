import { formatSeconds } from "../engine/results/numbers.ts";
import type { Ns } from "../engine/time.ts";

const BAR_WIDTH = 24;
/** Wall-clock time between two drawings. */
const REDRAW_MS = 100;
const CLEAR_LINE = "\r\u001b[2K";

/** The part of a stream that a progress bar needs. */
export interface Terminal {
  isTTY?: boolean;
  /** 0 or absent where it is not known. */
  columns?: number;
  write(text: string): unknown;
}

/** A line on a terminal that says how far a run is: simulated time of the duration, and percent. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #name: string;
  readonly #durationNs: Ns;
  #drawnAtMs = -Infinity;
  #isShown = false;

  constructor(terminal: Terminal, name: string, durationNs: Ns) {
    this.#terminal = terminal;
    this.#name = name;
    this.#durationNs = durationNs;
  }

  /** Shows simulated time `now`, unless the bar was drawn a moment ago. */
  update(now: Ns): void {
    const wallMs = performance.now();
    if (wallMs - this.#drawnAtMs < REDRAW_MS) return;
    this.#drawnAtMs = wallMs;
    const line = progressLine(this.#name, now, this.#durationNs);
    this.#terminal.write(CLEAR_LINE + line.slice(0, (this.#terminal.columns || 80) - 1));
    this.#isShown = true;
  }

  /** Takes the bar off the terminal. */
  clear(): void {
    if (this.#isShown) this.#terminal.write(CLEAR_LINE);
    this.#isShown = false;
  }
}

/** As `burst  [######------------------]  25 %  15 s of 60 s`. */
export function progressLine(name: string, now: Ns, durationNs: Ns): string {
  const done = Math.floor((now / durationNs) * BAR_WIDTH);
  const bar = "#".repeat(done).padEnd(BAR_WIDTH, "-");
  const percent = String(Math.floor((now / durationNs) * 100)).padStart(3);
  // Seconds with one decimal are enough to watch.
  const seconds = formatSeconds(now - (now % 100_000_000));
  return `${name}  [${bar}] ${percent} %  ${seconds} s of ${formatSeconds(durationNs)} s`;
}

/** Whether a bar may be drawn there: on a terminal that can clear a line. */
export function canDraw(terminal: Terminal, term: string | undefined): boolean {
  return terminal.isTTY === true && term !== "dumb";
}
