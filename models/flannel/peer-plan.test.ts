import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NS_PER_MS } from "../../engine/time.ts";
import { parsePrefix, prefixOf } from "./ip.ts";
import { KernelTables, routeText, type Operation } from "./kernel-tables.ts";
import type { FamilyLease, Lease, LeaseEvent } from "./lease.ts";
import { planPeer, playPlan, type VxlanContext } from "./peer-plan.ts";
import { retryOutcome, retryWait } from "./retry.ts";

const context: VxlanContext = { v4: "flannel.1", v6: "flannel-v6.1", isDirect: () => false };

function family(text: string, publicIp: string, vtepMac: string): FamilyLease {
  const subnet = parsePrefix(text);
  if (subnet === undefined) throw new Error(text);
  return { subnet, publicIp, vtepMac };
}

function peer(n: number, mac = n): Lease {
  return {
    v4: { subnet: prefixOf(4, BigInt(0x0af40000 + n * 256), 24), publicIp: `192.168.0.${n}`, vtepMac: macOf(mac) },
    backendType: "vxlan",
  };
}

function macOf(n: number): string {
  return `02:00:00:00:00:${n.toString(16).padStart(2, "0")}`;
}

function tables(): KernelTables {
  return new KernelTables(["flannel.1", "flannel-v6.1"]);
}

function handle(kernel: KernelTables, event: LeaseEvent, use = context): string[] {
  const plan = planPeer(event, use);
  if (plan.kind !== "steps") return [plan.reason];
  return playPlan(plan.steps, (operation) => kernel.apply(operation) !== undefined).map(
    ({ operation, tries, hasFailed }) => `${operation.table} ${operation.verb} ${tries}${hasFailed ? " failed" : ""}`,
  );
}

const dual: Lease = {
  v4: family("10.244.1.0/24", "192.168.0.1", macOf(1)),
  v6: family("fd00:0:0:1::/64", "2001:db8::1", macOf(0x61)),
  backendType: "vxlan",
};

function undoOf(lease: Lease) {
  const plan = planPeer({ type: "add", lease }, context);
  const played =
    plan.kind === "steps" ? playPlan(plan.steps, ({ table, verb }) => table === "route" || verb === "delete") : [];
  return played.slice(3).map(({ operation, tries }) => `${operation.table} ${operation.verb} ${tries}`);
}

describe("an ADD", () => {
  it("writes neighbour, FDB and then the route", () => {
    const kernel = tables();
    expect(handle(kernel, { type: "add", lease: peer(1) })).toEqual([
      "neighbour set 1",
      "fdb set 1",
      "route replace 1",
    ]);
    expect(kernel.neighbours.get("10.244.1.0")?.mac).toBe("02:00:00:00:00:01");
    expect(kernel.fdb.get("02:00:00:00:00:01")?.ip).toBe("192.168.0.1");
    expect([...kernel.routes].map(([, route]) => routeText(route))).toEqual(["via 10.244.1.0 dev flannel.1 onlink"]);
  });

  it("of a peer on the same segment writes a route alone, if DirectRouting is on", () => {
    const kernel = tables();
    expect(handle(kernel, { type: "add", lease: peer(1) }, { ...context, isDirect: () => true })).toEqual([
      "route replace 1",
    ]);
    expect([...kernel.routes].map(([, route]) => routeText(route))).toEqual(["via 192.168.0.1"]);
  });

  it("of another backend, or with data that do not decode, is ignored", () => {
    expect(handle(tables(), { type: "add", lease: { ...peer(1), backendType: "host-gw" } })).toEqual(["backend type"]);
    const bare: Lease = {
      v4: { ...family("10.244.1.0/24", "192.168.0.1", ""), vtepMac: undefined },
      backendType: "vxlan",
    };
    expect(handle(tables(), { type: "add", lease: bare })).toEqual(["backend data"]);
  });

  it("whose IPv4 FDB entry cannot be written takes its neighbour back and leaves IPv6 out", () => {
    const kernel = tables();
    const plan = planPeer({ type: "add", lease: dual }, context);
    const fails = (operation: Operation) =>
      (operation.table === "fdb" && operation.verb === "set") || kernel.apply(operation) !== undefined;
    const played = plan.kind === "steps" ? playPlan(plan.steps, fails) : [];
    expect(played.map(({ operation, tries }) => `${operation.table} ${operation.verb} ${tries}`)).toEqual([
      "neighbour set 1",
      "fdb set 10",
      "neighbour delete 1",
    ]);
    expect(kernel.sizes).toEqual({ routes: 0, neighbours: 0, fdb: 0 });
  });

  it("whose route cannot be written is undone, once in IPv4 and with retries in IPv6", () => {
    expect(undoOf({ ...dual, v6: undefined })).toEqual(["neighbour delete 1", "fdb delete 1"]);
    expect(undoOf({ ...dual, v4: undefined })).toEqual(["neighbour delete 10", "fdb delete 10"]);
  });

  it("of a known peer with a new MAC leaves the old FDB entry behind", () => {
    const kernel = tables();
    for (const lease of [peer(1), peer(1, 9)]) handle(kernel, { type: "add", lease });
    expect(kernel.sizes).toEqual({ routes: 1, neighbours: 1, fdb: 2 });
    handle(kernel, { type: "remove", lease: peer(1, 9) });
    expect([...kernel.fdb].map(([mac]) => mac)).toEqual(["02:00:00:00:00:01"]);
  });
});

describe("a REMOVE", () => {
  it("deletes neighbour, FDB and route, each tried though another fails", () => {
    const kernel = tables();
    handle(kernel, { type: "add", lease: peer(1) });
    kernel.fdb.delete("02:00:00:00:00:01");
    expect(handle(kernel, { type: "remove", lease: peer(1) })).toEqual([
      "neighbour delete 1",
      "fdb delete 10 failed",
      "route delete 1",
    ]);
  });

  it("of a peer that was not direct when it was added and is now leaves everything but tries the direct route", () => {
    const kernel = tables();
    handle(kernel, { type: "add", lease: peer(1) });
    const now = handle(kernel, { type: "remove", lease: peer(1) }, { ...context, isDirect: () => true });
    expect(now).toEqual(["route delete 10 failed"]);
    expect(kernel.sizes).toEqual({ routes: 1, neighbours: 1, fdb: 1 });
  });
});

describe("a node's tables", () => {
  const story = fc.array(
    fc.record({ type: fc.constantFrom("add" as const, "remove" as const), n: fc.integer({ min: 1, max: 6 }) }),
    { maxLength: 30 },
  );

  it("hold each peer once however often it is announced", () => {
    fc.assert(
      fc.property(story, (events) => {
        const [once, twice] = [tables(), tables()];
        const present = new Set<number>();
        for (const { type, n } of events) {
          const event: LeaseEvent = { type, lease: peer(n) };
          handle(once, event);
          handle(twice, event);
          if (type === "add") handle(twice, event);
          if (type === "add") present.add(n);
          else present.delete(n);
        }
        const size = { routes: present.size, neighbours: present.size, fdb: present.size };
        expect(once.sizes).toEqual(size);
        expect(twice.sizes).toEqual(size);
      }),
      { numRuns: 50 },
    );
  });

  it("lose everything of a deleted device, and refuse writes to it", () => {
    const kernel = tables();
    handle(kernel, { type: "add", lease: dual });
    kernel.deleteDevice("flannel.1");
    expect(kernel.sizes).toEqual({ routes: 1, neighbours: 1, fdb: 1 });
    expect(kernel.apply({ table: "fdb", verb: "set", device: "flannel.1", mac: macOf(1), ip: "192.168.0.1" })).toBe(
      "ENODEV",
    );
    kernel.addDevice("flannel.1");
    expect(handle(kernel, { type: "add", lease: dual })).toHaveLength(6);
  });
});

describe("a failing write", () => {
  it("is tried ten times over 51.1 s to 52 s", () => {
    // 100 ms x (1 + 2 + ... + 256) = 51.1 s, and nine jitters below 100 ms.
    expect(retryOutcome(Infinity)).toEqual({
      attempts: 10,
      gaveUp: true,
      minNs: 51_100 * NS_PER_MS,
      maxNs: 52_000 * NS_PER_MS,
    });
    expect(retryOutcome(9).gaveUp).toBe(false);
    expect(retryOutcome(0)).toEqual({ attempts: 1, gaveUp: false, minNs: 0, maxNs: 0 });
  });

  it("waits 100 ms, 200 ms, 400 ms and a jitter below 100 ms", () => {
    expect([1, 2, 3].map((n) => retryWait(n, () => 7))).toEqual([100, 200, 400].map((ms) => ms * NS_PER_MS + 7));
    expect(retryWait(1, (n) => n - 1)).toBe(200 * NS_PER_MS - 1);
  });
});
