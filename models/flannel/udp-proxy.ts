import { contains, parseAddress, type Prefix } from "./ip.ts";
import type { LeaseEvent } from "./lease.ts";

interface Entry {
  readonly dst: Prefix;
  nextHop: string;
}

/**
 * The table of the udp backend's proxy process (rule R16): an array searched from its front, where a hit further back
 * changes places with the first entry. It lives and dies with the process, as does the TUN device.
 * Source: flannel v0.28.9 pkg/backend/udp/proxy_amd64.c set_route, del_route, find_route.
 */
export class ProxyTable {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** Acts on a lease event; the backend type is not looked at, and IPv6 is not served. */
  handle(event: LeaseEvent): void {
    const part = event.lease.v4;
    if (part === undefined) return;
    const index = this.#entries.findIndex(({ dst }) => dst.text === part.subnet.text);
    if (event.type === "add") {
      if (index >= 0) this.#entries[index].nextHop = part.publicIp;
      else this.#entries.push({ dst: part.subnet, nextHop: part.publicIp });
    } else if (index >= 0) {
      // The last entry fills the gap.
      const last = this.#entries.pop();
      if (last !== undefined && index < this.#entries.length) this.#entries[index] = last;
    }
  }

  /** Where a packet to this IPv4 address goes, and how many entries were looked at; without next hop: net unreachable. */
  find(destination: string): { nextHop?: string; looked: number } {
    const address = parseAddress(destination);
    const index = address === undefined ? -1 : this.#entries.findIndex(({ dst }) => contains(dst, address));
    if (index < 0) return { looked: this.#entries.length };
    [this.#entries[0], this.#entries[index]] = [this.#entries[index], this.#entries[0]];
    return { nextHop: this.#entries[0].nextHop, looked: index + 1 };
  }
}
