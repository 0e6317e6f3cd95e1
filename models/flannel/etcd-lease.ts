import { overlaps, prefixAfter, prefixOf, samePrefix, type Prefix } from "./ip.ts";
import { isInRange, type SubnetRange } from "./subnet-range.ts";
import { MAX_CANDIDATES } from "./defaults.ts";

/** A lease as etcd stores it under `<prefix>/subnets`. */
export interface LeaseRecord {
  readonly v4: Prefix;
  readonly v6?: Prefix;
  readonly publicIp: string;
  /** An entry made by hand without expiry: it keeps that property when its node takes it. */
  readonly isReservation?: boolean;
}

export interface LeaseRequest {
  readonly v4: SubnetRange;
  readonly v6?: SubnetRange;
  readonly leases: readonly LeaseRecord[];
  readonly publicIp: string;
  /** The subnet of the previous run, from subnet.env. */
  readonly previous?: { readonly v4: Prefix; readonly v6?: Prefix };
}

/** What a daemon does to get its lease. `deletes`: its own old lease that no longer fits, removed first. */
export type LeaseDecision =
  | { kind: "reuse"; lease: LeaseRecord; expires: boolean }
  | { kind: "create"; v4: Prefix; v6?: Prefix; deletes?: LeaseRecord }
  | { kind: "draw"; v4: Prefix[]; v6?: Prefix[]; deletes?: LeaseRecord }
  | { kind: "out of subnets"; deletes?: LeaseRecord };

/**
 * One attempt of the etcd manager to acquire a lease (rule R4): the lease of the own public IP; else the subnet of the
 * previous run, if nobody has exactly that; else a draw among the first 100 free subnets. Creation is conditional, and a
 * conflict makes a new attempt with a new list, at most 10 times.
 * Source: flannel v0.28.9 pkg/subnet/etcd/local_manager.go tryAcquireLease.
 *
 * Simplified: IPv4 is always leased; upstream's etcd manager does not work with IPv6 alone either.
 */
export function decideLease(request: LeaseRequest): LeaseDecision {
  const { leases, previous } = request;
  const fits = (lease: { v4: Prefix; v6?: Prefix }): boolean =>
    isInRange(request.v4, lease.v4) &&
    (request.v6 === undefined ? lease.v6 === undefined : lease.v6 !== undefined && isInRange(request.v6, lease.v6));
  const own = leases.find((lease) => lease.publicIp === request.publicIp);
  if (own !== undefined && fits(own)) return { kind: "reuse", lease: own, expires: own.isReservation !== true };
  const deletes = own === undefined ? {} : { deletes: own };
  if (previous !== undefined && !leases.some((lease) => samePrefix(lease.v4, previous.v4)) && fits(previous)) {
    return { kind: "create", v4: previous.v4, v6: previous.v6, ...deletes };
  }
  // The list was read before the deletion, so the own old subnet still counts as taken.
  const v4 = candidates(
    request.v4,
    leases.map((lease) => lease.v4),
  );
  const v6 =
    request.v6 &&
    candidates(
      request.v6,
      leases.flatMap((lease) => lease.v6 ?? []),
    );
  if (v4.length === 0 || v6?.length === 0) return { kind: "out of subnets", ...deletes };
  return { kind: "draw", v4, v6, ...deletes };
}

/**
 * The subnets to draw from: the first 100 of the range that overlap no lease (rule R4).
 * Source: flannel v0.28.9 pkg/subnet/etcd/local_manager.go allocateSubnet.
 */
export function candidates(range: SubnetRange, taken: readonly Prefix[]): Prefix[] {
  const equals = new Set<string>();
  const others: Prefix[] = [];
  for (const prefix of taken) {
    if (prefix.length === range.length) equals.add(prefix.text);
    else others.push(prefix);
  }
  const free: Prefix[] = [];
  let subnet: Prefix | undefined = prefixOf(range.family, range.min, range.length);
  while (subnet !== undefined && subnet.address <= range.max && free.length < MAX_CANDIDATES) {
    const current: Prefix = subnet;
    if (!equals.has(current.text) && !others.some((prefix) => overlaps(prefix, current))) free.push(current);
    subnet = prefixAfter(current);
  }
  return free;
}

/** Draws uniformly among the candidates, IPv4 first, then IPv6 independently; `below(n)` gives 0 to n - 1. */
export function drawSubnets(
  decision: { v4: readonly Prefix[]; v6?: readonly Prefix[] },
  below: (n: number) => number,
): { v4: Prefix; v6?: Prefix } {
  const v4 = decision.v4[below(decision.v4.length)];
  return decision.v6 === undefined ? { v4 } : { v4, v6: decision.v6[below(decision.v6.length)] };
}
