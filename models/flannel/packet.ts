import { DeviceCounters } from "./device-counters.ts";
import type { NodePath } from "./node-path.ts";
import type { Ns } from "../../engine/time.ts";

/** TTL of packets that Linux sends. Source: linux include/net/ip.h IPDEFTTL. */
export const DEFAULT_TTL = 64;

/** A network namespace that sends and receives: a pod on its node, or a client outside the cluster. */
export class Endpoint {
  readonly name: string;
  /** Absent for a client outside the cluster. */
  readonly node: NodePath | undefined;
  /** As text. */
  readonly ip: string;
  /** Of the interface eth0. */
  readonly counters = new DeviceCounters();
  /** False when its sandbox is gone: what still comes for it is lost. */
  isAttached = true;
  /** Smaller path MTUs that ICMP errors told of, by destination, and until when they hold. */
  readonly #pathMtus = new Map<Endpoint, { mtu: number; until: Ns }>();

  constructor(name: string, node: NodePath | undefined, ip: string) {
    this.name = name;
    this.node = node;
    this.ip = ip;
  }

  /** The largest packet that this endpoint believes to reach the other one, given the MTU of its interface. */
  pathMtu(to: Endpoint, interfaceMtu: number, now: Ns): number {
    if (this.#pathMtus.size === 0) return interfaceMtu;
    const known = this.#pathMtus.get(to);
    return known !== undefined && known.until > now ? Math.min(known.mtu, interfaceMtu) : interfaceMtu;
  }

  /** Remembers what an ICMP error said. */
  learnPathMtu(to: Endpoint, mtu: number, until: Ns): void {
    this.#pathMtus.set(to, { mtu, until });
  }
}

/** Who sends the packets of a flow, and is told what becomes of them. */
export interface FlowOwner {
  /** It reached the other end. */
  arrived(packet: Packet): void;
  /** The sender's core is done with it. */
  sent(packet: Packet): void;
  /** An ICMP error came back: the packet is lost, and this is the MTU that it did not fit. */
  tooBig(packet: Packet, mtu: number): void;
}

/** Where packets of a flow go when they leave the sender's bridge. */
export type Hop =
  | "local"
  /** A route via the peer on the external interface: host-gw, or a direct peer of vxlan. */
  | "direct"
  /** Through flannel.1 to a gateway whose MAC and VTEP must be known. */
  | "tunnel"
  /** Through flannel0 to the process of the udp backend. */
  | "proxy"
  /** To a client outside the cluster. */
  | "outside"
  /** No route to the pod, but a default route: un-encapsulated, and lost on the underlay. */
  | "default"
  | "none";

/** The packets of one connection in one direction: they share hash, cores and, as long as tables stay, their way. */
export class Flow {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly owner: FlowOwner;
  /** The kernel's flow hash, equal in both directions. */
  readonly hash: number;
  /** Core of the sending thread, on the sender's node. */
  readonly core: number;

  /** What the sender's node found out last, and the state of its tables at that time. */
  tablesVersion = -1;
  hop: Hop = "none";
  /** Neighbour of a tunnel. */
  gateway = "";
  /** Inner destination MAC of a tunnel, where the neighbour is known. */
  mac: string | undefined;
  /** Where the packets go; absent where no table says it. */
  target: NodePath | undefined;
  /** Outer UDP source port of a tunnel. */
  sourcePort = 0;
  /** What the receiving NIC makes of it. */
  receiveHash = 0;

  constructor(from: Endpoint, to: Endpoint, owner: FlowOwner, hash: number, core: number) {
    this.from = from;
    this.to = to;
    this.owner = owner;
    this.hash = hash;
    this.core = core;
  }
}

/** Payload that a TCP stream sends, perhaps several times. */
export interface Segment {
  readonly bytes: number;
  isReceived: boolean;
  /** Number of its latest transmission, and when that was. */
  order: number;
  sentAt: Ns;
}

/** A UDP datagram in its fragments. */
export interface Datagram {
  /** From 0. */
  readonly number: number;
  readonly payload: number;
  /** How many fragments there are, and how many have arrived. */
  parts: number;
  arrived: number;
}

/** One IP packet, or a super-packet that stands for several of one flow. */
export class Packet {
  readonly flow: Flow;
  /** Of all inner IP packets together, and of the largest. */
  readonly ipBytes: number;
  readonly largest: number;
  /** How many packets it is on the wire when nothing fragments it. */
  readonly frames: number;
  readonly dontFragment: boolean;

  segment: Segment | undefined = undefined;
  /** Number of the latest transmission that the sender of this packet has received from the other side; 0: none. */
  ack = 0;
  /** When it was handed to the interface. */
  sentAt: Ns = 0;
  datagram: Datagram | undefined = undefined;
  ttl = DEFAULT_TTL;

  /** On the underlay: where to, in how many frames, how long they occupy the wire. */
  target: NodePath | undefined = undefined;
  mac: string | undefined = undefined;
  wireFrames = 0;
  wireBytes = 0;
  slotBytes = 0;
  /** The largest IP packet on the underlay. */
  wireLargest = 0;

  constructor(flow: Flow, ipBytes: number, frames: number, largest: number, dontFragment: boolean) {
    this.flow = flow;
    this.ipBytes = ipBytes;
    this.frames = frames;
    this.largest = largest;
    this.dontFragment = dontFragment;
  }
}
