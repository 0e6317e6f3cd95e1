import { NS_PER_SECOND } from "../engine/time.ts";
import { compose } from "../models/compose.ts";
import { loadScenario } from "../models/scenario.ts";
import type { BenchCase } from "./case.ts";

/**
 * How many seconds of a node's life are simulated in a second: the whole path of a request, from its arrival over the
 * run queues under kubepods, pod and container cgroups to the recorder.
 */
function node(name: string, cpus: number, pods: number, ratePerSecond: number, secondsPerBatch: number): BenchCase {
  const scenario = {
    metadata: { name: "bench" },
    duration: "2000h",
    window: "1h",
    nodes: [{ name: "node", capacity: { cpu: cpus, memory: "256Gi" }, kernel: { hz: 250 } }],
    workloads: Array.from({ length: pods }, (_, i) => ({
      name: `web-${i}`,
      node: "node",
      spec: { containers: [{ name: "app", resources: { requests: { cpu: "250m" }, limits: { cpu: "500m" } } }] },
      behavior: { app: { threads: 4 } },
    })),
    traffic: Array.from({ length: pods }, (_, i) => ({
      name: `source-${i}`,
      to: `web-${i}`,
      arrivals: { type: "poisson", rate: `${ratePerSecond}/s` },
      cpu: { type: "lognormal", mean: "5ms", cv: 1 },
    })),
  };
  let composition: ReturnType<typeof compose> | undefined;
  return {
    name,
    unit: "simulated seconds",
    run: () => {
      composition ??= compose(loadScenario({ text: JSON.stringify(scenario), name, dir: "." }).scenario);
      const { simulation } = composition;
      simulation.runUntil(simulation.now + secondsPerBatch * NS_PER_SECOND);
      return secondsPerBatch;
    },
  };
}

export const cases: BenchCase[] = [
  node("cfs/1-node", 4, 10, 40, 25),
  // 64 CPUs x 0.7 / 110 pods / 5 ms: 81 requests a second each.
  node("cfs/64-cpu", 64, 110, 81, 1),
];
