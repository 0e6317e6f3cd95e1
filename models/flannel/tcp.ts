import type { Simulation } from "../../engine/simulation.ts";
import { END_OF_TIME, NS_PER_MS, NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import { IPV4, IPV6, TCP, TCP_TIMESTAMPS } from "./encapsulation.ts";
import { Flow, Packet, type Endpoint, type FlowOwner, type Segment } from "./packet.ts";

/** Source: linux include/net/tcp.h TCP_INIT_CWND. */
const INITIAL_WINDOW_SEGMENTS = 10;
/** Source: linux include/net/tcp.h TCP_RTO_MIN, TCP_RTO_MAX; TCP_DELACK_MIN; net/ipv4/sysctl_net_ipv4.c tcp_retries2. */
const RTO_MIN_NS: Ns = 200 * NS_PER_MS;
const RTO_MAX_NS: Ns = 120 * NS_PER_SECOND;
const DELAYED_ACK_NS: Ns = 40 * NS_PER_MS;
const MOST_TIMEOUTS = 15;
/** Half of net.ipv4.tcp_rmem's maximum is offered as window. Source: linux net/ipv4/tcp.c, tcp_rmem 6 MB. */
const RECEIVE_WINDOW_BYTES = 3 * 1024 * 1024;
/** Source: linux net/ipv4/tcp_cubic.c beta 717/1024; include/net/sock.h GSO_LEGACY_MAX_SIZE. */
const BETA = 717 / 1024;
const GSO_BYTES = 65_536;
/** Units that a stream may have between its socket and the node's forwarding. Source: linux tcp_output.c tcp_small_queue_check. */
const SMALL_QUEUE_UNITS = 2;
/** Later transmissions that must have arrived before an earlier one counts as lost. Source: linux tcp_reordering. */
const REORDERING = 3;

export interface TcpOptions {
  /** Whether full segments of one moment travel as one super-packet. */
  readonly isGso: boolean;
  /** MTU of the pods' interfaces. */
  readonly mtu: number;
  readonly family: 4 | 6;
}

/** What a stream still has to send, and whom to tell when the other end has all of it. */
interface Message {
  unsent: number;
  missing: number;
  readonly delivered: (() => void) | undefined;
}

/**
 * One end of an open connection: sends a stream of messages and receives the other end's. Window-limited, with slow
 * start, delayed acknowledgements, loss recovery by selective acknowledgement and retransmission timeouts.
 *
 * Simplified: congestion avoidance grows by one segment a round trip (cubic's TCP-friendly region, without its faster
 * growth on long paths); the receiver's window is constant; a lost acknowledgement is made up for by the next one; the
 * path does not reorder, so three later arrivals prove a loss. After 15 timeouts the stream is dead without a word.
 */
export class TcpEnd implements FlowOwner {
  /** Payload received, and segments sent again. */
  receivedBytes = 0;
  retransmitted = 0;
  packetsSent = 0;
  packetsReceived = 0;
  /** Told of payload as it arrives. */
  onBytes: ((bytes: number) => void) | undefined;

  /** The other end, which whoever makes both sets before the first byte. */
  peer!: TcpEnd;

  readonly #sim: Simulation;
  readonly #flow: Flow;
  readonly #options: TcpOptions;
  readonly #headers: number;

  #messages: Message[] = [];
  #sending = 0;
  #outstanding: Segment[] = [];
  #head = 0;
  #lost: Segment[] = [];
  #inflight = 0;
  #queued = 0;
  #mss: number;
  #window: number;
  #threshold = Infinity;
  #order = 0;
  #recoverOrder = 0;
  #sentAt: Ns = 0;
  #smoothedRttNs: Ns = 0;
  #timeoutAt: Ns = END_OF_TIME;
  #timeouts = 0;
  #hasTimer = false;

  /** Of the other end's stream: the latest transmission that arrived, and what has not been acknowledged. */
  #latest = 0;
  #unacknowledged = 0;
  #hasAckTimer = false;

  constructor(sim: Simulation, from: Endpoint, to: Endpoint, hash: number, options: TcpOptions) {
    this.#sim = sim;
    this.#options = options;
    this.#headers = (options.family === 4 ? IPV4 : IPV6) + TCP + TCP_TIMESTAMPS;
    this.#flow = new Flow(from, to, this, hash, from.node?.nextCore() ?? 0);
    this.#mss = this.#currentMss();
    this.#window = INITIAL_WINDOW_SEGMENTS * this.#mss;
  }

  /** Sends so many bytes; `delivered` is called when the other end has them and all that was sent before. */
  send(bytes: number, delivered?: () => void): void {
    // A connection that has been idle begins anew. Source: linux net/ipv4/tcp_output.c tcp_cwnd_restart.
    if (this.#inflight === 0 && this.#sim.now - this.#sentAt > RTO_MIN_NS + this.#smoothedRttNs) {
      this.#window = Math.min(this.#window, INITIAL_WINDOW_SEGMENTS * this.#mss);
    }
    this.#messages.push({ unsent: bytes, missing: bytes, delivered });
    this.#pump();
  }

  /** Sends nothing new any more. */
  stop(): void {
    for (const message of this.#messages) message.unsent = 0;
  }

  #currentMss(): number {
    const { from, to } = this.#flow;
    return from.pathMtu(to, this.#options.mtu, this.#sim.now) - this.#headers;
  }

  #pump(): void {
    while (this.#queued < SMALL_QUEUE_UNITS) {
      const room = Math.min(this.#window, RECEIVE_WINDOW_BYTES) - this.#inflight;
      const lost = this.#lost[0];
      if (lost !== undefined) {
        if (this.#inflight > 0 && room < lost.bytes) return;
        this.#lost.shift();
        this.retransmitted++;
        this.#transmit(lost);
        continue;
      }
      while (this.#messages[this.#sending]?.unsent === 0) this.#sending++;
      const message = this.#messages[this.#sending];
      if (message === undefined) return;
      const unit = this.#options.isGso ? Math.floor(GSO_BYTES / this.#mss) * this.#mss : this.#mss;
      let bytes = Math.min(unit, message.unsent);
      if (room < bytes) {
        const whole = Math.floor(room / this.#mss) * this.#mss;
        if (whole > 0) bytes = whole;
        else if (this.#inflight > 0) return;
        else bytes = Math.min(bytes, this.#mss);
      }
      message.unsent -= bytes;
      this.#transmit({ bytes, isReceived: false, order: 0, sentAt: 0 });
    }
  }

  #transmit(segment: Segment): void {
    segment.order = ++this.#order;
    segment.sentAt = this.#sim.now;
    this.#outstanding.push(segment);
    this.#inflight += segment.bytes;
    this.#queued++;
    this.#sentAt = this.#sim.now;
    if (this.#timeoutAt === END_OF_TIME) this.#armTimeout();
    const frames = Math.ceil(segment.bytes / this.#mss);
    const ipBytes = segment.bytes + frames * this.#headers;
    const largest = Math.min(segment.bytes, this.#mss) + this.#headers;
    const packet = new Packet(this.#flow, ipBytes, frames, largest, true);
    packet.segment = segment;
    this.#hand(packet);
  }

  /** Every packet carries the acknowledgement of what has come from the other side. */
  #hand(packet: Packet): void {
    packet.ack = this.#latest;
    this.#unacknowledged = 0;
    this.packetsSent += packet.frames;
    const { from, to } = this.#flow;
    if (from.node !== undefined) from.node.send(packet);
    else {
      packet.sentAt = this.#sim.now;
      this.sent(packet);
      to.node?.arriveFromOutside(packet);
    }
  }

  sent(packet: Packet): void {
    if (packet.segment === undefined) return;
    this.#queued--;
    // A client outside has no queue of its own; it is still within #pump.
    if (this.#flow.from.node !== undefined) this.#pump();
  }

  arrived(packet: Packet): void {
    this.peer.#receive(packet);
  }

  tooBig(packet: Packet): void {
    const { segment } = packet;
    const mss = this.#currentMss();
    if (segment === undefined || mss >= this.#mss) {
      if (segment !== undefined && segment.bytes > this.#mss) this.#resize(segment);
      return;
    }
    this.#mss = mss;
    this.#resize(segment);
  }

  /** Sends a segment again in pieces that fit. Source: linux net/ipv4/tcp_ipv4.c tcp_v4_mtu_reduced. */
  #resize(segment: Segment): void {
    const index = this.#outstanding.indexOf(segment, this.#head);
    if (index < 0) return;
    this.#outstanding.splice(index, 1);
    this.#inflight -= segment.bytes;
    for (let rest = segment.bytes; rest > 0; rest -= this.#mss) {
      this.#lost.push({ bytes: Math.min(rest, this.#mss), isReceived: false, order: 0, sentAt: 0 });
    }
    this.#pump();
  }

  #receive(packet: Packet): void {
    const { segment, ack } = packet;
    this.packetsReceived += packet.frames;
    if (segment !== undefined) this.#take(segment);
    if (ack > 0) this.#acknowledge(ack);
  }

  #take(segment: Segment): void {
    const isNext = segment.order === this.#latest + 1;
    if (segment.order > this.#latest) this.#latest = segment.order;
    this.#unacknowledged++;
    if (!segment.isReceived) {
      segment.isReceived = true;
      this.receivedBytes += segment.bytes;
      this.onBytes?.(segment.bytes);
      this.peer.#arrivedAtPeer(segment.bytes);
    }
    // What a message set off may have carried the acknowledgement already.
    if (this.#unacknowledged === 0) return;
    if (this.#unacknowledged >= 2 || !isNext || this.#options.isGso) this.#sendAck();
    else if (!this.#hasAckTimer) {
      this.#hasAckTimer = true;
      this.#sim.schedule(DELAYED_ACK_NS, sendDelayedAck, this);
    }
  }

  /** Bytes of this end's stream have arrived: messages complete in order. */
  #arrivedAtPeer(bytes: number): void {
    let left = bytes;
    for (const message of this.#messages) {
      const part = Math.min(left, message.missing - message.unsent);
      message.missing -= part;
      left -= part;
      if (left === 0) break;
    }
    while (this.#messages.length > 0 && this.#messages[0].missing === 0) {
      const { delivered } = this.#messages.shift()!;
      if (this.#sending > 0) this.#sending--;
      delivered?.();
    }
  }

  #sendAck(): void {
    this.#hand(new Packet(this.#flow, this.#headers, 1, this.#headers, true));
  }

  delayedAck(): void {
    this.#hasAckTimer = false;
    if (this.#unacknowledged > 0) this.#sendAck();
  }

  /** The other end has the transmission `ack`, and says which earlier ones it has. */
  #acknowledge(ack: number): void {
    const outstanding = this.#outstanding;
    const wasLimited = this.#inflight * 2 > this.#window;
    const reordering = this.#options.isGso ? 1 : REORDERING;
    let acknowledged = 0;
    let hasLost = false;
    let rttNs = -1;
    while (this.#head < outstanding.length) {
      const segment = outstanding[this.#head];
      if (segment.order > ack || (!segment.isReceived && segment.order > ack - reordering)) break;
      this.#head++;
      this.#inflight -= segment.bytes;
      if (segment.isReceived) {
        acknowledged += segment.bytes;
        rttNs = this.#sim.now - segment.sentAt;
      } else {
        this.#lost.push(segment);
        hasLost = hasLost || segment.order > this.#recoverOrder;
      }
    }
    if (this.#head > 64 && this.#head * 2 > outstanding.length) {
      this.#outstanding = outstanding.slice(this.#head);
      this.#head = 0;
    }
    // An eighth of every new measurement enters. Source: RFC 6298.
    if (rttNs >= 0) {
      const before = this.#smoothedRttNs === 0 ? rttNs : this.#smoothedRttNs;
      this.#smoothedRttNs = before + Math.floor((rttNs - before) / 8);
    }
    if (hasLost) this.#reduce();
    else if (acknowledged > 0 && wasLimited && ack > this.#recoverOrder) this.#grow(acknowledged);
    if (acknowledged > 0) {
      this.#timeouts = 0;
      if (this.#inflight > 0 || this.#lost.length > 0) this.#armTimeout();
      else this.#timeoutAt = END_OF_TIME;
    }
    this.#pump();
  }

  #grow(acknowledged: number): void {
    if (this.#window < this.#threshold) this.#window += acknowledged;
    else this.#window += Math.floor((this.#mss * acknowledged) / this.#window);
    this.#window = Math.min(this.#window, RECEIVE_WINDOW_BYTES);
  }

  #reduce(): void {
    this.#threshold = Math.max(2 * this.#mss, Math.floor(this.#window * BETA));
    this.#window = this.#threshold;
    this.#recoverOrder = this.#order;
  }

  #armTimeout(): void {
    let wait = RTO_MIN_NS + this.#smoothedRttNs;
    for (let i = 0; i < this.#timeouts && wait < RTO_MAX_NS; i++) wait *= 2;
    this.#timeoutAt = this.#sim.now + Math.min(wait, RTO_MAX_NS);
    if (this.#hasTimer) return;
    this.#hasTimer = true;
    this.#sim.scheduleAt(this.#timeoutAt, onTimeout, this);
  }

  /** The timer is due; acknowledgements since it was set have moved the timeout, or there is none any more. */
  timeout(): void {
    this.#hasTimer = false;
    if (this.#timeoutAt === END_OF_TIME) return;
    if (this.#timeoutAt > this.#sim.now) {
      this.#hasTimer = true;
      this.#sim.scheduleAt(this.#timeoutAt, onTimeout, this);
      return;
    }
    this.#timeoutAt = END_OF_TIME;
    if (++this.#timeouts > MOST_TIMEOUTS) return;
    const unanswered = this.#outstanding.slice(this.#head);
    this.#outstanding = [];
    this.#head = 0;
    this.#inflight = 0;
    this.#reduce();
    this.#window = this.#mss;
    this.#lost = [...unanswered.filter(({ isReceived }) => !isReceived), ...this.#lost];
    this.#pump();
  }
}

function sendDelayedAck(end: TcpEnd): void {
  end.delayedAck();
}

function onTimeout(end: TcpEnd): void {
  end.timeout();
}
