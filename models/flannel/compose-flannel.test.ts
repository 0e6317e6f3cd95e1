import { describe, expect, it } from "vitest";
import { CounterTable } from "../../engine/results/counters.ts";
import { EventLog } from "../../engine/results/event-log.ts";
import { Recorder } from "../../engine/statistics/recorder.ts";
import { Simulation } from "../../engine/simulation.ts";
import { NS_PER_MS, NS_PER_SECOND, NS_PER_US } from "../../engine/time.ts";
import type { Backend, BackendSet, Request } from "../traffic/backend.ts";
import { Traffic } from "../traffic/traffic.ts";
import type { TrafficEntry } from "../traffic/schema.ts";
import { Flannel } from "./compose-flannel.ts";
import type { FlowSection } from "./flow-schema.ts";
import { flannelSchema } from "./schema.ts";

const SECOND = NS_PER_SECOND;

/** Serves at once. */
function backend(): Backend {
  return { openRequests: 0, submit: (request: Request) => request.finish(), withdraw: () => {} };
}

interface StageOptions {
  flannel: object;
  entry?: Partial<TrafficEntry>;
  flow?: FlowSection;
  bandwidth?: number;
  /** Puts something on the clock before the run. */
  meanwhile?: (composed: Flannel, simulation: Simulation) => void;
  createThread?: ConstructorParameters<typeof Flannel>[0]["createThread"];
}

/** A client on node a, a server on node b, one traffic entry between them; runs for `seconds`. */
function run({ flannel, entry = {}, flow, bandwidth = 1e10, meanwhile, createThread }: StageOptions, seconds = 1) {
  const simulation = new Simulation({ seed: 7 });
  const outputs = {
    recorder: new Recorder({ durationNs: seconds * SECOND, warmupNs: 0, windowNs: SECOND }),
    events: new EventLog(),
    counters: new CounterTable(),
  };
  const nodes = ["a", "b"].map((name) => ({
    name,
    stream: name,
    entry: {
      name,
      capacity: { cpu: 2 },
      labels: {},
      nic: { bandwidth, latency: 50 * NS_PER_US, mtu: 1500 },
    },
  }));
  const pods = ["client", "server"].map((name, i) => ({
    name,
    node: nodes[i],
    isBound: true,
    isReady: true,
    allContainers: [{ run: { queue: backend() } }],
  }));
  const stage = {
    nodes,
    pods: (workload?: string) => pods.filter(({ name }) => workload === undefined || name === workload),
  };
  const section = flannelSchema.parse(flannel);
  const composed = new Flannel({ simulation, section, stage, outputs, isAbsent: () => false, createThread });
  const backends: BackendSet = { ready: [pods[1].allContainers[0].run.queue], onReady: () => {} };
  if (flow !== undefined) {
    const log = outputs.recorder.source("load", { bytes: true });
    composed.flowOf({ name: "load", from: "client", flow }, log, backends).start();
  } else {
    const given: TrafficEntry = {
      name: "web",
      to: { workload: "server" },
      from: "client",
      arrivals: { type: "constant", rate: { count: 100, per: SECOND } },
      cpu: { type: "fixed", value: 0 },
      request: { size: { type: "fixed", value: 1000 } },
      response: { size: { type: "fixed", value: 8000 } },
      cancelOnTimeout: false,
      balance: "random",
      ...entry,
    };
    const traffic = new Traffic(
      simulation,
      outputs.recorder,
      [given],
      () => backends,
      (each) => composed.networkOf(each),
    );
    traffic.start();
  }
  meanwhile?.(composed, simulation);
  simulation.runUntil(seconds * SECOND);
  composed.finish();
  const counters = new Map(outputs.counters.entries.map((c) => [`${c.object} ${c.counter}`, c.value]));
  return { composed, counters, summary: outputs.recorder.sources[0].summaryFigures() };
}

const VXLAN = { Backend: { Type: "vxlan" } };

describe("requests over flannel", () => {
  it("are cut into segments of the pods' MTU, counted by the devices", () => {
    const { counters, summary } = run({ flannel: VXLAN });
    expect(summary.completed).toBe(100);
    // A request is one segment; 8000 bytes are 5 of 1398 and one of 1010, and acknowledgements go the other way.
    const perRequest = 6 * 52 + 8000;
    expect(counters.get("dev/b/flannel.1 tx_packets")).toBe(600);
    expect(counters.get("dev/b/flannel.1 tx_bytes")).toBe(100 * perRequest);
    expect(counters.get("dev/b/eth0 tx_bytes")).toBe(100 * (perRequest + 6 * 64));
  });

  it("take the sum of what each hop takes", () => {
    const { summary } = run({ flannel: VXLAN, entry: { response: undefined, request: undefined } });
    // One packet of 53 bytes each way: send 3870 + 8.48 + 1900, slot (117 + 24) x 0.8 ns, 50 us, receive 3500 + 5.3 + 1900.
    const oneWay = 5778 + 112 + 50_000 + 5405;
    expect(summary.latency?.minNs).toBe(2 * oneWay);
    expect(summary.latency?.maxNs).toBe(2 * oneWay);
  });

  it("cost less with host-gw than with vxlan, and most with udp", () => {
    const mean = (Type: string) => Number(run({ flannel: { Backend: { Type } } }).summary.latency?.meanNs);
    const [hostGw, vxlan, udp] = [mean("host-gw"), mean("vxlan"), mean("udp")];
    expect(hostGw).toBeLessThan(vxlan);
    expect(vxlan).toBeLessThan(udp);
  });

  it("of a client outside reach the pod's node without encapsulation", () => {
    const { counters, summary } = run({ flannel: VXLAN, entry: { from: undefined } });
    expect(summary.completed).toBe(100);
    expect(counters.get("dev/b/flannel.1 rx_packets")).toBe(0);
    expect(counters.get("dev/b/eth0 rx_packets")).toBeGreaterThanOrEqual(100);
  });

  it("fail by their timeout while the pod's node is silent, and no sooner", () => {
    const { summary } = run({
      flannel: VXLAN,
      entry: { timeout: 200 * NS_PER_MS },
      meanwhile: (composed, simulation) => {
        simulation.schedule(505 * NS_PER_MS, () => composed.nodeDown({ name: "b" }), undefined);
      },
    });
    // Every 10 ms one: those of 510 to 790 ms have timed out before 1 s, that of 800 ms does not.
    expect([summary.completed, summary.failed, summary.inFlight]).toEqual([51, 29, 20]);
  });
});

describe("bulk flows", () => {
  it("of TCP complete when all their bytes have arrived", () => {
    const { summary } = run({ flannel: VXLAN, flow: { type: "tcp", bytes: 10_000_000, connections: 2 } });
    expect([summary.offered, summary.completed, summary.bytes]).toEqual([2, 2, 20_000_000]);
  });

  it("of TCP with super-packets are several times as fast where cores are the limit", () => {
    const flow: FlowSection = { type: "tcp", duration: SECOND, connections: 1 };
    const packet = run({ flannel: VXLAN, flow }, 1).summary.bytes;
    const gso = run({ flannel: { ...VXLAN, unit: "gso" }, flow }, 1).summary.bytes;
    expect(gso / packet).toBeGreaterThan(3);
    // One core: 64 KB in 46 packets take 3.87 + 10.9 + 1.9 + 46 us; the lab of the costs' source had 8.3 to 8.7 Gbit/s.
    expect((gso * 8) / 1e9).toBeGreaterThan(7);
    expect((gso * 8) / 1e9).toBeLessThan(9.1);
  });

  it("of UDP are an open loop that the link thins out", () => {
    const flow: FlowSection = { type: "udp", rate: 150e6, packetSize: 1400, dontFragment: false };
    const { summary } = run({ flannel: VXLAN, flow, bandwidth: 1e8 }, 2);
    // 1400 of 1516 bytes on the wire are payload: 92.35 Mbit/s.
    expect((summary.bytes * 8) / 2 / 1e6 / (1e2 * (1400 / 1516))).toBeCloseTo(1, 2);
  });
});

describe("pods of a node", () => {
  it("get their addresses in turn once the daemon has written subnet.env", () => {
    const { composed } = run({ flannel: VXLAN });
    const node = { name: "a", stream: "a", entry: { name: "a", capacity: { cpu: 2 }, labels: {} } };
    const pod = (name: string) => ({ name, node, isBound: true, isReady: false, allContainers: [] });
    const answers: unknown[] = [];
    composed.attach(pod("x"), (answer) => answers.push(answer));
    composed.detach(pod("x"));
    composed.attach(pod("y"), (answer) => answers.push(answer));
    composed.nodeDown(node);
    composed.attach(pod("z"), (answer) => answers.push(answer));
    // The client has .2; the address of x is free again and yet not given to y.
    expect(answers).toEqual([
      { kind: "ok", ip: "10.244.0.3" },
      { kind: "ok", ip: "10.244.0.4" },
      {
        kind: "failed",
        message: "loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: no such file or directory",
        isNetworkDown: false,
      },
    ]);
  });
});

describe("softirq work", () => {
  it("is taken from the node's CPUs where the scenario asks for it", () => {
    const worked = new Map<string, number>();
    const createThread = (node: string) => ({
      start: (ns: number) => void worked.set(node, (worked.get(node) ?? 0) + ns),
      stop: () => {},
    });
    run({ flannel: { ...VXLAN, chargeCpu: true }, createThread });
    expect(worked.get("a")).toBeGreaterThan(50 * NS_PER_US);
    expect(worked.get("b")).toBeGreaterThan(50 * NS_PER_US);
  });
});
