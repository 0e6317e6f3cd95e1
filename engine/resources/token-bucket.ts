import { NO_EVENT, type Handle, type Handler } from "../event-store.ts";
import type { Simulation } from "../simulation.ts";
import { END_OF_TIME, NS_PER_SECOND, type Ns } from "../time.ts";
import { Line } from "./line.ts";
import { Ticket } from "./ticket.ts";

export interface TokenRate {
  /** Whole tokens that come in each period; 0 for none. */
  tokens: number;
  /** The period in ns; default one second. */
  perNs?: Ns;
}

/**
 * A token bucket in integers: tokens = min(burst, tokens + rate x elapsed), where the part of a token that has come so far
 * is kept as a whole number of (1 / period) tokens, so that no rounding adds up over any time.
 *
 * Those who wait are served in the order of their calls, at the first nanosecond at which their tokens are there, by an event and
 * never within a call to the bucket.
 */
export class TokenBucket {
  readonly sim: Simulation;
  readonly burst: number;
  #tokens: number;
  /** Of the next token, in units of 1 / period. */
  #part = 0;
  #rate = 0;
  #perNs: Ns = NS_PER_SECOND;
  #at: Ns;
  #event: Handle = NO_EVENT;
  readonly #waiting = new Line<TokenTicket>();

  /** A bucket that holds `burst` tokens and begins with `initial`. Throws RangeError unless all are whole numbers from 0. */
  constructor(sim: Simulation, rate: TokenRate, burst: number, initial = burst) {
    requireTokens("burst", burst);
    requireTokens("initial tokens", initial);
    if (initial > burst) throw new RangeError(`initial tokens of ${initial}; allowed: at most the burst, ${burst}`);
    this.sim = sim;
    this.burst = burst;
    this.#tokens = initial;
    this.#at = sim.now;
    this.#setRate(rate);
  }

  /** Whole tokens now. */
  get tokens(): number {
    return this.#filled().tokens;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes tokens at once, or none and false where they are not there or others wait for them. */
  tryTake(tokens = 1): boolean {
    this.#require(tokens);
    this.#fill();
    if (this.#waiting.size > 0 || tokens > this.#tokens) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** Takes tokens when they are there; `granted(argument)` is called then. Throws RangeError for more than the burst. */
  take<A>(tokens: number, granted: Handler<A>, argument: A): TokenTicket {
    this.#require(tokens);
    const ticket = new TokenTicket(this, tokens, granted as Handler, argument);
    this.#waiting.add(ticket);
    if (this.#waiting.size === 1) this.#schedule();
    return ticket;
  }

  /** From now on another rate; what has come so far stays, the part of a token rounded down to the new period's units. */
  setRate(rate: TokenRate): void {
    this.#fill();
    const before = this.#perNs;
    this.#setRate(rate);
    this.#part = multiplyDivide(this.#part, this.#perNs, before).quotient;
    this.#schedule();
  }

  /** For tickets alone. */
  drop(ticket: TokenTicket): void {
    const wasFirst = this.#waiting.first === ticket;
    this.#waiting.remove(ticket);
    if (wasFirst) this.#schedule();
  }

  /** Grants the first request; for the bucket's event alone. */
  grantNext(): void {
    const ticket = this.#waiting.first;
    if (ticket === undefined) return;
    this.#fill();
    this.#waiting.remove(ticket);
    this.#tokens -= ticket.tokens;
    this.#schedule();
    ticket.grant();
  }

  /** Lets the event come when the tokens of the first request are there. */
  #schedule(): void {
    const due = this.#readyAt();
    if (due > END_OF_TIME) this.sim.cancel(this.#event);
    else if (!this.sim.reschedule(this.#event, due))
      this.#event = this.sim.scheduleAt(due, grantNext, this as TokenBucket);
  }

  /** The first instant at which the tokens of the first request are there; Infinity without one, or where they never come. */
  #readyAt(): Ns {
    const ticket = this.#waiting.first;
    if (ticket === undefined) return Infinity;
    this.#fill();
    const missing = ticket.tokens - this.#tokens;
    if (missing <= 0) return this.sim.now;
    if (this.#rate === 0) return Infinity;
    // The least dt with rate x dt >= missing x period - part.
    const { quotient, remainder } = multiplyDivide(missing, this.#perNs, this.#rate, -this.#part);
    return this.sim.now + quotient + (remainder > 0 ? 1 : 0);
  }

  #fill(): void {
    const { tokens, part } = this.#filled();
    this.#tokens = tokens;
    this.#part = part;
    this.#at = this.sim.now;
  }

  #filled(): { tokens: number; part: number } {
    const { quotient, remainder } = multiplyDivide(this.#rate, this.sim.now - this.#at, this.#perNs, this.#part);
    const tokens = this.#tokens + quotient;
    return tokens >= this.burst ? { tokens: this.burst, part: 0 } : { tokens, part: remainder };
  }

  #setRate({ tokens, perNs = NS_PER_SECOND }: TokenRate): void {
    requireTokens("rate", tokens);
    if (!Number.isSafeInteger(perNs) || perNs <= 0) {
      throw new RangeError(`a period of ${perNs} ns; allowed: a positive whole number of nanoseconds`);
    }
    this.#rate = tokens;
    this.#perNs = perNs;
  }

  #require(tokens: number): void {
    requireTokens("request", tokens);
    if (tokens > this.burst) {
      throw new RangeError(`a request for ${tokens} tokens; allowed: at most the burst, ${this.burst}`);
    }
  }
}

/** A request that waits for tokens. */
export class TokenTicket extends Ticket {
  readonly tokens: number;

  constructor(bucket: TokenBucket, tokens: number, granted: Handler, argument: unknown) {
    super(bucket, granted, argument);
    this.tokens = tokens;
  }
}

/** (a x b + c) / d in whole numbers, exact whatever the size of the product; the sum must not be negative. */
function multiplyDivide(a: number, b: number, d: number, c = 0): { quotient: number; remainder: number } {
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER - d && c < d) {
    const sum = product + c;
    const remainder = sum % d;
    return { quotient: (sum - remainder) / d, remainder };
  }
  const sum = BigInt(a) * BigInt(b) + BigInt(c);
  const divisor = BigInt(d);
  return { quotient: Number(sum / divisor), remainder: Number(sum % divisor) };
}

function requireTokens(what: string, tokens: number): void {
  if (!Number.isSafeInteger(tokens) || tokens < 0) {
    throw new RangeError(`${what} of ${tokens}; allowed: a whole number from 0`);
  }
}

function grantNext(bucket: TokenBucket): void {
  bucket.grantNext();
}
