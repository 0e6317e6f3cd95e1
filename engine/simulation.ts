import { classOf, EventStore, OBSERVERS, type Handle, type Handler, type PriorityClass } from "./event-store.ts";
import type { EventList } from "./event-list.ts";
import { LadderQueue } from "./ladder.ts";
import { RandomStreams, type RandomStream } from "./random/streams.ts";
import { END_OF_TIME, type Ns } from "./time.ts";
import { InvariantFailure, SimulationError } from "./errors.ts";
import type { DrawLog } from "./trust/draw-log.ts";
import { Fingerprint } from "./trust/fingerprint.ts";

/** Events between two yields to Node's own loop: often enough for signals, rare enough to cost nothing. */
const EVENTS_PER_YIELD = 65_536;
/** More events than this at one instant means that simulated time will never advance. */
const EVENTS_PER_INSTANT = 10_000_000;

/** Says what is wrong, or nothing while the statement holds. */
export type Invariant = () => string | undefined;

export interface SimulationOptions {
  /** Every random stream derives from it by name. */
  seed?: number | string;
  /** Which of several statistically independent repetitions this is. */
  replication?: number;
  /** Makes the event list; all of them give the same order. */
  eventList?: (store: EventStore) => EventList;
  /** Check the declared invariants after every event. */
  check?: boolean;
  /** Fold the sequence of events into `fingerprint`. */
  fingerprint?: boolean;
  /**
   * Break ties by a seeded draw in place of the order of scheduling. What changes then leans on an order that nobody
   * declared.
   */
  shuffleTies?: boolean;
  /** Receives every random draw. */
  drawLog?: DrawLog;
}

/**
 * The simulation kernel: a clock and an event list. Events run in the order of (time, priority class, sequence number);
 * the sequence number counts the calls of `schedule`, so equal times run in the order in which they were scheduled.
 */
export class Simulation {
  readonly seed: number | string;
  readonly streams: RandomStreams;

  private clock: Ns = 0;
  private readonly store: EventStore;
  private readonly list: EventList;
  private readonly check: boolean;
  private readonly trail: Fingerprint | undefined;
  private readonly invariants: Array<{ name: string; holds: Invariant }> = [];
  /** Events run at the present instant after the first. */
  private atInstant = 0;
  private cancelled = 0;
  private stopped = false;
  private isRunning = false;

  constructor(options: SimulationOptions = {}) {
    this.seed = options.seed ?? 0;
    const { drawLog } = options;
    const onDraw = drawLog && ((stream: string, value: number) => drawLog.record(stream, this.clock, value));
    this.streams = new RandomStreams(this.seed, options.replication ?? 0, onDraw);
    // Beside the log of draws, which is to be the same with and without them.
    const ties = options.shuffleTies
      ? new RandomStreams(this.seed, options.replication ?? 0).get("engine/ties")
      : undefined;
    this.store = new EventStore(1024, ties && (() => ties.uniform()));
    this.list = options.eventList?.(this.store) ?? new LadderQueue(this.store);
    this.check = options.check ?? false;
    this.trail = options.fingerprint ? new Fingerprint() : undefined;
  }

  /** The current simulated time. */
  get now(): Ns {
    return this.clock;
  }

  /** The fingerprint of the events so far, undefined where the simulation was made without. */
  get fingerprint(): string | undefined {
    return this.trail?.value;
  }

  /** Events run so far, the one that runs included. */
  get eventCount(): number {
    return this.store.released - this.cancelled;
  }

  /** Events waiting to run. */
  get pending(): number {
    return this.store.size;
  }

  /** Whether anything but observers waits to happen. For reports: it looks at every event. */
  get hasWork(): boolean {
    return this.list.slots().some((slot) => classOf(this.store.orderOf(slot)) !== OBSERVERS);
  }

  /** The random stream of this name: always the same object for the same name. */
  random(name: string): RandomStream {
    return this.streams.get(name);
  }

  /**
   * Runs `handler(argument)` after `delay` (integer ns, at least 0). Throws RangeError for a delay that is negative, not
   * an integer, or beyond the end of the clock.
   */
  schedule<T>(delay: Ns, handler: Handler<T>, argument: T, priority?: PriorityClass): Handle {
    const time = this.clock + delay;
    if (!(delay >= 0 && Number.isSafeInteger(time))) this.refuse(time);
    const slot = this.store.allocate(time, priority, handler as Handler, argument);
    this.list.push(slot);
    return this.store.handleOf(slot);
  }

  /** Runs `handler(argument)` at the instant `time` (integer ns, not before now). Throws RangeError otherwise. */
  scheduleAt<T>(time: Ns, handler: Handler<T>, argument: T, priority?: PriorityClass): Handle {
    // Exact, because both are integers below 2^53.
    return this.schedule(time - this.clock, handler, argument, priority);
  }

  /** Withdraws an event; false if it has run or was cancelled already. */
  cancel(handle: Handle): boolean {
    const slot = this.store.slotOf(handle);
    if (slot < 0) return false;
    this.list.remove(slot);
    this.store.release(slot);
    this.cancelled++;
    return true;
  }

  /** Moves a pending event to another instant; it then counts as scheduled last. False if the handle is stale. */
  reschedule(handle: Handle, time: Ns): boolean {
    const slot = this.store.slotOf(handle);
    if (slot < 0) return false;
    if (!(time >= this.clock && Number.isSafeInteger(time))) this.refuse(time);
    this.list.remove(slot);
    this.store.renew(slot, time);
    this.list.push(slot);
    return true;
  }

  /** When the event is due, or undefined if the handle is stale. */
  timeOf(handle: Handle): Ns | undefined {
    const slot = this.store.slotOf(handle);
    return slot < 0 ? undefined : this.store.timeOf(slot);
  }

  /** Declares what must hold after every event; evaluated only where the simulation was made with `check`. */
  invariant(name: string, holds: Invariant): void {
    if (this.check) this.invariants.push({ name, holds });
  }

  /** Ends `run` after the current event. */
  stop(): void {
    this.stopped = true;
  }

  /**
   * Runs the events before `until` and sets the clock to `until`: events at exactly `until` do not run. Throws what a
   * handler throws, SimulationError where time stands still, and RangeError for a time that is past or no integer; a
   * handler cannot run the simulation it runs in.
   */
  runUntil(until: Ns): void {
    this.begin(until);
    try {
      while (this.batch(until, EVENTS_PER_YIELD));
    } finally {
      this.isRunning = false;
    }
  }

  /**
   * As `runUntil`, but returns to Node's own loop every 65,536 events, so that signals arrive and a progress bar lives;
   * `onYield` is called then, and may throw to end the run.
   */
  async run(until: Ns, onYield?: () => void): Promise<void> {
    this.begin(until);
    try {
      while (this.batch(until, EVENTS_PER_YIELD)) {
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
        onYield?.();
      }
    } finally {
      this.isRunning = false;
    }
  }

  private begin(until: Ns): void {
    if (this.isRunning) throw new Error("the simulation runs already: a handler schedules what is to happen");
    if (!(until >= this.clock)) throw new RangeError(`cannot run until ${until} ns: it is ${this.clock} ns already`);
    if (!Number.isSafeInteger(until)) {
      throw new RangeError(`cannot run until ${until} ns: it must be an integer, at most ${END_OF_TIME} ns`);
    }
    this.isRunning = true;
    this.stopped = false;
    this.atInstant = 0;
  }

  /** Runs up to `limit` events; whether more may be due before `until`. */
  private batch(until: Ns, limit: number): boolean {
    const list = this.list;
    const store = this.store;
    for (let i = 0; i < limit; i++) {
      const slot = list.popBefore(until);
      if (slot < 0) {
        this.clock = until;
        return false;
      }
      const time = store.timeOf(slot);
      if (time !== this.clock) {
        this.clock = time;
        this.atInstant = 0;
      } else if (++this.atInstant > EVENTS_PER_INSTANT) this.standstill();
      const handler = store.handlerOf(slot) as Handler<unknown>;
      const argument = store.argumentOf(slot);
      if (this.trail !== undefined) {
        const priority = classOf(store.orderOf(slot));
        if (priority !== OBSERVERS) this.trail.fold(time, priority, handler as Handler, argument);
      }
      store.release(slot);
      handler(argument);
      if (this.check) this.checkInvariants();
      if (this.stopped) return false;
    }
    return true;
  }

  private checkInvariants(): void {
    for (const { name, holds } of this.invariants) {
      const broken = holds();
      if (broken !== undefined) throw new InvariantFailure(name, broken, this.clock, this.seed);
    }
  }

  private standstill(): never {
    throw new SimulationError(
      `more than ${EVENTS_PER_INSTANT} events at one instant: simulated time does not advance any more`,
      this.clock,
      this.seed,
    );
  }

  private refuse(time: Ns): never {
    throw new RangeError(
      `cannot schedule an event at ${time} ns: it must be an integer from now (${this.clock} ns) to ${END_OF_TIME} ns`,
    );
  }
}
