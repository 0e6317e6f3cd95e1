/** One line of counters.csv. */
export interface Counter {
  /** As `cgroup/web-0/app`. */
  object: string;
  /** The name that the kernel or Kubernetes gives it: `nr_throttled`. */
  counter: string;
  value: number;
}

/** Totals over the whole run. Equal (object, counter) add up; their order is that of the first addition. */
export class CounterTable {
  readonly #objects = new Map<string, Map<string, Counter>>();
  readonly #entries: Counter[] = [];

  /** Adds a whole number; zeros count too, so that their line is written. Throws RangeError for anything else. */
  add(object: string, counter: string, value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${object} ${counter}: ${value} is no whole number`);
    let counters = this.#objects.get(object);
    if (counters === undefined) this.#objects.set(object, (counters = new Map()));
    const entry = counters.get(counter);
    if (entry !== undefined) {
      entry.value += value;
      return;
    }
    const added = { object, counter, value };
    counters.set(counter, added);
    this.#entries.push(added);
  }

  /** In the order of their first addition. */
  get entries(): readonly Readonly<Counter>[] {
    return this.#entries;
  }
}
