import { describe, expect, it } from "vitest";
import { play } from "../testing/play.ts";

const TWO = `nodes:
  - {name: a, capacity: {cpu: 2, memory: 4Gi}, kernel: {phases: zero}}
  - {name: b, capacity: {cpu: 2, memory: 4Gi}, kernel: {phases: zero}}
`;

function workload(name: string, replicas: number, cpu: string, rest = ""): string {
  return `  - name: ${name}
    replicas: ${replicas}
    spec:
      terminationGracePeriodSeconds: 2
      containers: [{name: app, resources: {requests: {cpu: ${cpu}, memory: 100Mi}}}]
${rest}`;
}

describe("pods without a node", () => {
  it("go to the least allocated one, of equal ones to the first", () => {
    const { cluster } = play(`${TWO}workloads:\n${workload("web", 4, "500m")}`);
    expect(cluster.pods.map(({ name, node }) => [name, node.name])).toEqual([
      ["web-0", "a"],
      ["web-1", "b"],
      ["web-2", "a"],
      ["web-3", "b"],
    ]);
  });

  it("wait where they do not fit because of others, and the run says so once", () => {
    const run = play(`${TWO}workloads:\n${workload("web", 3, "1500m")}`).until(100);
    expect(run.events("pod/web-2")).toEqual(["0 FailedScheduling"]);
    expect(run.message("pod/web-2", "FailedScheduling")).toBe("0/2 nodes are available: 2 Insufficient cpu.");
    expect(run.cluster.pods[2].phase).toBe("Pending");
  });

  it("are taken in the order of the scenario, whatever fits nowhere, before their nodes begin with any", () => {
    const text = `${TWO}workloads:\n${workload("web", 2, "500m")}${workload("big", 1, "2")}${workload("api", 1, "1")}`;
    const events = play(text).until(0).events();
    expect(events.slice(0, 4)).toEqual([
      "0 pod/web-0 Scheduled",
      "0 pod/web-1 Scheduled",
      "0 pod/big-0 FailedScheduling",
      "0 pod/api-0 Scheduled",
    ]);
    expect(events.slice(4)).toEqual(
      ["web-0", "web-1", "api-0"].flatMap((name) => [`0 pod/${name} Created`, `0 pod/${name} Started`]),
    );
  });

  it("are placed in the instant in which room is made, the highest priority first, then who has waited longest", () => {
    const text = `${TWO}workloads:
${workload("big", 2, "1500m")}${workload("low", 1, "1")}${workload("lower", 1, "1")}${workload("high", 1, "1").replace("spec:\n", "spec:\n      priority: 100\n")}
timeline:
  - {at: 10s, action: scale, workload: big, replicas: 1}
  - {at: 20s, action: scale, workload: big, replicas: 0}
`;
    const run = play(text).until(30);
    // big-1 goes at 10 s and is gone at 12 s: two of 1000m fit into its 2000m; big-0 at 22 s.
    expect(run.times("pod/high-0", "Scheduled")).toEqual([12]);
    expect(run.times("pod/low-0", "Scheduled")).toEqual([12]);
    expect(run.times("pod/lower-0", "Scheduled")).toEqual([22]);
  });

  it("make room when their requests shrink in place", () => {
    const text = `${TWO}workloads:
${workload("big", 2, "1500m")}${workload("web", 1, "1")}timeline:
  - {at: 10s, action: set, path: workloads.big.spec.containers.app.resources.requests.cpu, value: 500m}
`;
    expect(play(text).until(10).times("pod/web-0", "Scheduled")).toEqual([10]);
  });

  it("stay away from taints that they do not tolerate and from nodes that are down", () => {
    const tainted = TWO.replace("{name: a,", "{name: a, taints: [{key: k, effect: NoSchedule}],");
    const timeline =
      "timeline: [{at: 5s, action: nodeDown, node: b}, {at: 6s, action: scale, workload: web, replicas: 2}]\n";
    const run = play(`${tainted}workloads:\n${workload("web", 1, "100m")}${timeline}`).until(6);
    expect(run.cluster.pods[0].node.name).toBe("b");
    expect(run.message("pod/web-1", "FailedScheduling")).toBe(
      "0/2 nodes are available: 1 node(s) had untolerated taint {k: }, 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.",
    );
  });

  it("give the same places under the same scenario", () => {
    const places = () =>
      play(`${TWO}workloads:\n${workload("web", 9, "300m")}${workload("db", 3, "100m")}`).cluster.pods.map(
        ({ name, isBound, node }) => [name, isBound && node.name],
      );
    expect(places()).toEqual(places());
  });
});

describe("a pinned pod", () => {
  it("waits for room on its own node", () => {
    const text = `${TWO}workloads:\n${workload("web", 2, "1500m", "    node: a\n")}`;
    expect(play(text).message("pod/web-1", "FailedScheduling")).toBe(
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector.",
    );
  });
});
