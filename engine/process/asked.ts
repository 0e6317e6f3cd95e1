import { Waitable, type Waiter } from "./waitable.ts";

/** A request to a resource, as its tickets are: it can be withdrawn, and some hold what they got until it is released. */
interface Request {
  withdraw(): boolean;
  readonly isHeld?: boolean;
  release?(): void;
}

/** What a resource gave: the ticket, for its release, and the item where there is one. */
export interface Given<K, T> {
  ticket: K;
  item: T;
}

/**
 * Waits in a process for a resource that calls back: the bridge between the two styles.
 *
 *     const { ticket } = yield* asked("a unit of the CPU", (granted) => cpu.request(granted, undefined));
 *     const { item } = yield* asked("a job", (granted: Granted<undefined, Job>) => jobs.get(granted, undefined));
 *
 * A wait that is withdrawn withdraws its request. What was given to one who will never see it, because it was one of
 * several waits that were withdrawn together, goes to `giveBack`; without that a unit that is held is released, while an
 * amount, tokens or an item stay taken.
 */
export function asked<K extends Request, T = undefined>(
  what: string,
  ask: (granted: (argument: undefined, item?: T) => void) => K,
  giveBack: (given: Given<K, T>) => void = releaseHeld,
): Waitable<Given<K, T>> {
  return new Asked(what, ask, giveBack);
}

function releaseHeld({ ticket }: { ticket: Request }): void {
  if (ticket.isHeld) ticket.release?.();
}

class Asked<K extends Request, T> extends Waitable<Given<K, T>> {
  readonly #what: string;
  readonly #ask: (granted: (argument: undefined, item?: T) => void) => K;
  readonly #giveBack: (given: Given<K, T>) => void;

  constructor(
    what: string,
    ask: (granted: (argument: undefined, item?: T) => void) => K,
    giveBack: (given: Given<K, T>) => void,
  ) {
    super();
    this.#what = what;
    this.#ask = ask;
    this.#giveBack = giveBack;
  }

  begin(waiter: Waiter): boolean {
    // Resources grant in events of their own, never within the call: the ticket is there before the answer.
    const ticket = this.#ask((_, item) => waiter.wake({ ticket: waiter.place as K, item }));
    waiter.place = ticket;
    return false;
  }

  withdraw(waiter: Waiter): void {
    (waiter.place as K).withdraw();
  }

  override undo(given: Given<K, T>): void {
    this.#giveBack(given);
  }

  describe(): string {
    return this.#what;
  }
}
