import { NS_PER_SECOND } from "../../engine/time.ts";
import type { Json, Judgement, LiveAdapter, Verdict } from "../conformance/adapter.ts";
import { tcpGoodput } from "./closed-forms.ts";
import { FDB_WRITE_NS, NEIGHBOUR_WRITE_NS, ROUTE_WRITE_NS } from "./defaults.ts";
import { OUTER_HEADER } from "./encapsulation.ts";
import {
  liveNetwork,
  replayDatagrams,
  replayOutage,
  replayTcp,
  replayUdp,
  type LiveNetwork,
  type Outage,
} from "./live-replay.ts";
import { changedVxlanMtu, flannelMtu, vxlanDeviceMtu } from "./mtu.ts";
import { FlannelNetwork } from "./network.ts";
import { DEFAULT_TTL, type Endpoint } from "./packet.ts";
import { UdpFlow, type PathMtuDiscovery } from "./udp-flow.ts";

/**
 * Holds the model against measurements of a VXLAN overlay on a running kernel, by doing the same work in the model. Bytes,
 * packets, fragments and losses must agree; a stray ARP, neighbour discovery or multicast packet of the kernel's own is
 * allowed for. Goodput must agree within 0.5 % where the link is the limit. Times, rates and CPU of one machine are not
 * compared.
 */

type Row = Record<string, Json>;

const PASSED: Verdict = { kind: "passed" };
/** The largest packet that the kernels send by themselves: a multicast listener report of two records. */
const STRAY_BYTES = 110;
const MOST_STRAYS = 2;
/** Packets that a device sees around an outage: multicast and neighbour discovery while devices come up. */
const STRAYS_OF_OUTAGE = 6;
/** Of the goodput where the link is the limit. */
const GOODPUT_TOLERANCE = 0.005;
/** Figures are rounded to two decimals, bytes to one. */
const HALF_CENT = 0.005 + 1e-9;
const HALF_TENTH = 0.05 + 1e-9;

function failed(path: string, expected: Json, found: Json): Verdict {
  return { kind: "failed", differences: [{ path, expected, found }] };
}

function notCovered(reason: string): Verdict {
  return { kind: "notCovered", reason };
}

function near(path: string, expected: Json, found: number, tolerance: number): Verdict {
  return Math.abs((expected as number) - found) <= tolerance ? PASSED : failed(path, expected, found);
}

function equal(path: string, expected: Json, found: Json): Verdict {
  return JSON.stringify(expected) === JSON.stringify(found) ? PASSED : failed(path, expected, found);
}

function rowsOf(section: Json): Row[] {
  return ((section as Row | undefined)?.["rows"] ?? []) as Row[];
}

/** One row of datagrams of one size, figure by figure. */
function datagramRow(live: LiveNetwork, row: Row, discovery: PathMtuDiscovery): Array<[string, Verdict]> {
  const sent = row["sent"] as number;
  const counts = replayDatagrams(live, row["udp_payload"] as number, sent, discovery);
  const strays = (prefix: string, found: [number, number]): Array<[string, Verdict]> => {
    const packets = `${prefix}_packets_per_datagram`;
    const bytes = `${prefix}_bytes_per_datagram`;
    const extra = (row[packets] as number) - found[0] / sent;
    const isStray = extra >= -HALF_CENT && extra <= MOST_STRAYS / sent + HALF_CENT;
    const room = Math.max(0, Math.round(extra * sent)) * (STRAY_BYTES / sent) + HALF_TENTH;
    return [
      [packets, isStray ? PASSED : failed(packets, row[packets], found[0] / sent)],
      [bytes, near(bytes, row[bytes], found[1] / sent, room)],
    ];
  };
  const errors: Json = counts.refused > 0 ? { "Message too long": counts.refused } : {};
  const rx = "flannel1_rx_bytes_per_datagram_at_receiver";
  return [
    ["sent_ok", equal("sent_ok", row["sent_ok"], counts.accepted)],
    ["errors", equal("errors", row["errors"], errors)],
    ["received", equal("received", row["received"], counts.received)],
    ...strays("pod_tx", counts.podTx),
    ...strays("flannel1_tx", counts.tunnelTx),
    ...strays("wire", counts.wire),
    [rx, near(rx, row[rx], counts.tunnelRxBytes / sent, HALF_TENTH)],
  ];
}

const DISCOVERY: readonly PathMtuDiscovery[] = ["dont", "want", "do"];

function outageRow(row: Row): Array<[string, Verdict]> {
  const packetsPerSecond = row["pps"] as number;
  const live = liveNetwork({ hasDefaultRoute: row["default_route_present"] as boolean });
  const first = row["first_lost_seq"] as number;
  const found = replayOutage(live, {
    removed: row["removed"] as Outage["removed"],
    gapNs: Math.round((row["gap_s"] as number) * NS_PER_SECOND),
    // Midway between the last packet that passed and the first that was lost.
    at: Math.floor(((first - 0.5) * NS_PER_SECOND) / packetsPerSecond),
    packetsPerSecond,
    payload: row["udp_payload"] as number,
    sent: row["sent"] as number,
  });
  // A packet at either edge, and as many as the rounding of the gap to 10 ms hides.
  const edge = 1 + packetsPerSecond * 0.005;
  const withStrays = (key: string, value: number): Verdict => {
    if (row[key] === null) return notCovered("the device was gone when its counters were read");
    const strays = (row[key] as number) - value;
    return strays >= -edge && strays <= STRAYS_OF_OUTAGE + edge ? PASSED : failed(key, row[key], value);
  };
  const losses: Array<[string, Verdict]> =
    row["removed"] === "device"
      ? [["lost", notCovered("how long the device takes to be made anew is in the loss, and not in the gap")]]
      : [
          ["lost", near("lost", row["lost"], found.lost, edge)],
          ["received", near("received", row["received"], found.received, edge)],
          ["last_lost_seq", near("last_lost_seq", row["last_lost_seq"], found.lastLost ?? -1, edge)],
        ];
  return [
    ...losses,
    ["icmp_unreach_sent", equal("icmp_unreach_sent", row["icmp_unreach_sent"], found.icmpUnreachable)],
    ["flannel1_tx_dropped", withStrays("flannel1_tx_dropped", found.tunnelTxDropped)],
    ["eth0_tx_packets", withStrays("eth0_tx_packets", found.eth0TxPackets)],
  ];
}

const BACKENDS = { direct: "host-gw", vxlan: "vxlan", tunudp: "udp" } as const;
const ENCAPSULATIONS = { direct: "none", vxlan: "vxlan-ipv4", tunudp: "udp" } as const;
const SHAPED_SECONDS = 5;
/** From this rate on the cores of the measuring machine were the limit. */
const CORES_LIMIT_MBIT = 1000;

function shapedRow(row: Row): Array<[string, Verdict]> {
  const mode = row["mode"] as keyof typeof BACKENDS;
  const link = row["link_mbit"] as number;
  const mtu = row["underlay_mtu"] as number;
  if (link >= CORES_LIMIT_MBIT)
    return [["goodput_mbit", notCovered("the cores of the measuring machine were the limit")]];
  if (row["per_frame_overhead_counted_by_shaper"] !== 0)
    return [["goodput_mbit", notCovered("a shaper of another kind")]];
  const live = liveNetwork({ backend: BACKENDS[mode], shaper: link * 1e6, mtu });
  const goodput = (found: number): [string, Verdict] => {
    const expected = row["goodput_mbit"] as number;
    return ["goodput_mbit", near("goodput_mbit", expected, found / 1e6, expected * GOODPUT_TOLERANCE)];
  };
  if (row["protocol"] === "udp") {
    const offered = (row["offered_mbit"] as number) * 1e6;
    return [
      goodput(replayUdp(live, SHAPED_SECONDS, row["udp_payload"] as number, offered)),
      ["lost_percent", notCovered("depends on the length of the shaper's queue, which is not given")],
    ];
  }
  const found = replayTcp(live, SHAPED_SECONDS);
  const { efficiency } = tcpGoodput(ENCAPSULATIONS[mode], 4, mtu, true, false);
  return [
    goodput(found.goodput),
    ["tcp_mss", equal("tcp_mss", row["tcp_mss"], found.segment)],
    ["goodput_mbit_from_headers", near("goodput", row["goodput_mbit_from_headers"], link * efficiency, HALF_CENT)],
  ];
}

function clampRow(row: Row): Verdict {
  const family = row["underlay"] === "IPv6" ? 6 : 4;
  const lower = row["lower_mtu"] as number;
  if ("requested_later" in row) {
    const isRefused = changedVxlanMtu(row["requested_later"] as number, lower, family) === undefined;
    const text = row["obtained"] as string;
    const stays = Number(/stays (\d+)/.exec(text)?.[1]);
    return isRefused === text.startsWith("refused") && stays === vxlanDeviceMtu(Infinity, lower, family)
      ? PASSED
      : failed("obtained", text, isRefused ? "refused" : "accepted");
  }
  const obtained = vxlanDeviceMtu((row["requested"] ?? Infinity) as number, lower ?? Infinity, family);
  return equal("obtained", row["obtained"], obtained);
}

/** A node whose daemon enters so many peers, and loses them with its device. */
function tableScale(section: Row): Array<[string, Verdict]> {
  const peers = section["peers"] as number;
  const template = liveNetwork();
  const { network, sim } = template;
  const conf = { ...network.conf, conf: { ...network.conf.conf } };
  const wide = { ...conf.conf, v4: { ...conf.conf.v4, network: TEN_SLASH_8 } };
  const node = network.nodes[0].node;
  const names = Array.from({ length: peers + 1 }, (_, i) => ({ ...node, name: `n${i}`, stream: `n${i}` }));
  const { path } = new FlannelNetwork(sim, { ...conf, conf: wide }, names).nodes[0];
  const full = path.tables.sizes;
  path.deleteDevice();
  const empty = path.tables.sizes;
  const costs = section["microseconds_per_entry"] as Row;
  const after = section["after_device_delete"] as Row;
  return [
    ["permanent_neighbours_accepted", equal("neighbours", section["permanent_neighbours_accepted"], full.neighbours)],
    ["neighbour", near("neighbour", costs["neighbour"], NEIGHBOUR_WRITE_NS / 1000, HALF_TENTH)],
    ["route", near("route", costs["route"], ROUTE_WRITE_NS / 1000, HALF_TENTH)],
    ["fdb", near("fdb", costs["fdb"], FDB_WRITE_NS / 1000, HALF_TENTH)],
    ["after_device_delete.neighbours", equal("neighbours", after["neighbours"], empty.neighbours)],
    ["after_device_delete.routes", equal("routes", after["routes"], empty.routes)],
  ];
}

const TEN_SLASH_8 = { family: 4, address: 10n << 24n, length: 8, text: "10.0.0.0/8" } as const;

function outerHeader(section: Row): Array<[string, Verdict]> {
  const figures = Object.entries(OUTER_HEADER).map(([key, value]): [string, Verdict] => [
    key,
    equal(key, section[key], value),
  ]);
  const live = liveNetwork();
  const across = replayTtl(live);
  const ports = section["source_port"] as Row;
  const [lowest, highest] = ports["configured_range"] as [number, number];
  const flows = ports["flows"] as number;
  const found = Array.from({ length: flows }, () => across.port());
  const distinct = new Set(found).size;
  const isInRange = found.every((port) => port >= lowest && port < highest);
  // Flows meet by chance: 400 in 28,231 ports make 2.8 pairs on average, with a deviation of 1.7.
  const SPREAD = 6;
  return [
    ...figures,
    ["inner_ttl_decrements", equal("inner_ttl_decrements", section["inner_ttl_decrements"], across.between)],
    ["same_node_ttl_decrements", equal("same_node_ttl_decrements", section["same_node_ttl_decrements"], across.within)],
    ["source_port.distinct", near("distinct", ports["distinct"], distinct, SPREAD)],
    ["source_port.range", isInRange ? PASSED : failed("range", [lowest, highest], found)],
  ];
}

const NOT_COMPARED = ["rtt_ms", "bulk_tcp", "small_udp", "bulk_tcp_no_offload"];

function judge(document: { readonly [key: string]: Json }): Judgement[] {
  const judgements: Judgement[] = [];
  const add = (where: string, figures: Array<[string, Verdict]>): void => {
    for (const [figure, verdict] of figures) judgements.push({ id: `${where} ${figure}`, verdict });
  };
  const section = (name: string, make: () => LiveNetwork, discovery: (row: Row) => PathMtuDiscovery): void => {
    for (const row of rowsOf(document[name])) {
      add(
        `${name}/${row["udp_payload"]}${"df" in row ? `/df${row["df"]}` : ""}`,
        datagramRow(make(), row, discovery(row)),
      );
    }
  };
  section("wire_bytes_udp", liveNetwork, () => "dont");
  section("dont_fragment_pod_mtu_1450", liveNetwork, () => "do");
  section(
    "pod_mtu_1500_misconfigured",
    () => liveNetwork({ podMtu: 1500 }),
    (row) => DISCOVERY[row["df"] as number],
  );
  section(
    "underlay_mtu_1400_flannel_1450",
    () => {
      const live = liveNetwork();
      live.a.underlayMtu = 1400;
      return live;
    },
    () => "dont",
  );
  if (document["ipv6"] !== undefined) {
    const given = document["ipv6"] as Row;
    const requested = given["device_mtu_requested"] as number;
    add("ipv6", [["device_mtu", equal("mtu", given["device_mtu_obtained"], vxlanDeviceMtu(requested, 1500, 6))]]);
    // The rows follow one another: what the pod has learnt of the path in one holds in the next.
    const live = liveNetwork({ family: 6, podMtu: flannelMtu("vxlan", 1500) });
    section(
      "ipv6",
      () => live,
      () => "want",
    );
  }
  for (const [i, row] of rowsOf(document["missing_entries"]).entries()) {
    add(`missing_entries/${i}/${row["removed"]}`, outageRow(row));
  }
  for (const [i, row] of rowsOf(document["shaped_link"]).entries()) {
    add(`shaped_link/${i}/${row["mode"]}/${row["protocol"]}`, shapedRow(row));
  }
  for (const [i, row] of ((document["device_mtu_clamp"] ?? []) as Row[]).entries()) {
    add("device_mtu_clamp", [[`${i}`, clampRow(row)]]);
  }
  if (document["outer_header"] !== undefined) add("outer_header", outerHeader(document["outer_header"] as Row));
  if (document["table_scale"] !== undefined) add("table_scale", tableScale(document["table_scale"] as Row));
  for (const name of NOT_COMPARED) {
    if (document[name] !== undefined) add(name, [["*", notCovered("times and rates of one virtual machine")]]);
  }
  return judgements;
}

/** One datagram, now. */
function datagramFlow({
  sim,
  network,
  from,
  to,
}: Pick<LiveNetwork, "sim" | "network"> & { from: Endpoint; to: Endpoint }) {
  const begin = sim.now;
  const flow = new UdpFlow(sim, from, to, network.nextHash(from, to), {
    mtu: network.podMtu,
    family: network.family,
    discovery: "dont",
    payload: 64,
    dueAt: (n) => (n === 0 ? begin : undefined),
  });
  flow.start();
  return flow;
}

/** What the header and the ports of encapsulated flows are. */
function replayTtl({ sim, network, podA, podB, a }: LiveNetwork) {
  const ttlTo = (to: typeof podA) => {
    const flow = datagramFlow({ sim, network, from: podA, to });
    sim.runUntil(sim.now + NS_PER_SECOND);
    return DEFAULT_TTL - flow.lastTtl;
  };
  const neighbour = network.endpoint("neighbour", a.conf.name) as typeof podA;
  return {
    between: ttlTo(podB),
    within: ttlTo(neighbour),
    port: () => {
      const flow = datagramFlow({ sim, network, from: podA, to: podB });
      sim.runUntil(sim.now + NS_PER_SECOND);
      return flow.flow.sourcePort;
    },
  };
}

export const live: LiveAdapter = {
  claims: (document) => "wire_bytes_udp" in document || "missing_entries" in document || "shaped_link" in document,
  judge: async (document) => judge(document),
};
