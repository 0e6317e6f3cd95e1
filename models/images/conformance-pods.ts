import { NS_PER_SECOND } from "../../engine/time.ts";
import { compose } from "../compose.ts";
import { adapter, premise, type Adapters, type Found } from "../conformance/adapter.ts";
import { nsOf } from "../conformance/time.ts";
import { loadScenario } from "../scenario.ts";
import type { KubeletGiven } from "./conformance-pulls.ts";

interface Pulled {
  pullDuration_s: number;
}

interface PodsGiven {
  kubelet: KubeletGiven;
  pods: Array<{
    id: string;
    imageVolumes?: Pulled[];
    initContainers?: Array<Pulled & { run_s: number }>;
    containers: Pulled[];
  }>;
  sandbox_s: number;
  create_and_start_s: number;
  resync_delay_after_init_s: number;
}

const END = nsOf(100_000);

/** One pod through a whole scenario on one node whose loops have no phases: when each of its images was pulled. */
const pods = adapter<PodsGiven>((given) => {
  premise(given.pods.length === 1, "several pods");
  premise(given.resync_delay_after_init_s === 0, "a delay after init containers: it is the relist's phase");
  const [{ id, imageVolumes = [], initContainers = [], containers }] = given.pods;
  premise(
    [...imageVolumes, ...initContainers, ...containers].every(({ pullDuration_s }) =>
      Number.isInteger(pullDuration_s),
    ) && initContainers.every(({ run_s }) => Number.isInteger(run_s)),
    "init containers that do not end at a relist",
  );
  const images = [...imageVolumes, ...initContainers, ...containers].map(({ pullDuration_s }, i) => ({
    name: `image-${i}:1`,
    pullDuration: `${pullDuration_s}s`,
  }));
  const imageOf = (i: number): string => images[i].name;
  const first = imageVolumes.length + initContainers.length;
  const scenario = {
    metadata: { name: "case" },
    duration: `${END / NS_PER_SECOND}s`,
    window: "1h",
    nodes: [{ name: "node", capacity: { cpu: 4, memory: "16Gi" }, kernel: { phases: "zero" } }],
    kubelet: { ...given.kubelet },
    images,
    runtime: { sandbox: `${given.sandbox_s}s`, create: `${given.create_and_start_s}s` },
    workloads: [
      {
        name: id,
        kind: "Pod",
        spec: {
          volumes: imageVolumes.map((_, i) => ({ name: `volume-${i}`, image: { reference: imageOf(i) } })),
          initContainers: initContainers.map((_, i) => ({
            name: `init-${i}`,
            image: imageOf(imageVolumes.length + i),
          })),
          containers: containers.map((_, i) => ({ name: `container-${i}`, image: imageOf(first + i) })),
        },
        behavior: Object.fromEntries(
          initContainers.map(({ run_s }, i) => [`init-${i}`, { exit: { after: `${run_s}s` } }]),
        ),
      },
    ],
  };
  const loaded = loadScenario({ text: JSON.stringify(scenario), name: "case", dir: "." });
  const { simulation, outputs } = compose(loaded.scenario);
  simulation.runUntil(END);
  const { entries } = outputs.events;
  const times = (reason: string): number[] =>
    entries
      .filter((event) => event.reason === reason && !event.message.includes("already present"))
      .map(({ at }) => at / NS_PER_SECOND);
  const ends = times("Pulled");
  const pulls = times("Pulling").map((start, i): Found => [start, ends[i]]);
  const started = times("Started");
  const inits = pulls.slice(imageVolumes.length, first);
  const initDone = initContainers.map(({ run_s }, i) => started[i] + run_s);
  return {
    image_volume_pull: oneOrAll(pulls.slice(0, imageVolumes.length)),
    init_pull: oneOrAll(inits),
    init_done_s: oneOrAll(initDone),
    container_pulls: pulls.slice(first),
    all_started_s: started.at(-1),
  };
});

/** A list of one is its item, as the cases write it. */
function oneOrAll(found: readonly Found[]): Found {
  return found.length === 1 ? found[0] : found;
}

export const podAdapters: Adapters = { pod: pods };
