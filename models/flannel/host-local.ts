import {
  contains,
  formatAddress,
  networkOf,
  overlaps,
  parseAddress,
  sizeOf,
  type Address,
  type Family,
  type Prefix,
} from "./ip.ts";

/** One range of a host-local range set. Start and end are included; the gateway is inside and is never given out. */
export interface IpRange {
  readonly family: Family;
  readonly subnet: Prefix;
  readonly start: bigint;
  readonly end: bigint;
  readonly gateway: bigint;
}

/**
 * The ranges of a set of subnets, or why the plugin refuses them (rule R17): from the first address, which is the
 * gateway, to the last, in IPv4 without the broadcast address. A /24 thus has 253 addresses for pods.
 * Source: containernetworking/plugins 3d27709f plugins/ipam/host-local/backend/allocator/range.go, range_set.go Canonicalize.
 */
export function ipRanges(subnets: readonly Prefix[]): IpRange[] | string {
  if (subnets.length === 0) return "an empty range set: at least one subnet is needed";
  for (const [i, subnet] of subnets.entries()) {
    if (networkOf(subnet) !== subnet)
      return `${subnet.text} has host bits set: the network is ${networkOf(subnet).text}`;
    if (subnet.length > (subnet.family === 4 ? 30 : 126)) return `${subnet.text} is too small to allocate from`;
    if (subnet.family !== subnets[0].family) return "a range set mixes IPv4 and IPv6";
    const other = subnets.slice(0, i).find((earlier) => overlaps(earlier, subnet));
    if (other !== undefined) return `${other.text} and ${subnet.text} overlap`;
  }
  return subnets.map((subnet) => {
    const last = subnet.address + sizeOf(subnet.family, subnet.length) - 1n;
    const first = subnet.address + 1n;
    return { family: subnet.family, subnet, start: first, end: subnet.family === 4 ? last - 1n : last, gateway: first };
  });
}

/**
 * The next free address, round robin from the one reserved last, or undefined if all are taken (rule R17). A freed
 * address is thus not given out again before the cursor has passed all others. `inUse` holds addresses as text.
 * Source: containernetworking/plugins 3d27709f plugins/ipam/host-local/backend/allocator/allocator.go Get, RangeIter.
 */
export function allocateIp(
  ranges: readonly IpRange[],
  inUse: { has(address: string): boolean },
  lastReserved: string | undefined,
): string | undefined {
  const last = lastReserved === undefined ? undefined : parseAddress(lastReserved);
  const from = last === undefined ? -1 : ranges.findIndex((range) => isIn(range, last));
  let index = Math.max(from, 0);
  let current = from >= 0 && last !== undefined ? last.value : ranges[0].start - 1n;
  let first: bigint | undefined;
  let firstIndex = 0;
  for (;;) {
    // One step onward, to the start of the next range at the end of one.
    if (current === ranges[index].end) {
      index = (index + 1) % ranges.length;
      current = ranges[index].start;
    } else current++;
    if (first === undefined) {
      first = current;
      firstIndex = index;
    } else if (current === first && index === firstIndex) return undefined;
    const { family, gateway } = ranges[index];
    if (current === gateway) continue;
    const text = formatAddress({ family, value: current });
    if (!inUse.has(text)) return text;
  }
}

function isIn(range: IpRange, address: Address): boolean {
  return contains(range.subnet, address) && address.value >= range.start && address.value <= range.end;
}
