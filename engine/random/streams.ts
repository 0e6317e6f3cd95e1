import seedrandom from "seedrandom";

/** A named source of random numbers. Models draw from it in a documented order. */
export interface RandomStream {
  readonly name: string;
  /** A uniform draw from [0, 1) with 52 random bits. */
  uniform(): number;
  /** A uniform integer from 0 to n - 1. */
  below(n: number): number;
}

/** Told of every draw of every stream, where somebody wants to know. */
export type OnDraw = (stream: string, value: number) => void;

/** Separates the parts of a seed text; no scenario name can contain it. */
const SEPARATOR = "\u001f";

/**
 * All random streams of a run, derived from (seed, replication, name) by hashing, so that a stream's draws depend on
 * nothing else: adding an entity shifts nobody's numbers.
 */
export class RandomStreams {
  readonly #prefix: string;
  readonly #streams = new Map<string, RandomStream>();
  readonly #onDraw: OnDraw | undefined;

  constructor(seed: number | string, replication = 0, onDraw?: OnDraw) {
    this.#prefix = `${seed}${SEPARATOR}${replication}${SEPARATOR}`;
    this.#onDraw = onDraw;
  }

  /** The stream of this name: the same object for the same name, so that draws go on where the last ended. */
  get(name: string): RandomStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = this.fresh(name);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** A stream of this name that begins at its first draw: for entities that share a name in order to draw alike. */
  fresh(name: string): RandomStream {
    const draw = seedrandom(this.#prefix + name);
    const onDraw = this.#onDraw;
    if (onDraw === undefined) return new SeededStream(name, draw);
    return new SeededStream(name, () => {
      const value = draw();
      onDraw(name, value);
      return value;
    });
  }
}

class SeededStream implements RandomStream {
  readonly name: string;
  readonly #draw: () => number;

  constructor(name: string, draw: () => number) {
    this.name = name;
    this.#draw = draw;
  }

  uniform(): number {
    return this.#draw();
  }

  below(n: number): number {
    return Math.floor(this.#draw() * n);
  }
}
