import { OBSERVERS } from "../../engine/event-store.ts";
import { Simulation } from "../../engine/simulation.ts";
import type { Ns } from "../../engine/time.ts";
import { adapter, NotCovered, premise, type Adapters, type Found } from "../conformance/adapter.ts";
import { nsOf, secondsOf } from "../conformance/time.ts";
import { BackOff } from "./backoff.ts";
import { CASES_MINOR } from "./conformance-requests.ts";
import { ImageManager, type EnsureResult, type PullTimes } from "./image-manager.ts";
import type { Image } from "./image-store.ts";
import { newPuller, type PullImage, type Puller } from "./puller.ts";
import { defaultImageConfig, type ImageFields } from "./puller-config.ts";
import type { PullPolicy } from "./reference.ts";

/** When a case has played out, in seconds. */
const END = 1_000_000;

export type KubeletGiven = Pick<
  ImageFields,
  "serializeImagePulls" | "maxParallelImagePulls" | "registryPullQPS" | "registryBurst"
>;

/** The puller of a case's kubelet. */
export function pullerOf(sim: Simulation, kubelet: KubeletGiven, pullImage: PullImage): Puller {
  const { serializeImagePulls, maxParallelImagePulls, registryPullQPS, registryBurst } = kubelet;
  const given = { serializeImagePulls, maxParallelImagePulls, registryPullQPS, registryBurst };
  return newPuller(sim, defaultImageConfig(given, CASES_MINOR), pullImage);
}

interface PlayedRequest {
  id: string;
  at: Ns;
  image: Image;
  policy?: PullPolicy;
}

/** One request as it went. */
interface Played {
  id: string;
  requestedAt: Ns;
  pullingAt: Ns;
  backOffWindow: Ns;
  times: PullTimes;
  result: EnsureResult;
  error?: string;
}

interface Play {
  sim: Simulation;
  puller: Puller;
  played: Played[];
}

/** Plays requests of pods of their own through an image manager, in listed order where they come at the same instant. */
function play(kubelet: KubeletGiven, requests: readonly PlayedRequest[], pullImage?: PullImage): Play {
  const sim = new Simulation();
  const images = new Map(requests.map(({ image }) => [image.name, image]));
  const present = new Set<string>();
  const known: PullImage = (image, done) => {
    const finish = (): void => {
      present.add(image.name);
      done({ kind: "pulled", sizeBytes: 0, downloadedBytes: 0 });
    };
    sim.schedule(image.pullDuration?.() ?? 0, finish, undefined);
  };
  const puller = pullerOf(sim, kubelet, pullImage ?? known);
  const pulling = new Map<string, Ns>();
  const errors = new Map<string, string>();
  const times = new Map<string, PullTimes>();
  const manager = new ImageManager({
    sim,
    minor: CASES_MINOR,
    puller,
    node: { imageStatus: (name) => present.has(name) },
    image: (name) => images.get(name) as Image,
    onEvent: ({ podUid }, event) => {
      if (event.reason === "Pulling") pulling.set(podUid, sim.now);
      if (event.reason === "Failed") errors.set(podUid, event.message.slice(event.message.indexOf(": ") + 2));
    },
    onPull: ({ podUid }, taken) => void times.set(podUid, taken),
  });
  const played: Played[] = [];
  for (const { id, at, image, policy } of requests) {
    const ask = (): void => {
      const request = { podUid: id, image: image.name, policy: policy ?? "IfNotPresent" };
      manager.ensure(request, (result) => {
        const taken = times.get(id);
        if (taken === undefined) throw new NotCovered("the image was there already");
        played.push({
          id,
          requestedAt: at,
          pullingAt: pulling.get(id) ?? Infinity,
          backOffWindow: manager.backOff.windowOf(`${id}_${image.name}`),
          times: taken,
          result,
          error: errors.get(id),
        });
      });
    };
    sim.scheduleAt(at, ask, undefined);
  }
  return { sim, puller, played };
}

function knownLength(name: string, seconds: number): Image {
  return { name: `${name}:1`, layers: [], pullDuration: () => nsOf(seconds) };
}

interface TimedRequest {
  id: string;
  at_s: number;
  pullDuration_s: number;
}

function timedRequests(requests: readonly TimedRequest[]): PlayedRequest[] {
  return requests.map(({ id, at_s, pullDuration_s }) => ({
    id,
    at: nsOf(at_s),
    image: knownLength(id, pullDuration_s),
  }));
}

function equalRequests(count: number, at_s: number, pullDuration_s: number): PlayedRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `p${i}`,
    at: nsOf(at_s),
    image: knownLength(`p${i}`, pullDuration_s),
  }));
}

interface TimelineGiven {
  kubelet: KubeletGiven;
  distinct_pods_and_images: boolean;
  pull_durations_independent_of_each_other: boolean;
  requests: TimedRequest[];
  tie_break: string;
}

const timeline = adapter<TimelineGiven>((given) => {
  premise(given.distinct_pods_and_images && given.pull_durations_independent_of_each_other, "shared images");
  premise(given.tie_break === "listed order", `no tie break ${given.tie_break}`);
  const { sim, played } = play(given.kubelet, timedRequests(given.requests));
  sim.runUntil(nsOf(END));
  const byId = new Map(played.map((request) => [request.id, request]));
  const pulls = given.requests.map(({ id }) => byId.get(id) as Played);
  const waits = pulls.map(({ requestedAt, times }) => times.finishedAt - requestedAt);
  return {
    pulls: pulls.map(({ id, requestedAt, times }) => ({
      id,
      requested_s: secondsOf(requestedAt),
      start_s: secondsOf(times.startedAt),
      finish_s: secondsOf(times.finishedAt),
      pull_s: secondsOf(times.finishedAt - times.startedAt),
      including_waiting_s: secondsOf(times.finishedAt - requestedAt),
    })),
    makespan_s: secondsOf(Math.max(...pulls.map(({ times }) => times.finishedAt))),
    mean_including_waiting_s: secondsOf(waits.reduce((sum, wait) => sum + wait, 0)) / waits.length,
    all_Pulling_events_at_request_time: pulls.every(({ requestedAt, pullingAt }) => pullingAt === requestedAt),
  };
});

interface BatchGiven {
  kubelet: KubeletGiven;
  requests: number;
  at_s: number;
  pullDuration_s: number;
}

/** Many equal requests at one instant. A key `at_T` or `at_T_after_handover` asks for the queue at T seconds. */
const batch = adapter<BatchGiven>((given, asked) => {
  const at = nsOf(given.at_s);
  const { sim, puller, played } = play(given.kubelet, equalRequests(given.requests, given.at_s, given.pullDuration_s));
  const queues: { [key: string]: Found } = {};
  for (const key of asked) {
    const match = /^at_([0-9.]+)(?:_after_handover)?$/.exec(key);
    if (match === null) continue;
    const look = (): void => {
      const { inService, inChannel, blockedSenders } = puller.queue;
      queues[key] = { in_service: inService, in_channel: inChannel, senders_blocked: blockedSenders };
    };
    sim.scheduleAt(nsOf(Number(match[1])), look, undefined, OBSERVERS);
  }
  sim.runUntil(nsOf(END));
  const accepted = played.filter(({ result }) => result.kind === "ok");
  const refused = played.filter(({ result }) => result.kind === "waiting");
  const atFirst = ({ times }: Played): boolean => times.startedAt === at;
  const [first] = refused;
  return {
    ...queues,
    finish_s: played.map(({ times }) => secondsOf(times.finishedAt)),
    Pulling_events_at_s: played.map(({ pullingAt }) => secondsOf(pullingAt)),
    errors: refused.length,
    accepted: accepted.length,
    refused: refused.length,
    last_accepted_finish_s: secondsOf(Math.max(...accepted.map(({ times }) => times.finishedAt))),
    accepted_at_0: accepted.filter(atFirst).length,
    refused_at_0: refused.filter(atFirst).length,
    refused_error: first?.error,
    refused_waiting_reason: first?.result.kind === "waiting" ? first.result.reason : undefined,
    refused_backoff_window_s: first === undefined ? undefined : secondsOf(first.backOffWindow),
    refused_retry_earliest_s: first === undefined ? undefined : secondsOf(first.times.finishedAt + first.backOffWindow),
  };
});

const afterToken = adapter<{ kubelet: KubeletGiven; requests: TimedRequest[] }>((given) => {
  const { sim, played } = play(given.kubelet, timedRequests(given.requests));
  sim.runUntil(nsOf(END));
  const answers = played.map(({ id, result, times }) => [
    id,
    result.kind === "ok"
      ? { start_s: secondsOf(times.startedAt), finish_s: secondsOf(times.finishedAt) }
      : { refused_at_s: secondsOf(times.finishedAt) },
  ]);
  return Object.fromEntries(answers) as { [id: string]: Found };
});

interface ReleaseGiven {
  serializeImagePulls: boolean;
  maxParallelImagePulls?: number | null;
  pulls_never_finish_until_released: boolean;
  steps: Array<{ request?: number; release?: number }>;
}

const parallel = adapter<ReleaseGiven>((given) => {
  premise(given.pulls_never_finish_until_released, "pulls that finish by themselves");
  const sim = new Simulation();
  const open: Array<() => void> = [];
  const succeeded: boolean[] = [];
  let calls = 0;
  let requests = 0;
  const { serializeImagePulls, maxParallelImagePulls } = given;
  const puller = pullerOf(sim, { serializeImagePulls, maxParallelImagePulls, registryPullQPS: 0 }, (_, done) => {
    calls++;
    open.push(() => done({ kind: "pulled", sizeBytes: 0, downloadedBytes: 0 }));
  });
  const callsAfter = given.steps.map(({ request, release }, step) => {
    for (let i = 0; i < (request ?? 0); i++) {
      puller.pull({ name: `i${requests++}`, layers: [] }, ({ result }) => succeeded.push(result.kind === "pulled"));
    }
    for (const finish of open.splice(0, release ?? 0)) finish();
    sim.runUntil(step + 1);
    return calls;
  });
  return {
    runtime_pull_calls_after_step: callsAfter,
    all_requests_succeed: succeeded.length === requests && succeeded.every(Boolean),
  };
});

interface SharedGiven {
  kubelet: KubeletGiven;
  pods: number;
  same_image: boolean;
  pullPolicy: PullPolicy;
  at_s: number;
  first_pullDuration_s: number;
  pullDuration_when_all_layers_present_s: number;
}

const sharedImage = adapter<SharedGiven>((given) => {
  premise(given.same_image, "images of their own");
  let calls = 0;
  const [first, again] = [nsOf(given.first_pullDuration_s), nsOf(given.pullDuration_when_all_layers_present_s)];
  const image: Image = { name: "shared:1", layers: [], pullDuration: () => (calls++ === 0 ? first : again) };
  const requests = Array.from({ length: given.pods }, (_, i) => ({
    id: `p${i}`,
    at: nsOf(given.at_s),
    image,
    policy: given.pullPolicy,
  }));
  const { sim, played } = play(given.kubelet, requests);
  sim.runUntil(nsOf(END));
  return { runtime_pull_calls: calls, finish_s: played.map(({ times }) => secondsOf(times.finishedAt)) };
});

interface EnsureGiven {
  image: string;
  pullPolicy: PullPolicy;
  present_on_node: boolean;
  backoff: { initial_s: number; max_s: number; jitter: number };
  registryPullQPS: number;
  registryBurst: number;
  puller: string[];
  same_pod_calls_at_s: number[];
  image_status_error?: string;
  pull_error?: string;
}

const PULLERS: Readonly<Record<string, boolean>> = { serial: true, "parallel-unlimited": false };

/** One pod that asks again and again, with every listed puller; all of them have to answer alike. */
const ensure = adapter<EnsureGiven>((given) => {
  premise(given.backoff.jitter === 0, "the kubelet's image back-off has no jitter");
  const answers = given.puller.map((name) => {
    premise(Object.hasOwn(PULLERS, name), `no puller ${name}`);
    return ensureCalls(given, PULLERS[name]);
  });
  const texts = new Set(answers.map((answer) => JSON.stringify(answer)));
  return { calls: texts.size === 1 ? answers[0] : [...texts] };
});

function ensureCalls(given: EnsureGiven, isSerial: boolean): Found {
  const sim = new Simulation();
  let calls: string[] = [];
  let events: string[] = [];
  const { image_status_error: statusError, pull_error: pullError, present_on_node: isPresent } = given;
  const pullImage: PullImage = (_, done) => {
    calls.push("PullImage");
    if (pullError === undefined) {
      calls.push("ImageSize");
      sim.schedule(0, done, { kind: "pulled", sizeBytes: 0, downloadedBytes: 0 });
    } else sim.schedule(0, done, { kind: "failed", error: pullError, downloadedBytes: 0 });
  };
  // A burst of 0 is unset in a configuration file; built directly, as upstream's own tests do, it admits nothing.
  const config = {
    serializeImagePulls: isSerial,
    registryPullQPS: given.registryPullQPS,
    registryBurst: given.registryBurst,
  };
  const manager = new ImageManager({
    sim,
    minor: CASES_MINOR,
    puller: newPuller(sim, config, pullImage),
    node: {
      imageStatus: () => {
        calls.push("ImageStatus");
        if (statusError !== undefined) throw new Error(statusError);
        return isPresent;
      },
    },
    image: (name) => ({ name, layers: [] }),
    backOff: new BackOff({ initial: nsOf(given.backoff.initial_s), max: nsOf(given.backoff.max_s) }),
    onEvent: (_, event) => void events.push(event.reason),
  });
  return given.same_pod_calls_at_s.map((seconds) => {
    calls = [];
    events = [];
    let result = "none";
    const ask = (): void =>
      manager.ensure({ podUid: "pod", image: given.image, policy: given.pullPolicy }, (answer) => {
        result = answer.kind === "ok" ? "ok" : answer.reason;
      });
    sim.scheduleAt(nsOf(seconds), ask, undefined);
    sim.runUntil(nsOf(seconds) + 1);
    return {
      at_s: seconds,
      result,
      events,
      runtime_calls: calls,
      pull_start_recorded: events.includes("Pulling"),
      // What is there already takes no part in the pod's pulling time.
      pull_finish_recorded: events.includes("Pulling") && events.includes("Pulled"),
    };
  });
}

export const pullAdapters: Adapters = {
  timeline,
  serial: batch,
  "qps-burst": batch,
  "qps-serial": batch,
  "qps-after": afterToken,
  parallel,
  no: sharedImage,
  ensure,
};
