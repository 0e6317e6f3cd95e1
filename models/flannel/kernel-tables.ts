import type { Mac } from "./mac.ts";

/** A route to a pod subnet. Without a device the kernel chooses the one through which the gateway is reached. */
export interface Route {
  readonly dst: string;
  readonly via: string;
  readonly device?: string;
  readonly isOnlink?: boolean;
}

/** One netlink write of the daemon. */
export type Operation =
  | {
      readonly table: "neighbour";
      readonly verb: "set" | "delete";
      readonly device: string;
      readonly ip: string;
      readonly mac: Mac;
    }
  | {
      readonly table: "fdb";
      readonly verb: "set" | "delete";
      readonly device: string;
      readonly mac: Mac;
      readonly ip: string;
    }
  | { readonly table: "route"; readonly verb: "replace" | "add" | "delete"; readonly route: Route };

/** Why the kernel refuses a write. */
export type Errno = "ENOENT" | "ESRCH" | "EEXIST" | "ENODEV" | "ENETUNREACH";

export interface TableSizes {
  routes: number;
  neighbours: number;
  fdb: number;
}

export interface NeighbourEntry {
  readonly mac: Mac;
  readonly device: string;
}

export interface FdbEntry {
  readonly ip: string;
  readonly device: string;
}

/** Where one table keeps its entries; a Map is one. */
export interface TableStore<V> extends Iterable<[string, V]> {
  readonly size: number;
  get(key: string): V | undefined;
  set(key: string, value: V): unknown;
  delete(key: string): boolean;
  /** Takes over all entries of another store of its kind, where there is a fast way. */
  assign?(from: TableStore<V>): void;
}

export interface TableStores {
  /** By destination, a CIDR. */
  readonly routes: TableStore<Route>;
  /** By address. */
  readonly neighbours: TableStore<NeighbourEntry>;
  /** By MAC address. */
  readonly fdb: TableStore<FdbEntry>;
}

/**
 * A node's route table for pod subnets, its permanent neighbours and its FDB, as far as the daemon writes them (rule R12).
 * Source: linux net/ipv4/fib_frontend.c, net/core/neighbour.c, drivers/net/vxlan/vxlan_core.c.
 */
export class KernelTables {
  /** Counts the changes: who remembers what he found here sees by it that he has to look again. */
  version = 0;
  readonly routes: TableStore<Route>;
  readonly neighbours: TableStore<NeighbourEntry>;
  readonly fdb: TableStore<FdbEntry>;
  readonly #devices: Set<string>;
  readonly #isOnLink: (gateway: string) => boolean;

  /** `isOnLink`: whether a gateway that is not declared onlink lies on a segment of this node. */
  constructor(
    devices: Iterable<string>,
    isOnLink: (gateway: string) => boolean = () => true,
    stores: TableStores = { routes: new Map(), neighbours: new Map(), fdb: new Map() },
  ) {
    this.#devices = new Set(devices);
    this.#isOnLink = isOnLink;
    this.routes = stores.routes;
    this.neighbours = stores.neighbours;
    this.fdb = stores.fdb;
  }

  get sizes(): TableSizes {
    return { routes: this.routes.size, neighbours: this.neighbours.size, fdb: this.fdb.size };
  }

  /** Does one write; the error where the kernel refuses, and nothing is changed. Writing what is there already succeeds. */
  apply(operation: Operation): Errno | undefined {
    const errno = this.#apply(operation);
    if (errno === undefined) this.version++;
    return errno;
  }

  #apply(operation: Operation): Errno | undefined {
    if (operation.table === "route") return this.#applyRoute(operation.verb, operation.route);
    if (!this.#devices.has(operation.device)) return "ENODEV";
    const { device, ip, mac } = operation;
    if (operation.table === "neighbour") {
      if (operation.verb === "set") this.neighbours.set(ip, { mac, device });
      else if (!this.neighbours.delete(ip)) return "ENOENT";
      return undefined;
    }
    if (operation.verb === "set") this.fdb.set(mac, { ip, device });
    else if (this.fdb.get(mac)?.ip !== ip) return "ENOENT";
    else this.fdb.delete(mac);
    return undefined;
  }

  /** Makes a device known again after `deleteDevice`; its tables are empty. */
  addDevice(device: string): void {
    this.#devices.add(device);
    this.version++;
  }

  /** Deletes a device, and with it its neighbours, FDB and routes. */
  deleteDevice(device: string): void {
    this.#devices.delete(device);
    this.version++;
    for (const [dst, route] of this.routes) if (route.device === device) this.routes.delete(dst);
    for (const [ip, entry] of this.neighbours) if (entry.device === device) this.neighbours.delete(ip);
    for (const [mac, entry] of this.fdb) if (entry.device === device) this.fdb.delete(mac);
  }

  #applyRoute(verb: "replace" | "add" | "delete", route: Route): Errno | undefined {
    const existing = this.routes.get(route.dst);
    if (verb === "delete") {
      if (existing?.via !== route.via || (route.device !== undefined && existing.device !== route.device))
        return "ESRCH";
      this.routes.delete(route.dst);
      return undefined;
    }
    if (route.device !== undefined && !this.#devices.has(route.device)) return "ENODEV";
    if (route.isOnlink !== true && !this.#isOnLink(route.via)) return "ENETUNREACH";
    if (verb === "add" && existing !== undefined) return "EEXIST";
    this.routes.set(route.dst, route);
    return undefined;
  }
}

/** A route as `ip route` would show it after its destination. */
export function routeText(route: Route): string {
  const device = route.device === undefined ? "" : ` dev ${route.device}`;
  return `via ${route.via}${device}${route.isOnlink === true ? " onlink" : ""}`;
}
