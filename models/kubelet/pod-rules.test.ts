import { describe, expect, it } from "vitest";
import { NS_PER_SECOND as S } from "../../engine/time.ts";
import { crashLoopBackOff, crashLoopKey, crashLoopWindows, mayRestart } from "./crash-loop-backoff.ts";
import { containerGrace, effectiveGrace, killTimeout, stopContainer } from "./grace.ts";
import { podPhase, type ContainerStatus, type PhaseView } from "./phase.ts";
import { requeueDelay, type RequeueDelay, type SyncOutcome } from "./pod-workers.ts";

function windows(reducedDecay: boolean, node?: number): ReturnType<typeof crashLoopWindows> {
  return crashLoopWindows({ reducedDecay, maxContainerRestartPeriod: node === undefined ? undefined : node * S });
}

describe("the crash-loop back-off", () => {
  it("restarts at once the first time, then waits 10 s, 20 s ... 300 s from each exit", () => {
    const backOff = crashLoopBackOff({ reducedDecay: false });
    const waits = [10, 20, 40, 80, 160, 300, 300];
    let now = 0;
    expect(mayRestart(backOff, "k", now, now)).toBe(true);
    for (const wait of waits) {
      // The container exits as soon as it starts.
      expect(mayRestart(backOff, "k", now, now + wait * S - 1)).toBe(false);
      expect(mayRestart(backOff, "k", now, now + wait * S)).toBe(true);
      now += wait * S;
    }
  });

  it("begins again after a run of more than 600 s, counted from the start to the exit", () => {
    const backOff = crashLoopBackOff({ reducedDecay: false });
    mayRestart(backOff, "k", 0, 0);
    expect(mayRestart(backOff, "k", 600 * S, 600 * S)).toBe(false);
    expect(mayRestart(backOff, "k", 600 * S + 1, 600 * S + 1)).toBe(true);
    expect(backOff.windowOf("k")).toBe(10 * S);
  });

  it("keeps the node's maximum above all, and the first wait below it", () => {
    expect(windows(false)).toEqual({ initial: 10 * S, max: 300 * S });
    expect(windows(true)).toEqual({ initial: S, max: 60 * S });
    expect(windows(true, 10)).toEqual({ initial: S, max: 10 * S });
    expect(windows(false, 2)).toEqual({ initial: 2 * S, max: 2 * S });
  });

  it("is kept by pod, container and spec", () => {
    const pod = { name: "web-0", namespace: "default", uid: "u1" };
    expect(crashLoopKey(pod, "app", "h1")).toBe("web-0_default_u1_app_h1");
  });
});

function base(outcome: SyncOutcome, isError = true): RequeueDelay {
  return requeueDelay(outcome, 60 * S, isError);
}

describe("the next sync of a pod", () => {
  it("comes at once after a phase transition, and later after success than after an error", () => {
    expect(base("phaseTransition")).toEqual({ base: 0, jitter: 0 });
    expect(base("networkNotReady")).toEqual({ base: S, jitter: 0.5 });
    expect(base("error")).toEqual({ base: 10 * S, jitter: 0.5 });
    expect(base("ok")).toEqual({ base: 60 * S, jitter: 0.5 });
    expect([base("backOffOnly", true).base, base("backOffOnly", false).base]).toEqual([10 * S, 60 * S]);
  });
});

describe("grace periods", () => {
  it("only shrink while a pod terminates, and are at least 1 s", () => {
    expect(effectiveGrace({ current: 0, spec: 30 })).toEqual({ grace: 30, isShortened: false });
    expect(effectiveGrace({ current: 0, spec: 30, deletion: 60 })).toEqual({ grace: 60, isShortened: false });
    expect(effectiveGrace({ current: 30, spec: 30, deletion: 60, override: 4 })).toEqual({
      grace: 4,
      isShortened: true,
    });
    expect(effectiveGrace({ current: 5, spec: 30, deletion: 60 })).toEqual({ grace: 5, isShortened: false });
    expect(effectiveGrace({ current: 0, spec: 30, override: 0 })).toEqual({ grace: 1, isShortened: false });
  });

  it("come from a probe only for a kill by a probe in a pod with a grace of its own", () => {
    expect(containerGrace({ spec: 30 }, "startup", 60)).toBe(60);
    expect(containerGrace({ spec: 30 }, "other", 60)).toBe(30);
    expect(containerGrace({}, "liveness", 60)).toBe(2);
    expect(containerGrace({ spec: 30, deletion: 7 }, "liveness", 60)).toBe(7);
  });

  it("lose the whole seconds of a preStop hook and keep 2 s for the signal", () => {
    expect(stopContainer(30, undefined, 9.9)).toEqual({ stopGrace: 21, preStopRuns: true });
    expect(stopContainer(30, undefined, 60)).toEqual({ stopGrace: 2, preStopRuns: true });
    expect(stopContainer(30, 0, 5)).toEqual({ stopGrace: 2, preStopRuns: false });
  });

  it("bound the wait of a killer by one and a half times, at least 10 s", () => {
    // 21 + floor(21 / 2) = 31.
    expect([killTimeout(30, undefined), killTimeout(21, undefined), killTimeout(30, 0)]).toEqual([45, 31, 10]);
  });
});

const RUNNING: ContainerStatus = { kind: "running", isStarted: true };
const SUCCEEDED: ContainerStatus = { kind: "terminated", exitCode: 0 };
const FAILED: ContainerStatus = { kind: "terminated", exitCode: 1 };
const CRASHED: ContainerStatus = { kind: "waiting", lastExitCode: 1 };

function phase(pod: Partial<PhaseView>): string {
  return podPhase({
    restartPolicy: "Always",
    initContainers: [],
    containers: [],
    isTerminal: false,
    isStatic: false,
    ...pod,
  });
}

function beside(status?: ContainerStatus): string {
  return phase({ initContainers: [{ isSidecar: true, status }], containers: [RUNNING] });
}

describe("the phase of a pod", () => {
  it("is Pending until every container has a status and has run", () => {
    expect(phase({ containers: [RUNNING, undefined] })).toBe("Pending");
    expect(phase({ containers: [RUNNING, { kind: "waiting" }] })).toBe("Pending");
    expect(phase({})).toBe("Pending");
  });

  it("is Running in a crash loop, and succeeds only on containers that ended now", () => {
    expect(phase({ containers: [CRASHED, CRASHED] })).toBe("Running");
    expect(phase({ restartPolicy: "OnFailure", containers: [FAILED] })).toBe("Running");
    expect(phase({ restartPolicy: "Never", containers: [SUCCEEDED, { kind: "waiting", lastExitCode: 0 }] })).toBe(
      "Failed",
    );
    expect(phase({ restartPolicy: "Never", containers: [SUCCEEDED, SUCCEEDED] })).toBe("Succeeded");
  });

  it("is Failed when an init container fails in a pod that never restarts", () => {
    const initContainers = [{ isSidecar: false, status: FAILED }];
    expect(phase({ restartPolicy: "Never", initContainers, containers: [undefined] })).toBe("Failed");
    expect(phase({ initContainers, containers: [undefined] })).toBe("Pending");
  });

  it("stays Running while a sidecar restarts, but waits for one that has never run", () => {
    expect([beside(CRASHED), beside({ kind: "running", isStarted: false })]).toEqual(["Running", "Running"]);
    expect([beside({ kind: "waiting" }), beside()]).toEqual(["Pending", "Pending"]);
  });

  it("goes back to Pending while an init container runs again, though containers have run", () => {
    const again = (status: ContainerStatus) =>
      phase({ initContainers: [{ isSidecar: false, status }], containers: [RUNNING] });
    expect([again({ kind: "running", isStarted: true }), again(SUCCEEDED)]).toEqual(["Pending", "Running"]);
  });

  it("ends in Succeeded or Failed once nothing will start again, except for static pods", () => {
    expect(phase({ isTerminal: true, containers: [SUCCEEDED, FAILED] })).toBe("Failed");
    expect(phase({ isTerminal: true, containers: [SUCCEEDED] })).toBe("Succeeded");
    expect(phase({ isTerminal: true, isStatic: true, containers: [SUCCEEDED] })).toBe("Running");
  });
});
