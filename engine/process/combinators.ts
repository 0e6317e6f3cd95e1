import { NO_EVENT, type Handle } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";
import type { Ns } from "../time.ts";
import { Waitable, type Waiter } from "./waitable.ts";

/** A delay as a branch of `anyOf` or `allOf`; alone, a process yields the number. */
export class Delay extends Waitable<void> {
  readonly #sim: Simulation;
  readonly #ns: Ns;
  readonly #timers = new Map<Waiter, Handle>();

  constructor(sim: Simulation, ns: Ns) {
    super();
    this.#sim = sim;
    this.#ns = ns;
  }

  begin(waiter: Waiter): boolean {
    const over = () => {
      this.#timers.delete(waiter);
      waiter.wake(undefined);
    };
    this.#timers.set(waiter, this.#sim.schedule(this.#ns, over, undefined));
    return false;
  }

  withdraw(waiter: Waiter): void {
    this.#sim.cancel(this.#timers.get(waiter) ?? NO_EVENT);
    this.#timers.delete(waiter);
  }

  describe(): string {
    return `${this.#ns} ns to pass`;
  }
}

/** The branch that came first. */
export interface First<T> {
  index: number;
  value: T;
}

/** A wait for the first: the branches that have begun, and the one that was over while others were still to begin. */
interface Race<T> {
  begun: Branch<T>[];
  isBeginning: boolean;
  first?: First<T>;
}

/**
 * The first of several waits; the others are withdrawn. Of those that are over at once, the first in the list. Branches
 * that meet each other, as a send and a receive on one channel, are over at once.
 */
export class AnyOf<T> extends Waitable<First<T>> {
  readonly #branches: ReadonlyArray<Waitable<T>>;
  readonly #waits = new Map<Waiter, Race<T>>();

  constructor(branches: ReadonlyArray<Waitable<T>>) {
    super();
    this.#branches = branches;
  }

  begin(waiter: Waiter): boolean {
    const race: Race<T> = { begun: [], isBeginning: true };
    const settle = (index: number, value: T) => {
      this.#withdrawAll(waiter, index);
      if (race.isBeginning) race.first = { index, value };
      else waiter.wake({ index, value });
    };
    const refuse = (index: number, error: Error) => {
      this.#withdrawAll(waiter, index);
      waiter.fail(error);
    };
    this.#waits.set(waiter, race);
    for (const [index, waitable] of this.#branches.entries()) {
      const branch = new Branch(index, waitable, settle, refuse);
      const isOver = this.#begins(branch, waiter);
      if (race.first !== undefined) {
        // An earlier branch met this one.
        if (isOver) waitable.undo(branch.value as T);
        else waitable.withdraw(branch);
        waiter.value = race.first;
        return true;
      }
      if (isOver) {
        this.#withdrawAll(waiter, index);
        waiter.value = { index, value: branch.value };
        return true;
      }
      race.begun.push(branch);
    }
    race.isBeginning = false;
    return false;
  }

  withdraw(waiter: Waiter): void {
    this.#withdrawAll(waiter, -1);
  }

  override undo({ index, value }: First<T>): void {
    this.#branches[index].undo(value);
  }

  describe(): string {
    return `any of: ${this.#branches.map((branch) => branch.describe()).join("; ")}`;
  }

  #begins(branch: Branch<T>, waiter: Waiter): boolean {
    try {
      return branch.waitable.begin(branch);
    } catch (thrown) {
      this.#withdrawAll(waiter, branch.index);
      throw thrown;
    }
  }

  #withdrawAll(waiter: Waiter, except: number): void {
    for (const branch of this.#waits.get(waiter)?.begun ?? []) {
      if (branch.index !== except) branch.waitable.withdraw(branch);
    }
    this.#waits.delete(waiter);
  }
}

/**
 * All of several waits: their values, in the order of the list. When it is withdrawn, or one fails, the others are
 * withdrawn, and those that are over take back what they gave.
 */
export class AllOf<T> extends Waitable<T[]> {
  readonly #branches: ReadonlyArray<Waitable<T>>;
  readonly #waits = new Map<Waiter, { open: Set<Branch<T>>; over: Branch<T>[] }>();

  constructor(branches: ReadonlyArray<Waitable<T>>) {
    super();
    this.#branches = branches;
  }

  begin(waiter: Waiter): boolean {
    const values: T[] = Array.from({ length: this.#branches.length });
    const open = new Set<Branch<T>>();
    const over: Branch<T>[] = [];
    // A branch may meet an earlier one, which is over then, while others are still to begin.
    let isBeginning = true;
    const settle = (index: number, value: T, branch: Branch<T>) => {
      values[index] = value;
      branch.value = value;
      open.delete(branch);
      over.push(branch);
      if (isBeginning || open.size > 0) return;
      this.#waits.delete(waiter);
      waiter.wake(values);
    };
    const refuse = (_: number, error: Error, branch: Branch<T>) => {
      open.delete(branch);
      this.withdraw(waiter);
      waiter.fail(error);
    };
    this.#waits.set(waiter, { open, over });
    try {
      for (const [index, waitable] of this.#branches.entries()) {
        const branch = new Branch(index, waitable, settle, refuse);
        if (waitable.begin(branch)) {
          values[index] = branch.value as T;
          over.push(branch);
        } else open.add(branch);
      }
    } catch (thrown) {
      this.withdraw(waiter);
      throw thrown;
    }
    isBeginning = false;
    if (open.size > 0) return false;
    this.#waits.delete(waiter);
    waiter.value = values;
    return true;
  }

  withdraw(waiter: Waiter): void {
    const wait = this.#waits.get(waiter);
    this.#waits.delete(waiter);
    if (wait === undefined) return;
    for (const branch of wait.open) branch.waitable.withdraw(branch);
    for (const branch of wait.over) branch.waitable.undo(branch.value as T);
  }

  override undo(values: T[]): void {
    for (const [index, waitable] of this.#branches.entries()) waitable.undo(values[index]);
  }

  describe(): string {
    return `all of: ${this.#branches.map((branch) => branch.describe()).join("; ")}`;
  }
}

/**
 * The first of several waits, of whatever types: `const { index, value } = yield* anyOf(signal, new Delay(sim, 5))`. The
 * others are withdrawn, see `AnyOf`.
 */
export function anyOf<T extends readonly unknown[]>(
  ...branches: { [K in keyof T]: Waitable<T[K]> }
): Waitable<First<T[number]>> {
  return new AnyOf<T[number]>(branches);
}

/** All of several waits, of whatever types: `const [word, count] = yield* allOf(signal, process)`. See `AllOf`. */
export function allOf<T extends readonly unknown[]>(...branches: { [K in keyof T]: Waitable<T[K]> }): Waitable<T> {
  return new AllOf<T[number]>(branches) as Waitable<unknown> as Waitable<T>;
}

class Branch<T> implements Waiter {
  value: unknown = undefined;
  place: unknown = undefined;
  readonly index: number;
  readonly waitable: Waitable<T>;
  readonly #settle: (index: number, value: T, branch: Branch<T>) => void;
  readonly #refuse: (index: number, error: Error, branch: Branch<T>) => void;

  constructor(
    index: number,
    waitable: Waitable<T>,
    settle: (index: number, value: T, branch: Branch<T>) => void,
    refuse: (index: number, error: Error, branch: Branch<T>) => void,
  ) {
    this.index = index;
    this.waitable = waitable;
    this.#settle = settle;
    this.#refuse = refuse;
  }

  wake(value: unknown): void {
    this.#settle(this.index, value as T, this);
  }

  fail(error: Error): void {
    this.#refuse(this.index, error, this);
  }
}
