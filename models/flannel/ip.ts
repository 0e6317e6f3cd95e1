/**
 * IPv4 and IPv6 addresses and prefixes: what net.ParseIP, net.ParseCIDR and flannel's pkg/ip do with them, and no more.
 * An address is a bigint of 32 or 128 bits, so that both families share one arithmetic; the text of a prefix is made
 * once, because tables are keyed by it.
 */

export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

export interface Prefix {
  readonly family: Family;
  /** The address as given, host bits included. */
  readonly address: bigint;
  /** Number of leading bits that count. */
  readonly length: number;
  /** As Go prints it, for instance `10.244.1.0/24`. */
  readonly text: string;
}

/** Bits of an address: 32 or 128. */
export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** The address of a text, or undefined if it is none. Accepts what Go's net.ParseIP accepts, without zones. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) {
    const value = parseIPv4(text);
    return value === undefined ? undefined : { family: 4, value };
  }
  const value = parseIPv6(text);
  if (value === undefined) return undefined;
  // Go keeps IPv4-mapped addresses as IPv4.
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value };
}

/** The prefix of a CIDR text with its host bits kept, or undefined if it is none. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  const lengthText = text.slice(slash + 1);
  if (slash < 0 || !/^\d{1,3}$/.test(lengthText)) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const length = Number(lengthText);
  if (address === undefined || length > bitsOf(address.family)) return undefined;
  return prefixOf(address.family, address.value, length);
}

/** As `parsePrefix`, with the host bits cleared: the network that net.ParseCIDR returns. */
export function parseNetwork(text: string): Prefix | undefined {
  const prefix = parsePrefix(text);
  return prefix === undefined ? undefined : networkOf(prefix);
}

/** A prefix from its parts. Throws RangeError if the address or the length do not fit the family. */
export function prefixOf(family: Family, address: bigint, length: number): Prefix {
  const bits = bitsOf(family);
  if (address < 0n || address >> BigInt(bits) !== 0n || length < 0 || length > bits) {
    throw new RangeError(`${address}/${length} is not an IPv${family} prefix`);
  }
  return { family, address, length, text: `${formatAddress({ family, value: address })}/${length}` };
}

/** The text of an address as Go's net.IP.String writes it (RFC 5952 for IPv6). */
export function formatAddress(address: Address): string {
  if (address.family === 4) {
    const value = Number(address.value);
    return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
  }
  return formatIPv6(address.value);
}

/** The address part of a prefix as text. */
export function addressText(prefix: Prefix): string {
  return prefix.text.slice(0, prefix.text.indexOf("/"));
}

/** The mask of a prefix length as an integer of the family's bits. */
export function maskOf(family: Family, length: number): bigint {
  const bits = BigInt(bitsOf(family));
  return ((1n << BigInt(length)) - 1n) << (bits - BigInt(length));
}

/** The prefix with its host bits cleared. */
export function networkOf(prefix: Prefix): Prefix {
  const network = prefix.address & maskOf(prefix.family, prefix.length);
  return network === prefix.address ? prefix : prefixOf(prefix.family, network, prefix.length);
}

/** Addresses in a prefix of this length. */
export function sizeOf(family: Family, length: number): bigint {
  return 1n << BigInt(bitsOf(family) - length);
}

export function contains(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false;
  const mask = maskOf(prefix.family, prefix.length);
  return (prefix.address & mask) === (address.value & mask);
}

/** Whether `inner` lies wholly in `outer`. Source: flannel pkg/subnet/kube/kube.go containsCIDR. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && contains(outer, { family: inner.family, value: inner.address });
}

/** Whether two prefixes share an address. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return containsPrefix(a, b) || containsPrefix(b, a);
}

export function samePrefix(a: Prefix, b: Prefix): boolean {
  return a.family === b.family && a.address === b.address && a.length === b.length;
}

/** The prefix `steps` prefixes further, host bits kept, or undefined past the end of the address space. */
export function prefixAfter(prefix: Prefix, steps = 1n): Prefix | undefined {
  const address = prefix.address + steps * sizeOf(prefix.family, prefix.length);
  return address >> BigInt(bitsOf(prefix.family)) === 0n ? prefixOf(prefix.family, address, prefix.length) : undefined;
}

function parseIPv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // Go refuses leading zeros since 1.17: some systems read them as octal.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseIPv6(text: string): bigint | undefined {
  const lastColon = text.lastIndexOf(":");
  const tail = text.slice(lastColon + 1);
  if (tail.includes(".")) {
    const v4 = parseIPv4(tail);
    if (v4 === undefined) return undefined;
    const groups = `${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
    return parseIPv6(text.slice(0, lastColon + 1) + groups);
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]);
  const rest = halves.length === 2 ? groupsOf(halves[1]) : [];
  if (head === undefined || rest === undefined) return undefined;
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array.from({ length: missing }, () => 0n), ...rest]) value = (value << 16n) | group;
  return value;
}

function groupsOf(text: string): bigint[] | undefined {
  if (text === "") return [];
  const groups: bigint[] = [];
  for (const part of text.split(":")) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    groups.push(BigInt(`0x${part}`));
  }
  return groups;
}

function formatIPv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  // The longest run of at least two zero groups is shortened, the first one where runs are equal.
  let start = -1;
  let longest = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === "0") end++;
    if (end - i > longest) {
      start = i;
      longest = end - i;
    }
    if (end > i) i = end;
  }
  if (start < 0) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + longest).join(":")}`;
}
