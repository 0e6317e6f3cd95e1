import { computeInitContainerActions } from "./init-container-actions.ts";

export type RestartPolicy = "Always" | "OnFailure" | "Never";
export type ProbeResult = "Success" | "Failure" | "Unknown";

/** A container as the runtime knows it; without a state the runtime knows none of that name. */
export interface ContainerView {
  state?: "created" | "running" | "exited" | "unknown";
  exitCode?: number;
  /** The pod's spec of the container is no longer the one that it was started with. */
  isChanged?: boolean;
  /** The latest results that the probe managers hold for it. */
  liveness?: ProbeResult;
  startup?: ProbeResult;
}

/** An init container; a sidecar is one with restartPolicy Always. */
export interface InitContainerView extends ContainerView {
  isSidecar: boolean;
  hasStartupProbe: boolean;
  hasLivenessProbe: boolean;
}

export interface SandboxView {
  id: string;
  isReady: boolean;
  attempt: number;
  /** Absent: the runtime tells no network status. */
  ip?: string;
  /** Whether the pod's network namespace mode is no longer the sandbox's. */
  isNetworkModeChanged?: boolean;
}

/** What a sync of a pod sees. */
export interface PodView {
  restartPolicy: RestartPolicy;
  isHostNetwork: boolean;
  /** The pod has a deletion timestamp: nothing is restarted. */
  isDeleted: boolean;
  /** The latest first. */
  sandboxes: readonly SandboxView[];
  initContainers: readonly InitContainerView[];
  containers: readonly ContainerView[];
}

/** What the sync then does, by indices into the pod's lists. */
export interface PodActions {
  /** Kill all containers and the sandbox; also set for a new pod, where there is nothing to kill. */
  killPod: boolean;
  createSandbox: boolean;
  sandboxId: string;
  attempt: number;
  startInit: number[];
  start: number[];
  kill: number[];
  killInit: number[];
}

/**
 * Whether the pod needs a new sandbox, the attempt that this would be, and the sandbox in use (rule K1).
 * Source: kubernetes v1.34 pkg/kubelet/kuberuntime/util/util.go, PodSandboxChanged.
 */
export function sandboxDecision(pod: Pick<PodView, "sandboxes" | "isHostNetwork">): {
  isNew: boolean;
  attempt: number;
  id: string;
} {
  const [latest] = pod.sandboxes;
  if (latest === undefined) return { isNew: true, attempt: 0, id: "" };
  const next = latest.attempt + 1;
  const ready = pod.sandboxes.filter(({ isReady }) => isReady).length;
  if (ready > 1 || !latest.isReady) return { isNew: true, attempt: next, id: latest.id };
  if (latest.isNetworkModeChanged === true) return { isNew: true, attempt: next, id: "" };
  if (!pod.isHostNetwork && latest.ip === "") return { isNew: true, attempt: next, id: latest.id };
  return { isNew: false, attempt: latest.attempt, id: latest.id };
}

/**
 * What one sync does to the pod's containers (rule K2): decided from the runtime's statuses alone, whatever happened before.
 * Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions.
 */
export function computePodActions(pod: PodView): PodActions {
  const sandbox = sandboxDecision(pod);
  const actions: PodActions = {
    killPod: sandbox.isNew,
    createSandbox: sandbox.isNew,
    sandboxId: sandbox.id,
    attempt: sandbox.attempt,
    startInit: [],
    start: [],
    kill: [],
    killInit: [],
  };
  if (sandbox.isNew) return startOver(pod, actions);
  const isInitialized = computeInitContainerActions(pod, actions);
  if (actions.killPod || !isInitialized) return actions;

  let kept = 0;
  pod.containers.forEach((container, i) => {
    if (container.state !== "running") {
      if (shouldBeStarted(pod, container)) actions.start.push(i);
      // Whether it still runs is not known: it is stopped before another is started.
      if (container.state === "unknown" && shouldBeStarted(pod, container)) actions.kill.push(i);
      return;
    }
    const isUnhealthy = container.liveness === "Failure" || container.startup === "Failure";
    if (container.isChanged !== true && !isUnhealthy) {
      kept++;
      return;
    }
    actions.kill.push(i);
    // A changed spec restarts the container whatever the policy.
    if (container.isChanged === true || pod.restartPolicy !== "Never") actions.start.push(i);
  });
  if (kept === 0 && actions.start.length === 0) {
    actions.killPod = true;
    // Sidecars do not keep a pod alive.
    actions.startInit = [];
  }
  return actions;
}

/** The actions of a pod whose sandbox is missing or no good: from the first init container, if anything is left to do. */
function startOver(pod: PodView, actions: PodActions): PodActions {
  const hasStatus = [...pod.containers, ...pod.initContainers].some(({ state }) => state !== undefined);
  if (pod.restartPolicy === "Never" && actions.attempt !== 0 && hasStatus) return { ...actions, createSandbox: false };
  const start = pod.containers.flatMap((container, i) =>
    pod.restartPolicy === "OnFailure" && hasSucceeded(container) ? [] : [i],
  );
  const wasInitialized = pod.containers.some(({ state }) => state !== undefined && state !== "unknown");
  if (start.length === 0 && wasInitialized) return { ...actions, createSandbox: false };
  return pod.initContainers.length > 0 ? { ...actions, startInit: [0] } : { ...actions, start };
}

/**
 * Whether a container counts as ended well: also one that was created and never ran, or of which the runtime knows no
 * more, since its exit code reads 0. Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_manager.go,
 * containerSucceeded.
 */
function hasSucceeded({ state, exitCode = 0 }: ContainerView): boolean {
  return state !== undefined && state !== "running" && exitCode === 0;
}

/**
 * Whether a container that does not run is to be started (rule K2).
 * Source: kubernetes v1.34 pkg/kubelet/container/helpers.go, ShouldContainerBeRestarted.
 */
function shouldBeStarted(pod: PodView, container: ContainerView): boolean {
  if (pod.isDeleted) return false;
  if (container.state !== "exited") return true;
  if (pod.restartPolicy === "OnFailure") return container.exitCode !== 0;
  return pod.restartPolicy === "Always";
}
