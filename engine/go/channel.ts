import { Waitable, type Waiter } from "../process/waitable.ts";

/** What a receive gives: `ok` is false, and the value undefined, once the channel is closed and drained. */
export interface Received<T> {
  value: T | undefined;
  ok: boolean;
}

/** A send on a closed channel, a second close, or the close of a nil channel: what panics in Go. */
export class ChannelPanic extends Error {
  override readonly name = "ChannelPanic";
}

/** Somebody in a channel's line. Whoever is served leaves every line he is in at once, so the first in line is there. */
export interface Blocked<T> {
  /** Tells a receiver what he got, a sender that his value is taken. */
  serve(received: Received<T>): void;
  fail(error: Error): void;
  /** What a sender sends. */
  value?: T;
}

/**
 * A channel with Go's rules, in simulated time. Unbuffered (capacity 0) a send waits for its receiver; buffered it waits
 * for room. Those who wait are served in the order in which they came. A closed channel gives what is left in its buffer,
 * then nothing with `ok` false, at once.
 *
 * Source: The Go Programming Language Specification, "Channel types", "Send statements", "Close"; golang/go
 * src/runtime/chan.go for the order of service.
 */
export class Channel<T> {
  readonly name: string;
  readonly capacity: number;
  readonly #buffer: T[] = [];
  readonly #receivers: Blocked<T>[] = [];
  readonly #senders: Blocked<T>[] = [];
  #isClosed = false;

  /** Throws RangeError for a capacity that is negative or no whole number. */
  constructor(name: string, capacity = 0) {
    if (!Number.isInteger(capacity) || capacity < 0) {
      throw new RangeError(`channel ${name}: a capacity of ${capacity}; allowed: a whole number from 0`);
    }
    this.name = name;
    this.capacity = capacity;
  }

  /** Values in the buffer: len(ch). */
  get length(): number {
    return this.#buffer.length;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Senders that wait, those of selects included. */
  get blockedSenders(): number {
    return this.#senders.length;
  }

  get blockedReceivers(): number {
    return this.#receivers.length;
  }

  /** A send to wait for: `yield* channel.send(value)`. Panics into the process if the channel is or becomes closed. */
  send(value: T): Waitable<void> {
    return new Send(this, value);
  }

  /** A receive to wait for: `yield* channel.receive()`. */
  receive(): Waitable<Received<T>> {
    return new Receive(this);
  }

  /** Sends if that needs no wait; whether it did. Throws ChannelPanic on a closed channel. */
  trySend(value: T): boolean {
    if (this.#isClosed) throw new ChannelPanic(`send on closed channel ${this.name}`);
    const receiver = this.#receivers.shift();
    if (receiver !== undefined) {
      receiver.serve({ value, ok: true });
      return true;
    }
    if (this.#buffer.length >= this.capacity) return false;
    this.#buffer.push(value);
    return true;
  }

  /** Receives if that needs no wait; undefined if it would. */
  tryReceive(): Received<T> | undefined {
    if (this.#buffer.length > 0) {
      const value = this.#buffer.shift() as T;
      const sender = this.#senders.shift();
      if (sender !== undefined) {
        this.#buffer.push(sender.value as T);
        sender.serve({ value: undefined, ok: true });
      }
      return { value, ok: true };
    }
    const sender = this.#senders.shift();
    if (sender !== undefined) {
      sender.serve({ value: undefined, ok: true });
      return { value: sender.value, ok: true };
    }
    return this.#isClosed ? { value: undefined, ok: false } : undefined;
  }

  /** Whether a send would not block now (on a closed channel it panics, which is no blocking). */
  get canSend(): boolean {
    return this.#isClosed || this.#buffer.length < this.capacity || this.#receivers.length > 0;
  }

  get canReceive(): boolean {
    return this.#isClosed || this.#buffer.length > 0 || this.#senders.length > 0;
  }

  /** Closes the channel: blocked receivers get nothing with `ok` false, blocked senders panic. */
  close(): void {
    if (this.#isClosed) throw new ChannelPanic(`close of closed channel ${this.name}`);
    this.#isClosed = true;
    // From the line itself: who is served leaves it with all his cases, and some stand here with several.
    for (let receiver = this.#receivers.shift(); receiver !== undefined; receiver = this.#receivers.shift()) {
      receiver.serve({ value: undefined, ok: false });
    }
    for (let sender = this.#senders.shift(); sender !== undefined; sender = this.#senders.shift()) {
      sender.fail(new ChannelPanic(`send on closed channel ${this.name}`));
    }
  }

  /** For `send`, `receive` and `select`: gets in line. */
  enqueue(side: "send" | "receive", blocked: Blocked<T>): void {
    (side === "send" ? this.#senders : this.#receivers).push(blocked);
  }

  /** Leaves the line; no-op for one who is not in it. */
  dequeue(side: "send" | "receive", blocked: Blocked<T>): void {
    const line = side === "send" ? this.#senders : this.#receivers;
    const index = line.indexOf(blocked);
    if (index >= 0) line.splice(index, 1);
  }
}

/** A channel that was never made: sends and receives block for ever, and closing it panics. */
export class NilChannel<T> extends Channel<T> {
  constructor(name = "nil") {
    super(name, 0);
  }

  override trySend(): boolean {
    return false;
  }

  override tryReceive(): undefined {
    return undefined;
  }

  override get canSend(): boolean {
    return false;
  }

  override get canReceive(): boolean {
    return false;
  }

  override close(): void {
    throw new ChannelPanic("close of nil channel");
  }

  /** Nobody can meet there, so nobody is kept. */
  override enqueue(): void {}

  override dequeue(): void {}
}

/** One side of a channel as something to wait for. */
abstract class Meeting<T, R> extends Waitable<R> {
  protected readonly channel: Channel<T>;
  readonly #side: "send" | "receive";
  readonly #blocked = new Map<Waiter, Blocked<T>>();

  constructor(channel: Channel<T>, side: "send" | "receive") {
    super();
    this.channel = channel;
    this.#side = side;
  }

  /** Gets in line; `give` turns what is served into what the waiter gets. */
  protected block(waiter: Waiter, give: (received: Received<T>) => R, value?: T): void {
    const blocked: Blocked<T> = {
      value,
      serve: (received) => {
        this.#blocked.delete(waiter);
        waiter.wake(give(received));
      },
      fail: (error) => {
        this.#blocked.delete(waiter);
        waiter.fail(error);
      },
    };
    this.#blocked.set(waiter, blocked);
    this.channel.enqueue(this.#side, blocked);
  }

  withdraw(waiter: Waiter): void {
    const blocked = this.#blocked.get(waiter);
    this.#blocked.delete(waiter);
    if (blocked !== undefined) this.channel.dequeue(this.#side, blocked);
  }

  describe(): string {
    return `${this.#side} on channel ${this.channel.name}`;
  }
}

class Send<T> extends Meeting<T, void> {
  readonly #value: T;

  constructor(channel: Channel<T>, value: T) {
    super(channel, "send");
    this.#value = value;
  }

  begin(waiter: Waiter): boolean {
    if (this.channel.trySend(this.#value)) return true;
    this.block(waiter, () => undefined, this.#value);
    return false;
  }
}

class Receive<T> extends Meeting<T, Received<T>> {
  constructor(channel: Channel<T>) {
    super(channel, "receive");
  }

  begin(waiter: Waiter): boolean {
    const received = this.channel.tryReceive();
    waiter.value = received;
    if (received !== undefined) return true;
    this.block(waiter, (served) => served);
    return false;
  }
}
