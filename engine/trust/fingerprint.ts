import type { Handler } from "../event-store.ts";
import type { Ns } from "../time.ts";

/**
 * Folds what ran, and in which order, into 32 bits: two runs with equal fingerprints had, but for a chance of one in
 * four billion, the same events at the same times with the same handlers and arguments.
 *
 * Handlers and arguments that are objects are known by the order of their first appearance, which is the same on every
 * machine, where names may be missing and addresses differ. All other values count as what they are. Observers are left
 * out of it, so that a run may be watched without changing its fingerprint.
 */
export class Fingerprint {
  #hash = 0x811c9dc5;
  #known = 0;
  readonly #numbers = new WeakMap<object, number>();
  /** For the bits of numbers that are no small integers. */
  readonly #bits = new DataView(new ArrayBuffer(8));

  /** Folds one event: when it runs, its class, and what it does. */
  fold(time: Ns, priority: number, handler: Handler, argument: unknown): void {
    this.#word(time % 2 ** 32);
    this.#word(Math.floor(time / 2 ** 32));
    this.#word(priority);
    this.#word(this.#numberOf(handler));
    this.#value(argument);
  }

  /** The fingerprint so far, as eight hexadecimal digits. */
  get value(): string {
    // A last mixing, so that single bits of the last event reach all digits (the finisher of MurmurHash3).
    let hash = this.#hash;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 0).toString(16).padStart(8, "0");
  }

  #value(value: unknown): void {
    if (typeof value === "number") this.#float(value);
    else if (typeof value === "string") this.#text(value);
    else if ((typeof value === "object" && value !== null) || typeof value === "function") {
      this.#word(this.#numberOf(value));
    } else {
      // undefined, true, false, null, bigint, symbol: a word for the kind, and a text where there is more to tell.
      this.#word(value === undefined ? 0 : value === true ? 1 : value === false ? 2 : value === null ? 3 : 4);
      if (typeof value === "bigint" || typeof value === "symbol") this.#text(String(value));
    }
  }

  #float(value: number): void {
    if (value === (value | 0)) {
      this.#word(value);
      this.#word(0);
      return;
    }
    this.#bits.setFloat64(0, value);
    this.#word(this.#bits.getInt32(0));
    this.#word(this.#bits.getInt32(4));
  }

  #text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#word(text.charCodeAt(i));
  }

  #numberOf(thing: object): number {
    let number = this.#numbers.get(thing);
    if (number === undefined) {
      number = ++this.#known;
      this.#numbers.set(thing, number);
    }
    return number;
  }

  /** One step of a multiplicative hash (FNV-1a, a word in place of a byte) with a rotation to mix the high bits. */
  #word(word: number): void {
    const hash = Math.imul(this.#hash ^ (word | 0), 0x01000193);
    this.#hash = (hash << 13) | (hash >>> 19);
  }
}
