import type { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import type { BackendSet } from "../traffic/backend.ts";
import { openConnection, type Places } from "./connection.ts";
import type { FlowSection } from "./flow-schema.ts";
import type { TcpEnd } from "./tcp.ts";
import { UdpFlow } from "./udp-flow.ts";

/** Takes down what becomes of a flow's connections: a source of the engine's Recorder. */
export interface FlowLog {
  offered(arrivedAt: Ns): void;
  completed(arrivedAt: Ns, at: Ns, bytes?: number): void;
  received(at: Ns, bytes: number): void;
}

/** Where the packets of a flow begin and end. */
export interface FlowPlaces {
  /** The pod behind the n-th connection, and its client; undefined while there is none. */
  pair(n: number): Places | undefined;
}

const BITS_PER_BYTE = 8;

/** A traffic entry with `flow`: its connections begin as soon as there is a ready pod. One item a connection. */
export class BulkFlow {
  readonly #sim: Simulation;
  readonly #flow: FlowSection;
  readonly #log: FlowLog;
  readonly #places: FlowPlaces;
  readonly #backends: BackendSet;
  #hasBegun = false;
  readonly tcp: TcpEnd[] = [];
  readonly udp: UdpFlow[] = [];

  constructor(sim: Simulation, flow: FlowSection, log: FlowLog, places: FlowPlaces, backends: BackendSet) {
    this.#sim = sim;
    this.#flow = flow;
    this.#log = log;
    this.#places = places;
    this.#backends = backends;
  }

  /** Begins: to be called once, at time 0. */
  start(): void {
    this.#backends.onReady(() => this.#begin());
    this.#begin();
  }

  #begin(): void {
    if (this.#hasBegun || this.#backends.ready.length === 0) return;
    this.#hasBegun = true;
    // In an event of its own, when all pods that become ready at this instant are.
    this.#sim.schedule(0, begin, this);
  }

  /** Opens the connections, now. */
  open(): void {
    const flow = this.#flow;
    const count = flow.type === "tcp" ? flow.connections : 1;
    for (let n = 0; n < count; n++) {
      const pair = this.#places.pair(n);
      if (pair === undefined) continue;
      this.#log.offered(this.#sim.now);
      if (flow.type === "tcp") this.#openTcp(flow, pair);
      else this.#openUdp(flow, pair);
    }
  }

  #openTcp(flow: FlowSection & { type: "tcp" }, places: Places): void {
    const { client, server } = openConnection(this.#sim, places);
    this.tcp.push(client, server);
    server.onBytes = (bytes) => this.#log.received(this.#sim.now, bytes);
    const begunAt = this.#sim.now;
    const complete = () => this.#log.completed(begunAt, this.#sim.now);
    if ("bytes" in flow && flow.bytes !== undefined) {
      client.send(flow.bytes, complete);
      return;
    }
    const { duration } = flow as { duration: Ns };
    client.send(Number.MAX_SAFE_INTEGER);
    const end = () => {
      client.stop();
      complete();
    };
    this.#sim.schedule(duration, end, undefined);
  }

  #openUdp(flow: FlowSection & { type: "udp" }, { network, from, to }: Places): void {
    const begunAt = this.#sim.now;
    const { rate, packetSize, duration } = flow;
    const bits = packetSize * BITS_PER_BYTE;
    const datagrams = new UdpFlow(this.#sim, from, to, network.nextHash(from, to), {
      mtu: network.podMtu,
      family: network.family,
      discovery: flow.dontFragment ? "do" : "dont",
      payload: packetSize,
      dueAt: (n) => {
        // Whole seconds apart, so that products stay exact.
        const perSecond = rate / bits;
        const seconds = Math.floor(n / perSecond);
        const at = seconds * NS_PER_SECOND + Math.floor(((n - seconds * perSecond) / perSecond) * NS_PER_SECOND);
        return duration !== undefined && at >= duration ? undefined : begunAt + at;
      },
      onReceived: (payload) => this.#log.received(this.#sim.now, payload),
    });
    this.udp.push(datagrams);
    datagrams.start();
    if (duration === undefined) return;
    const end = () => {
      datagrams.stop();
      this.#log.completed(begunAt, this.#sim.now);
    };
    this.#sim.schedule(duration, end, undefined);
  }
}

function begin(flow: BulkFlow): void {
  flow.open();
}
