import { Simulation } from "../engine/index.ts";
import { CounterTable } from "../engine/results/counters.ts";
import { EventLog } from "../engine/results/event-log.ts";
import type { Outputs } from "../engine/results/outputs.ts";
import { Recorder } from "../engine/statistics/recorder.ts";
import { nodesOf, type Node } from "../models/cluster/node.ts";
import { Pod } from "../models/cluster/pod.ts";
import { Workload } from "../models/cluster/workload.ts";
import type { EvictionModel } from "../models/eviction/compose-eviction.ts";
import { composeEviction } from "../models/eviction/compose-eviction.ts";
import { loadScenario } from "../models/scenario.ts";
import type { BenchCase } from "./case.ts";

const NODES = 1000;
const PODS = 50;
const HOUR_SECONDS = 3600;
const NS = 1_000_000_000;
/** Every twentieth node has a leak of 6 MB/s, which its 15 GiB of room bear for 45 minutes. */
const LEAK_EVERY = 20;
/** What an evicted container takes to end. */
const END_NS = 2 * NS;

/** The node and the two kinds of pods, with every default. */
const { scenario: SCENARIO } = loadScenario({
  text: JSON.stringify({
    metadata: { name: "bench" },
    duration: "1h",
    nodes: [{ name: "node", count: NODES, capacity: { cpu: 4, memory: "16Gi" } }],
    workloads: [
      { name: "quiet", kind: "Pod", node: "node", spec: { containers: [{ name: "app" }] }, behavior: uses("20MB") },
      {
        name: "leak",
        kind: "Pod",
        node: "node",
        spec: { containers: [{ name: "app" }] },
        behavior: uses("0", "6MB/s"),
      },
    ],
  }),
  name: "bench",
  dir: ".",
});

function uses(initial: string, rate?: string): object {
  const ramps = rate === undefined ? [] : [{ after: "0s", rate, until: "64GB" }];
  return { app: { memory: { initial, ramps } } };
}

/**
 * 1,000 nodes with 50 pods each under their eviction managers, an hour again and again: 1,000 passes in 10 simulated
 * seconds, some of which evict. Kubelets and CPUs are left out.
 */
function thousandNodes(): () => number {
  const [entry] = SCENARIO.nodes;
  const [quiet, leak] = SCENARIO.workloads;
  let simulation = new Simulation({ seed: 1 });
  const begin = () => {
    simulation = new Simulation({ seed: 1 });
    const outputs: Outputs = {
      recorder: new Recorder({ durationNs: HOUR_SECONDS * NS, warmupNs: 0, windowNs: 60 * NS }),
      events: new EventLog(),
      counters: new CounterTable(),
    };
    const nodes = nodesOf(entry);
    const observers: EvictionModel[] = [];
    const start = (given: typeof quiet, node: Node, number: number) => {
      const workload = new Workload(given);
      const stream = `${given.name}-${number}`;
      const pod = new Pod({ name: stream, workload, number, stream, createdAt: simulation.now, observers });
      pod.bind(node, simulation.now);
      observers[0].containerStarted(pod, pod.containers[0]);
    };
    const model = composeEviction({
      simulation,
      scenario: { kubernetesVersion: "1.34", nodes: [entry], workloads: [quiet] },
      nodes,
      outputs,
      host: {
        evict: (pod, _, done) => {
          const end = () => {
            pod.terminated();
            done();
            pod.vanish();
            start(leak, pod.node, pod.number);
          };
          simulation.schedule(END_NS, end, undefined);
        },
      },
    });
    observers.push(model as EvictionModel);
    model?.begin();
    nodes.forEach((node, i) => {
      for (let k = 0; k < PODS; k++) start(k === 0 && i % LEAK_EVERY === 0 ? leak : quiet, node, i * PODS + k);
    });
  };
  begin();
  return () => {
    if (simulation.now >= HOUR_SECONDS * NS) begin();
    simulation.runUntil(simulation.now + 10 * NS);
    return NODES;
  };
}

let batch: (() => number) | undefined;

export const cases: BenchCase[] = [
  {
    name: "eviction/1000-nodes",
    unit: "pass of one node's eviction manager over 50 pods",
    run: () => (batch ??= thousandNodes())(),
  },
];
