import { describe, expect, it } from "vitest";
import { parsePrefix, type Prefix } from "./ip.ts";
import { previousSubnet, readBack, readSubnetEnv, subnetEnvLines } from "./subnet-env.ts";
import { parseSubnetKey, subnetKey } from "./subnet-key.ts";

function p(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(text);
  return prefix;
}

describe("subnet.env", () => {
  it("gives the bridge's address as the subnet, IPv4 before IPv6", () => {
    const lines = subnetEnvLines({
      v4: { network: p("10.244.0.0/16"), subnet: p("10.244.3.0/24") },
      v6: { network: p("fc00::/48"), subnet: p("fc00:0:0:3::/64") },
      mtu: 1450,
      ipMasq: true,
    });
    expect(lines).toEqual([
      "FLANNEL_NETWORK=10.244.0.0/16",
      "FLANNEL_SUBNET=10.244.3.1/24",
      "FLANNEL_IPV6_NETWORK=fc00::/48",
      "FLANNEL_IPV6_SUBNET=fc00:0:0:3::1/64",
      "FLANNEL_MTU=1450",
      "FLANNEL_IPMASQ=true",
    ]);
    const read = readSubnetEnv(lines.join("\n"));
    expect(read).toMatchObject({ ok: true, env: { subnet: { text: "10.244.3.0/24" }, mtu: 1450, ipMasq: true } });
  });

  it("is read back by the daemon without what is no CIDR, and a single subnet counts as the previous one", () => {
    expect(readBack("FLANNEL_SUBNET=10.244.1.1/24,not-a-cidr,10.244.2.0/24").map(({ text }) => text)).toEqual([
      "10.244.1.0/24",
      "10.244.2.0/24",
    ]);
    expect(readBack("FLANNEL_IPV6_SUBNET=fd00::/64,not-a-cidr,fd01::/64")).toHaveLength(2);
    expect(previousSubnet("FLANNEL_SUBNET=10.244.1.1/24")?.text).toBe("10.244.1.0/24");
    expect(previousSubnet("FLANNEL_SUBNET=not-a-cidr")).toBeUndefined();
  });

  it("fails the CNI plugin with the names that are missing; one family is enough", () => {
    expect(readSubnetEnv("foo=bar")).toMatchObject({
      ok: false,
      missing: [
        "FLANNEL_NETWORK",
        "FLANNEL_IPV6_NETWORK",
        "FLANNEL_SUBNET",
        "FLANNEL_IPV6_SUBNET",
        "FLANNEL_MTU",
        "FLANNEL_IPMASQ",
      ],
    });
    const v6 = "FLANNEL_IPV6_NETWORK=fc00::/48\nFLANNEL_IPV6_SUBNET=fc00::1/64\nFLANNEL_MTU=1472\n";
    expect(readSubnetEnv(v6)).toMatchObject({ ok: false, missing: ["FLANNEL_IPMASQ"] });
    expect(readSubnetEnv(`${v6}FLANNEL_IPMASQ=no`)).toMatchObject({ ok: true, env: { ipMasq: false } });
    expect(readSubnetEnv(`${v6}FLANNEL_MTU=many`)).toMatchObject({ ok: false, missing: [] });
  });
});

describe("a subnet key", () => {
  it("names an IPv4 subnet and perhaps an IPv6 one, and is made of them again", () => {
    for (const key of ["10.12.13.0-24", "10.12.13.0-24&fd00:12:13::-56"]) {
      const parsed = parseSubnetKey(key);
      expect(parsed && subnetKey(parsed.v4, parsed.v6)).toBe(key);
    }
  });

  it("is nothing where an address or a length is missing or wrong", () => {
    const bad = [
      "10",
      "10.12.13.0",
      "10.12.13-24",
      "10.12.13.300-24",
      "10.12.13.0-24hi",
      "&2001::-56",
      "10.12.13.0-24&:12:13:-56",
      "10.12.13.0-24&20011::-56",
      "10.12.13.0-24&2001-56",
      "10.12.13.0-24&2001::",
      "10.12.13.0-24&2001::-56hi",
      "10.12.13.0-32",
      "10.12.13.0-24&2001::-128",
    ];
    for (const key of bad) expect(parseSubnetKey(key), key).toBeUndefined();
  });
});
