import { describe, expect, it } from "vitest";
import { formatAddress } from "./ip.ts";
import { parseNetConf, resolveBackend, udpPort, vxlanOptions, type NetConf } from "./net-conf.ts";
import { subnetCount, subnetRange, subnetRanges } from "./subnet-range.ts";

function conf(document: unknown): NetConf {
  const result = parseNetConf(document);
  if (!result.ok) throw new Error(result.message);
  return result.conf;
}

function range(document: Record<string, unknown>): string {
  const result = subnetRange(4, conf(document).v4);
  if (!result.ok) return result.refusal.code;
  const { min, max, length } = result.range;
  const [first, last] = [min, max].map((value) => formatAddress({ family: 4, value }));
  return `${first}-${last}/${length} ${subnetCount(result.range)}`;
}

function message(document: unknown) {
  const result = parseNetConf(document);
  return result.ok ? undefined : result.message;
}

describe("net-conf.json", () => {
  it("matches keys without regard to case, and the last of equal ones wins", () => {
    const { v4, enableIPv6 } = conf({ network: "10.3.0.0/16", NETWORK: "10.4.0.7/16", enableipv6: true });
    expect(v4.network?.text).toBe("10.4.0.0/16");
    expect(enableIPv6).toBe(true);
  });

  it("means udp without a Backend, and nothing with a Backend that names no type", () => {
    expect(conf({ Network: "10.3.0.0/16" }).backendType).toBe("udp");
    expect(conf({ Backend: { VNI: 2 } }).backendType).toBe("");
    expect(conf({ Backend: null }).backendType).toBe("");
    expect(resolveBackend("")).toBeUndefined();
    expect(resolveBackend("Host-GW")).toBe("host-gw");
  });

  it("says what is wrong and where", () => {
    expect(message({ Network: "10.3.0.0" })).toContain('Network: found "10.3.0.0"');
    expect(message({ Network: "fd00::/48" })).toContain("IPv4 CIDR");
    expect(message({ SubnetLen: "24" })).toContain("an integer");
    expect(message({ Backend: { Type: 3 } })).toContain("Backend.Type");
    expect(message([])).toContain("must be an object");
  });

  it("reads the backends' options with their defaults", () => {
    expect(vxlanOptions({}, 1500)).toEqual({
      vni: 1,
      port: 8472,
      mtu: 1500,
      gbp: false,
      learning: false,
      directRouting: false,
    });
    expect(vxlanOptions({ directrouting: true, mtu: 1400, Port: 0 }, 1500)).toMatchObject({
      directRouting: true,
      mtu: 1400,
      port: 8472,
    });
    expect(vxlanOptions({ VNI: "1" }, 1500)).toContain("VNI");
    expect(udpPort({})).toBe(8285);
  });
});

describe("the etcd manager's subnets", () => {
  it("are /24 as long as the network holds four of them, and a quarter of it otherwise", () => {
    // 10.3.1.0 .. 10.3.255.0: the first subnet is left out, the last one is not.
    expect(range({ Network: "10.3.0.0/16" })).toBe("10.3.1.0-10.3.255.0/24 255");
    expect(range({ Network: "10.20.0.0/22" })).toBe("10.20.1.0-10.20.3.0/24 3");
    expect(range({ Network: "10.20.0.0/23" })).toBe("10.20.0.128-10.20.1.128/25 3");
    expect(range({ Network: "10.9.8.0/28" })).toBe("10.9.8.4-10.9.8.12/30 3");
    expect(range({ Network: "10.9.8.0/29" })).toBe("network-too-small");
  });

  it("are refused where they are too long, too few, outside the network or off their boundary", () => {
    expect(range({ Network: "10.3.0.0/16", SubnetLen: 31 })).toBe("subnet-len-too-long");
    expect(range({ Network: "10.3.0.0/16", SubnetLen: 17 })).toBe("too-few-subnets");
    expect(range({ Network: "10.3.0.0/16", SubnetMin: "10.4.0.0" })).toBe("min-outside-network");
    expect(range({ Network: "10.3.0.0/16", SubnetMax: "10.4.0.0" })).toBe("max-outside-network");
    expect(range({ Network: "10.3.0.0/16", SubnetMin: "10.3.1.16" })).toBe("min-off-boundary");
    expect(range({ Network: "10.3.0.0/16", SubnetMax: "10.3.9.1" })).toBe("max-off-boundary");
    expect(range({})).toBe("network-missing");
  });

  it("follow the same rules in IPv6 with /64, /126 and /124", () => {
    const ranges = subnetRanges(conf({ EnableIPv4: false, EnableIPv6: true, IPv6Network: "fd00::/124" }));
    expect(ranges).toMatchObject({ ok: true, v6: { length: 126, min: 0xfd00n * 2n ** 112n + 4n } });
    const tooSmall = subnetRanges(conf({ EnableIPv4: false, EnableIPv6: true, IPv6Network: "fd00::/125" }));
    expect(tooSmall).toMatchObject({ ok: false, refusal: { code: "network-too-small" } });
  });
});
