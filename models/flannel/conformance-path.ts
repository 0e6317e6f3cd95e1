import { adapter, NotCovered, premise, type Adapters } from "../conformance/adapter.ts";
import { bandwidthDelayBytes, md1, serializationSeconds, tcpGoodput } from "./closed-forms.ts";
import { NS_PER_SECOND } from "../../engine/time.ts";
import { frameBytes, slotBytes, udpIpBytes, underlayIpBytes, type Encapsulation } from "./encapsulation.ts";
import { sendDatagram, type DatagramFate } from "./fragmentation.ts";
import { parseAddress, type Address } from "./ip.ts";
import { masquerade, type MasqueradeVerdict } from "./masquerade.ts";
import { fdbOutageLoss, neighbourOutageLoss, queueCapacity, UnresolvedQueue } from "./neighbour-queue.ts";
import { retryOutcome } from "./retry.ts";
import { sourcePort } from "./source-port.ts";
import { prefix } from "./conformance-control.ts";

const ENCAPSULATIONS: Readonly<Record<string, Encapsulation>> = {
  direct: "none",
  "host-gw": "none",
  vxlan: "vxlan-ipv4",
  "vxlan-ipv4": "vxlan-ipv4",
  "vxlan-ipv6": "vxlan-ipv6",
  udp: "udp",
  ipip: "ipip",
  wireguard: "wireguard-ipv4",
  "wireguard-ipv4": "wireguard-ipv4",
  "wireguard-ipv6": "wireguard-ipv6",
};

function encapsulationOf(name: string): Encapsulation {
  const found = ENCAPSULATIONS[name];
  if (found === undefined) throw new NotCovered(`the backend "${name}"`);
  return found;
}

/** The reference cases give derived figures rounded to this many decimals. */
function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

const SNAT: Readonly<Record<MasqueradeVerdict, string>> = {
  marked: "none by flannel (kube-proxy handles it)",
  return: "none",
  masquerade: "masquerade",
  "no match": "none",
};

interface MasqueradeGiven {
  clusterCIDR: string;
  localPodCIDR: string;
  src: string;
  dst: string;
  mark: number;
}

const masqueradeFamily = adapter((given: MasqueradeGiven) => {
  const verdict = masquerade({
    network: prefix(given.clusterCIDR),
    podCidr: prefix(given.localPodCIDR),
    source: address(given.src),
    destination: address(given.dst),
    mark: given.mark,
  });
  return { snat: SNAT[verdict] };
});

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`"${text}" is no address`);
  return parsed;
}

const frame = adapter((given: { backend: string; innerIpVersion: 4 | 6; udpPayload: number }) => {
  const inner = udpIpBytes(given.innerIpVersion, given.udpPayload);
  const underlay = frameBytes(underlayIpBytes(encapsulationOf(given.backend), inner));
  return {
    innerIpBytes: inner,
    podFrameBytes: frameBytes(inner),
    underlayFrameBytes: underlay,
    underlaySlotBytes: slotBytes(underlay),
  };
});

interface FragmentsGiven {
  backend: string;
  podMtu: number;
  udpPayload: number;
  dontFragment: boolean;
  innerIpVersion?: 4 | 6;
}

/** The pod's own fragmentation: flannel.1 and the underlay are as large as the pod's MTU needs. */
const podFragments = adapter((given: FragmentsGiven) => {
  const encapsulation = encapsulationOf(given.backend);
  const innerVersion = given.innerIpVersion ?? (given.backend === "vxlan-ipv6" ? 6 : 4);
  const underlayMtu = underlayIpBytes(encapsulation, given.podMtu, given.podMtu);
  const path = { encapsulation, innerVersion, podMtu: given.podMtu, deviceMtu: given.podMtu, underlayMtu };
  const fate = sendDatagram(path, given.udpPayload, given.dontFragment);
  if (fate.kind === "refused") return { innerIpPackets: [], packets: 0, underlayBytes: 0, error: "EMSGSIZE" };
  const sent = wasSent(fate);
  return { innerIpPackets: sent.device, packets: sent.device.length, underlayBytes: sent.underlayBytes };
});

interface OuterGiven {
  underlayMtu: number;
  flannelDeviceMtu: number;
  udpPayload: number;
  innerDontFragment: boolean;
}

const outerFragments = adapter((given: OuterGiven) => {
  const fate = sendDatagram(
    {
      encapsulation: "vxlan-ipv4",
      innerVersion: 4,
      podMtu: given.flannelDeviceMtu,
      deviceMtu: given.flannelDeviceMtu,
      underlayMtu: given.underlayMtu,
    },
    given.udpPayload,
    given.innerDontFragment,
  );
  if (fate.kind !== "sent") return { outerIpPackets: [], underlayBytes: 0, icmpToSender: fate.kind === "too big" };
  return { outerIpPackets: fate.underlay, underlayBytes: fate.underlayBytes, icmpToSender: false };
});

function wasSent(fate: DatagramFate): DatagramFate & { kind: "sent" } {
  if (fate.kind !== "sent") throw new NotCovered(`a datagram that is ${fate.kind}`);
  return fate;
}

interface GoodputGiven {
  backend: string;
  innerIp: "IPv4" | "IPv6";
  underlayMtu: number;
  tcpTimestamps: boolean;
  linkBitPerSecond: number;
  countPreambleFcsGap: boolean;
}

const goodput = adapter((given: GoodputGiven) => {
  const found = tcpGoodput(
    encapsulationOf(given.backend),
    given.innerIp === "IPv6" ? 6 : 4,
    given.underlayMtu,
    given.tcpTimestamps,
    given.countPreambleFcsGap,
  );
  return {
    innerMtu: found.innerMtu,
    segmentPayload: found.segmentPayload,
    slotBytes: found.slotBytes,
    goodputBitPerSecond: Math.round((given.linkBitPerSecond * found.segmentPayload) / found.slotBytes),
    efficiency: rounded(found.efficiency, 6),
  };
});

const serialization = adapter((given: { slotBytes: number; linkBitPerSecond: number }) => {
  const seconds = serializationSeconds(given.slotBytes, given.linkBitPerSecond);
  return { microseconds: rounded(seconds * 1e6, 6), maxPacketsPerSecond: rounded(1 / seconds, 1) };
});

interface Md1Given {
  serviceMicroseconds: number;
  utilisation: number;
  arrivals: string;
  queue: string;
}

const md1Wait = adapter((given: Md1Given) => {
  premise(given.arrivals === "Poisson" && given.queue === "unbounded FIFO", `${given.arrivals}, ${given.queue}`);
  const { wait, waiting } = md1(given.serviceMicroseconds, given.utilisation);
  return { meanWaitMicroseconds: rounded(wait, 5), meanQueueLengthWaiting: rounded(waiting, 5) };
});

const bdp = adapter((given: { bitPerSecond: number; rttSeconds: number; segmentPayload: number }) => {
  const bytes = bandwidthDelayBytes(given.bitPerSecond, given.rttSeconds);
  return { bytes: rounded(bytes, 6), segments: rounded(bytes / given.segmentPayload, 3) };
});

const udpSource = adapter((given: { flowHash32: number; min: number; max: number }) => ({
  port: sourcePort(given.flowHash32, given.min, given.max),
}));

interface QueueGiven {
  unresolvedQueueBytes: number;
  truesizePerPacket: number;
  packetsWhileUnresolved: number;
  resolvedBefore: string;
}

const neighbourQueue = adapter((given: QueueGiven) => {
  premise(/^\d+ probe intervals$/.test(given.resolvedBefore), `resolved before ${given.resolvedBefore}`);
  const queue = new UnresolvedQueue<number>(given.unresolvedQueueBytes);
  let droppedOldest = 0;
  for (let i = 0; i < given.packetsWhileUnresolved; i++) droppedOldest += queue.push(i, given.truesizePerPacket).length;
  return { delivered: queue.takeAll().length, droppedOldest };
});

const retry = adapter((given: { operation: string; failuresBeforeSuccess?: number | null; alwaysFails?: boolean }) => {
  premise(given.operation === "netlink write", `the operation "${given.operation}"`);
  const failures = given.failuresBeforeSuccess ?? 0;
  const outcome = retryOutcome(given.alwaysFails === true ? Infinity : failures);
  return {
    attempts: outcome.attempts,
    gaveUp: outcome.gaveUp,
    delayMinSeconds: outcome.minNs / NS_PER_SECOND,
    delayMaxSeconds: outcome.maxNs / NS_PER_SECOND,
  };
});

interface OutageGiven {
  missing: string;
  gapSeconds: number;
  packetsPerSecond: number;
  truesizePerPacket: number;
  unresolvedQueueBytes: number;
  probes: number;
  probeIntervalSeconds: number;
}

const neighbourOutage = adapter((given: OutageGiven) => {
  premise(given.missing === "neighbour entry, route present", given.missing);
  const { unresolvedQueueBytes: limitBytes, truesizePerPacket: truesize } = given;
  const queue = { limitBytes, truesize, probes: given.probes, probeSeconds: given.probeIntervalSeconds };
  return { queueCapacityPackets: queueCapacity(limitBytes, truesize), lost: neighbourOutageLoss(given, queue) };
});

const fdbOutage = adapter((given: { missing: string; gapSeconds: number; packetsPerSecond: number }) => {
  premise(given.missing === "FDB entry", given.missing);
  return { lost: fdbOutageLoss(given), icmpToSender: false };
});

/** Families of the data path and of closed forms. */
export const pathAdapters: Adapters = {
  masquerade: masqueradeFamily,
  "frame-bytes": frame,
  fragments: podFragments,
  "outer-fragments": outerFragments,
  "tcp-goodput": goodput,
  serialization,
  "md1-wait": md1Wait,
  bdp,
  "udp-source": udpSource,
  "neighbour-queue": neighbourQueue,
  retry,
  "neighbour-outage": neighbourOutage,
  "fdb-outage": fdbOutage,
};
