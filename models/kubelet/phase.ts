import type { RestartPolicy } from "./container-actions.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

/** A container's status in the API, as far as the phase depends on it. */
export type ContainerStatus =
  | { kind: "running"; isStarted: boolean }
  | { kind: "terminated"; exitCode: number }
  /** `lastExitCode`: how its previous run ended, if it had one. */
  | { kind: "waiting"; lastExitCode?: number };

/** What the phase is derived from. A container without a status is undefined. */
export interface PhaseView {
  restartPolicy: RestartPolicy;
  initContainers: ReadonlyArray<{ isSidecar: boolean; status?: ContainerStatus }>;
  containers: ReadonlyArray<ContainerStatus | undefined>;
  /** The pod will not start anything any more. */
  isTerminal: boolean;
  isStatic: boolean;
}

/** Counts of one kind of containers. */
interface Counts {
  /** Init containers that have not ended yet. */
  pendingInit: number;
  /** Sidecars that have not started yet. */
  pendingSidecar: number;
  failed: number;
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
}

/**
 * The pod's phase (rule K9). A container that waits after a run counts as stopped but never as succeeded, so a crash loop
 * is Running. A sidecar that starts again does not take a pod back to Pending, an init container that does, does. Source: kubernetes v1.34 pkg/kubelet/kubelet_pods.go, getPhase.
 */
export function podPhase(pod: PhaseView): PodPhase {
  const counts: Counts = {
    pendingInit: 0,
    pendingSidecar: 0,
    failed: 0,
    unknown: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    succeeded: 0,
  };
  for (const { isSidecar, status } of pod.initContainers) {
    if (isSidecar) countSidecar(status, counts);
    else countInit(status, counts);
  }
  for (const status of pod.containers) countMain(status, counts);

  if (counts.failed > 0 && pod.restartPolicy === "Never") return "Failed";
  const hasStarted = pod.containers.some((status) => status !== undefined && status.kind !== "waiting");
  if (counts.pendingInit > 0 || (counts.pendingSidecar > 0 && !hasStarted)) return "Pending";
  if (counts.waiting > 0 || counts.unknown > 0) return "Pending";
  if (counts.running > 0) return "Running";
  if (counts.stopped === 0) return "Pending";
  const haveAllSucceeded = counts.stopped === counts.succeeded;
  if (pod.isTerminal && !pod.isStatic) return haveAllSucceeded ? "Succeeded" : "Failed";
  if (pod.restartPolicy === "Always") return "Running";
  if (haveAllSucceeded) return "Succeeded";
  return pod.restartPolicy === "Never" ? "Failed" : "Running";
}

function countInit(status: ContainerStatus | undefined, counts: Counts): void {
  const exitCode =
    status?.kind === "terminated" ? status.exitCode : status?.kind === "waiting" ? status.lastExitCode : undefined;
  if (exitCode === undefined) counts.pendingInit++;
  else if (exitCode !== 0) counts.failed++;
}

function countSidecar(status: ContainerStatus | undefined, counts: Counts): void {
  if (status === undefined) counts.unknown++;
  else if (status.kind === "running") {
    counts.running++;
    if (!status.isStarted) counts.pendingSidecar++;
  } else if (status.kind === "waiting" && status.lastExitCode === undefined) {
    counts.pendingSidecar++;
    counts.waiting++;
  }
}

function countMain(status: ContainerStatus | undefined, counts: Counts): void {
  if (status === undefined) counts.unknown++;
  else if (status.kind === "running") counts.running++;
  else if (status.kind === "terminated") {
    counts.stopped++;
    if (status.exitCode === 0) counts.succeeded++;
  } else if (status.lastExitCode === undefined) counts.waiting++;
  else counts.stopped++;
}
