import type { RandomStream, RandomStreams } from "../../engine/random/streams.ts";

/** A stream of this name that begins at its first draw, made only then: most nodes of a large network never draw. */
export class LazyStream implements RandomStream {
  readonly name: string;
  readonly #streams: RandomStreams;
  #stream: RandomStream | undefined;

  constructor(streams: RandomStreams, name: string) {
    this.#streams = streams;
    this.name = name;
  }

  uniform(): number {
    return (this.#stream ??= this.#streams.fresh(this.name)).uniform();
  }

  below(n: number): number {
    return (this.#stream ??= this.#streams.fresh(this.name)).below(n);
  }
}
