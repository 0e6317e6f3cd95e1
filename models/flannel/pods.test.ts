import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cniDelegate } from "./cni.ts";
import { allocateIp, ipRanges, type IpRange } from "./host-local.ts";
import { parseAddress, parsePrefix, type Address, type Prefix } from "./ip.ts";
import { isForwardAccepted, masquerade } from "./masquerade.ts";
import { readSubnetEnv, type CniSubnetEnv } from "./subnet-env.ts";

function p(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(text);
  return prefix;
}

function a(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(text);
  return address;
}

function env(ipMasq: boolean): CniSubnetEnv {
  const read = readSubnetEnv(
    `FLANNEL_NETWORK=10.1.0.0/16,192.168.0.0/16,10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=${ipMasq}\n`,
  );
  if (!read.ok) throw new Error(read.message);
  return read.env;
}

describe("the CNI delegate", () => {
  it("is a bridge that is the gateway and masquerades if flannel does not", () => {
    const result = cniDelegate({ name: "cbr0", cniVersion: "1.0.0" }, env(false));
    expect(result).toEqual({
      ok: true,
      delegate: {
        name: "cbr0",
        cniVersion: "1.0.0",
        type: "bridge",
        ipMasq: true,
        isGateway: true,
        mtu: 1450,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: "10.1.17.0/24" }]],
          routes: [{ dst: "10.1.0.0/16" }, { dst: "192.168.0.0/16" }],
        },
      },
    });
  });

  it("keeps what the configuration sets, and its IPAM's own routes first", () => {
    const delegate = { hairpinMode: true, isDefaultGateway: true, mtu: 1400, ipMasq: true };
    const ipam = { type: "my-ipam", "unknown-param": "x", routes: [{ dst: "10.96.0.0/12" }] };
    const result = cniDelegate({ name: "cbr0", delegate, ipam }, env(true));
    expect(result.ok && result.delegate).toMatchObject({
      ...delegate,
      ipam: { type: "my-ipam", "unknown-param": "x", routes: [{ dst: "10.96.0.0/12" }, { dst: "10.1.0.0/16" }, {}] },
    });
    const other = cniDelegate({ name: "cbr0", delegate: { type: "ptp" } }, env(true));
    expect(other.ok && "isGateway" in other.delegate).toBe(false);
  });

  it("may set neither name nor ipam, and a type must be a string", () => {
    for (const delegate of [{ name: "x" }, { ipam: {} }, { type: 1 }]) {
      expect(cniDelegate({ name: "cbr0", delegate }, env(true)).ok).toBe(false);
    }
  });
});

function ranges(...subnets: string[]): IpRange[] {
  const result = ipRanges(subnets.map(p));
  if (typeof result === "string") throw new Error(result);
  return result;
}

function next(used: string[], last?: string) {
  return allocateIp(ranges("10.0.0.0/29"), new Set(used), last);
}

describe("pod addresses", () => {
  it("go from .2 to .254 of a /24 and come round: 253 pods", () => {
    const used = new Set<string>();
    let last: string | undefined;
    const first: string[] = [];
    for (
      let ip = allocateIp(ranges("10.244.1.0/24"), used, last);
      ip;
      ip = allocateIp(ranges("10.244.1.0/24"), used, last)
    ) {
      used.add(ip);
      first.push(ip);
      last = ip;
    }
    expect([first.length, first[0], first.at(-1)]).toEqual([253, "10.244.1.2", "10.244.1.254"]);
  });

  it("are not given again before the cursor has gone round", () => {
    expect(next([], "10.0.0.5")).toBe("10.0.0.6");
    expect(next(["10.0.0.6"], "10.0.0.5")).toBe("10.0.0.2");
    expect(next(["10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6"], "10.0.0.3")).toBe("10.0.0.3");
    expect(next([], "10.0.0.128")).toBe("10.0.0.2");
  });

  it("go on in the next range of a set, and end when all are full", () => {
    const set = ranges("10.0.0.0/30", "10.0.1.0/30", "10.0.2.0/30");
    expect(allocateIp(set, new Set(), "10.0.0.2")).toBe("10.0.1.2");
    expect(allocateIp(set, new Set(), "10.0.2.2")).toBe("10.0.0.2");
    expect(allocateIp(set, new Set(["10.0.0.2", "10.0.1.2", "10.0.2.2"]), "10.0.1.2")).toBeUndefined();
  });

  it("in IPv6 include the last address of the subnet", () => {
    const set = ranges("2001:db8:1::/126");
    expect(allocateIp(set, new Set(["2001:db8:1::2"]), undefined)).toBe("2001:db8:1::3");
  });

  it("are found exactly while one is free", () => {
    const set = ranges("10.0.0.0/28");
    const all = Array.from({ length: 13 }, (_, i) => `10.0.0.${i + 2}`);
    fc.assert(
      fc.property(
        fc.subarray(all),
        fc.option(fc.constantFrom(...all, "10.0.0.1"), { nil: undefined }),
        (used, last) => {
          const ip = allocateIp(set, new Set(used), last);
          return used.length === all.length
            ? ip === undefined
            : ip !== undefined && all.includes(ip) && !used.includes(ip);
        },
      ),
    );
  });

  it("are refused of subnets that overlap, mix families, are too small or have host bits", () => {
    for (const subnets of [
      ["10.0.0.0/24", "10.0.0.0/30"],
      ["10.0.0.0/24", "fd00::/64"],
      ["10.0.0.0/31"],
      ["10.0.0.1/24"],
      [],
    ]) {
      expect(typeof ipRanges(subnets.map(p))).toBe("string");
    }
  });
});

function verdict(source: string, destination: string, mark = 0) {
  return masquerade({
    network: p("10.244.0.0/16"),
    podCidr: p("10.244.0.0/24"),
    source: a(source),
    destination: a(destination),
    mark,
  });
}

describe("masquerading", () => {
  it("leaves pod traffic alone inside the network, and replaces the source of what goes out", () => {
    expect(verdict("10.244.0.5", "10.244.1.9")).toBe("return");
    expect(verdict("10.244.1.9", "10.244.0.5")).toBe("return");
    expect(verdict("10.244.0.5", "8.8.8.8")).toBe("masquerade");
    expect(verdict("10.244.0.5", "224.0.0.251")).toBe("no match");
  });

  it("replaces a foreign source on its way to another node's pod only", () => {
    expect(verdict("192.168.0.10", "10.244.1.9")).toBe("masquerade");
    expect(verdict("192.168.0.10", "10.244.0.5")).toBe("return");
    expect(verdict("192.168.0.10", "8.8.8.8")).toBe("no match");
  });

  it("leaves to kube-proxy what kube-proxy marked, whatever other bits are set", () => {
    expect(verdict("10.244.0.5", "8.8.8.8", 0x4000)).toBe("marked");
    expect(verdict("10.244.0.5", "8.8.8.8", 0xc001)).toBe("marked");
    expect(verdict("10.244.0.5", "8.8.8.8", 0x8000)).toBe("masquerade");
  });

  it("knows IPv6 multicast, and forwards what is from or to the network", () => {
    const v6 = { network: p("fd00::/48"), podCidr: p("fd00::/64"), source: a("fd00::5"), mark: 0 };
    expect(masquerade({ ...v6, destination: a("ff02::fb") })).toBe("no match");
    expect(masquerade({ ...v6, destination: a("2001:db8::1") })).toBe("masquerade");
    expect(isForwardAccepted(p("10.244.0.0/16"), a("8.8.8.8"), a("10.244.1.1"))).toBe(true);
    expect(isForwardAccepted(p("10.244.0.0/16"), a("8.8.8.8"), a("9.9.9.9"))).toBe(false);
  });
});
