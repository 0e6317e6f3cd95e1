import { NO_EVENT, roundNs, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import { Container, type ContainerExit } from "../cluster/container.ts";
import type { PodContainer } from "../cluster/pod-container.ts";
import type { Pod, PodFailure } from "../cluster/pod.ts";
import type { ClusterObserver } from "../cluster/observer.ts";
import { computePodActions, type PodActions, type PodView } from "./container-actions.ts";
import { ContainerKill } from "./container-kill.ts";
import { crashLoopKey, mayRestart } from "./crash-loop-backoff.ts";
import { effectiveGrace } from "./grace.ts";
import type { Kubelet } from "./kubelet.ts";
import type { PodCgroups } from "./node-cgroups.ts";
import { requeueDelay, type SyncOutcome } from "./pod-workers.ts";

/** Why and how a pod is to stop. Grace periods are seconds. */
export interface StopOptions {
  /** Of a deletion: deletionGracePeriodSeconds. */
  deletion?: number;
  /** Of a killer such as the eviction manager. */
  override?: number;
  failure?: PodFailure;
}

/**
 * The worker of one pod on its kubelet: brings the pod to what its spec asks for, sync by sync, and stops it. A sync looks
 * at what runs, decides (rules K1 to K3), and carries that out step by step: sandbox, init containers, containers in
 * sequence, each with its image. What happens meanwhile is seen by the next one: after the relist that notices it, or
 * when the time of the last outcome has come (rule K5).
 *
 * Simplified: what follows a sidecar's start, or an init container that takes no time, comes at once, where upstream waits
 * for the next relist (0 to 1 s each), so that such containers delay a pod by nothing but their own work.
 *
 * A pod whose last sync met no error is not synced again without a reason, though upstream does every 60 to 90 s: nothing
 * would come of it.
 * Source: kubernetes v1.34 pkg/kubelet/pod_workers.go; kuberuntime/kuberuntime_manager.go, SyncPod.
 */
export class PodWorker {
  readonly pod: Pod;
  /** Undefined while its node is down. */
  cgroups: PodCgroups | undefined;

  readonly #kubelet: Kubelet;
  readonly #simulation: Simulation;
  readonly #jitter: RandomStream;
  /** What a sync began before this changes is of no interest any more. */
  #epoch = 0;
  #isSyncing = false;
  /** A sync that was asked for while one was under way: it follows at once, or when a relist has passed. */
  #again: "no" | "afterRelist" | "atOnce" = "no";
  #requeued: Handle = NO_EVENT;
  #sandbox: { attempt: number; isReady: boolean } | undefined;
  /** The worst outcome of the sync under way, and when the first held-back start may go ahead. */
  #outcome: SyncOutcome = "ok";
  #retryAt: Ns | undefined;
  #grace = 0;
  #kill: ContainerKill | undefined;
  readonly #whenStopped: Array<() => void> = [];

  constructor(pod: Pod, cgroups: PodCgroups, kubelet: Kubelet) {
    this.pod = pod;
    this.cgroups = cgroups;
    this.#kubelet = kubelet;
    this.#simulation = kubelet.simulation;
    this.#jitter = this.#simulation.streams.fresh(`pod/${pod.stream}/resync`);
  }

  /** Looks at the pod and does what is to be done; later, if a sync is under way. */
  sync(): void {
    if (this.pod.stage !== "bound" || this.cgroups === undefined) return;
    if (this.#isSyncing) {
      if (this.#again === "no") this.#again = "afterRelist";
      return;
    }
    this.#simulation.cancel(this.#requeued);
    const { phase } = this.pod;
    if (phase === "Succeeded" || phase === "Failed") {
      this.stop({});
      return;
    }
    this.#isSyncing = true;
    this.#outcome = "ok";
    this.#retryAt = undefined;
    this.#carryOut(computePodActions(this.#view()));
  }

  /** The PLEG has seen what happened. */
  relisted(): void {
    this.sync();
  }

  /** Stops the pod; asked again, only a shorter grace changes anything. `done`: nothing of it runs any more. */
  stop({ deletion, override, failure }: StopOptions, done?: () => void): void {
    const { pod } = this;
    if (done !== undefined) this.#whenStopped.push(done);
    const before = this.#grace;
    const spec = pod.spec.terminationGracePeriodSeconds;
    const { grace, isShortened } = effectiveGrace({ current: before, deletion, override, spec });
    this.#grace = grace;
    pod.failure ??= failure;
    if (pod.stage === "terminating") {
      if (isShortened && this.cgroups !== undefined) this.#killAll(() => this.#stopped());
      return;
    }
    this.#abandonSync();
    pod.terminate();
    if (this.cgroups !== undefined) this.#killAll(() => this.#stopped());
  }

  /** The node goes down: what ran is lost, and nobody is told. */
  nodeDown(): void {
    this.#abandonSync();
    this.#kill?.cancel();
    this.#kill = undefined;
    for (const container of this.#running()) {
      container.run?.freeze();
      container.ends({ code: 255, reason: "Unknown" }, this.#simulation.now);
    }
    if (this.#sandbox !== undefined) this.#sandbox.isReady = false;
    if (this.cgroups !== undefined) this.#kubelet.removeCgroups(this.cgroups);
    this.cgroups = undefined;
    this.pod.updateReadiness();
  }

  /** The node is up again: the pod starts over in a new sandbox, or is done stopping and needs no cgroups. */
  nodeUp(cgroups: PodCgroups | undefined): void {
    this.cgroups = cgroups;
    if (cgroups === undefined) this.#stopped();
    else this.sync();
  }

  /** The kubelet begins again: a sync under way is lost, what runs goes on. */
  kubeletRestarted(): void {
    this.#abandonSync();
    this.sync();
  }

  #running(): PodContainer[] {
    return this.pod.allContainers.filter(({ state }) => state === "running");
  }

  #view(): PodView {
    const { spec, initContainers, containers, isDeleted, ip } = this.pod;
    const sandbox = this.#sandbox;
    return {
      restartPolicy: spec.restartPolicy,
      isHostNetwork: false,
      isDeleted,
      sandboxes: sandbox === undefined ? [] : [{ id: "", isReady: sandbox.isReady, attempt: sandbox.attempt, ip }],
      initContainers: initContainers.map((container) => container.initView),
      containers: containers.map(({ view }) => view),
    };
  }

  #carryOut(actions: PodActions): void {
    const start = () =>
      this.#pullVolumes(() =>
        this.#startInit(actions.startInit, () => this.#startAll(actions.start, () => this.#syncDone())),
      );
    if (!actions.killPod) return start();
    if (this.#sandbox !== undefined && actions.createSandbox) {
      this.#event("SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
    }
    this.#killAll(() => {
      this.#stopSandbox();
      if (actions.createSandbox) this.#createSandbox(actions.attempt, start);
      else this.#syncDone();
    });
  }

  #createSandbox(attempt: number, next: () => void): void {
    for (const container of this.pod.initContainers) container.forget();
    this.#after(this.#kubelet.latencies.sandbox, () => {
      const { network } = this.#kubelet;
      const made = () => {
        this.#sandbox = { attempt, isReady: true };
        next();
      };
      if (network === undefined) return made();
      network.attach(
        this.pod,
        this.#unlessAbandoned((result) => {
          if (result.kind === "ok") {
            this.pod.ip = result.ip;
            return made();
          }
          const { message, isNetworkDown } = result;
          if (isNetworkDown) this.#event("NetworkNotReady", `network is not ready: ${message}`);
          else this.#event("FailedCreatePodSandBox", `Failed to create pod sandbox: ${message}`);
          this.#outcome = isNetworkDown ? "networkNotReady" : "error";
          this.#syncDone();
        }),
      );
    });
  }

  /** Images that are volumes are there before any container starts; one that is not ends the sync. */
  #pullVolumes(next: () => void): void {
    const { images } = this.#kubelet;
    if (images?.ensureVolumes === undefined) return next();
    images.ensureVolumes(
      this.pod,
      this.#unlessAbandoned((result) => {
        if (result.kind === "ok") return next();
        this.#note(result.reason === "ImagePullBackOff" ? "backOffOnly" : "error");
        this.#syncDone();
      }),
    );
  }

  /** Starts the init containers of these indices one after the other; the first ordinary one that fails ends the sync. */
  #startInit(indices: readonly number[], next: () => void): void {
    const [index, ...rest] = indices;
    if (index === undefined) return next();
    const container = this.pod.initContainers[index];
    this.#startContainer(container, (hasStarted) => {
      // A sidecar that runs has done its part: what comes after it does not wait.
      if (hasStarted && container.kind === "sidecar") this.#again = "atOnce";
      if (hasStarted || container.kind === "sidecar") this.#startInit(rest, next);
      else this.#syncDone();
    });
  }

  /** Starts the containers of these indices one after the other; one that fails does not hold up the next. */
  #startAll(indices: readonly number[], next: () => void): void {
    const [index, ...rest] = indices;
    if (index === undefined) return next();
    this.#startContainer(this.pod.containers[index], () => this.#startAll(rest, next));
  }

  #startContainer(container: PodContainer, next: (hasStarted: boolean) => void): void {
    if (this.#isHeldBack(container)) return next(false);
    const { images, latencies } = this.#kubelet;
    const create = () =>
      this.#after(latencies.create, () => {
        this.#event("Created", `Created container: ${container.name}`);
        this.#after(latencies.start, () => {
          this.#run(container);
          next(true);
        });
      });
    if (images === undefined) return create();
    images.ensure(
      this.pod,
      container,
      this.#unlessAbandoned((result) => {
        if (result.kind === "ok") return create();
        container.waits(result.reason);
        this.#note(result.reason === "ImagePullBackOff" ? "backOffOnly" : "error");
        next(false);
      }),
    );
  }

  /** Whether the container ended so lately that it has to wait (rule K4). */
  #isHeldBack(container: PodContainer): boolean {
    const { lastExit, name } = container;
    if (lastExit === undefined) return false;
    const { backOff } = this.#kubelet;
    const { now } = this.#simulation;
    const key = crashLoopKey({ name: this.pod.name, namespace: "default", uid: this.pod.stream }, name, "");
    if (mayRestart(backOff, key, lastExit.at, now)) return false;
    container.waits("CrashLoopBackOff");
    this.#event("BackOff", `Back-off restarting failed container ${name} in pod ${this.pod.name}_default`);
    this.#note("backOffOnly");
    const until = lastExit.at + backOff.windowOf(key);
    this.#retryAt = Math.min(this.#retryAt ?? until, until);
    return true;
  }

  #note(outcome: "backOffOnly" | "error"): void {
    if (this.#outcome === "ok" || outcome === "error") this.#outcome = outcome;
  }

  #run(container: PodContainer): void {
    const { pod } = this;
    const { simulation, node } = this.#kubelet;
    const { name, runs } = container;
    const path = `pod/${pod.stream}/${name}/startup`;
    const run: Container = new Container({
      simulation,
      name,
      behavior: pod.workload.entry.behavior[name],
      cpu: this.#kubelet.addCgroup(this.#ownCgroups(), container),
      requestOverheadNs: node.entry.kernel.requestOverhead,
      stream: simulation.streams.fresh(runs === 0 ? path : `${path}/${runs}`),
      endsAfterStartup: container.kind === "init",
      meter: this.#kubelet.meterOf?.(pod, container),
      onReady: () => pod.updateReadiness(),
      onEnding: (exit) => {
        container.ends(exit, simulation.now);
        pod.updateReadiness();
      },
      onEnded: (exit) => this.#containerEnded(container, run, exit),
    });
    container.begins(run);
    this.#event("Started", `Started container ${name}`);
    this.#tell((observer) => observer.containerStarted?.(pod, container));
    run.start();
  }

  #containerEnded(container: PodContainer, { startedAt }: Container, exit: ContainerExit): void {
    this.#kubelet.removeCgroup(this.#ownCgroups(), container);
    this.#tell((observer) => observer.containerEnded?.(this.pod, container, exit));
    this.#kill?.containerEnded(container);
    if (this.pod.stage !== "bound") return;
    // An init container that took no time delays nothing: its end is seen at once.
    const isInstant = container.kind === "init" && exit.code === 0 && startedAt === this.#simulation.now;
    if (!isInstant) this.#kubelet.loops.awaitRelist(this);
    else if (this.#isSyncing) this.#again = "atOnce";
    else this.sync();
  }

  #killAll(done: () => void): void {
    this.#kill?.cancel();
    const containers = this.#running();
    for (const { name } of containers) this.#event("Killing", `Stopping container ${name}`);
    const grace = this.#grace > 0 ? this.#grace : this.pod.spec.terminationGracePeriodSeconds;
    this.#kill = new ContainerKill(this.#simulation, containers, grace, () => {
      this.#kill = undefined;
      done();
    });
    this.#kill.start();
  }

  #stopSandbox(): void {
    if (this.#sandbox === undefined) return;
    this.#sandbox.isReady = false;
    if (this.pod.ip === undefined) return;
    this.pod.ip = undefined;
    this.#kubelet.network?.detach(this.pod);
  }

  /** Nothing of the pod runs any more. */
  #stopped(): void {
    this.#stopSandbox();
    if (this.cgroups !== undefined) this.#kubelet.removeCgroups(this.cgroups);
    this.cgroups = undefined;
    this.#kubelet.forget(this);
    this.pod.terminated();
    for (const done of this.#whenStopped) done();
    if (this.pod.isDeleted && this.pod.stage === "terminated") this.pod.vanish();
  }

  #syncDone(): void {
    this.#isSyncing = false;
    const again = this.#again;
    this.#again = "no";
    if (again === "atOnce") return this.sync();
    if (again === "afterRelist") this.#kubelet.loops.awaitRelist(this);
    if (this.#outcome === "ok") return;
    const { now } = this.#simulation;
    const { syncFrequency, backOffIsError, loops, hasRandomPhases } = this.#kubelet;
    const untilExpiry = this.#retryAt === undefined ? undefined : this.#retryAt - now;
    const { base, jitter } = requeueDelay(this.#outcome, syncFrequency, backOffIsError, untilExpiry);
    const due = now + roundNs(base * (1 + (hasRandomPhases ? jitter * this.#jitter.uniform() : 0)));
    this.#requeued = this.#simulation.scheduleAt(loops.tickAfter(due), sync, this);
  }

  #abandonSync(): void {
    this.#epoch++;
    this.#isSyncing = false;
    this.#again = "no";
    this.#simulation.cancel(this.#requeued);
  }

  /** Goes on after a delay of the runtime; at once where there is none. */
  #after(delayNs: Ns, next: () => void): void {
    if (delayNs === 0) next();
    else this.#simulation.schedule(delayNs, this.#unlessAbandoned(next), undefined);
  }

  #unlessAbandoned<T>(next: (result: T) => void): (result: T) => void {
    const epoch = this.#epoch;
    return (result) => {
      if (epoch === this.#epoch) next(result);
    };
  }

  #ownCgroups(): PodCgroups {
    if (this.cgroups === undefined) throw new Error(`pod ${this.pod.name} has no cgroup: its node is down`);
    return this.cgroups;
  }

  #event(reason: string, message: string): void {
    this.#kubelet.event(this.pod, reason, message);
  }

  #tell(what: (observer: ClusterObserver) => void): void {
    for (const observer of this.#kubelet.observers) what(observer);
  }
}

function sync(worker: PodWorker): void {
  worker.sync();
}
