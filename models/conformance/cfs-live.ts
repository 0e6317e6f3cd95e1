import { NS_PER_US } from "../../engine/time.ts";
import { compose } from "../compose.ts";
import { loadScenario, type Scenario } from "../scenario.ts";
import { NotCovered, type Adapters, type Judgement, type LiveAdapter } from "./adapter.ts";

/**
 * Holds the CFS model against measurements of group loads on a running kernel: every configuration becomes a scenario,
 * is played with independent draws of phases and local remainders, and the median of each figure must lie in `accept`.
 */

interface LiveGroup {
  name: string;
  parent: string | null;
  quota_us: number;
  period_us: number;
  burst_us: number;
  shares: number;
}

interface LiveThread {
  group: string;
  cpus: number[];
  mode: "hog" | "queue" | "closed";
  queue?: number;
  burn_us?: number;
  think_us?: number;
}

interface LiveFigure {
  accept?: [number, number];
}

interface LiveConfiguration {
  id: string;
  duration_us: number;
  groups: LiveGroup[];
  threads: LiveThread[];
  queues?: Array<Array<[number, number]>>;
  results: Record<string, Record<string, LiveFigure | number>>;
}

interface LiveDocument {
  kernel: string;
  hz: number;
  cfs_bandwidth_slice_us: number;
  configurations: LiveConfiguration[];
}

/** Independent draws for each configuration, as the measurements' own tolerance asks for at least. */
const SEEDS = 24;
/** CPU time that live threads use beyond what they are told to: wakeup, sleep and interrupts. */
const REQUEST_OVERHEAD = "25us";
const CPUS = 2;

/** Threads of one group that do the same on the same CPUs: one container, and one source of traffic. */
interface Worker {
  name: string;
  cpus: number[];
  threads: LiveThread[];
}

/** Where a group's figures are found: its cgroup, and the sources that its threads serve. */
interface Place {
  cgroup: string;
  sources: string[];
}

const COUNTERS: Readonly<Record<string, string>> = {
  cpu_us: "usage_usec",
  nr_periods: "nr_periods",
  nr_throttled: "nr_throttled",
  throttled_us: "throttled_usec",
  throttled_local_us: "local_throttled_usec",
  nr_bursts: "nr_bursts",
  burst_us: "burst_usec",
};
const LATENCIES = ["mean", "p50", "p90", "p95", "p99", "max"] as const;

/** The scenario that plays a configuration, and where to find the figures of each of its groups. */
export function liveScenario(document: Omit<LiveDocument, "configurations">, config: LiveConfiguration) {
  const places = new Map<string, Place>();
  const traffic: object[] = [];
  const workloads = config.groups
    .filter(({ parent }) => parent === null)
    .map((group) => {
      const children = config.groups.filter(({ parent }) => parent === group.name);
      const own = workersOf(config, group.name);
      const pod = places.set(group.name, { cgroup: `cgroup/${group.name}`, sources: [] }).get(group.name)!;
      const containers: Array<{ worker: Worker; files: object }> = [];
      const podFiles = { ...files(group) };
      if (children.length === 0 && own.length === 1) {
        // A group of one kind of threads is a container; its pod only has the same weight.
        containers.push({ worker: own[0], files: files(group) });
        pod.cgroup += `/${own[0].name}`;
        for (const key of Object.keys(podFiles))
          if (key !== "cpu.shares") delete podFiles[key as keyof typeof podFiles];
      } else for (const worker of own) containers.push({ worker, files: {} });
      for (const child of children) {
        const workers = workersOf(config, child.name);
        if (workers.length !== 1 || config.groups.some(({ parent }) => parent === child.name)) {
          throw new NotCovered(`group ${child.name}: below a pod there is one level, of containers`);
        }
        places.set(child.name, { cgroup: `cgroup/${group.name}/${workers[0].name}`, sources: [] });
        containers.push({ worker: workers[0], files: files(child) });
      }
      for (const { worker } of containers) {
        const source = `${group.name}-${worker.name}`;
        places.get(worker.threads[0].group)!.sources.push(source);
        traffic.push({ name: source, to: `${group.name}/${worker.name}`, ...demand(config, worker) });
      }
      return {
        name: group.name,
        kind: "Pod",
        node: "node",
        spec: { containers: containers.map(({ worker }) => ({ name: worker.name })) },
        behavior: Object.fromEntries(containers.map(({ worker }) => [worker.name, { threads: worker.threads.length }])),
        cgroup: {
          pod: podFiles,
          containers: Object.fromEntries(
            containers.map(({ worker, files: own }) => [worker.name, { ...own, "cpuset.cpus": worker.cpus.join(",") }]),
          ),
        },
      };
    });
  const kernel = {
    version: /\d+\.\d+/.exec(document.kernel)?.[0] ?? document.kernel,
    hz: document.hz,
    cgroup: "v1",
    bandwidthSlice: `${document.cfs_bandwidth_slice_us}us`,
    requestOverhead: REQUEST_OVERHEAD,
  };
  const scenario = {
    metadata: { name: "live" },
    duration: `${config.duration_us}us`,
    nodes: [{ name: "node", capacity: { cpu: CPUS, memory: "16Gi" }, kernel }],
    workloads,
    traffic,
  };
  return { scenario, places };
}

function files({ quota_us, period_us, burst_us, shares }: LiveGroup) {
  return {
    "cpu.cfs_quota_us": quota_us,
    "cpu.cfs_period_us": period_us,
    "cpu.cfs_burst_us": burst_us,
    "cpu.shares": shares,
  };
}

function workersOf(config: LiveConfiguration, group: string): Worker[] {
  const workers = new Map<string, Worker>();
  for (const thread of config.threads.filter((each) => each.group === group)) {
    const key = JSON.stringify([thread.cpus, thread.mode, thread.queue, thread.burn_us, thread.think_us]);
    const worker = workers.get(key) ?? { name: `${group}${workers.size}`, cpus: thread.cpus, threads: [] };
    worker.threads.push(thread);
    workers.set(key, worker);
  }
  return [...workers.values()];
}

function demand(config: LiveConfiguration, { threads }: Worker): object {
  const { mode, queue = 0, burn_us, think_us } = threads[0];
  const closed = { type: "closed", users: threads.length };
  if (mode === "hog") return { arrivals: { ...closed, think: "0s" }, cpu: "1000h" };
  if (mode === "closed") return { arrivals: { ...closed, think: `${think_us}us` }, cpu: `${burn_us}us` };
  const rows = config.queues![queue].map(([arrival_us, service_us]) => ({
    time_s: arrival_us / 1e6,
    cpu_ms: service_us / 1e3,
  }));
  return { arrivals: { type: "trace", rows }, cpu: "0s" };
}

/** The figures of one group in one run, by the names that the measurements have. */
function figuresOf(scenario: Scenario, places: ReadonlyMap<string, Place>): Map<string, Record<string, number>> {
  const { simulation, outputs, finish } = compose(scenario);
  simulation.runUntil(scenario.duration);
  finish();
  const counters = new Map(
    outputs.counters.entries.map(({ object, counter, value }) => [`${object} ${counter}`, value]),
  );
  const found = new Map<string, Record<string, number>>();
  for (const [group, { cgroup, sources }] of places) {
    const figures: Record<string, number> = {};
    for (const [figure, counter] of Object.entries(COUNTERS)) figures[figure] = counters.get(`${cgroup} ${counter}`)!;
    const summaries = outputs.recorder.sources
      .filter(({ name }) => sources.includes(name))
      .map((source) => source.summaryFigures());
    figures.completed = summaries.reduce((sum, { completed }) => sum + completed, 0);
    const latency = summaries.length === 1 ? summaries[0].latency : undefined;
    if (latency !== undefined) {
      figures.mean = Number(latency.meanNs) / NS_PER_US;
      for (const name of LATENCIES.slice(1)) {
        figures[name] = latency[`${name as Exclude<(typeof LATENCIES)[number], "mean">}Ns`] / NS_PER_US;
      }
    }
    found.set(group, figures);
  }
  return found;
}

function judge(document: LiveDocument, config: LiveConfiguration): Judgement[] {
  const ids = Object.entries(config.results).flatMap(([group, figures]) =>
    Object.entries(figures).flatMap(([figure, value]) =>
      typeof value === "object" && value.accept !== undefined ? [{ group, figure, accept: value.accept }] : [],
    ),
  );
  const id = (group: string, figure: string) => `${config.id} ${group}.${figure}`;
  const notCovered = (group: string, figure: string, reason: string): Judgement => ({
    id: id(group, figure),
    verdict: { kind: "notCovered", reason },
  });
  let runs: Array<Map<string, Record<string, number>>>;
  try {
    const { scenario: given, places } = liveScenario(document, config);
    const { scenario } = loadScenario({ text: JSON.stringify(given), name: config.id, dir: "." });
    runs = Array.from({ length: SEEDS }, (_, seed) => figuresOf({ ...scenario, seed: seed + 1 }, places));
  } catch (error) {
    if (!(error instanceof NotCovered)) throw error;
    return ids.map(({ group, figure }) => notCovered(group, figure, error.message));
  }
  return ids.map(({ group, figure, accept: [least, most] }) => {
    const isClosed = config.threads.some((thread) => thread.group === group && thread.mode !== "queue");
    if (isClosed && (LATENCIES as readonly string[]).includes(figure)) {
      return notCovered(group, figure, "the measurement counts a closed loop's response from its first instruction");
    }
    const values = runs.map((run) => run.get(group)?.[figure] ?? NaN).toSorted((a, b) => a - b);
    const median = values[Math.ceil(values.length / 2) - 1];
    if (median >= least && median <= most) return { id: id(group, figure), verdict: { kind: "passed" } };
    const differences = [{ path: figure, expected: [least, most], found: median }];
    return { id: id(group, figure), verdict: { kind: "failed", differences } };
  });
}

export const adapters: Adapters = {};

export const live: LiveAdapter = {
  claims: ({ configurations, cfs_bandwidth_slice_us }) =>
    Array.isArray(configurations) && typeof cfs_bandwidth_slice_us === "number",
  judge: async (document) => {
    const given = document as unknown as LiveDocument;
    return given.configurations.flatMap((config) => judge(given, config));
  },
};
