import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contains,
  containsPrefix,
  formatAddress,
  networkOf,
  overlaps,
  parseAddress,
  parseNetwork,
  parsePrefix,
  prefixAfter,
  prefixOf,
  type Prefix,
} from "./ip.ts";

const v4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
const v6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
const prefixes = fc.tuple(v4, fc.integer({ min: 0, max: 32 })).map(([value, length]) => prefixOf(4, value, length));

function p(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(text);
  return prefix;
}

function shown(text: string) {
  return formatAddress(parseAddress(text) ?? { family: 4, value: 0n });
}

describe("addresses", () => {
  it("shortens the longest run of zero groups, the first of equal ones, and never a single one", () => {
    expect(shown("2001:0db8:0000:0000:0001:0000:0000:0001")).toBe("2001:db8::1:0:0:1");
    expect(shown("fc00:0:0:1::")).toBe("fc00:0:0:1::");
    expect(shown("2001:db8:0:1:1:1:1:1")).toBe("2001:db8:0:1:1:1:1:1");
    expect(shown("::")).toBe("::");
    expect(shown("1:0:0:2:0:0:0:3")).toBe("1:0:0:2::3");
  });

  it("refuses leading zeros, missing parts, two ellipses and groups of five digits, as Go does", () => {
    for (const text of [
      "010.1.1.1",
      "1.2.3",
      "1.2.3.256",
      "1::2::3",
      "20011::",
      ":12:13:",
      "2001",
      "1:2:3:4:5:6:7:8:9",
    ]) {
      expect(parseAddress(text), text).toBeUndefined();
    }
  });

  it("takes an IPv4-mapped address for IPv4", () => {
    expect(parseAddress("::ffff:10.0.0.1")).toEqual({ family: 4, value: 0x0a000001n });
  });

  it("reads back what it writes", () => {
    fc.assert(fc.property(v4, (value) => parseAddress(formatAddress({ family: 4, value }))?.value === value));
    fc.assert(
      fc.property(
        v6,
        (value) => value >> 32n === 0xffffn || parseAddress(formatAddress({ family: 6, value }))?.value === value,
      ),
    );
  });
});

describe("prefixes", () => {
  it("clears the host bits of a network only", () => {
    expect(parseNetwork("10.244.3.1/24")?.text).toBe("10.244.3.0/24");
    expect(parsePrefix("10.244.3.1/24")?.text).toBe("10.244.3.1/24");
    for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "/8"])
      expect(parsePrefix(text)).toBeUndefined();
  });

  it("lies in a prefix that is as wide or wider and begins alike", () => {
    expect(containsPrefix(p("10.244.0.0/16"), p("10.244.255.0/24"))).toBe(true);
    expect(containsPrefix(p("10.244.0.0/16"), p("10.244.0.0/15"))).toBe(false);
    expect(containsPrefix(p("10.244.0.0/16"), p("192.168.0.0/24"))).toBe(false);
    expect(containsPrefix(p("2001:db8:1234::/48"), p("2001:db8:1234:ffff::/64"))).toBe(true);
    expect(containsPrefix(p("2001:db8:1234::/48"), p("fe02::/32"))).toBe(false);
    expect(containsPrefix(p("0.0.0.0/0"), p("::/0"))).toBe(false);
  });

  it("overlaps another exactly if one holds the other's network", () => {
    fc.assert(
      fc.property(prefixes, prefixes, (a, b) => {
        const shared = [networkOf(a), networkOf(b)].some(
          (n) => contains(a, { family: 4, value: n.address }) && contains(b, { family: 4, value: n.address }),
        );
        return overlaps(a, b) === shared && overlaps(b, a) === shared;
      }),
    );
  });

  it("has no successor at the end of the address space", () => {
    expect(prefixAfter(p("10.3.255.0/24"))?.text).toBe("10.4.0.0/24");
    expect(prefixAfter(p("255.255.255.0/24"))).toBeUndefined();
  });
});
