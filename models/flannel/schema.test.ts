import { describe, expect, it } from "vitest";
import { DEFAULT_HOP_COSTS } from "./costs.ts";
import { flowSchema } from "./flow-schema.ts";
import { flannelSchema } from "./schema.ts";
import { asksForNeighbours, flannelProblems, netConfOf, networksOf, type FlannelSection } from "./section.ts";

const parse = (section: unknown): FlannelSection => flannelSchema.parse(section);
const messages = (section: unknown, nodes = [{ name: "n" }]) =>
  flannelProblems(parse(section), { nodes }).map(({ path, message }) => `${path.join(".")}: ${message}`);

describe("the section flannel", () => {
  it("takes net-conf.json's own fields, and every cost by its default", () => {
    const [{ network }] = networksOf(
      parse({ Network: "10.42.0.0/16", Backend: { Type: "VXLAN", DirectRouting: true } }),
    );
    expect(network).toMatchObject({ Network: "10.42.0.0/16", manager: "kube", unit: "packet" });
    expect(network.costs).toEqual(DEFAULT_HOP_COSTS);
    expect(netConfOf(network)).toMatchObject({ ok: true, conf: { backendType: "vxlan" } });
  });

  it("means udp without Backend, as upstream", () => {
    const [{ network }] = networksOf(parse({}));
    expect(netConfOf(network)).toMatchObject({ ok: true, conf: { backendType: "udp" } });
  });

  it("refuses backends that nothing plays, a Backend without Type, and what flannel does not know", () => {
    expect(() => parse({ Backend: { Type: "wireguard" } })).toThrow(/no model of this version/);
    expect(() => parse({ Backend: {} })).toThrow(/required/);
    expect(() => parse({ Backend: { Type: "calico" } })).toThrow(/allowed: vxlan, host-gw, udp/);
  });

  it("is a list of networks with nodes of their own", () => {
    const item = { Network: "10.1.0.0/16", Backend: { Type: "vxlan" } };
    const nodes = [{ name: "a" }, { name: "b" }];
    const list = [
      { ...item, name: "x", nodes: ["a"] },
      { ...item, name: "x", nodes: ["a", "c"] },
    ];
    expect(messages(list, nodes)).toEqual([
      "flannel.1.name: the name x is that of another network; choose another",
      "flannel.1.nodes.0: a is in network x already; a node is in at most one",
      expect.stringContaining('flannel.1.nodes.1: found "c"; allowed: an entry of nodes'),
    ]);
  });

  it("refuses what the daemons would refuse", () => {
    expect(messages({ Network: "10.0.0.0" })[0]).toContain("Network");
    expect(messages({ Network: "10.1.0.0/16", SubnetLen: 17, manager: "etcd" })[0]).toContain("SubnetLen: found 17");
    expect(messages({ Network: "10.1.0.0/16" }, [{ name: "n", count: 300 } as { name: string }])[0]).toContain(
      "256 subnets of /24 for 300 nodes",
    );
    expect(messages({ EnableIPv6: true })[0]).toContain("udp");
  });

  it("is needed by flows and by what the timeline does to daemons, and entries are about nodes", () => {
    const entry = { action: "entryRemove", peer: "worker-4" };
    const context = { nodes: [{ name: "worker", count: 3 }], traffic: [{}, { flow: {} }], timeline: [entry] };
    const found = (section: FlannelSection | undefined) =>
      flannelProblems(section, context).map(({ path, message }) => `${path.join(".")}: ${message}`);
    expect(found(undefined)).toEqual([
      "traffic.1.flow: a flow needs a network: give the section flannel, or remove it",
      "timeline.0.action: entryRemove needs a network: give the section flannel, or remove it",
      expect.stringContaining("timeline.0.peer: there is no node worker-4"),
    ]);
    expect(found(parse({}))).toEqual([expect.stringContaining("timeline.0.peer: there is no node worker-4")]);
  });

  it("asks for neighbours before 0.9 alone", () => {
    expect(["0.7", "0.8.0", "v0.8.0", "0.9.0", "0.28.9"].map(asksForNeighbours)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("a flow", () => {
  it("is tcp by bytes or by duration, or udp by rate", () => {
    expect(flowSchema.parse({ type: "tcp", bytes: "10GB" })).toEqual({ type: "tcp", bytes: 1e10, connections: 1 });
    expect(flowSchema.parse({ type: "udp", rate: "900Mbit", packetSize: 1400 })).toMatchObject({
      rate: 9e8,
      packetSize: 1400,
    });
    expect(() => flowSchema.parse({ type: "tcp" })).toThrow(/either bytes or duration/);
    expect(() => flowSchema.parse({ type: "udp", rate: "1Gbit", packetSize: 70_000 })).toThrow(/65507/);
  });
});
