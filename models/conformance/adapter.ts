import type { Difference } from "./compare.ts";

/** What a case file can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What an adapter finds: plain data, where an absent or undefined member means that the model has no answer to it. */
export type Found = null | boolean | number | string | undefined | readonly Found[] | { readonly [key: string]: Found };

/**
 * Turns what a case gives into a call of the model's public rules and returns what the model answers, under the keys of
 * `expect`; answers that nobody asked for are ignored. Reads of `given` are recorded down to its leaves: a case with a
 * leaf that was not looked at is not covered. `asked` holds the keys of `expect` without the answers, for families whose
 * keys carry a question. Throws NotCovered for what the model does not do; any other error fails the case.
 */
export type Adapter = (given: Json, asked: readonly string[]) => Found;

/**
 * An adapter of a family whose `given` has the shape G, in which optional members are those that some cases leave out.
 * The shape is the author's promise and is not checked: a case of another shape leaves keys unread, and so uncovered.
 */
export function adapter<G>(answer: (given: G, asked: readonly string[]) => Found): Adapter {
  return answer as Adapter;
}

/** A question that the model does not answer. */
export class NotCovered extends Error {
  override readonly name = "NotCovered";
}

/** Says that a premise of a case is the only one that the adapter can play. */
export function premise(holds: boolean, text: string): void {
  if (!holds) throw new NotCovered(text);
}

/** Adapters by family. A name such as `gc-*` stands for every family that begins with `gc-` and is not named itself. */
export type Adapters = Readonly<Record<string, Adapter>>;

/** How a case ended. */
export type Verdict =
  | { kind: "passed" }
  | { kind: "failed"; differences: readonly Difference[]; error?: string }
  | { kind: "notCovered"; reason: string };

export interface Judgement {
  id: string;
  verdict: Verdict;
}

/** Holds a model against a file of measurements, one case a figure. */
export interface LiveAdapter {
  /** Whether the parsed file is one of this model's, by its own members. */
  claims(document: { readonly [key: string]: Json }): boolean;
  judge(document: { readonly [key: string]: Json }): Promise<Judgement[]>;
}
