import { describe, expect, it } from "vitest";
import { computePodActions, sandboxDecision } from "./container-actions.ts";
import type { ContainerView, InitContainerView, PodActions, PodView } from "./container-actions.ts";

const READY = { id: "s", isReady: true, attempt: 0, ip: "10.0.0.1" };
const DEAD = { ...READY, isReady: false };

function actions(pod: Partial<PodView>): PodActions {
  return computePodActions({
    restartPolicy: "Always",
    isHostNetwork: false,
    isDeleted: false,
    sandboxes: [READY],
    initContainers: [],
    containers: [],
    ...pod,
  });
}

function init(view: Partial<InitContainerView> = {}): InitContainerView {
  return { isSidecar: false, hasStartupProbe: false, hasLivenessProbe: false, ...view };
}

const RUNNING: ContainerView = { state: "running" };
const SUCCEEDED: ContainerView = { state: "exited", exitCode: 0 };
const FAILED: ContainerView = { state: "exited", exitCode: 1 };

function decide(sandboxes: PodView["sandboxes"], isHostNetwork = false): ReturnType<typeof sandboxDecision> {
  return sandboxDecision({ sandboxes, isHostNetwork });
}

describe("the sandbox", () => {
  it("is new when there is none, when it is not ready, when two are, and when it lost its address", () => {
    expect(decide([])).toEqual({ isNew: true, attempt: 0, id: "" });
    expect(decide([{ ...DEAD, attempt: 4 }])).toEqual({ isNew: true, attempt: 5, id: "s" });
    expect(decide([READY, { ...READY, id: "old" }])).toEqual({ isNew: true, attempt: 1, id: "s" });
    expect(decide([{ ...READY, ip: "" }])).toEqual({ isNew: true, attempt: 1, id: "s" });
    expect(decide([{ ...READY, ip: "" }], true).isNew).toBe(false);
    expect(decide([{ ...READY, ip: undefined }]).isNew).toBe(false);
    expect(decide([{ ...READY, isNetworkModeChanged: true }])).toEqual({ isNew: true, attempt: 1, id: "" });
  });
});

describe("the containers of a pod", () => {
  it("are all started in a new sandbox, except those that OnFailure has seen succeed", () => {
    const sandboxes = [DEAD];
    expect(actions({ sandboxes, restartPolicy: "OnFailure", containers: [SUCCEEDED, FAILED, {}] }).start).toEqual([
      1, 2,
    ]);
    expect(actions({ sandboxes, restartPolicy: "OnFailure", containers: [SUCCEEDED] })).toMatchObject({
      killPod: true,
      createSandbox: false,
    });
    expect(actions({ sandboxes, restartPolicy: "Never", containers: [FAILED] })).toMatchObject({
      killPod: true,
      createSandbox: false,
      start: [],
    });
  });

  it("count as succeeded in a lost sandbox when they never ran or are unknown, since their exit code reads 0", () => {
    const lost = (...containers: ContainerView[]) =>
      actions({ sandboxes: [DEAD], restartPolicy: "OnFailure", containers });
    expect(lost({ state: "created" }, FAILED).start).toEqual([1]);
    expect(lost({ state: "unknown" }, RUNNING).start).toEqual([1]);
    expect(lost({ state: "created" })).toMatchObject({ createSandbox: false, start: [] });
    // An unknown container proves no initialisation, so the sandbox is made all the same.
    expect(lost({ state: "unknown" })).toMatchObject({ createSandbox: true, start: [] });
  });

  it("are restarted after they exit as the policy says, and in no policy once the pod is deleted", () => {
    const containers = [SUCCEEDED, FAILED, { state: "created" as const }, RUNNING];
    expect(actions({ containers }).start).toEqual([0, 1, 2]);
    expect(actions({ containers, restartPolicy: "OnFailure" }).start).toEqual([1, 2]);
    expect(actions({ containers, restartPolicy: "Never" }).start).toEqual([2]);
    expect(actions({ containers, isDeleted: true }).start).toEqual([]);
  });

  it("are killed and restarted with a changed spec even under Never, but not after a failed probe", () => {
    const restartPolicy = "Never" as const;
    const containers = [{ ...RUNNING, isChanged: true }, { ...RUNNING, startup: "Failure" as const }, RUNNING];
    expect(actions({ restartPolicy, containers })).toMatchObject({ kill: [0, 1], start: [0], killPod: false });
    expect(actions({ restartPolicy, containers: [{ ...RUNNING, liveness: "Failure" }] })).toMatchObject({
      kill: [0],
      killPod: true,
    });
  });

  it("take the sandbox and the sidecars with them when none is left to run", () => {
    const sidecar = init({ isSidecar: true, state: "exited", exitCode: 0 });
    const pod = actions({
      restartPolicy: "Never",
      containers: [SUCCEEDED],
      initContainers: [sidecar, init(SUCCEEDED)],
    });
    expect(pod).toMatchObject({ killPod: true, startInit: [] });
  });
});

describe("init containers", () => {
  it("run one after the other, found from the last one that the runtime still knows", () => {
    const containers = [{}];
    const after = (...views: Array<Partial<InitContainerView>>) =>
      actions({ containers, initContainers: views.map(init) });
    expect(after({}, {}).startInit).toEqual([0]);
    expect(after(SUCCEEDED, {}).startInit).toEqual([1]);
    expect(after({}, RUNNING)).toMatchObject({ startInit: [], start: [] });
    expect(after({}, SUCCEEDED)).toMatchObject({ startInit: [], start: [0] });
    expect(after(SUCCEEDED, FAILED).startInit).toEqual([1]);
    expect(after({ state: "unknown" }, {})).toMatchObject({ startInit: [0], killInit: [0] });
  });

  it("end a pod that never restarts when one fails", () => {
    const pod = { restartPolicy: "Never" as const, containers: [{}] };
    expect(actions({ ...pod, initContainers: [init(FAILED)] })).toMatchObject({ killPod: true, startInit: [] });
  });

  it("do not run again beside a container that runs", () => {
    expect(actions({ containers: [RUNNING], initContainers: [init(), init(FAILED)] })).toMatchObject({ startInit: [] });
  });
});

function second(first: Partial<InitContainerView>): number[] {
  return actions({ containers: [{}], initContainers: [init({ isSidecar: true, ...RUNNING, ...first }), init()] })
    .startInit;
}

describe("sidecars", () => {
  it("let the next one start once their startup probe succeeds, whatever their liveness", () => {
    expect(second({})).toEqual([1]);
    expect(second({ hasStartupProbe: true })).toEqual([]);
    expect(second({ hasStartupProbe: true, startup: "Unknown" })).toEqual([]);
    expect(second({ hasStartupProbe: true, startup: "Success" })).toEqual([1]);
    expect(second({ hasStartupProbe: true, startup: "Failure" })).toEqual([0]);
    expect(second({ hasLivenessProbe: true, liveness: "Failure" })).toEqual([0, 1]);
  });

  it("are kept running beside the containers, under Never too", () => {
    const initContainers = [init({ isSidecar: true }), init({ isSidecar: true, ...SUCCEEDED }), init(SUCCEEDED)];
    expect(actions({ restartPolicy: "Never", containers: [RUNNING], initContainers }).startInit).toEqual([0, 1]);
  });
});
