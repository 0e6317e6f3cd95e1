import type { Ns } from "../../engine/index.ts";
import type { ContainerView, InitContainerView } from "../kubelet/container-actions.ts";
import type { ContainerStatus } from "../kubelet/phase.ts";
import type { Container, ContainerExit } from "./container.ts";
import type { Container as ContainerSpec } from "./pod-spec.ts";

/** Init containers run to their end before the others start; sidecars are init containers that go on beside them. */
export type ContainerKind = "init" | "sidecar" | "regular";

/** The last end of a container. */
export interface LastExit extends ContainerExit {
  at: Ns;
}

/** One container of a pod, over all its runs. */
export class PodContainer {
  readonly name: string;
  readonly spec: ContainerSpec;
  readonly kind: ContainerKind;
  state: "waiting" | "running" | "terminated" = "waiting";
  /** Why it waits, as in a container's status: ContainerCreating, CrashLoopBackOff, ErrImagePull. */
  waitingReason = "ContainerCreating";
  /** The processes of the present run, or of the last one. */
  run: Container | undefined;
  lastExit: LastExit | undefined;
  /** Runs that have begun; the restart count is one less. */
  runs = 0;

  constructor(spec: ContainerSpec, kind: ContainerKind) {
    this.name = spec.name;
    this.spec = spec;
    this.kind = kind;
  }

  get isReady(): boolean {
    return this.state === "running" && this.run?.isReady === true;
  }

  waits(reason: string): void {
    this.state = "waiting";
    this.waitingReason = reason;
  }

  begins(run: Container): void {
    this.state = "running";
    this.run = run;
    this.runs++;
  }

  ends(exit: ContainerExit, at: Ns): void {
    this.state = "terminated";
    this.lastExit = { ...exit, at };
  }

  /** The pod starts over in a new sandbox: what ran in the old one does not count any more. */
  forget(): void {
    this.waits("ContainerCreating");
    this.lastExit = undefined;
  }

  /** As the container runtime knows it. */
  get view(): ContainerView {
    if (this.state === "running") return { state: "running" };
    return this.lastExit === undefined ? {} : { state: "exited", exitCode: this.lastExit.code };
  }

  /** The same for an init container. No probe of it is modelled. */
  get initView(): InitContainerView {
    return { ...this.view, isSidecar: this.kind === "sidecar", hasStartupProbe: false, hasLivenessProbe: false };
  }

  /** As the kubelet reports it. */
  get status(): ContainerStatus {
    if (this.state === "running") return { kind: "running", isStarted: true };
    if (this.state === "terminated") return { kind: "terminated", exitCode: this.lastExit?.code ?? 0 };
    return { kind: "waiting", lastExitCode: this.lastExit?.code };
  }
}
