import type { KernelTables, Route } from "./kernel-tables.ts";
import type { LeaseEvent } from "./lease.ts";

/**
 * The host-gw backend's routes (rule R15): one per peer, via the peer's address on the external interface. A list of the
 * routes that ought to be there is kept beside the kernel's table, and every 10 s what is missing is added again. Writes
 * are not retried. Source: flannel v0.28.9 pkg/backend/route_network.go.
 */
export class RouteNetwork {
  readonly #tables: KernelTables;
  readonly #device: string;
  #cached: Route[] = [];

  constructor(tables: KernelTables, device: string) {
    this.#tables = tables;
    this.#device = device;
  }

  /** The routes that ought to be there, in the order in which they came. */
  get cached(): readonly Route[] {
    return this.#cached;
  }

  /** Acts on a lease event of this backend; others are ignored. */
  handle(event: LeaseEvent): void {
    if (event.lease.backendType !== "host-gw") return;
    for (const part of [event.lease.v4, event.lease.v6]) {
      if (part === undefined) continue;
      const route: Route = { dst: part.subnet.text, via: part.publicIp, device: this.#device };
      if (event.type === "add") this.#add(route);
      else {
        this.#forget(route);
        this.#tables.apply({ table: "route", verb: "delete", route });
      }
    }
  }

  /** The check of every 10 s; returns the routes that it added again. */
  check(): Route[] {
    return this.#cached.filter((route) => {
      const existing = this.#tables.routes.get(route.dst);
      if (existing !== undefined && isSame(existing, route)) return false;
      return this.#tables.apply({ table: "route", verb: "add", route }) === undefined;
    });
  }

  #add(route: Route): void {
    if (!this.#cached.some((cached) => isSame(cached, route))) this.#cached.push(route);
    const existing = this.#tables.routes.get(route.dst);
    if (existing !== undefined) {
      if (isSame(existing, route)) return;
      // The old gateway leaves the list only if its route is still in the kernel's table.
      this.#tables.apply({ table: "route", verb: "delete", route: existing });
      this.#forget(existing);
    }
    this.#tables.apply({ table: "route", verb: "add", route });
  }

  #forget(route: Route): void {
    const index = this.#cached.findIndex((cached) => isSame(cached, route));
    if (index >= 0) this.#cached.splice(index, 1);
  }
}

/**
 * Why host-gw refuses to start: its public IP must be the interface's own, since peers use it as a gateway.
 * Source: flannel v0.28.9 pkg/backend/hostgw/hostgw.go New.
 */
export function hostGwRefusal(publicIp: string, interfaceIp: string): string | undefined {
  return publicIp === interfaceIp
    ? undefined
    : `public IP ${publicIp} differs from the interface's ${interfaceIp}: host-gw does not work through NAT`;
}

function isSame(a: Route, b: Route): boolean {
  return a.dst === b.dst && a.via === b.via && a.device === b.device;
}
