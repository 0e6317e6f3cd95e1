import { describe, expect, it } from "vitest";
import { play, summaryOf } from "../testing/play.ts";

const WEB = `workloads:
  - name: web
    node: worker
    spec: {terminationGracePeriodSeconds: 5, containers: [{name: app}]}
`;

describe("a pod that nothing delays", () => {
  it("is running and ready at time 0, and leaves no trace in the sources", () => {
    const run = play(WEB);
    expect(run.events()).toEqual(["0 pod/web-0 Scheduled", "0 pod/web-0 Created", "0 pod/web-0 Started"]);
    const [pod] = run.cluster.pods;
    expect([pod.stage, pod.phase, pod.isReady]).toEqual(["bound", "Running", true]);
    expect(run.outputs.recorder.sources).toEqual([]);
  });
});

describe("pod_start", () => {
  it("counts from bound to ready, for all nodes and for each entry", () => {
    const nodes = `nodes:
  - {name: a, capacity: {cpu: 4, memory: 1Gi}}
  - {name: b, capacity: {cpu: 4, memory: 1Gi}}
`;
    const slow = WEB.replace("node: worker", "node: a") + "    behavior: {app: {startup: {delay: 1500ms}}}\n";
    const run = play(nodes + slow).until(10);
    expect(run.outputs.recorder.sources.map(({ name }) => name)).toEqual(["pod_start", "pod_start_a", "pod_start_b"]);
    expect(summaryOf(run, "pod_start_a")?.cells).toMatchObject({ offered: "1", completed: "1", max_ms: "1500" });
    expect(summaryOf(run, "pod_start_b")?.cells).toMatchObject({ offered: "0" });
  });

  it("fails for a pod that ends before it is ready", () => {
    const text = `${WEB}    behavior: {app: {startup: {delay: 1m}}}
timeline: [{at: 10s, action: scale, workload: web, replicas: 0}]
`;
    const run = play(text).until(20);
    expect(summaryOf(run, "pod_start")?.cells).toMatchObject({ offered: "1", completed: "0", failed: "1" });
  });
});

describe("a deleted pod", () => {
  const deleted = () => play(`${WEB}timeline: [{at: 20s, action: deletePod, pod: web-0}]\n`);

  it("is replaced in the same instant under a new number, and gone at the end of its grace period", () => {
    const run = deleted().until(20);
    expect(run.cluster.pods.map(({ name, stage, isReady }) => [name, stage, isReady])).toEqual([
      ["web-0", "terminating", false],
      ["web-1", "bound", true],
    ]);
    expect(run.times("pod/web-0", "Killing")).toEqual([20]);
    expect(run.until(24.9).cluster.pods).toHaveLength(2);
    expect(run.until(25).cluster.pods.map(({ name }) => name)).toEqual(["web-1"]);
  });

  it("finishes what it can within its grace period and fails the rest at its end; nothing new reaches it", () => {
    // Asked at 19 s: 3 s and 9 s of CPU at once; the first is answered at 22 s, the second fails at 25 s.
    const run = play(`${WEB}    behavior: {app: {threads: 2}}
timeline: [{at: 20s, action: deletePod, pod: web-0}]
traffic:
  - {name: short, to: web, arrivals: {type: trace, rows: [{time_s: 19}]}, cpu: 3s}
  - {name: long, to: web, arrivals: {type: trace, rows: [{time_s: 19}]}, cpu: 9s}
  - {name: late, to: web, arrivals: {type: trace, rows: [{time_s: 21}]}, cpu: 100ms}
`).until(60);
    expect(summaryOf(run, "short")?.cells).toMatchObject({ completed: "1", max_ms: "3000" });
    expect(summaryOf(run, "late")?.cells).toMatchObject({ completed: "1", max_ms: "100" });
    expect(run.outputs.recorder.sources[1].windowFigures(25).failed).toBe(1);
  });

  it("keeps its counters, and those of its replacement have a name of their own", () => {
    const run = deleted().until(30);
    run.finish();
    const objects = new Set(run.outputs.counters.entries.map(({ object }) => object));
    expect([...objects]).toEqual(["cgroup/web-0", "cgroup/web-0/app", "cgroup/web-1", "cgroup/web-1/app"]);
  });

  it("is not found when it is gone", () => {
    const run = play(`${WEB}timeline: [{at: 1s, action: deletePod, pod: web-7}]\n`).until(1);
    expect(run.message("pod/web-7", "NotFound")).toBe('pods "web-7" not found');
  });

  it("that has no grace period is killed after the 2 s that every container has", () => {
    const text = WEB.replace("terminationGracePeriodSeconds: 5", "terminationGracePeriodSeconds: 0");
    const run = play(`${text}timeline: [{at: 20s, action: deletePod, pod: web-0}]\n`);
    expect(run.until(21.9).cluster.pods).toHaveLength(2);
    expect(run.until(22).cluster.pods).toHaveLength(1);
  });

  it("whose container ends by itself is gone then", () => {
    const text = `${WEB}    behavior: {app: {exit: {after: 21500ms}}}
timeline: [{at: 20s, action: deletePod, pod: web-0}]
`;
    expect(
      play(text)
        .until(21.5)
        .cluster.pods.map(({ name }) => name),
    ).toEqual(["web-1"]);
  });
});

describe("sidecars of a deleted pod", () => {
  const text = (behavior: string) => `workloads:
  - name: web
    kind: Pod
    spec:
      terminationGracePeriodSeconds: 10
      initContainers: [{name: first, restartPolicy: Always}, {name: last, restartPolicy: Always}]
      containers: [{name: app}]
    behavior: ${behavior}
timeline: [{at: 20s, action: deletePod, pod: web}]
`;

  // app ends 3.5 s after the deletion; last has 10 - 3 s left and takes them: 30.5; first has 10 - 10 s left, but its
  // turn had come at 30 s, when the grace was over: 2 s from there, 32.
  it("wait for the containers and for each other, within the one grace period", () => {
    const run = play(text("{app: {exit: {after: 23500ms}}}")).until(30.4);
    const [pod] = run.cluster.pods;
    const states = () => pod.allContainers.map(({ state }) => state);
    expect(states()).toEqual(["running", "running", "terminated"]);
    run.until(30.5);
    expect(states()).toEqual(["running", "terminated", "terminated"]);
    expect(run.until(31.9).cluster.pods).toHaveLength(1);
    expect(run.until(32).cluster.pods).toHaveLength(0);
  });

  it("are stopped when the grace is over even if the containers never end before", () => {
    const run = play(text("{}"));
    expect(run.until(31.9).cluster.pods).toHaveLength(1);
    expect(run.until(32).cluster.pods).toHaveLength(0);
  });
});

describe("a node that goes down", () => {
  const text = `${WEB}    behavior: {app: {threads: 1, startup: {delay: 2s}}}
timeline:
  - {at: 20s, action: nodeDown, node: worker}
  - {at: 50s, action: nodeUp, node: worker}
traffic:
  - {name: before, to: web, timeout: 15s, arrivals: {type: trace, rows: [{time_s: 19}]}, cpu: 5s}
  - {name: lost, to: web, arrivals: {type: trace, rows: [{time_s: 19}]}, cpu: 5s}
  - {name: during, to: web, arrivals: {type: trace, rows: [{time_s: 30}]}, cpu: 5s}
`;

  it("leaves requests open until their timeout, and gets no new ones", () => {
    const run = play(text).until(49);
    expect(summaryOf(run, "before")?.cells).toMatchObject({ failed: "1" });
    expect(run.outputs.recorder.sources[0].windowFigures(34).failed).toBe(1);
    expect(summaryOf(run, "lost")?.cells).toMatchObject({ failed: "0", in_flight: "1" });
    expect(run.outputs.recorder.sources[2].windowFigures(30).failed).toBe(1);
  });

  it("keeps its pods, which start over in new sandboxes when it is up again", () => {
    const run = play(text).until(49);
    const [pod] = run.cluster.pods;
    expect([pod.name, pod.stage, pod.isReady]).toEqual(["web-0", "bound", false]);
    run.until(51.9);
    expect(run.events("pod/web-0").slice(3)).toEqual(["50 SandboxChanged", "50 Created", "50 Started"]);
    expect(pod.isReady).toBe(false);
    run.until(52);
    expect([pod.isReady, pod.containers[0].runs]).toEqual([true, 2]);
    expect(run.events("node/worker")).toEqual(["20 NodeNotReady", "50 Rebooted", "50 NodeReady"]);
  });

  it("ends a pod under Never, for its containers are lost", () => {
    const never = text
      .replace("  - name: web\n", "  - name: web\n    kind: Pod\n")
      .replace("{terminationG", "{restartPolicy: Never, terminationG");
    expect(play(never).until(50).cluster.pods[0].phase).toBe("Failed");
  });

  it("stops its deleted pods only when it is up again", () => {
    const both = text.replace("timeline:\n", "timeline:\n  - {at: 30s, action: deletePod, pod: web-0}\n");
    const run = play(both).until(49);
    expect(run.cluster.pods.map(({ name, stage }) => [name, stage])).toEqual([
      ["web-0", "terminating"],
      ["web-1", "created"],
    ]);
    expect(run.until(50).cluster.pods.map(({ name, stage }) => [name, stage])).toEqual([["web-1", "bound"]]);
  });
});

describe("a node that leaves the cluster", () => {
  const nodes = "nodes: [{name: worker, count: 2, capacity: {cpu: 4, memory: 16Gi}, kernel: {phases: zero}}]\n";
  const web = "workloads: [{name: web, replicas: 2, spec: {containers: [{name: app}]}}]\n";

  it("takes its pods with it; they are replaced elsewhere in the same instant", () => {
    const run = play(`${nodes}${web}timeline: [{at: 5s, action: nodeDelete, node: worker-0}]\n`).until(5);
    expect(run.cluster.pods.map(({ name, node, isReady }) => [name, node.name, isReady])).toEqual([
      ["web-1", "worker-1", true],
      ["web-2", "worker-1", true],
    ]);
    expect(run.events("node/worker-0")).toEqual(["5 RemovingNode"]);
  });

  it("that only joins later is absent until then, and then takes what waited", () => {
    const pinned = web.replace("{name: web,", "{name: web, node: worker,");
    const run = play(`${nodes}${pinned}timeline: [{at: 5s, action: nodeJoin, node: worker-1}]\n`);
    expect(run.message("pod/web-1", "FailedScheduling")).toBe(
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    );
    expect(run.until(5).cluster.pods.map(({ isReady }) => isReady)).toEqual([true, true]);
    expect(run.times("pod/web-1", "Scheduled")).toEqual([5]);
  });
});
