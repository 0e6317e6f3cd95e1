import { NO_EVENT, type Handle } from "../../engine/event-store.ts";
import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import { NEIGHBOUR_PROBE_INTERVAL_NS, NEIGHBOUR_PROBES, NEIGHBOUR_QUEUE_BYTES } from "./defaults.ts";
import { UnresolvedQueue } from "./neighbour-queue.ts";

/** What happens to packets and probes of a neighbour. */
export interface NeighbourPorts<P> {
  /** The packet goes on with the entry's MAC address. */
  send(packet: P): void;
  /** The queue was full, and this was the oldest packet. */
  dropOldest(packet: P): void;
  /** Nobody answered: the packet is dropped, and its sender may be told, as far as the ICMP limit allows. */
  unreachable(packet: P): void;
  /** A broadcast ARP, which flannel.1 drops for want of an FDB entry. */
  probe(): void;
}

export interface NeighbourConf {
  readonly queueBytes: number;
  readonly probes: number;
  readonly intervalNs: Ns;
}

const DEFAULTS: NeighbourConf = {
  queueBytes: NEIGHBOUR_QUEUE_BYTES,
  probes: NEIGHBOUR_PROBES,
  intervalNs: NEIGHBOUR_PROBE_INTERVAL_NS,
};

/**
 * One neighbour on flannel.1 in time (rule R22): permanent, absent, or incomplete while it is probed. Nobody ever answers
 * the probes; only the daemon's write resolves it.
 */
export class Neighbour<P> {
  readonly #sim: Simulation;
  readonly #ports: NeighbourPorts<P>;
  readonly #conf: NeighbourConf;
  readonly #waiting: UnresolvedQueue<P>;
  readonly #onTimer: () => void;
  #isPermanent = false;
  #timer: Handle = NO_EVENT;
  #probesSent = 0;

  constructor(sim: Simulation, ports: NeighbourPorts<P>, conf: NeighbourConf = DEFAULTS) {
    this.#sim = sim;
    this.#ports = ports;
    this.#conf = conf;
    this.#waiting = new UnresolvedQueue(conf.queueBytes);
    this.#onTimer = () => {
      if (this.#probesSent < this.#conf.probes) this.#probe();
      else this.#fail();
    };
  }

  get state(): "permanent" | "incomplete" | "absent" {
    if (this.#isPermanent) return "permanent";
    return this.#timer === NO_EVENT ? "absent" : "incomplete";
  }

  /** Packets waiting. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A packet for this neighbour; `truesize` is what its buffer takes of memory. */
  output(packet: P, truesize: number): void {
    if (this.#isPermanent) return this.#ports.send(packet);
    if (this.#timer === NO_EVENT) {
      this.#probesSent = 0;
      this.#probe();
    }
    for (const oldest of this.#waiting.push(packet, truesize)) this.#ports.dropOldest(oldest);
  }

  /** The daemon writes the entry: what waits is sent, oldest first. */
  set(): void {
    this.#isPermanent = true;
    this.#stopTimer();
    for (const packet of this.#waiting.takeAll()) this.#ports.send(packet);
  }

  /** The entry is deleted, whether by the daemon or with the device; an incomplete one fails at once. */
  delete(): void {
    this.#isPermanent = false;
    this.#fail();
  }

  #probe(): void {
    this.#probesSent++;
    this.#ports.probe();
    this.#timer = this.#sim.schedule(this.#conf.intervalNs, this.#onTimer, undefined);
  }

  #fail(): void {
    this.#stopTimer();
    for (const packet of this.#waiting.takeAll()) this.#ports.unreachable(packet);
  }

  #stopTimer(): void {
    this.#sim.cancel(this.#timer);
    this.#timer = NO_EVENT;
  }
}
