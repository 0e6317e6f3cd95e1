import { NO_EVENT, type Handle } from "../../engine/event-store.ts";
import type { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import { NEIGHBOUR_PROBE_INTERVAL_NS, NEIGHBOUR_PROBES, NEIGHBOUR_QUEUE_BYTES } from "./defaults.ts";
import { DeviceCounters } from "./device-counters.ts";
import { ETHERNET, IPV4, MIN_SLOT, underlayIpBytes, WIRE_EXTRA, type Encapsulation } from "./encapsulation.ts";
import { fragments } from "./fragmentation.ts";
import { IcmpLimiter } from "./icmp-limiter.ts";
import { KernelTables, type Errno, type Operation } from "./kernel-tables.ts";
import { Link } from "./link.ts";
import type { Mac } from "./mac.ts";
import { Neighbour } from "./neighbour.ts";
import { Packet } from "./packet.ts";
import { BACKLOG_LIMIT, PATH_MTU_NS, QDISC_LIMIT, TUN_QUEUE, type PathConf, type PathPorts } from "./path-conf.ts";
import { resolveFlow } from "./resolve-flow.ts";
import { Server } from "./server.ts";
import { SwitchPort } from "./switch-port.ts";
import { truesize } from "./truesize.ts";
import type { ProxyTable } from "./udp-proxy.ts";

/**
 * What one node does with packets, hop by hop: the sender's core (pod, veth, bridge, forwarding, encapsulation), the
 * queue of the NIC and the wire, the switch port, the receiving core (softirq, decapsulation, bridge, veth).
 *
 * Simplified: fragments of one outer packet share a place in the queue and their fate; the sending and the receiving work
 * of a core do not delay one another unless it is charged to the node's CPUs; a receiving process keeps up.
 */
export class NodePath {
  readonly conf: PathConf;
  readonly tables: KernelTables;
  readonly eth0 = new DeviceCounters();
  readonly cni0 = new DeviceCounters();
  /** flannel.1, or flannel0 of the udp backend. */
  readonly tunnel = new DeviceCounters();
  /** Destination-unreachable messages sent to pods. */
  icmpUnreachable = 0;
  /** The pods' subnet as routes have it; empty before the node has a lease. */
  subnet = "";
  /** MAC of flannel.1; undefined while there is no such device. */
  mac: Mac | undefined;
  isUp = true;
  /** MTU of eth0; lowering it reaches no device that was made on it before. */
  underlayMtu: number;
  /** The table of the udp backend's process while it runs. */
  proxyTable: ProxyTable | undefined;
  /** Packets that left un-encapsulated by the default route. */
  strayed = 0;

  readonly #sim: Simulation;
  readonly #ports: PathPorts;
  readonly #encapsulation: Encapsulation;
  readonly #senders: Array<Server<Packet>>;
  readonly #receivers: Array<Server<Packet>>;
  readonly #proxy: Server<Packet>;
  readonly #nic: Link<Packet>;
  readonly #port: SwitchPort<Packet>;
  readonly #icmp = new IcmpLimiter();
  readonly #wireExtra: number;
  readonly #unresolved = new Map<string, Neighbour<Packet>>();
  readonly #aging = new Map<string, Handle>();
  #nextCore = 0;

  constructor(sim: Simulation, conf: PathConf, ports: PathPorts) {
    this.#sim = sim;
    this.conf = conf;
    this.underlayMtu = conf.underlayMtu;
    this.#ports = ports;
    this.#wireExtra = conf.wireExtra ?? WIRE_EXTRA;
    this.#encapsulation = conf.backend === "udp" ? "udp" : conf.family === 4 ? "vxlan-ipv4" : "vxlan-ipv6";
    this.tables = new KernelTables(["eth0"], conf.isOnLink, conf.stores);
    const { costs, cpus, bandwidth, latencyNs } = conf;
    const cores = <T>(make: () => T) => Array.from({ length: cpus }, make);
    const sending = { perUnitNs: costs.sendNs, perBytePs: costs.sendBytePs };
    const receiving = { perUnitNs: costs.receiveNs, perBytePs: costs.receiveBytePs };
    const proxying = { perUnitNs: costs.proxyNs, perBytePs: costs.proxyBytePs };
    this.#senders = cores(() => new Server(sim, sending, Infinity, (packet) => this.#forward(packet)));
    this.#receivers = cores(() => new Server(sim, receiving, BACKLOG_LIMIT, (packet) => this.#received(packet)));
    this.#proxy = new Server(sim, proxying, TUN_QUEUE, (packet) => this.#proxied(packet));
    const queueLimit = conf.queueLimit ?? QDISC_LIMIT;
    this.#nic = new Link(
      sim,
      { bandwidth, latencyNs, queueLimit },
      (packet) => this.#leftWire(packet),
      conf.lossStream,
    );
    this.#port = new SwitchPort(sim, bandwidth, (packet) => this.#softirq(packet));
  }

  /** The core of the next flow that begins here: in turn. */
  nextCore(): number {
    const core = this.#nextCore;
    this.#nextCore = (core + 1) % this.conf.cpus;
    return core;
  }

  /** Does one write in the tables, as the daemon or a user would; the error where the kernel refuses. */
  apply(operation: Operation): Errno | undefined {
    const errno = this.tables.apply(operation);
    if (errno !== undefined) return errno;
    if (operation.table !== "neighbour") return undefined;
    const waiting = this.#unresolved.get(operation.ip);
    this.#unresolved.delete(operation.ip);
    if (operation.verb === "set") waiting?.set();
    else waiting?.delete();
    return undefined;
  }

  /** Something that flows remember has changed. */
  tablesChanged(): void {
    this.tables.version++;
  }

  /** Enters what the daemon found out about a neighbour; it holds for `forNs`, then is forgotten. */
  setReachable(ip: string, mac: Mac, forNs: Ns): void {
    const { device } = this.conf;
    if (device === undefined || this.apply({ table: "neighbour", verb: "set", device, ip, mac }) !== undefined) return;
    this.#sim.cancel(this.#aging.get(ip) ?? NO_EVENT);
    const forget = () => {
      this.#aging.delete(ip);
      this.apply({ table: "neighbour", verb: "delete", device, ip, mac });
    };
    this.#aging.set(ip, this.#sim.schedule(forNs, forget, undefined));
  }

  /** Makes the backend's device, with empty tables. */
  createDevice(mac: Mac): void {
    if (this.conf.device === undefined) return;
    this.tables.addDevice(this.conf.device);
    this.mac = mac;
  }

  /** The backend's device goes, and with it its routes, neighbours and FDB. */
  deleteDevice(): void {
    const { device } = this.conf;
    if (device === undefined || this.mac === undefined) return;
    this.tables.deleteDevice(device);
    this.mac = undefined;
    for (const handle of this.#aging.values()) this.#sim.cancel(handle);
    this.#aging.clear();
    const unresolved = [...this.#unresolved.values()];
    this.#unresolved.clear();
    for (const neighbour of unresolved) neighbour.delete();
  }

  /** The node stops: its tables are gone with it, and packets vanish. */
  powerOff(): void {
    this.isUp = false;
    this.deleteDevice();
    for (const [, route] of this.tables.routes) this.apply({ table: "route", verb: "delete", route });
    this.proxyTable = undefined;
    this.subnet = "";
  }

  /** Changes the wire for what is sent from now on; bandwidth in bit/s, loss a probability. */
  configureLink(change: { bandwidth?: number; latencyNs?: Ns; loss?: number }): void {
    const { bandwidth, latencyNs, queueLimit, loss } = this.#nic.conf;
    this.#nic.configure({
      bandwidth: change.bandwidth ?? bandwidth,
      latencyNs: change.latencyNs ?? latencyNs,
      queueLimit,
      loss: change.loss ?? loss,
    });
    if (change.bandwidth !== undefined) this.#port.setBandwidth(change.bandwidth);
  }

  /** Packets that the queue of the NIC, the switch's port and the wire lost. */
  get wireLosses(): { queue: number; port: number; wire: number } {
    return { queue: this.#nic.dropped, port: this.#port.dropped, wire: this.#nic.lost };
  }

  /** A packet leaves a pod of this node. */
  send(packet: Packet): void {
    const { flow, ipBytes, frames } = packet;
    packet.sentAt = this.#sim.now;
    flow.from.counters.sent(frames, ipBytes + frames * ETHERNET);
    if (flow.tablesVersion !== this.tables.version) resolveFlow(flow, this, this.#ports.nodeAt);
    const { costs } = this.conf;
    let extraNs = 0;
    if (flow.hop === "local") extraNs = costs.sameNodeNs - costs.sendNs;
    else if (flow.hop === "tunnel") extraNs = costs.encapsulateNs + (frames > 1 ? frames * costs.segmentNs : 0);
    const sender = this.#senders[flow.core];
    const before = sender.busyNs;
    sender.offer(packet, ipBytes, extraNs);
    this.#ports.charge?.(flow.core, sender.busyNs - before);
  }

  /** A packet of a client outside the cluster begins its way here; it finds its pod without encapsulation. */
  arriveFromOutside(packet: Packet): void {
    this.#frame(packet, packet.ipBytes, packet.frames, packet.largest);
    packet.target = this;
    this.#sim.schedule(this.#nic.conf.latencyNs, arriveFromOutside, packet);
  }

  /** The end of a packet arrives at the switch in front of this node; `from` is the node that sent it. */
  arrive(packet: Packet, from: NodePath | undefined): void {
    if (!this.isUp) return;
    const bandwidth = from?.bandwidth ?? Infinity;
    const slotNs = bandwidth === Infinity ? 0 : Math.floor((packet.slotBytes * 8 * NS_PER_SECOND) / bandwidth);
    this.#port.arrive(packet, packet.slotBytes, slotNs);
  }

  get bandwidth(): number {
    return this.#nic.conf.bandwidth;
  }

  /** The sender's core is done with the packet: it has crossed the bridge and is forwarded. */
  #forward(packet: Packet): void {
    const { flow } = packet;
    flow.owner.sent(packet);
    if (!this.isUp) return;
    if (flow.tablesVersion !== this.tables.version) resolveFlow(flow, this, this.#ports.nodeAt);
    if (flow.hop === "local") return this.#deliver(packet);
    // The bridge counts what it hands up without the Ethernet header. Source: linux net/bridge/br_input.c.
    this.cni0.received(packet.frames, packet.ipBytes);
    packet.ttl--;
    switch (flow.hop) {
      case "tunnel":
        return this.#enterTunnel(packet);
      case "proxy":
        return this.#enterProxy(packet);
      case "none":
        if (this.#icmp.allowRouteError(this.#sim.now)) this.icmpUnreachable++;
        return;
      default:
        if (flow.hop === "default") this.strayed += packet.frames;
        if (this.#isTooBig(packet, this.underlayMtu)) return;
        for (const part of this.#fitting(packet, this.underlayMtu)) {
          this.#frame(part, part.ipBytes, part.frames, part.largest);
          part.target = flow.target;
          this.#toWire(part);
        }
    }
  }

  #enterTunnel(packet: Packet): void {
    const { deviceMtu } = this.conf;
    if (packet.largest <= deviceMtu) return this.#output(packet);
    if (this.#isTooBig(packet, deviceMtu)) return;
    for (const part of this.#fitting(packet, deviceMtu)) this.#output(part);
  }

  /** Through the neighbour entry into flannel.1. */
  #output(packet: Packet): void {
    const { flow } = packet;
    if (flow.mac !== undefined) return this.#encapsulate(packet);
    let neighbour = this.#unresolved.get(flow.gateway);
    if (neighbour === undefined) {
      neighbour = this.#unresolvedNeighbour(flow.gateway);
      this.#unresolved.set(flow.gateway, neighbour);
    }
    neighbour.output(packet, truesize(packet.ipBytes));
  }

  #unresolvedNeighbour(gateway: string): Neighbour<Packet> {
    const asks = this.conf.asksForNeighbours;
    const ports = {
      send: (packet: Packet) => {
        resolveFlow(packet.flow, this, this.#ports.nodeAt);
        if (packet.flow.mac !== undefined) this.#encapsulate(packet);
      },
      dropOldest: () => {},
      unreachable: () => {
        if (this.#icmp.allow(this.#sim.now)) this.icmpUnreachable++;
      },
      probe: () => {
        if (asks) this.#ports.miss?.(gateway);
        // A broadcast ARP, for which flannel.1 has no FDB entry.
        else this.tunnel.txDropped++;
      },
    };
    const probes = asks ? 2 * NEIGHBOUR_PROBES : NEIGHBOUR_PROBES;
    const conf = { queueBytes: NEIGHBOUR_QUEUE_BYTES, probes, intervalNs: NEIGHBOUR_PROBE_INTERVAL_NS };
    return new Neighbour(this.#sim, ports, conf);
  }

  #encapsulate(packet: Packet): void {
    const { flow, ipBytes, frames, largest } = packet;
    if (flow.target === undefined) {
      this.tunnel.txDropped += frames;
      return;
    }
    this.tunnel.sent(frames, ipBytes);
    packet.mac = flow.mac;
    this.#toUnderlay(packet, ipBytes, frames, largest);
  }

  /** Adds the outer headers; what is then too big for the underlay is fragmented without a word, in IPv6 lost. */
  #toUnderlay(packet: Packet, ipBytes: number, frames: number, largest: number): void {
    const { underlayMtu } = this;
    const { family } = this.conf;
    const outer = underlayIpBytes(this.#encapsulation, largest);
    packet.target = packet.flow.target;
    if (outer <= underlayMtu) {
      this.#frame(packet, ipBytes + frames * (outer - largest), frames, outer);
    } else if (family === 6) {
      this.eth0.txDropped += frames;
      return;
    } else {
      const sizes = fragments(4, outer, underlayMtu);
      const extra = outer - largest + (sizes.length - 1) * IPV4;
      this.#frame(packet, ipBytes + frames * extra, frames * sizes.length, Math.max(...sizes));
    }
    this.#toWire(packet);
  }

  #enterProxy(packet: Packet): void {
    const { deviceMtu } = this.conf;
    if (this.#isTooBig(packet, deviceMtu)) return;
    for (const part of this.#fitting(packet, deviceMtu)) {
      this.tunnel.sent(part.frames, part.ipBytes);
      part.target = undefined;
      if (!this.#offerProxy(part)) this.tunnel.txDropped += part.frames;
    }
  }

  #offerProxy(packet: Packet): boolean {
    const before = this.#proxy.busyNs;
    const isTaken = this.#proxy.offer(packet, packet.ipBytes, (packet.frames - 1) * this.conf.costs.proxyNs);
    this.#ports.charge?.(0, this.#proxy.busyNs - before);
    return isTaken;
  }

  /** The udp backend's process is done with a packet, of either direction. */
  #proxied(packet: Packet): void {
    if (this.proxyTable === undefined) return;
    packet.ttl--;
    if (packet.target === this) return this.#deliver(packet);
    const { flow, ipBytes, frames, largest } = packet;
    if (flow.tablesVersion !== this.tables.version) resolveFlow(flow, this, this.#ports.nodeAt);
    if (flow.target === undefined) {
      if (this.#icmp.allow(this.#sim.now)) this.icmpUnreachable++;
      return;
    }
    this.#toUnderlay(packet, ipBytes, frames, largest);
  }

  /** Drops what must not be fragmented and tells its sender the MTU. */
  #isTooBig(packet: Packet, mtu: number): boolean {
    const { flow, largest, dontFragment } = packet;
    if (largest <= mtu || (!dontFragment && this.conf.family === 4)) return false;
    flow.from.learnPathMtu(flow.to, mtu, this.#sim.now + PATH_MTU_NS);
    flow.owner.tooBig(packet, mtu);
    return true;
  }

  /** The packet, or the fragments that this node makes of it. */
  #fitting(packet: Packet, mtu: number): readonly Packet[] {
    if (packet.largest <= mtu) return [packet];
    const sizes = fragments(this.conf.family, packet.ipBytes, mtu);
    const { datagram } = packet;
    if (datagram !== undefined) datagram.parts += sizes.length - 1;
    return sizes.map((size) => {
      const part = new Packet(packet.flow, size, 1, size, false);
      part.datagram = datagram;
      part.sentAt = packet.sentAt;
      part.ttl = packet.ttl;
      return part;
    });
  }

  /** Notes what a packet is on the wire: bytes of its IP packets, frames, and the largest IP packet. */
  #frame(packet: Packet, ipBytes: number, frames: number, largest: number): void {
    const bytes = ipBytes + frames * ETHERNET;
    packet.wireFrames = frames;
    packet.wireBytes = bytes;
    packet.wireLargest = largest;
    const least = this.#wireExtra === 0 ? 0 : frames * MIN_SLOT;
    packet.slotBytes = Math.max(least, bytes + frames * this.#wireExtra);
  }

  #toWire(packet: Packet): void {
    if (this.#nic.send(packet, packet.slotBytes)) this.eth0.sent(packet.wireFrames, packet.wireBytes);
    else this.eth0.txDropped += packet.wireFrames;
  }

  /** The end of a packet that this node sent reaches the switch; a client outside takes what is for it. */
  #leftWire(packet: Packet): void {
    const { flow, target } = packet;
    if (target !== undefined) target.arrive(packet, this);
    else if (flow.hop === "outside") flow.owner.arrived(packet);
  }

  /** A packet has crossed the switch: the NIC chooses a core. */
  #softirq(packet: Packet): void {
    const { flow, wireFrames, wireBytes, wireLargest } = packet;
    if (!this.isUp) return;
    if (wireLargest > this.underlayMtu) {
      this.eth0.rxDropped += wireFrames;
      return;
    }
    this.eth0.received(wireFrames, wireBytes);
    const core = flow.receiveHash % this.conf.cpus;
    const receiver = this.#receivers[core];
    const before = receiver.busyNs;
    const extraNs = packet.mac === undefined ? 0 : this.conf.costs.decapsulateNs;
    if (!receiver.offer(packet, packet.ipBytes, extraNs)) this.eth0.rxDropped += wireFrames;
    this.#ports.charge?.(core, receiver.busyNs - before);
  }

  #received(packet: Packet): void {
    if (!this.isUp) return;
    const { flow, mac, frames, ipBytes } = packet;
    if (flow.hop === "proxy") {
      if (this.proxyTable === undefined) return;
      if (!this.#offerProxy(packet)) this.tunnel.rxDropped += frames;
      else this.tunnel.received(frames, ipBytes);
      return;
    }
    if (mac !== undefined) {
      // A packet for another VTEP's MAC is none of this node's.
      if (mac !== this.mac) {
        this.tunnel.rxDropped += frames;
        return;
      }
      this.tunnel.received(frames, ipBytes);
    }
    this.#deliver(packet);
  }

  /** To the pod, if it is one of this node's. */
  #deliver(packet: Packet): void {
    const { flow, frames, ipBytes } = packet;
    if (flow.to.node !== this || !flow.to.isAttached) return;
    const bytes = ipBytes + frames * ETHERNET;
    if (flow.from.node !== this) {
      packet.ttl--;
      this.cni0.sent(frames, bytes);
    }
    flow.to.counters.received(frames, bytes);
    flow.owner.arrived(packet);
  }
}

function arriveFromOutside(packet: Packet): void {
  packet.target?.arrive(packet, undefined);
}
