import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NS_PER_SECOND } from "../../engine/time.ts";
import { annotationKeys } from "./annotations.ts";
import { candidates, decideLease, drawSubnets, type LeaseRecord } from "./etcd-lease.ts";
import { overlaps, parsePrefix, type Prefix } from "./ip.ts";
import { annotationPatch, kubeSubnets, leaseOfNode, nodeEvent, vxlanBackendData, type NodeView } from "./kube-lease.ts";
import { isRenewMarginValid, leaseLife } from "./lease-life.ts";
import { LeaseWatcher, type Lease } from "./lease.ts";
import { parseNetConf, type NetConf } from "./net-conf.ts";
import { subnetRange, type SubnetRange } from "./subnet-range.ts";

function p(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(text);
  return prefix;
}

function conf(document: unknown): NetConf {
  const result = parseNetConf(document);
  if (!result.ok) throw new Error(result.message);
  return result.conf;
}

function rangeOf(document: unknown): SubnetRange {
  const result = subnetRange(4, conf(document).v4);
  if (!result.ok) throw new Error(result.refusal.message);
  return result.range;
}

const range = rangeOf({ Network: "10.3.0.0/16", SubnetMax: "10.3.5.0" });
const taken: LeaseRecord[] = ["10.3.1.0/24", "10.3.3.0/24"].map((text) => ({ v4: p(text), publicIp: "1.1.1.1" }));

describe("an etcd lease", () => {
  it("is the one of the own public IP, for another 24 h, unless it was reserved without expiry", () => {
    const own = { v4: p("10.3.2.0/24"), publicIp: "1.2.3.4" };
    expect(decideLease({ v4: range, leases: [...taken, own], publicIp: "1.2.3.4" })).toEqual({
      kind: "reuse",
      lease: own,
      expires: true,
    });
    const reserved = { ...own, isReservation: true };
    expect(decideLease({ v4: range, leases: [reserved], publicIp: "1.2.3.4" })).toMatchObject({ expires: false });
  });

  it("is deleted if it left the range, and still counts as taken in the draw that follows", () => {
    const own = { v4: p("10.3.2.0/25"), publicIp: "1.2.3.4" };
    const decision = decideLease({ v4: range, leases: [own], publicIp: "1.2.3.4" });
    expect(decision).toMatchObject({ kind: "draw", deletes: own });
    expect(decision.kind === "draw" && decision.v4.map(({ text }) => text)).toEqual([
      "10.3.1.0/24",
      "10.3.3.0/24",
      "10.3.4.0/24",
      "10.3.5.0/24",
    ]);
  });

  it("is the subnet of the previous run if that is free and fits", () => {
    const request = { v4: range, leases: taken, publicIp: "1.2.3.4" };
    expect(decideLease({ ...request, previous: { v4: p("10.3.4.0/24") } })).toMatchObject({ kind: "create" });
    expect(decideLease({ ...request, previous: { v4: p("10.3.3.0/24") } })).toMatchObject({ kind: "draw" });
    expect(decideLease({ ...request, previous: { v4: p("10.3.4.0/25") } })).toMatchObject({ kind: "draw" });
  });

  it("is drawn among at most 100, and is out of subnets when nothing is free", () => {
    expect(candidates(rangeOf({ Network: "10.3.0.0/16" }), []).length).toBe(100);
    const leases = [{ v4: p("10.3.0.0/21"), publicIp: "1.1.1.1" }];
    expect(decideLease({ v4: range, leases, publicIp: "1.2.3.4" })).toEqual({ kind: "out of subnets" });
  });

  it("never overlaps another, whatever is leased already and however it is drawn", () => {
    const leases = fc.array(
      fc
        .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 20, max: 28 }))
        .map(([third, length]) => p(`10.3.${third}.0/${length}`)),
      { maxLength: 40 },
    );
    const wide = rangeOf({ Network: "10.3.0.0/16" });
    fc.assert(
      fc.property(leases, fc.nat(), (prefixes, draw) => {
        const decision = decideLease({
          v4: wide,
          leases: prefixes.map((v4) => ({ v4, publicIp: "a" })),
          publicIp: "b",
        });
        if (decision.kind !== "draw") return true;
        const { v4 } = drawSubnets(decision, (n) => draw % n);
        return !prefixes.some((prefix) => overlaps(prefix, v4));
      }),
    );
  });

  it("is renewed a margin before its 24 h end; a margin from 1 to 1439 minutes is allowed", () => {
    // 24 h - 60 min = 82,800 s.
    expect(leaseLife("etcd", 60)).toEqual({ ttlNs: 86_400 * NS_PER_SECOND, renewAfterNs: 82_800 * NS_PER_SECOND });
    expect([0, 1, 1439, 1440].map(isRenewMarginValid)).toEqual([false, true, true, false]);
  });
});

const keys = annotationKeys("flannel.alpha.coreos.com");
if (keys === undefined) throw new Error("default prefix");
const dual = conf({ Network: "10.244.0.0/16", IPv6Network: "fd00::/48", EnableIPv6: true });
const single = conf({ Network: "10.244.0.0/16" });

function node(changes: Record<string, string> = {}): NodeView {
  return {
    podCIDR: "10.244.1.0/24",
    podCIDRs: ["10.244.1.0/24", "fd00:0:0:1::/64"],
    annotations: {
      "flannel.alpha.coreos.com/kube-subnet-manager": "true",
      "flannel.alpha.coreos.com/backend-type": "vxlan",
      "flannel.alpha.coreos.com/backend-data": vxlanBackendData(1, "02:00:00:00:00:01"),
      "flannel.alpha.coreos.com/backend-v6-data": vxlanBackendData(1, "02:00:00:00:06:01"),
      "flannel.alpha.coreos.com/public-ip": "192.168.0.11",
      "flannel.alpha.coreos.com/public-ipv6": "2001:db8::11",
      ...changes,
    },
  };
}

describe("a kube lease", () => {
  it("is the node's podCIDR, which must lie in the network; SubnetLen is not looked at", () => {
    const odd = conf({ Network: "10.244.0.0/16", SubnetLen: 31 });
    expect(kubeSubnets(odd, node())).toMatchObject({ ok: true, v4: { text: "10.244.1.0/24" } });
    expect(kubeSubnets(single, { annotations: {}, podCIDR: "10.245.1.0/24" })).toMatchObject({ ok: false });
    expect(kubeSubnets(single, { annotations: {} })).toEqual({ ok: false, reason: "podCIDR not assigned" });
  });

  it("has neither expiry nor renewal", () => {
    expect(leaseLife("kube")).toEqual({});
  });

  it("makes an event of the annotations alone: none of a heartbeat, an ADD of a new MAC, a REMOVE of a deletion", () => {
    const newMac = node({ "flannel.alpha.coreos.com/backend-data": vxlanBackendData(1, "02:00:00:00:00:99") });
    expect(nodeEvent(keys, single, node(), node({ "example.com/label": "x" }))).toBeUndefined();
    expect(nodeEvent(keys, single, node(), newMac)).toMatchObject({
      type: "add",
      lease: { v4: { vtepMac: "02:00:00:00:00:99" } },
    });
    expect(nodeEvent(keys, single, node(), undefined)).toMatchObject({ type: "remove" });
    const foreign = node({ "flannel.alpha.coreos.com/kube-subnet-manager": "false" });
    expect(nodeEvent(keys, single, undefined, foreign)).toBeUndefined();
  });

  it("keeps a change of one family from the peers while the other one is unchanged", () => {
    const newMac6 = node({ "flannel.alpha.coreos.com/backend-v6-data": vxlanBackendData(1, "02:00:00:00:06:99") });
    expect(nodeEvent(keys, dual, node(), newMac6)).toBeUndefined();
    const both = node({ ...newMac6.annotations, "flannel.alpha.coreos.com/backend-type": "host-gw" });
    expect(nodeEvent(keys, dual, node(), both)).toMatchObject({ type: "add" });
  });

  it("is not read from a node that lacks an address or a podCIDR of an enabled family", () => {
    expect(leaseOfNode(keys, single, node({ "flannel.alpha.coreos.com/public-ip": "" }))).toBeUndefined();
    expect(leaseOfNode(keys, dual, { ...node(), podCIDRs: ["10.244.1.0/24"] })).toBeUndefined();
  });

  it("is patched into the node only where something differs, and the overwrite annotation wins", () => {
    const attributes = {
      backendType: "vxlan",
      v4: { publicIp: "192.168.0.11", backendData: vxlanBackendData(1, "02:00:00:00:00:01") },
    };
    expect(annotationPatch(keys, node().annotations, attributes)).toBeUndefined();
    const overwritten = node({ "flannel.alpha.coreos.com/public-ip-overwrite": "203.0.113.9" }).annotations;
    expect(annotationPatch(keys, overwritten, attributes)?.["flannel.alpha.coreos.com/public-ip"]).toBe("203.0.113.9");
  });
});

function backendTypeKey(prefix: string) {
  return annotationKeys(prefix)?.backendType;
}

describe("annotation prefixes", () => {
  it("need a domain of two labels in lower case and at most one slash", () => {
    expect(backendTypeKey("org.com/9")).toBe("org.com/9-backend-type");
    expect(backendTypeKey("org.com/prefix-")).toBe("org.com/prefix-backend-type");
    expect(backendTypeKey("org.com/")).toBe("org.com/backend-type");
    for (const bad of ["org", "org/", "org/prefix", "org.com/PREFIX", "org.com/a/b"])
      expect(backendTypeKey(bad), bad).toBeUndefined();
  });

  it("with a path make the daemon look for its MAC where it never wrote it", () => {
    const found = annotationKeys("org.com/team");
    expect(found?.backendData).not.toBe(found?.storedBackendData);
  });
});

function leaseOf(subnet: string, vtepMac = "02:00:00:00:00:01"): Lease {
  return {
    v4: { subnet: p(subnet), publicIp: "1.1.1.1", vtepMac },
    backendType: "vxlan",
  };
}

describe("a lease watcher", () => {
  it("leaves the own lease out and tells of unknown leases before vanished ones", () => {
    const watcher = new LeaseWatcher(leaseOf("10.244.0.0/24"), [leaseOf("10.244.1.0/24"), leaseOf("10.244.2.0/24")]);
    const events = watcher.reset([leaseOf("10.244.0.0/24"), leaseOf("10.244.2.0/24"), leaseOf("10.244.3.0/24")]);
    expect(events.map(({ type, lease: { v4 } }) => `${type} ${v4?.subnet.text}`)).toEqual([
      "add 10.244.3.0/24",
      "remove 10.244.1.0/24",
    ]);
  });

  it("does not see in a snapshot that a known peer has a new MAC", () => {
    const watcher = new LeaseWatcher(leaseOf("10.244.0.0/24"), [leaseOf("10.244.1.0/24")]);
    expect(watcher.reset([leaseOf("10.244.1.0/24", "02:00:00:00:00:99")])).toEqual([]);
  });

  it("makes a REMOVE of the own lease at the second snapshot, since the first became what it knows", () => {
    const watcher = new LeaseWatcher(leaseOf("10.244.0.0/24"));
    expect(watcher.reset([leaseOf("10.244.0.0/24")])).toEqual([]);
    expect(watcher.reset([leaseOf("10.244.0.0/24")])).toEqual([{ type: "remove", lease: leaseOf("10.244.0.0/24") }]);
  });

  it("gives a REMOVE the attributes that were known", () => {
    const watcher = new LeaseWatcher(leaseOf("10.244.0.0/24"), [leaseOf("10.244.1.0/24", "02:00:00:00:00:07")]);
    const bare: Lease = { v4: { subnet: p("10.244.1.0/24"), publicIp: "" }, backendType: "" };
    expect(watcher.update({ type: "remove", lease: bare })?.lease.v4?.vtepMac).toBe("02:00:00:00:00:07");
    expect(watcher.update({ type: "remove", lease: bare })?.lease.backendType).toBe("");
  });
});
