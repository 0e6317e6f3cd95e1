import { NO_EVENT, type Handle } from "../../engine/event-store.ts";
import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import type { LeaseEvent } from "./lease.ts";

/** The work that one lease event makes, write by write. */
export interface PeerJob {
  /** What the next write costs; undefined when there is none left. */
  readonly costNs: Ns | undefined;
  /** Does the write at the end of its cost, and returns the pause before the next one. */
  write(): Ns;
}

/** What a backend does with lease events, and what it does by itself. */
export interface DaemonBackend {
  /** Decoding and logging one event. */
  readonly eventNs: Ns;
  begin(event: LeaseEvent): PeerJob;
  readonly periodic?: { readonly everyNs: Ns; readonly act: () => void };
}

/**
 * The loop of a daemon (rule R26): lease events wait in one queue and are worked off one after the other, write by write;
 * a write that fails is tried again later and holds everything else up meanwhile. A daemon that is killed forgets its
 * queue and leaves the kernel's tables as they are, half written or not.
 * Source: flannel v0.28.9 pkg/backend/vxlan/vxlan_network.go Run, pkg/subnet/kube/kube.go WatchLeases.
 *
 * Simplified: the queue is unbounded. Upstream's holds 5,000 events and loses none beyond: up to 100 senders poll for
 * room without pause, and may overtake one another; further ones hold the informer up.
 */
export class PeerDaemon {
  /** Events worked off, and writes tried, since the start of the run. */
  events = 0;
  writes = 0;

  readonly #sim: Simulation;
  readonly #backend: DaemonBackend;
  readonly #handled: ((event: LeaseEvent) => void) | undefined;
  readonly #onTimer: () => void;
  readonly #onPeriod: () => void;
  #queue: LeaseEvent[] = [];
  #head = 0;
  #isRunning = false;
  #job: PeerJob | undefined;
  #timer: Handle = NO_EVENT;
  #period: Handle = NO_EVENT;

  /** The daemon runs at once; `handled` is told of every event that was worked off, with or without success. */
  constructor(sim: Simulation, backend: DaemonBackend, handled?: (event: LeaseEvent) => void) {
    this.#sim = sim;
    this.#backend = backend;
    this.#handled = handled;
    this.#onTimer = () => this.#step();
    this.#onPeriod = () => {
      this.#backend.periodic?.act();
      this.#schedulePeriod();
    };
    this.start();
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Events waiting or being worked on. */
  get pending(): number {
    return this.#queue.length - this.#head;
  }

  /** Hands an event to the daemon; one that is not running misses it. */
  push(event: LeaseEvent): void {
    if (!this.#isRunning) return;
    this.#queue.push(event);
    if (this.#job === undefined) this.#begin();
  }

  /** Kills the daemon. */
  stop(): void {
    this.#isRunning = false;
    this.#sim.cancel(this.#timer);
    this.#sim.cancel(this.#period);
    this.#job = undefined;
    this.#queue = [];
    this.#head = 0;
  }

  /** Starts it again; whoever starts it hands it every current lease anew. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#schedulePeriod();
  }

  #begin(): void {
    this.#job = this.#backend.begin(this.#queue[this.#head]);
    this.#wait(this.#backend.eventNs + (this.#job.costNs ?? 0));
  }

  /** Ends the write that was under way, if there was one, and turns to the next. */
  #step(): void {
    const job = this.#job;
    if (job === undefined) return;
    if (job.costNs !== undefined) {
      this.writes++;
      const pause = job.write();
      // The write may have killed the daemon.
      if (this.#job !== job) return;
      if (job.costNs !== undefined) return this.#wait(pause + job.costNs);
    }
    this.#end();
  }

  #end(): void {
    const event = this.#queue[this.#head++];
    this.#job = undefined;
    this.events++;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    this.#handled?.(event);
    // Who was told may have killed the daemon or handed it an event.
    if (this.#isRunning && this.pending > 0 && this.#job === undefined) this.#begin();
  }

  #wait(delay: Ns): void {
    this.#timer = this.#sim.schedule(delay, this.#onTimer, undefined);
  }

  #schedulePeriod(): void {
    const periodic = this.#backend.periodic;
    if (periodic !== undefined) this.#period = this.#sim.schedule(periodic.everyNs, this.#onPeriod, undefined);
  }
}
