import type { RandomStream } from "../random/streams.ts";
import { Waitable, type Waiter } from "../process/waitable.ts";
import { ChannelPanic, type Blocked, type Channel, type Received } from "./channel.ts";

/** One case of a select: a receive, or a send of a value. */
export type SelectCase<T = unknown> =
  { receive: Channel<T>; send?: undefined } | { send: Channel<T>; value: T; receive?: undefined };

/** Which case was served; for a receive with what it got. -1 for the default. */
export interface Selected {
  index: number;
  received?: Received<unknown>;
}

export interface SelectOptions {
  /** Chooses among ready cases uniformly, as Go does; without it the first ready case in the list is taken. */
  stream?: RandomStream;
  /** With a default the select never waits: index -1 if no case is ready. */
  hasDefault?: boolean;
}

/**
 * Go's select statement: `const {index, received} = yield* select(cases, {stream})`. If several cases are ready one is
 * chosen by the stream; if none is, it waits for the first, unless there is a default.
 *
 * Source: The Go Programming Language Specification, "Select statements".
 */
export function select(
  cases: readonly SelectCase<never>[] | readonly SelectCase[],
  options: SelectOptions = {},
): Waitable<Selected> {
  return new Select(cases as readonly SelectCase[], options);
}

class Select extends Waitable<Selected> {
  readonly #cases: readonly SelectCase[];
  readonly #options: SelectOptions;
  readonly #lines = new Map<Waiter, Blocked<unknown>[]>();

  constructor(cases: readonly SelectCase[], options: SelectOptions) {
    super();
    this.#cases = cases;
    this.#options = options;
  }

  begin(waiter: Waiter): boolean {
    const ready = this.#cases.flatMap((item, index) => (isReady(item) ? [index] : []));
    if (ready.length > 0) {
      const { stream } = this.#options;
      // One draw for each choice that there is, so that streams do not depend on what is decided without one.
      const index = ready.length > 1 && stream !== undefined ? ready[stream.below(ready.length)] : ready[0];
      waiter.value = serveNow(this.#cases[index], index);
      return true;
    }
    if (this.#options.hasDefault) {
      waiter.value = { index: -1 } satisfies Selected;
      return true;
    }
    const lines = this.#cases.map((item, index) => this.#blocked(waiter, item, index));
    this.#lines.set(waiter, lines);
    for (const [index, blocked] of lines.entries()) this.#channelOf(index).enqueue(sideOf(this.#cases[index]), blocked);
    return false;
  }

  withdraw(waiter: Waiter): void {
    for (const [index, blocked] of (this.#lines.get(waiter) ?? []).entries()) {
      this.#channelOf(index).dequeue(sideOf(this.#cases[index]), blocked);
    }
    this.#lines.delete(waiter);
  }

  describe(): string {
    const cases = this.#cases.map((item) => `${sideOf(item)} on channel ${(item.receive ?? item.send).name}`);
    return cases.length === 0 ? "a select without cases" : `select: ${cases.join("; ")}`;
  }

  #channelOf(index: number): Channel<unknown> {
    const item = this.#cases[index];
    return item.receive ?? item.send;
  }

  #blocked(waiter: Waiter, item: SelectCase, index: number): Blocked<unknown> {
    return {
      value: item.send === undefined ? undefined : item.value,
      serve: (received) => {
        this.withdraw(waiter);
        waiter.wake(item.receive === undefined ? { index } : { index, received });
      },
      fail: (error) => {
        this.withdraw(waiter);
        waiter.fail(error);
      },
    };
  }
}

function sideOf(item: SelectCase): "send" | "receive" {
  return item.receive === undefined ? "send" : "receive";
}

function isReady(item: SelectCase): boolean {
  return item.receive === undefined ? item.send.canSend : item.receive.canReceive;
}

function serveNow(item: SelectCase, index: number): Selected {
  if (item.receive !== undefined) return { index, received: item.receive.tryReceive() };
  if (!item.send.trySend(item.value)) throw new ChannelPanic(`channel ${item.send.name} was ready to send, and is not`);
  return { index };
}
