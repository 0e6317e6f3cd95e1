import { describe, expect, it } from "vitest";
import { live } from "./conformance-live.ts";

/** The judgements of a document, by id. */
async function judged(document: Parameters<typeof live.judge>[0]): Promise<Map<string, string>> {
  const judgements = await live.judge(document);
  return new Map(judgements.map(({ id, verdict }) => [id, verdict.kind]));
}

const DATAGRAM = {
  udp_payload: 64,
  sent: 100,
  sent_ok: 100,
  errors: {},
  received: 100,
  pod_tx_packets_per_datagram: 1,
  pod_tx_bytes_per_datagram: 106,
  flannel1_tx_packets_per_datagram: 1,
  flannel1_tx_bytes_per_datagram: 92,
  wire_packets_per_datagram: 1,
  wire_bytes_per_datagram: 156,
  flannel1_rx_bytes_per_datagram_at_receiver: 92,
};

describe("the model against measurements", () => {
  it("agrees with datagrams of 92 bytes more on the wire than their payload", async () => {
    const verdicts = await judged({ wire_bytes_udp: { rows: [DATAGRAM] } });
    expect(verdicts.size).toBe(10);
    expect(new Set(verdicts.values())).toEqual(new Set(["passed"]));
  });

  it("allows for a stray packet of the kernel's, and for no byte without one", async () => {
    const stray = { ...DATAGRAM, pod_tx_packets_per_datagram: 1.01, pod_tx_bytes_per_datagram: 106.4 };
    const more = { ...DATAGRAM, pod_tx_bytes_per_datagram: 106.4 };
    const bytes = "wire_bytes_udp/64 pod_tx_bytes_per_datagram";
    expect((await judged({ wire_bytes_udp: { rows: [stray] } })).get(bytes)).toBe("passed");
    expect((await judged({ wire_bytes_udp: { rows: [more] } })).get(bytes)).toBe("failed");
  });

  it("fails a loss that is two packets off", async () => {
    const row = {
      removed: "arp",
      default_route_present: false,
      gap_s: 2.01,
      pps: 100,
      udp_payload: 64,
      sent: 600,
      first_lost_seq: 213,
      received: 566,
      lost: 34,
      last_lost_seq: 246,
      icmp_unreach_sent: 0,
      flannel1_tx_dropped: 6,
      eth0_tx_packets: 571,
    };
    const right = await judged({ missing_entries: { rows: [row] } });
    expect(new Set(right.values())).toEqual(new Set(["passed"]));
    const wrong = await judged({ missing_entries: { rows: [{ ...row, lost: 32 }] } });
    expect(wrong.get("missing_entries/0/arp lost")).toBe("failed");
  });

  it("holds goodput to half a percent where the link is the limit", async () => {
    const row = {
      mode: "vxlan",
      link_mbit: 100,
      underlay_mtu: 1500,
      per_frame_overhead_counted_by_shaper: 0,
      protocol: "tcp",
      tcp_mss: 1398,
      goodput_mbit: 92.17,
      goodput_mbit_from_headers: 92.34,
    };
    const right = await judged({ shaped_link: { rows: [row] } });
    expect(new Set(right.values())).toEqual(new Set(["passed"]));
    const wrong = await judged({ shaped_link: { rows: [{ ...row, goodput_mbit: 91.5 }] } });
    expect(wrong.get("shaped_link/0/vxlan/tcp goodput_mbit")).toBe("failed");
  });
});
