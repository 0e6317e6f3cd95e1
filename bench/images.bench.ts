import { Simulation } from "../engine/index.ts";
import { CounterTable } from "../engine/results/counters.ts";
import { EventLog } from "../engine/results/event-log.ts";
import { Recorder } from "../engine/statistics/recorder.ts";
import { NS_PER_MS, NS_PER_SECOND } from "../engine/time.ts";
import { nodesOf } from "../models/cluster/node.ts";
import { composeImages } from "../models/images/compose-images.ts";
import type { ImagePod } from "../models/images/node-images.ts";
import { canonicalName } from "../models/images/reference.ts";
import { loadScenario } from "../models/scenario.ts";
import type { BenchCase } from "./case.ts";

const NODES = 100;
const IMAGES = 200;
const LAYERS = 1_000;
const LAYERS_PER_IMAGE = 8;
const DURATION = 1000 * 3600 * NS_PER_SECOND;

/** 200 images of eight layers, drawn from 1,000 that images share; the bottom one is one of twenty bases. */
function images(): object[] {
  return Array.from({ length: IMAGES }, (_, i) => ({
    name: `image-${i}:1`,
    layers: Array.from({ length: LAYERS_PER_IMAGE }, (_, k) => {
      const layer = k === 0 ? i % 20 : 20 + ((i * 37 + k * 211) % (LAYERS - 20));
      const megabytes = 2 + ((layer * 7919) % 60);
      return { digest: `sha256:${layer}`, size: `${megabytes}MB`, unpacked: `${megabytes * 3}MB` };
    }),
  }));
}

function scenario(): object {
  return {
    metadata: { name: "bench" },
    duration: "1000h",
    window: "1h",
    nodes: [
      {
        name: "node",
        count: NODES,
        capacity: { cpu: 4, memory: "16Gi" },
        nic: { bandwidth: "10Gbit" },
        disk: { nodefs: { write: "300MB/s" } },
        kubelet: { maxParallelImagePulls: 5, registryPullQPS: 0, imageGCHighThresholdPercent: 100 },
      },
    ],
    images: images(),
    registry: { bandwidth: "40Gbit", perConnection: "400Mbit", latency: "40ms", resolve: "160ms" },
    runtime: { version: "2.1", maxConcurrentDownloads: 3, unpack: "100MB/s" },
  };
}

let loaded: ReturnType<typeof loadScenario>["scenario"] | undefined;

/** A run of `count` pulls under way. */
interface World {
  simulation: Simulation;
  done: number;
}

/** Pulls in one batch. */
const BATCH = 500;

/**
 * `count` image pulls on 100 nodes, 200 images of 1,000 shared layers, from requests that come at the nodes in turn to
 * layers on their disks; all nodes share one registry, which is busy for five sixths of the time. An image goes again as
 * soon as it is there, so that every pull costs the same; only layers on their way are shared. A batch is 500 pulls of such
 * a run, its beginning included; after the last one comes the next run.
 */
function pulls(name: string, count: number): BenchCase {
  let world: World | undefined;
  return {
    name,
    unit: "pulls",
    run: () => {
      world ??= begin(count);
      const until = world.done + BATCH;
      while (world.done < until) world.simulation.runUntil(world.simulation.now + NS_PER_SECOND);
      const pulled = world.done - until + BATCH;
      if (world.done >= count - BATCH) world = undefined;
      return pulled;
    },
  };
}

function begin(count: number): World {
  loaded ??= loadScenario({ text: JSON.stringify(scenario()), name: "bench", dir: "." }).scenario;
  const simulation = new Simulation({ seed: 1 });
  const outputs = {
    recorder: new Recorder({ durationNs: DURATION, warmupNs: 0, windowNs: 3600 * NS_PER_SECOND }),
    events: new EventLog(),
    counters: new CounterTable(),
  };
  const nodes = loaded.nodes.flatMap((entry) => nodesOf(entry));
  const composed = composeImages({ simulation, scenario: loaded, nodes, outputs });
  if (composed === undefined) throw new Error("the scenario describes images");
  const world: World = { simulation, done: 0 };
  const request = (i: number): void => {
    const pod: ImagePod = { name: `pod-${i}`, allContainers: [] };
    const image = `image-${(Math.floor(i / NODES) * 7 + i) % IMAGES}:1`;
    const images = composed.of(nodes[i % NODES]);
    images.ensure(pod, { spec: { image }, runs: 0 }, () => {
      world.done++;
      images.store.remove(canonicalName(image) as string);
    });
    if (i + 1 < count + BATCH) simulation.schedule(60 * NS_PER_MS, request, i + 1);
  };
  simulation.schedule(0, request, 0);
  return world;
}

export const cases: BenchCase[] = [
  pulls("images/1k-pulls", 1_000),
  pulls("images/10k-pulls", 10_000),
  pulls("images/100k-pulls", 100_000),
];
