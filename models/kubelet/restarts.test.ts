import { describe, expect, it } from "vitest";
import { play } from "../testing/play.ts";

/** A pod whose one container ends with a code after 5.3 s, over and over; the node's loops are on whole seconds. */
function crashing(kubernetesVersion: string, rest = ""): string {
  return `kubernetesVersion: "${kubernetesVersion}"
workloads:
  - name: web
    kind: Pod
    node: worker
    spec: {containers: [{name: app}]}
    behavior: {app: {exit: {after: 5300ms, code: 1}}}
${rest}`;
}

describe("a container that crashes", () => {
  // Each end is seen at the next whole second. The first restart is free; then windows of 10, 20, 40, 80 s count from
  // the end, and the pod is asked about again 60 s after the sync that met the window, at the tick after that:
  // 12 + 60 -> 73, 79 + 60 -> 140, 146 + 60 -> 207, 213 + 60 -> 274 (61.7 of 80 s have passed: not yet) + 60 -> 335.
  it("waits for the resync up to 1.34, not for the end of its back-off", () => {
    const run = play(crashing("1.34")).until(340);
    expect(run.times("pod/web", "Started")).toEqual([0, 6, 73, 140, 207, 335]);
    expect(run.times("pod/web", "BackOff")).toEqual([12, 79, 146, 213, 274]);
    expect(run.message("pod/web", "BackOff")).toBe("Back-off restarting failed container app in pod web_default");
  });

  // From 1.35 on the sync knows when the window ends, 11.3 + 10 = 21.3, and is due then, but never later than a resync:
  // 22, 27.3 + 20 -> 48, 53.3 + 40 -> 94, 99.3 + 80 = 179.3 in two steps: 100 + 60 -> 161, then 180.
  it("is started at the tick after its back-off from 1.35 on", () => {
    const run = play(crashing("1.35")).until(180);
    expect(run.times("pod/web", "Started")).toEqual([0, 6, 22, 48, 94, 180]);
    expect(run.times("pod/web", "BackOff")).toEqual([12, 28, 54, 100, 161]);
  });

  // The second run begins at 701 (seen at 700.3 + relist) and ends 700.3 s later, more than 600 s after the last start.
  it("begins anew when it has run for more than 600 s", () => {
    const run = play(crashing("1.35").replace("5300ms", "700300ms")).until(2200);
    expect(run.times("pod/web", "Started")).toEqual([0, 701, 1402, 2103]);
    expect(run.times("pod/web", "BackOff")).toEqual([]);
  });

  it("is started again at once by a kubelet that has just begun, which has forgotten the back-off", () => {
    const restart = "timeline: [{at: 13s, action: restartKubelet, node: worker}]\n";
    const run = play(crashing("1.34", restart)).until(30);
    // The run from 13 s ends at 18.3, is seen at 19 and finds the window of that start.
    expect(run.times("pod/web", "Started")).toEqual([0, 6, 13]);
    expect(run.times("pod/web", "BackOff")).toEqual([12, 19]);
    expect(run.events("node/worker")).toEqual(["13 Starting"]);
  });

  it("waits no longer than the kubelet's configuration allows", () => {
    const kubelet = "kubelet: {crashLoopBackOff: {maxContainerRestartPeriod: 15s}}\n";
    // Windows of 10, 15, 15 s from the ends at 11.3, 27.3, 48.3 s: ticks 22, 43, 64.
    expect(play(crashing("1.35", kubelet)).until(64).times("pod/web", "Started")).toEqual([0, 6, 22, 43, 64]);
  });

  it("waits for a shorter resync where the kubelet is told to", () => {
    // Up to 1.34: 12 + 20 -> 33, 39 + 20 -> 60 (21.7 of 20 s have passed since 38.3).
    const run = play(crashing("1.34", "kubelet: {syncFrequency: 20s}\n")).until(60);
    expect(run.times("pod/web", "Started")).toEqual([0, 6, 33, 60]);
  });

  it("stays Running while it is held back, and gets no requests meanwhile", () => {
    const run = play(crashing("1.34")).until(20);
    const [pod] = run.cluster.pods;
    expect([pod.phase, pod.isReady, pod.containers[0].waitingReason]).toEqual(["Running", false, "CrashLoopBackOff"]);
    run.until(74);
    expect([pod.phase, pod.isReady, pod.containers[0].runs]).toEqual(["Running", true, 3]);
  });
});

describe("equal streams", () => {
  const crashingOn = (node: string) => `  - name: web-${node}
    node: ${node}
    stream: web
    spec: {containers: [{name: app}]}
    behavior: {app: {startup: {cpu: {type: exponential, mean: 1s}}, exit: {after: 5s, code: 1}}}
`;
  const text = (rest: string) => `nodes:
  - {name: a, stream: node, capacity: {cpu: 4, memory: 1Gi}}
  - {name: b, stream: node, capacity: {cpu: 4, memory: 1Gi}}
kubernetesVersion: "1.34"
workloads:
${["a", "b"].map(crashingOn).join("")}${rest}`;
  const times = (run: ReturnType<typeof play>, pod: string) =>
    run.outputs.events.entries.filter(({ object }) => object === pod).map(({ at }) => at);

  it("give equal courses to the nanosecond, phases and jitter of the loops included", () => {
    const run = play(text("")).until(1000);
    expect(times(run, "pod/web-a-0").length).toBeGreaterThan(15);
    expect(times(run, "pod/web-b-0")).toEqual(times(run, "pod/web-a-0"));
  });

  it("are no others because a workload has been added", () => {
    const other = "  - {name: other, node: a, spec: {containers: [{name: app}]}}\n";
    const alone = play(text("")).until(500);
    const beside = play(text(other)).until(500);
    expect(times(beside, "pod/web-a-0")).toEqual(times(alone, "pod/web-a-0"));
  });
});

describe("a restart policy", () => {
  function ending(policy: string, code: number) {
    return play(`workloads:
  - name: web
    kind: Pod
    spec: {restartPolicy: ${policy}, containers: [{name: app}]}
    behavior: {app: {exit: {after: 2500ms, code: ${code}}}}
`).until(4);
  }

  it.each([
    ["Never", 0, "Succeeded", 1],
    ["Never", 3, "Failed", 1],
    ["OnFailure", 0, "Succeeded", 1],
    ["OnFailure", 3, "Running", 2],
    ["Always", 0, "Running", 2],
  ])("%s makes of exit status %i the phase %s, after %i runs", (policy, code, phase, runs) => {
    const [pod] = ending(policy, code).cluster.pods;
    expect([pod.phase, pod.containers[0].runs]).toEqual([phase, runs]);
  });

  it("leaves a finished pod's object and takes its place on the node", () => {
    const { cluster } = ending("Never", 0);
    expect(cluster.pods.map(({ name, stage }) => [name, stage])).toEqual([["web", "terminated"]]);
  });
});

describe("init containers", () => {
  const text = (behavior: string, policy = "Always") => `workloads:
  - name: web
    kind: Pod
    spec:
      restartPolicy: ${policy}
      initContainers: [{name: first}, {name: second}]
      containers: [{name: app}]
    behavior: ${behavior}
`;

  // first ends at 2.5 s, is seen at 3 s; second ends at 4 s, which a relist in that instant sees.
  it("run one after the other, each end seen by a relist before the next one starts", () => {
    const run = play(text("{first: {startup: {delay: 2500ms}}, second: {startup: {delay: 1s}}}")).until(10);
    expect(
      run.outputs.events.entries.filter(({ reason }) => reason === "Started").map((e) => [e.at, e.message]),
    ).toEqual([
      [0, "Started container first"],
      [3e9, "Started container second"],
      [4e9, "Started container app"],
    ]);
    expect(run.cluster.pods[0].isReady).toBe(true);
  });

  it("that take no time delay nothing", () => {
    const { cluster } = play(text("{}"));
    expect(cluster.pods[0].isReady).toBe(true);
  });

  it("that fail are started again under the pod's policy, and end the pod under Never", () => {
    const failing = "{first: {exit: {after: 500ms, code: 1}}}";
    const again = play(text(failing)).until(3);
    expect(again.times("pod/web", "Started")).toEqual([0, 1]);
    expect(again.cluster.pods[0].phase).toBe("Pending");
    const never = play(text(failing, "Never")).until(3);
    expect(never.events("pod/web")).toEqual(["0 Scheduled", "0 Created", "0 Started"]);
    expect(never.cluster.pods[0].phase).toBe("Failed");
  });
});

describe("a sidecar", () => {
  const text = (rest: string) => `workloads:
  - name: web
    kind: Pod
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 10
      initContainers: [{name: proxy, restartPolicy: Always}]
      containers: [{name: app}]
    behavior: {${rest}}
`;

  it("starts before the containers, without holding them up, and keeps the pod from ready until it is ready", () => {
    const run = play(text("proxy: {startup: {delay: 3s}}"));
    expect(run.events("pod/web")).toEqual(["0 Scheduled", "0 Created", "0 Started", "0 Created", "0 Started"]);
    expect(run.cluster.pods[0].isReady).toBe(false);
    expect(run.until(3).cluster.pods[0].isReady).toBe(true);
  });

  it("is started again whatever the pod's policy", () => {
    const run = play(text("proxy: {exit: {after: 1500ms, code: 1}}")).until(3);
    expect(run.cluster.pods[0].initContainers[0].runs).toBe(2);
  });

  // app ends at 2.5 s, is seen at 3 s; the sidecar has the pod's grace of 10 s; its end at 13 s is seen in that instant.
  it("does not keep a pod alive: it is stopped when the containers have finished", () => {
    const run = play(text("app: {exit: {after: 2500ms, code: 0}}")).until(20);
    expect(run.times("pod/web", "Killing")).toEqual([3]);
    expect(run.message("pod/web", "Killing")).toBe("Stopping container proxy");
    expect(run.cluster.pods[0].phase).toBe("Succeeded");
  });
});
