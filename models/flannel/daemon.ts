import { NO_EVENT, type Handle } from "../../engine/event-store.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import type { KernelTables, Operation } from "./kernel-tables.ts";
import type { LeaseEvent } from "./lease.ts";
import { planPeer, PlanRunner, type VxlanContext } from "./peer-plan.ts";
import { retryWait } from "./retry.ts";
import { EVENT_LOG_NS, FDB_WRITE_NS, NEIGHBOUR_WRITE_NS, ROUTE_WRITE_NS } from "./defaults.ts";

/** What the daemon's work costs in time. */
export interface WriteCosts {
  /** Decoding and logging one event. */
  readonly eventNs: Ns;
  readonly neighbourNs: Ns;
  readonly fdbNs: Ns;
  readonly routeNs: Ns;
}

export const DEFAULT_WRITE_COSTS: WriteCosts = {
  eventNs: EVENT_LOG_NS,
  neighbourNs: NEIGHBOUR_WRITE_NS,
  fdbNs: FDB_WRITE_NS,
  routeNs: ROUTE_WRITE_NS,
};

export interface DaemonPorts {
  /** Does a write in the kernel; true where the kernel refuses it. */
  write(operation: Operation): boolean;
  /** An event was worked off, with or without success. */
  handled?(event: LeaseEvent): void;
}

/**
 * The loop of a vxlan daemon (rule R26): lease events wait in one queue and are worked off one after the other, write by
 * write; a write that fails is tried again after 0.1, 0.2, 0.4 s ... and holds everything else up meanwhile. A daemon that
 * is killed forgets its queue and leaves the kernel's tables as they are, half written or not.
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
  readonly #context: VxlanContext;
  readonly #ports: DaemonPorts;
  readonly #random: RandomStream;
  readonly #costs: WriteCosts;
  readonly #onTimer: () => void;
  readonly #below: (n: number) => number;
  #queue: LeaseEvent[] = [];
  #head = 0;
  #isRunning = true;
  #plan: PlanRunner | undefined;
  #timer: Handle = NO_EVENT;

  constructor(
    sim: Simulation,
    context: VxlanContext,
    ports: DaemonPorts,
    random: RandomStream,
    costs: WriteCosts = DEFAULT_WRITE_COSTS,
  ) {
    this.#sim = sim;
    this.#context = context;
    this.#ports = ports;
    this.#random = random;
    this.#costs = costs;
    this.#onTimer = () => this.#step();
    this.#below = (n) => this.#random.below(n);
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
    if (this.#plan === undefined) this.#begin();
  }

  /** Kills the daemon. */
  stop(): void {
    this.#isRunning = false;
    this.#sim.cancel(this.#timer);
    this.#timer = NO_EVENT;
    this.#plan = undefined;
    this.#queue = [];
    this.#head = 0;
  }

  /** Starts it again; whoever starts it hands it every current lease anew. */
  start(): void {
    this.#isRunning = true;
  }

  #begin(): void {
    const plan = planPeer(this.#queue[this.#head], this.#context);
    this.#plan = new PlanRunner(plan.kind === "steps" ? plan.steps : []);
    this.#wait(this.#costs.eventNs + this.#costOf(this.#plan.operation));
  }

  /** Ends the write that was under way, if there was one, and turns to the next. */
  #step(): void {
    this.#timer = NO_EVENT;
    const plan = this.#plan;
    if (plan === undefined) return;
    const operation = plan.operation;
    if (operation !== undefined) {
      this.writes++;
      const hasFailed = this.#ports.write(operation);
      // The write may have killed the daemon.
      if (this.#plan !== plan) return;
      const failures = plan.settle(hasFailed);
      const pause = failures > 0 ? retryWait(failures, this.#below) : 0;
      if (plan.operation !== undefined) return this.#wait(pause + this.#costOf(plan.operation));
    }
    this.#end();
  }

  #end(): void {
    const event = this.#queue[this.#head++];
    this.#plan = undefined;
    this.events++;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    this.#ports.handled?.(event);
    // Who was told may have killed the daemon or handed it an event.
    if (this.#isRunning && this.pending > 0 && this.#plan === undefined) this.#begin();
  }

  #wait(delay: Ns): void {
    this.#timer = this.#sim.schedule(delay, this.#onTimer, undefined);
  }

  #costOf(operation: Operation | undefined): Ns {
    switch (operation?.table) {
      case "neighbour":
        return this.#costs.neighbourNs;
      case "fdb":
        return this.#costs.fdbNs;
      case "route":
        return this.#costs.routeNs;
      default:
        return 0;
    }
  }
}

/** The write port of a daemon whose writes reach these tables and nothing else. */
export function writesTo(tables: KernelTables): (operation: Operation) => boolean {
  return (operation) => tables.apply(operation) !== undefined;
}
