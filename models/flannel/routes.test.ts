import { describe, expect, it } from "vitest";
import { parsePrefix } from "./ip.ts";
import { KernelTables } from "./kernel-tables.ts";
import type { LeaseEvent } from "./lease.ts";
import { hostGwRefusal, RouteNetwork } from "./route-network.ts";
import { ProxyTable } from "./udp-proxy.ts";

function event(type: "add" | "remove", text: string, publicIp: string, backendType = "host-gw"): LeaseEvent {
  const subnet = parsePrefix(text);
  if (subnet === undefined) throw new Error(text);
  return { type, lease: { v4: { subnet, publicIp }, backendType } };
}

describe("host-gw", () => {
  it("changes a peer's gateway in the kernel and in its own list", () => {
    const kernel = new KernelTables(["eth0"]);
    const network = new RouteNetwork(kernel, "eth0");
    network.handle(event("add", "10.244.1.0/24", "192.168.0.1"));
    network.handle(event("add", "10.244.1.0/24", "192.168.0.2"));
    expect(network.cached.map(({ via }) => via)).toEqual(["192.168.0.2"]);
    expect(kernel.routes.get("10.244.1.0/24")?.via).toBe("192.168.0.2");
  });

  it("adds a route again that somebody deleted, at its next check", () => {
    const kernel = new KernelTables(["eth0"]);
    const network = new RouteNetwork(kernel, "eth0");
    network.handle(event("add", "10.244.1.0/24", "192.168.0.1"));
    kernel.routes.delete("10.244.1.0/24");
    expect(network.check()).toHaveLength(1);
    expect(network.check()).toHaveLength(0);
    expect(kernel.routes.get("10.244.1.0/24")?.via).toBe("192.168.0.1");
  });

  it("keeps an old gateway in its list if the old route was gone when the new one came", () => {
    const kernel = new KernelTables(["eth0"]);
    const network = new RouteNetwork(kernel, "eth0");
    network.handle(event("add", "10.244.1.0/24", "192.168.0.1"));
    kernel.routes.delete("10.244.1.0/24");
    network.handle(event("add", "10.244.1.0/24", "192.168.0.2"));
    expect(network.cached.map(({ via }) => via)).toEqual(["192.168.0.1", "192.168.0.2"]);
    expect(network.check()).toHaveLength(0);
  });

  it("cannot reach a peer behind a gateway, and does not start behind NAT", () => {
    const kernel = new KernelTables(["eth0"], (gateway) => gateway.startsWith("192.168."));
    const network = new RouteNetwork(kernel, "eth0");
    network.handle(event("add", "10.244.1.0/24", "10.9.0.1"));
    network.handle(event("add", "10.244.2.0/24", "192.168.0.2", "vxlan"));
    expect(kernel.routes.size).toBe(0);
    expect(hostGwRefusal("203.0.113.1", "192.168.0.1")).toContain("NAT");
    expect(hostGwRefusal("192.168.0.1", "192.168.0.1")).toBeUndefined();
  });

  it("forgets a peer that leaves", () => {
    const kernel = new KernelTables(["eth0"]);
    const network = new RouteNetwork(kernel, "eth0");
    for (const type of ["add", "remove"] as const) network.handle(event(type, "10.244.1.0/24", "192.168.0.1"));
    expect([network.cached.length, kernel.routes.size]).toEqual([0, 0]);
  });
});

describe("the udp proxy's table", () => {
  it("finds a peer after looking at every entry before it, and puts it first", () => {
    const table = new ProxyTable();
    for (const n of [1, 2, 3]) table.handle(event("add", `10.244.${n}.0/24`, `192.168.0.${n}`));
    expect(table.find("10.244.3.7")).toEqual({ nextHop: "192.168.0.3", looked: 3 });
    expect(table.find("10.244.3.7")).toEqual({ nextHop: "192.168.0.3", looked: 1 });
    expect(table.find("10.244.1.7")).toEqual({ nextHop: "192.168.0.1", looked: 3 });
    expect(table.find("10.244.9.7")).toEqual({ looked: 3 });
  });

  it("replaces a peer's address and fills the gap of one that leaves", () => {
    const table = new ProxyTable();
    for (const n of [1, 2, 3]) table.handle(event("add", `10.244.${n}.0/24`, `192.168.0.${n}`));
    table.handle(event("add", "10.244.2.0/24", "192.168.0.9"));
    table.handle(event("remove", "10.244.1.0/24", ""));
    table.handle(event("remove", "10.244.7.0/24", ""));
    expect(table.size).toBe(2);
    expect(table.find("10.244.2.1")).toEqual({ nextHop: "192.168.0.9", looked: 2 });
    expect(table.find("10.244.1.1").nextHop).toBeUndefined();
  });
});
