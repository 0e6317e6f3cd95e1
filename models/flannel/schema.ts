import * as z from "zod";
import { duration, integer, name, number, scalar, shown } from "../../engine/scenario/fields.ts";
import { UnitError } from "../../engine/scenario/units.ts";
import { DEFAULT_HOP_COSTS, type HopCosts } from "./costs.ts";
import { resolveBackend } from "./net-conf.ts";
import { NETWORK_BACKENDS, type FlannelNetworkSection, type FlannelSection } from "./section.ts";

const SOURCE = "flannel v0.28.9 pkg/subnet/config.go";

/** `0.28`, `v0.28.9`: whether the daemon lies before v0.9.0 is all that it decides. */
const flannelVersion = scalar<string>(
  (value) => {
    if (typeof value === "number") {
      throw new UnitError(`found the number ${value}; quote it: a version is a text (the number 0.30 would be 0.3)`);
    }
    if (typeof value === "string" && /^v?0\.[0-9]{1,3}(\.[0-9]{1,3})?$/.test(value)) return value;
    throw new UnitError(`found ${shown(value)}; allowed: a version of flannel in quotes such as "0.28.9"`);
  },
  {
    description: "of the daemon; before 0.9 neighbours are entered on demand, by L3MISS upcalls",
    examples: ["0.28.9"],
  },
);

const text = (description: string, defaultNote: string) =>
  z.string().min(1).meta({ description, defaultNote, source: SOURCE }).optional();
const whole = (description: string, defaultNote: string) =>
  integer({ description, defaultNote, source: SOURCE }, 0, 65_535).optional();
const flag = (description: string, value: boolean) =>
  z
    .boolean()
    .meta({ description, defaultNote: String(value), source: SOURCE })
    .optional();

const backendType = scalar<string>(
  (value) => {
    const type = typeof value === "string" ? resolveBackend(value) : undefined;
    if (type !== undefined && (NETWORK_BACKENDS as readonly string[]).includes(type)) return type;
    const allowed = NETWORK_BACKENDS.join(", ");
    if (type === undefined) throw new UnitError(`found ${shown(value)}; allowed: ${allowed}`);
    throw new UnitError(`backend ${type}: no model of this version gives it effect; allowed: ${allowed}`);
  },
  { description: "how pods of other nodes are reached", examples: ["vxlan"], source: "flannel v0.28.9 pkg/backend" },
);

const backend = z
  .strictObject({
    Type: backendType,
    VNI: integer(
      { description: "vxlan: the network identifier; flannel.<VNI> is the device" },
      1,
      16_777_215,
    ).optional(),
    Port: whole("UDP port of vxlan or udp", "8472 with vxlan, 8285 with udp"),
    MTU: whole("vxlan: MTU of the underlay that the device is derived from", "the MTU of the network card"),
    GBP: flag("vxlan: group-based policy; changes nothing here", false),
    Learning: flag("vxlan: MAC learning; changes nothing for static entries", false),
    DirectRouting: flag("vxlan: plain routes to nodes of the same zone", false),
  })
  .meta({ description: "the backend; without it udp, as upstream" })
  .optional();

const us = (ns: number) => `${ns / 1000}us`;
const cost = (description: string, ns: number) =>
  duration({ description, source: "models/flannel/costs.ts" }, { zero: true }).prefault(ns === 0 ? 0 : us(ns));
const byteCost = (description: string, ps: number) =>
  number({ description, unit: "ns a byte", source: "models/flannel/costs.ts" }, 0, 1000).default(ps / 1000);

const D = DEFAULT_HOP_COSTS;

const costsSchema = z
  .strictObject({
    sameNode: cost("a unit from pod to pod of one node", D.sameNodeNs),
    send: cost("a unit from a pod to the network card, without encapsulation", D.sendNs),
    sendByte: byteCost("each byte of it", D.sendBytePs),
    encapsulate: cost("what vxlan adds to a unit that leaves", D.encapsulateNs),
    segment: cost("what every wire packet of an encapsulated super-packet adds", D.segmentNs),
    receive: cost("a unit from the network card to a pod, without decapsulation", D.receiveNs),
    receiveByte: byteCost("each byte of it", D.receiveBytePs),
    decapsulate: cost("what vxlan adds to a unit that comes in", D.decapsulateNs),
    proxy: cost("one passage through the process of the udp backend", D.proxyNs),
    proxyByte: byteCost("each byte of it", D.proxyBytePs),
    watch: cost("from a change at the API server or etcd to a daemon", D.watchNs),
    miss: cost("from a neighbour miss to the daemon's entry, before 0.9", D.missNs),
    event: cost("the daemon's work for one lease event, without its writes", D.writes.eventNs),
    neighbour: cost("one write of a neighbour", D.writes.neighbourNs),
    fdb: cost("one write of an FDB entry", D.writes.fdbNs),
    route: cost("one write of a route", D.writes.routeNs),
  })
  .transform((costs): HopCosts => ({
    sameNodeNs: costs.sameNode,
    sendNs: costs.send,
    sendBytePs: Math.round(costs.sendByte * 1000),
    encapsulateNs: costs.encapsulate,
    segmentNs: costs.segment,
    receiveNs: costs.receive,
    receiveBytePs: Math.round(costs.receiveByte * 1000),
    decapsulateNs: costs.decapsulate,
    proxyNs: costs.proxy,
    proxyBytePs: Math.round(costs.proxyByte * 1000),
    watchNs: costs.watch,
    missNs: costs.miss,
    writes: { eventNs: costs.event, neighbourNs: costs.neighbour, fdbNs: costs.fdb, routeNs: costs.route },
  }))
  .prefault({})
  .meta({ description: "what every hop costs a unit, and what the daemon's work costs" });

const networkFields = {
  Network: z
    .string()
    .min(1)
    .meta({ description: "IPv4 network of the pods", source: "flannel Documentation/kube-flannel.yml" })
    .default("10.244.0.0/16"),
  SubnetLen: whole("prefix length of a node's subnet; with etcd", "24, or two more than the network's"),
  SubnetMin: text("first subnet; with etcd", "the second one of the network"),
  SubnetMax: text("last subnet; with etcd", "the last one of the network"),
  EnableIPv4: flag("whether pods have IPv4", true),
  EnableIPv6: flag("whether pods have IPv6; it carries the traffic where IPv4 is off", false),
  IPv6Network: text("IPv6 network of the pods", "none"),
  IPv6SubnetLen: whole("as SubnetLen, for IPv6", "64, or two more than the network's"),
  IPv6SubnetMin: text("as SubnetMin, for IPv6", "the second one of the network"),
  IPv6SubnetMax: text("as SubnetMax, for IPv6", "the last one of the network"),
  EnableNFTables: flag("nftables in place of iptables; changes nothing here", false),
  Backend: backend,
  manager: z
    .enum(["kube", "etcd"])
    .meta({ description: "who hands out subnets: podCIDRs of Node objects, or leases of etcd" })
    .default("kube"),
  version: flannelVersion.prefault("0.28.9"),
  unit: z
    .enum(["packet", "gso"])
    .meta({
      description:
        "packet: every wire packet by itself, as without offloads; gso: TCP in super-packets of up to 64 KB, queued and lost as one",
    })
    .default("packet"),
  chargeCpu: z.boolean().meta({ description: "whether softirq time is taken from the node's CPUs" }).default(false),
  podMTU: integer(
    { description: "MTU of the pods in place of flannel's", defaultNote: "FLANNEL_MTU" },
    576,
    65_535,
  ).optional(),
  costs: costsSchema,
};

const single = z.strictObject({ ...networkFields });
const item = z.strictObject({
  name: name({ description: "the network's name" }),
  nodes: z
    .array(name({ description: "an entry of nodes" }))
    .min(1)
    .meta({ description: "the entries of nodes that belong to it; a node in at most one network" }),
  ...networkFields,
});

/** flannel */
export const flannelSchema = z
  .union([single, z.array(item).min(1)])
  .transform((section): FlannelSection => section satisfies FlannelNetworkSection | FlannelNetworkSection[])
  .meta({ description: "the pod network: net-conf.json's own fields; or a list of separate networks" });
