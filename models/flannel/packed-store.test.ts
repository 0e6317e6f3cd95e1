import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KernelTables, type Operation } from "./kernel-tables.ts";
import { packedStores } from "./packed-store.ts";

const device = fc.constantFrom("flannel.1", "flannel-v6.1", "gone");
const ip = fc.constantFrom("10.0.1.0", "10.0.2.0", "10.0.3.0");
const mac = fc.constantFrom("02:00:00:00:00:01", "02:00:00:00:00:02");
const verb = fc.constantFrom("set" as const, "delete" as const);
const route = fc.record({ dst: ip, via: ip, device: fc.option(device, { nil: undefined }), isOnlink: fc.boolean() });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ table: fc.constant("neighbour" as const), verb, device, ip, mac }),
  fc.record({ table: fc.constant("fdb" as const), verb, device, ip, mac }),
  fc.record({
    table: fc.constant("route" as const),
    verb: fc.constantFrom("replace" as const, "add" as const, "delete" as const),
    route,
  }),
);
const operations = fc.array(operation, { maxLength: 40 });

function sorted<V>(entries: Iterable<[string, V]>): Array<[string, V]> {
  return [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function contents(tables: KernelTables): unknown {
  return [tables.sizes, sorted(tables.routes), sorted(tables.neighbours), sorted(tables.fdb)];
}

describe("packed tables", () => {
  it("hold and refuse what tables of maps do, on every node of a network", () => {
    const devices = ["flannel.1", "flannel-v6.1"];
    fc.assert(
      fc.property(operations, operations, fc.boolean(), (first, second, isDeleted) => {
        const make = packedStores();
        for (const story of [first, second]) {
          const packed = new KernelTables(devices, (gateway) => gateway !== "10.0.3.0", make());
          const plain = new KernelTables(devices, (gateway) => gateway !== "10.0.3.0");
          for (const write of story) expect(packed.apply(write)).toBe(plain.apply(write));
          if (isDeleted) for (const tables of [packed, plain]) tables.deleteDevice("flannel.1");
          expect(contents(packed)).toEqual(contents(plain));
        }
      }),
    );
  });

  it("take more than 65,535 distinct entries", () => {
    const make = packedStores();
    const [one, other] = [make(), make()];
    for (let i = 0; i < 70_000; i++) one.fdb.set(`mac ${i}`, { ip: `ip ${i}`, device: "flannel.1" });
    other.fdb.set("mac 3", { ip: "ip 69999", device: "flannel.1" });
    expect(one.fdb.get("mac 69999")?.ip).toBe("ip 69999");
    expect(one.fdb.get("mac 0")?.ip).toBe("ip 0");
    expect([one.fdb.size, other.fdb.size, other.fdb.get("mac 3")?.ip, other.fdb.get("mac 69999")]).toEqual([
      70_000,
      1,
      "ip 69999",
      undefined,
    ]);
  });
});
