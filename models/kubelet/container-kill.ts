import { NO_EVENT, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import { NS_PER_SECOND } from "../../engine/time.ts";
import { KILLED } from "../cluster/container.ts";
import type { PodContainer } from "../cluster/pod-container.ts";
import { stopContainer } from "./grace.ts";

/**
 * Stops the running containers of a pod: all at once, each with the pod's grace; sidecars last and in reverse order, each
 * with what the others have left of it. Each goes on until SIGKILL, if it does not end by itself before.
 * Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go, killContainersWithSyncResult and killContainer;
 * kuberuntime_termination_order.go.
 */
export class ContainerKill {
  readonly #simulation: Simulation;
  readonly #grace: number;
  readonly #startedAt: Ns;
  readonly #done: () => void;
  /** Those that have not ended yet: containers without an order, then sidecars, the last one of the pod first. */
  readonly #ordinary: Set<PodContainer>;
  readonly #sidecars: PodContainer[];
  readonly #timers = new Map<PodContainer, Handle>();
  #turns: Handle = NO_EVENT;

  /** `grace`: seconds. `containers`: running ones, in the order of the pod. `done` is called when all have ended. */
  constructor(simulation: Simulation, containers: readonly PodContainer[], grace: number, done: () => void) {
    this.#simulation = simulation;
    this.#grace = grace;
    this.#startedAt = simulation.now;
    this.#done = done;
    this.#ordinary = new Set(containers.filter(({ kind }) => kind !== "sidecar"));
    this.#sidecars = containers.filter(({ kind }) => kind === "sidecar").toReversed();
  }

  start(): void {
    for (const container of this.#ordinary) this.#stop(container, this.#grace);
    if (this.#sidecars.length > 0) {
      this.#turns = this.#simulation.schedule(this.#grace * NS_PER_SECOND, endWaiting, this);
    }
    this.#goOn();
  }

  /** Nobody waits for it any more: another kill takes its place, or the containers are lost. */
  cancel(): void {
    this.#simulation.cancel(this.#turns);
    for (const timer of this.#timers.values()) this.#simulation.cancel(timer);
    this.#timers.clear();
  }

  /** A container has ended, by itself or by this kill. */
  containerEnded(container: PodContainer): void {
    this.#simulation.cancel(this.#timers.get(container) ?? NO_EVENT);
    this.#timers.delete(container);
    this.#ordinary.delete(container);
    const index = this.#sidecars.indexOf(container);
    if (index >= 0) this.#sidecars.splice(index, 1);
    this.#goOn();
  }

  /** The grace is over: every sidecar that still waits for its turn is stopped now. */
  endWaiting(): void {
    for (const sidecar of this.#sidecars) if (!this.#timers.has(sidecar)) this.#stop(sidecar, 0);
  }

  #goOn(): void {
    if (this.#ordinary.size > 0) return;
    const [next] = this.#sidecars;
    if (next === undefined) {
      this.#simulation.cancel(this.#turns);
      this.#done();
      return;
    }
    const waited = Math.floor((this.#simulation.now - this.#startedAt) / NS_PER_SECOND);
    if (!this.#timers.has(next)) this.#stop(next, this.#grace - waited);
  }

  #stop(container: PodContainer, grace: number): void {
    const { stopGrace } = stopContainer(grace, undefined, undefined);
    this.#timers.set(container, this.#simulation.schedule(stopGrace * NS_PER_SECOND, sigkill, container));
  }
}

function sigkill(container: PodContainer): void {
  container.run?.end(KILLED);
}

function endWaiting(kill: ContainerKill): void {
  kill.endWaiting();
}
