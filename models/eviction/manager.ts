import { NO_EVENT, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import type { EventLog } from "../../engine/results/event-log.ts";
import { roundNs } from "../../engine/time.ts";
import type { Node } from "../cluster/node.ts";
import type { Pod } from "../cluster/pod.ts";
import { CLEANUP_POLL, CLEANUP_TIMEOUT, MONITORING_INTERVAL } from "./defaults.ts";
import type { Eviction } from "./eviction.ts";
import { MemoryNotifiers } from "./notifiers.ts";
import { admits, type AdmittedPod } from "./pod.ts";
import { observe, type NodeCondition } from "./signals.ts";
import { afterReclaim, initialState, synchronize, type EvictionState, type PassOutcome } from "./synchronize.ts";
import { byEvictionPriority } from "./threshold.ts";
import type { NodeUsage } from "./usage/node-usage.ts";
import type { PodUsage } from "./usage/pod-usage.ts";

/** What the kubelet does for its eviction manager. */
export interface EvictionHost {
  /**
   * Ends a pod in phase Failed with its event Evicted, its containers within so many seconds; a pod that is ending
   * already gets the shorter grace. `done` is called once: when nothing of it runs any more, or when the wait for that is
   * over.
   */
  evict(pod: Pod, eviction: PodEviction, done: () => void): void;
  /** Removes the images that no container uses; absent: there are none. */
  deleteUnusedImages?(node: Node): void;
}

/** How a pod is told to go. */
export interface PodEviction {
  reason: "Evicted";
  message: string;
  graceSeconds: number;
}

export interface EvictionManagerOptions {
  simulation: Simulation;
  usage: NodeUsage;
  events: EventLog;
  host: EvictionHost;
  /** Told of every pod that is evicted, and since when what it is evicted for has been observed. */
  onEviction: (eviction: Eviction, pod: PodUsage, since: Ns) => void;
  /** Told of the conditions after a pass that changed them. */
  onConditions: () => void;
}

/**
 * The eviction manager of one node in time: a pass, ten seconds of sleep; after an eviction the kill, the wait for the
 * pod to be cleaned up, and the next pass at once. A memory notifier runs a pass of its own beside the loop.
 *
 * Simplified: a pass takes no time, and it sees pods' memory and writable layers as they are; upstream reads those from
 * caches of up to 15 s, so that a ramp is ranked by up to 15 s of growth too little. Volumes are as old as upstream's.
 */
export class EvictionManager {
  #state: EvictionState;
  readonly #options: EvictionManagerOptions;
  readonly #notifiers: MemoryNotifiers;
  /** The next step of the loop. */
  #next: Handle = NO_EVENT;
  #isStopped = false;

  constructor(options: EvictionManagerOptions) {
    const { simulation, usage } = options;
    this.#options = options;
    this.#state = initialState(usage.settings.manager);
    this.#notifiers = new MemoryNotifiers(usage, () => this.#pass(() => {}));
    const { hasPhases } = usage.settings;
    const stream = simulation.streams.fresh(`node/${usage.node.stream}/eviction`);
    const phase = hasPhases ? roundNs(stream.uniform() * MONITORING_INTERVAL) : 0;
    this.#next = simulation.schedule(phase, runLoop, this);
  }

  /** What the node suffers from, as of the last pass. */
  get conditions(): readonly NodeCondition[] {
    return this.#state.conditions;
  }

  /** Whether the node takes a pod now. */
  admits(pod: AdmittedPod): boolean {
    return admits(this.#state.conditions, pod);
  }

  /** The kubelet is gone, and with it what its manager remembers. */
  stop(): void {
    this.#isStopped = true;
    this.#options.simulation.cancel(this.#next);
    this.#notifiers.stop();
  }

  /** One turn of the loop. */
  run(): void {
    this.#pass((evicted) => {
      if (this.#isStopped) return;
      if (evicted.length === 0) this.#next = this.#options.simulation.schedule(MONITORING_INTERVAL, runLoop, this);
      else this.#awaitCleanup(evicted, this.#options.simulation.now + CLEANUP_TIMEOUT);
    });
  }

  /** One pass with all its effects; `done` is called with the pods that it evicted, once their containers are dead. */
  #pass(done: (evicted: readonly PodUsage[]) => void): void {
    const { simulation, usage, events, onConditions } = this.#options;
    const { manager, layout } = usage.settings;
    usage.sample++;
    const stats = usage.stats();
    const pods = [...usage.pods];
    const before = this.#state.conditions;
    const { state, decision } = synchronize(manager, this.#state, {
      now: simulation.now,
      layout,
      pods: pods.map(({ managed }) => managed),
      observations: observe(stats),
    });
    this.#state = state;
    if (decision.rearmsNotifiers) this.#notifiers.arm(state.thresholds, stats);
    if (before.join() !== state.conditions.join()) onConditions();
    if (decision.starved !== undefined) {
      const message = `Attempting to reclaim ${decision.starved}`;
      events.add(simulation.now, usage.node.name, `node/${usage.node.name}`, "EvictionThresholdMet", message);
    }
    const outcome = this.#reclaim(decision.outcome);
    if (outcome.kind !== "evict") return done([]);
    const evicted = outcome.evictions.map((eviction) => ({
      eviction,
      pod: pods.find(({ managed }) => managed.name === eviction.pod) as PodUsage,
    }));
    this.#evictAll(evicted, 0, () => done(evicted.map(({ pod }) => pod)));
  }

  /** Cleans up what the node can spare, where the pass asks for it, and goes on with the pass. */
  #reclaim(outcome: PassOutcome): PassOutcome {
    if (outcome.kind !== "reclaim") return outcome;
    const { usage, host } = this.#options;
    for (const reclaim of outcome.reclaims) {
      if (reclaim === "containers") for (const pod of usage.pods) pod.removeDeadContainers();
      else host.deleteUnusedImages?.(usage.node);
    }
    usage.sample++;
    return afterReclaim(usage.settings.manager, this.#state, outcome.pending, observe(usage.stats()));
  }

  /** Evicts one pod after the other, each to the end of its containers. */
  #evictAll(evictions: ReadonlyArray<{ eviction: Eviction; pod: PodUsage }>, index: number, done: () => void): void {
    if (index === evictions.length || this.#isStopped) return done();
    const { host, onEviction } = this.#options;
    const { eviction, pod } = evictions[index];
    const { message, graceSeconds } = eviction;
    onEviction(eviction, pod, this.#observedSince(eviction));
    host.evict(pod.pod, { reason: "Evicted", message, graceSeconds }, () => this.#evictAll(evictions, index + 1, done));
  }

  /** Since when the threshold that evicts a pod has been met; limits of local storage have no memory. */
  #observedSince({ signal }: Eviction): Ns {
    const ofSignal = this.#state.fired.filter((threshold) => threshold.signal === signal);
    const [threshold] = byEvictionPriority(ofSignal);
    const met = this.#state.metSince.find((entry) => entry.threshold === threshold);
    return met?.since ?? this.#options.simulation.now;
  }

  #awaitCleanup(evicted: readonly PodUsage[], deadline: Ns): void {
    const { simulation, usage } = this.#options;
    const poll = () => {
      const isClean = evicted.every(({ pod }) => usage.usageOf(pod) === undefined);
      if (isClean || simulation.now >= deadline) this.run();
      else this.#awaitCleanup(evicted, deadline);
    };
    this.#next = simulation.schedule(CLEANUP_POLL, poll, undefined);
  }
}

function runLoop(manager: EvictionManager): void {
  manager.run();
}
