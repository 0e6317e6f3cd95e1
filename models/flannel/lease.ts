import { samePrefix, type Prefix } from "./ip.ts";
import type { Mac } from "./mac.ts";

/** One address family of a lease. */
export interface FamilyLease {
  readonly subnet: Prefix;
  /** Where the node is reached on the underlay; an address as text. */
  readonly publicIp: string;
  /** From the vxlan backend's data; undefined where they are missing or do not decode. */
  readonly vtepMac?: Mac;
}

/** What a node announces: its subnets and how to reach them. A family that is absent is not enabled. */
export interface Lease {
  readonly v4?: FamilyLease;
  readonly v6?: FamilyLease;
  readonly backendType: string;
}

export interface LeaseEvent {
  readonly type: "add" | "remove";
  readonly lease: Lease;
}

/**
 * Whether two leases are for the same subnets, in the families that the second one has (rule R6).
 * Source: flannel v0.28.9 pkg/lease/lease.go sameSubnet.
 */
export function hasSameSubnets(first: Lease, second: Lease): boolean {
  if (second.v4 === undefined && second.v6 === undefined) return false;
  return covers(first.v4, second.v4) && covers(first.v6, second.v6);
}

/**
 * What one daemon knows of the others' leases, and the events that it makes of news (rule R6). Attributes are not
 * compared: an ADD is passed on even if nothing changed, and a snapshot tells nothing of a known subnet whose MAC or
 * public IP changed. Source: flannel v0.28.9 pkg/lease/lease.go LeaseWatcher.
 *
 * Simplified: known leases are found by their subnets of both families together, which differs from upstream only while
 * nodes with one and with two families share a subnet.
 */
export class LeaseWatcher {
  readonly #own: Lease;
  #known = new Map<string, Lease>();

  constructor(own: Lease, known: readonly Lease[] = []) {
    this.#own = own;
    for (const lease of known) this.#known.set(keyOf(lease), lease);
  }

  /** The leases known, oldest first. */
  get known(): Lease[] {
    return [...this.#known.values()];
  }

  /**
   * Compares a snapshot with what is known: ADD for unknown leases in its order, then REMOVE for vanished ones in the
   * order in which they became known. The snapshot becomes what is known, the own lease included: as upstream, the next
   * snapshot therefore makes a REMOVE of the own lease.
   */
  reset(snapshot: readonly Lease[]): LeaseEvent[] {
    const events: LeaseEvent[] = [];
    for (const lease of snapshot) {
      if (hasSameSubnets(this.#own, lease)) continue;
      if (!this.#known.delete(keyOf(lease))) events.push({ type: "add", lease });
    }
    for (const lease of this.#known.values()) events.push({ type: "remove", lease });
    this.#known = new Map(snapshot.map((lease) => [keyOf(lease), lease]));
    return events;
  }

  /**
   * Passes one event on, or nothing if it is about the own lease. A REMOVE carries the lease as it was known, since
   * etcd tells no more than the key.
   */
  update(event: LeaseEvent): LeaseEvent | undefined {
    if (hasSameSubnets(this.#own, event.lease)) return undefined;
    const key = keyOf(event.lease);
    if (event.type === "add") {
      this.#known.set(key, event.lease);
      return event;
    }
    const known = this.#known.get(key);
    this.#known.delete(key);
    return { type: "remove", lease: known ?? event.lease };
  }
}

function covers(first: FamilyLease | undefined, second: FamilyLease | undefined): boolean {
  return second === undefined || (first !== undefined && samePrefix(first.subnet, second.subnet));
}

function keyOf(lease: Lease): string {
  return `${lease.v4?.subnet.text ?? ""}&${lease.v6?.subnet.text ?? ""}`;
}
