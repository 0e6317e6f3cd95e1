import { NS_PER_SECOND, type Ns } from "../time.ts";

/** One random number as a run drew it. */
export interface Draw {
  stream: string;
  at: Ns;
  value: number;
}

/**
 * Every random number of a run, with its stream and the simulated time. Where two runs that should be equal are not, the
 * first draw in which they differ is the nearest place to look at.
 */
export class DrawLog {
  readonly #names: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #streams: number[] = [];
  readonly #times: Ns[] = [];
  readonly #values: number[] = [];

  get length(): number {
    return this.#values.length;
  }

  /** Called by the simulation at each draw. */
  record(stream: string, at: Ns, value: number): void {
    let id = this.#ids.get(stream);
    if (id === undefined) {
      id = this.#names.push(stream) - 1;
      this.#ids.set(stream, id);
    }
    this.#streams.push(id);
    this.#times.push(at);
    this.#values.push(value);
  }

  /** The draw at this index, or undefined beyond the last. */
  at(index: number): Draw | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    return { stream: this.#names[this.#streams[index]], at: this.#times[index], value: this.#values[index] };
  }
}

/** Says where two runs first drew differently, or undefined if all draws are equal. */
export function firstDifference(a: DrawLog, b: DrawLog): string | undefined {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const one = a.at(i);
    const other = b.at(i);
    if (one?.stream !== other?.stream || one?.at !== other?.at || one?.value !== other?.value) {
      return `draw ${i + 1} differs: ${told(one)} in the first run, ${told(other)} in the second`;
    }
  }
  return undefined;
}

function told(draw: Draw | undefined): string {
  return draw === undefined ? "none" : `${draw.value} from "${draw.stream}" at ${draw.at / NS_PER_SECOND} s`;
}
