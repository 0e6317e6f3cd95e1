import type { InitContainerView, PodActions, PodView } from "./container-actions.ts";

/** What becomes of one init container: whether it lets the next one start, whether it is started, killed, or ends the pod. */
interface Step {
  isDone?: boolean;
  restart?: boolean;
  kill?: boolean;
  endsPod?: boolean;
}

/**
 * The actions on init containers and sidecars (rule K3), and whether the pod is initialised. Read from the last to the
 * first, because finished ones may have been removed: the last one with a status tells how far the pod is, and before it
 * only sidecars count, which are kept running.
 * Source: kubernetes v1.34 pkg/kubelet/kuberuntime/kuberuntime_container.go, computeInitContainerActions.
 */
export function computeInitContainerActions(pod: PodView, actions: PodActions): boolean {
  const last = pod.initContainers.length - 1;
  if (last < 0) return true;
  let isInitialized = pod.containers.some(({ state }) => state === "created" || state === "running");
  let isPast = isInitialized;
  const start: number[] = [];
  for (let i = last; i >= 0; i--) {
    const container = pod.initContainers[i];
    if (container.state === undefined) {
      if (isPast && container.isSidecar) start.push(i);
      continue;
    }
    if (isPast && !container.isSidecar) continue;
    const step = container.isSidecar ? sidecarStep(container) : initStep(pod, container);
    if (step.endsPod === true) {
      actions.killPod = true;
      actions.startInit = [];
      return false;
    }
    if (step.isDone === true) {
      if (i === last) isInitialized = true;
      else if (!isPast) start.push(i + 1);
    }
    if (step.kill === true) actions.killInit.push(i);
    if (step.restart === true) start.push(i);
    isPast = true;
  }
  if (!isPast) start.push(0);
  actions.startInit = start.toReversed();
  return isInitialized;
}

function initStep(pod: PodView, { state, exitCode }: InitContainerView): Step {
  const endsPod = pod.restartPolicy === "Never";
  switch (state) {
    case "created":
      return { restart: true };
    case "exited":
      if (exitCode === 0) return { isDone: true };
      return endsPod ? { endsPod } : { restart: true };
    case "unknown":
      return endsPod ? { endsPod } : { restart: true, kill: true };
    default:
      return {};
  }
}

/** A sidecar lets the next one start once its startup probe has succeeded; its liveness is no condition for that. */
function sidecarStep(container: InitContainerView): Step {
  switch (container.state) {
    case "created":
    case "exited":
      return { restart: true };
    case "unknown":
      return { restart: true, kill: true };
    default: {
      if (container.hasStartupProbe && container.startup !== "Success") {
        return container.startup === "Failure" ? { restart: true, kill: true } : {};
      }
      const isUnhealthy = container.hasLivenessProbe && container.liveness === "Failure";
      const again = container.isChanged === true || isUnhealthy;
      return { isDone: true, restart: again, kill: again };
    }
  }
}
