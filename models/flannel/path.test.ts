import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bandwidthDelayBytes,
  joinWrites,
  md1,
  overloadLoss,
  serializationSeconds,
  tcpGoodput,
} from "./closed-forms.ts";
import { frameBytes, segmentPayload, slotBytes, udpIpBytes, underlayIpBytes } from "./encapsulation.ts";
import { fragments, sendDatagram, type DatagramPath } from "./fragmentation.ts";
import { foldHash, sourcePort } from "./source-port.ts";

const cross: DatagramPath = {
  encapsulation: "vxlan-ipv4",
  innerVersion: 4,
  podMtu: 1450,
  deviceMtu: 1450,
  underlayMtu: 1500,
};

describe("bytes on the underlay", () => {
  it("are 50 more than the inner packet over IPv4, 70 over IPv6, and 14 of Ethernet", () => {
    // Measured on linux 6.18: 64 bytes of payload are 106 in the pod, 156 and 196 on the wire.
    expect(frameBytes(udpIpBytes(4, 64))).toBe(106);
    expect(frameBytes(underlayIpBytes("vxlan-ipv4", udpIpBytes(4, 64)))).toBe(156);
    expect(frameBytes(underlayIpBytes("vxlan-ipv6", udpIpBytes(6, 64)))).toBe(196);
    expect(underlayIpBytes("udp", 1472)).toBe(1500);
    expect(underlayIpBytes("ipip", 1480)).toBe(1500);
  });

  it("are padded to 16 by WireGuard, but never beyond its MTU", () => {
    expect(underlayIpBytes("wireguard-ipv4", 100, 1420)).toBe(112 + 60);
    expect(underlayIpBytes("wireguard-ipv6", 1420, 1420)).toBe(1500);
  });

  it("take 24 more of the wire, and 84 at least", () => {
    expect(slotBytes(1514)).toBe(1538);
    expect(slotBytes(43)).toBe(84);
  });

  it("leave 1398 of payload to a TCP segment with timestamps through flannel.1", () => {
    expect(segmentPayload(4, 1450, true)).toBe(1398);
    expect(segmentPayload(4, 1450, false)).toBe(1410);
    expect(segmentPayload(6, 1430, true)).toBe(1358);
  });
});

describe("fragments", () => {
  it("of the pod are as measured on linux 6.18, frames in the pod and on the wire", () => {
    const measured = [
      [1422, 1464, 1514],
      [1423, 1499, 1599],
      [2000, 2076, 2176],
      [8000, 8212, 8512],
    ];
    for (const [payload, podBytes, wireBytes] of measured) {
      const fate = sendDatagram(cross, payload, false);
      if (fate.kind !== "sent") throw new Error(fate.kind);
      expect([fate.pod.reduce((sum, size) => sum + frameBytes(size), 0), fate.underlayBytes]).toEqual([
        podBytes,
        wireBytes,
      ]);
    }
  });

  it("add up to the data, in multiples of 8 but for the last, each within the MTU", () => {
    const version = fc.constantFrom(4 as const, 6 as const);
    fc.assert(
      fc.property(
        version,
        fc.integer({ min: 48, max: 65_000 }),
        fc.integer({ min: 576, max: 9000 }),
        (v, bytes, mtu) => {
          const sizes = fragments(v, bytes, mtu);
          const header = v === 4 ? 20 : 40;
          const each = sizes.length === 1 || v === 4 ? header : header + 8;
          const data = sizes.map((size) => size - each);
          expect(data.reduce((sum, size) => sum + size, 0)).toBe(bytes - header);
          expect(data.slice(0, -1).every((size) => size % 8 === 0)).toBe(true);
          expect(sizes.every((size) => size <= mtu)).toBe(true);
          expect(sizes.length === 1).toBe(bytes <= mtu);
        },
      ),
    );
    expect(() => fragments(6, 2000, 50)).toThrow(RangeError);
  });

  it("are refused in the pod with DF, and made by node A where the pod's MTU is too large", () => {
    expect(sendDatagram(cross, 1423, true)).toEqual({ kind: "refused" });
    const wrong = { ...cross, podMtu: 1500 };
    // 1472 of payload: one packet of 1500 in the pod, 1444 + 76 on flannel.1, 1648 on the wire.
    expect(sendDatagram(wrong, 1472, false)).toMatchObject({ pod: [1500], device: [1444, 76], underlayBytes: 1648 });
    expect(sendDatagram(wrong, 1472, true)).toEqual({ kind: "too big", pod: [1500], mtu: 1450 });
  });

  it("of the outer packet come silently from a small underlay, whatever the inner DF", () => {
    const small = { ...cross, underlayMtu: 1400 };
    expect(sendDatagram(small, 1400, true)).toMatchObject({
      device: [1428],
      underlay: [1396, 102],
      underlayBytes: 1526,
    });
    expect(sendDatagram(small, 1322, true)).toMatchObject({ underlay: [1400], underlayBytes: 1414 });
    expect(sendDatagram(small, 1323, false)).toMatchObject({ underlay: [1396, 25], underlayBytes: 1449 });
  });

  it("in IPv6 are the sender's work alone", () => {
    const v6: DatagramPath = { ...cross, encapsulation: "vxlan-ipv6", innerVersion: 6, deviceMtu: 1430 };
    expect(sendDatagram(v6, 1382, false)).toMatchObject({ kind: "sent", underlayBytes: 1514 });
    expect(sendDatagram(v6, 1383, false)).toEqual({ kind: "too big", pod: [1431], mtu: 1430 });
    // Once it knows 1430: 1402 of payload are 1424 and 82, as measured.
    expect(sendDatagram({ ...v6, podMtu: 1430 }, 1402, false)).toMatchObject({
      device: [1424, 82],
      underlayBytes: 1674,
    });
    expect(sendDatagram({ ...v6, underlayMtu: 1400 }, 1382, false)).toMatchObject({ kind: "lost" });
  });
});

describe("the source port", () => {
  it("spreads flow hashes over the local port range, its upper end left out", () => {
    expect(sourcePort(0, 32_768, 60_999)).toBe(32_768);
    // Half of the hashes: 28,231 / 2 = 14,115.5, rounded down.
    expect(sourcePort(0x8000_0000, 32_768, 60_999)).toBe(46_883);
    expect(sourcePort(0xffff_ffff, 32_768, 60_999)).toBe(60_998);
    expect(foldHash(0x0000_ffff)).toBe(0xffff_ffff);
  });
});

function share(e: Parameters<typeof tcpGoodput>[0], mtu: number) {
  return tcpGoodput(e, 4, mtu, true, true).efficiency;
}

describe("closed forms", () => {
  it("give the payload's share of a full link for each way across it", () => {
    expect(share("none", 1500)).toBe(1448 / 1538);
    expect(share("vxlan-ipv4", 1500)).toBe(1398 / 1538);
    expect(share("vxlan-ipv4", 9000)).toBe(8898 / 9038);
    expect(share("udp", 1500)).toBe(1420 / 1538);
    expect(share("ipip", 1500)).toBe(1428 / 1538);
    expect(tcpGoodput("vxlan-ipv4", 4, 1500, true, false).efficiency).toBe(1398 / 1514);
    expect(tcpGoodput("vxlan-ipv6", 6, 1500, true, true)).toMatchObject({ innerMtu: 1430, segmentPayload: 1358 });
    // WireGuard takes 80 off though IPv4 needs 60: 1420 + 60 + 38 = 1518.
    expect(tcpGoodput("wireguard-ipv4", 4, 1500, true, true).slotBytes).toBe(1518);
  });

  it("give wait, loss, serialisation and the bytes on the way", () => {
    // 0.8 x 12.304 / (2 x 0.2) = 24.608; 0.64 / 0.4 = 1.6.
    expect(md1(12.304, 0.8).wait).toBeCloseTo(24.608, 9);
    expect(md1(12.304, 0.8).waiting).toBeCloseTo(1.6, 9);
    expect([overloadLoss(0.9), overloadLoss(2)]).toEqual([0, 0.5]);
    expect(serializationSeconds(60, 1e9)).toBe(672e-9);
    expect(bandwidthDelayBytes(1e9, 0.001)).toBe(125_000);
    expect(joinWrites(5000)).toBe(14_997);
  });
});
