import type { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import { udpIpBytes } from "./encapsulation.ts";
import { fragments } from "./fragmentation.ts";
import { Flow, Packet, type Datagram, type Endpoint, type FlowOwner } from "./packet.ts";

/**
 * What a socket does about path MTUs (IP_MTU_DISCOVER): never sets DF; sets DF and fragments once an ICMP error told of a
 * smaller MTU; or sets DF and refuses what is larger than the known path MTU.
 */
export type PathMtuDiscovery = "dont" | "want" | "do";

export interface UdpOptions {
  /** MTU of the pods' interfaces. */
  readonly mtu: number;
  readonly family: 4 | 6;
  readonly discovery: PathMtuDiscovery;
  /** Payload of a datagram. */
  readonly payload: number;
  /** When the n-th datagram is due, from 0; undefined when there is no more. */
  dueAt(n: number): Ns | undefined;
  /** A datagram has arrived whole. */
  onReceived?(payload: number, number: number): void;
}

/**
 * An open loop of datagrams from one thread: each goes out when it is due, or as soon as the thread is done with the one
 * before, since sending runs through forwarding to the NIC's queue within the system call.
 */
export class UdpFlow implements FlowOwner {
  /** Datagrams that the thread tried to send, that the socket took, that it refused, and that arrived whole. */
  offered = 0;
  accepted = 0;
  refused = 0;
  receivedDatagrams = 0;
  receivedBytes = 0;
  /** TTL of the last datagram that arrived. */
  lastTtl = 0;
  readonly flow: Flow;

  readonly #sim: Simulation;
  readonly #options: UdpOptions;
  /** Packets of the current datagram that the sender's core has not finished. */
  #underWay = 0;
  #hasError = false;
  #isStopped = false;

  constructor(sim: Simulation, from: Endpoint, to: Endpoint, hash: number, options: UdpOptions) {
    this.#sim = sim;
    this.#options = options;
    this.flow = new Flow(from, to, this, hash, from.node?.nextCore() ?? 0);
  }

  /** Begins; to be called once. */
  start(): void {
    this.#await();
  }

  stop(): void {
    this.#isStopped = true;
  }

  #await(): void {
    const due = this.#options.dueAt(this.offered);
    if (due === undefined || this.#isStopped) return;
    this.#sim.scheduleAt(Math.max(due, this.#sim.now), sendNext, this);
  }

  /** One datagram, now. */
  sendOne(): void {
    if (this.#isStopped) return;
    const { mtu, family, discovery, payload } = this.#options;
    const { from, to } = this.flow;
    this.offered++;
    const known = from.pathMtu(to, mtu, this.#sim.now);
    const ipBytes = udpIpBytes(family, payload);
    // An ICMP error is reported once, by the next call, whatever that wanted to send.
    const isRefused = this.#hasError || (discovery === "do" && ipBytes > known) || ipBytes > 65_535;
    this.#hasError = false;
    if (isRefused) {
      this.refused++;
      this.#await();
      return;
    }
    this.accepted++;
    const sizes = fragments(family, ipBytes, known);
    const datagram: Datagram = { number: this.offered - 1, payload, parts: sizes.length, arrived: 0 };
    const dontFragment = discovery !== "dont" && sizes.length === 1;
    this.#underWay = sizes.length;
    for (const size of sizes) {
      const packet = new Packet(this.flow, size, 1, size, dontFragment);
      packet.datagram = datagram;
      if (from.node !== undefined) from.node.send(packet);
      else {
        packet.sentAt = this.#sim.now;
        to.node?.arriveFromOutside(packet);
        this.sent();
      }
    }
  }

  sent(): void {
    if (--this.#underWay === 0) this.#await();
  }

  arrived(packet: Packet): void {
    const { datagram } = packet;
    if (datagram === undefined || ++datagram.arrived < datagram.parts) return;
    this.lastTtl = packet.ttl;
    this.receivedDatagrams++;
    this.receivedBytes += datagram.payload;
    this.#options.onReceived?.(datagram.payload, datagram.number);
  }

  tooBig(): void {
    if (this.#options.discovery !== "dont" || this.#options.family === 6) this.#hasError = true;
  }
}

function sendNext(flow: UdpFlow): void {
  flow.sendOne();
}
