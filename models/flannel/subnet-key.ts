import { parseAddress, prefixOf, type Prefix } from "./ip.ts";

/** Unanchored at the start and with dots that match anything, as upstream's; the address is checked afterwards. */
const KEY = /(\d+\.\d+.\d+.\d+)-(\d+)(?:&([a-f\d:]+)-(\d+))?$/;

/**
 * The subnets that an etcd key names, or undefined if it names none. Prefix lengths are read into 5 and 7 bits, so /32
 * and /128 are refused. Source: flannel v0.28.9 pkg/subnet/subnet.go ParseSubnetKey.
 */
export function parseSubnetKey(key: string): { v4: Prefix; v6?: Prefix } | undefined {
  const match = KEY.exec(key);
  if (match === null) return undefined;
  const v4 = part(match[1], match[2], 4);
  if (v4 === undefined || match[3] === undefined) return v4 && { v4 };
  const v6 = part(match[3], match[4], 6);
  return v6 && { v4, v6 };
}

/** The etcd key of a lease. Source: flannel v0.28.9 pkg/subnet/subnet.go MakeSubnetKey. */
export function subnetKey(v4: Prefix, v6?: Prefix): string {
  return v6 === undefined ? keyPart(v4) : `${keyPart(v4)}&${keyPart(v6)}`;
}

function keyPart(prefix: Prefix): string {
  return prefix.text.replace("/", "-");
}

function part(text: string, lengthText: string, family: 4 | 6): Prefix | undefined {
  const address = parseAddress(text);
  const length = Number(lengthText);
  const limit = family === 4 ? 32 : 128;
  return address?.family === family && length < limit ? prefixOf(family, address.value, length) : undefined;
}
