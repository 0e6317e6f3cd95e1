import { describe, expect, it } from "vitest";
import { play, type Play } from "../testing/play.ts";

const THREE = "nodes: [{name: n, count: 3, capacity: {cpu: 4, memory: 4Gi}, kernel: {phases: zero}}]\n";

const names = ({ cluster }: Play) => cluster.pods.filter(({ isDeleted }) => !isDeleted).map(({ name }) => name);

function keeping(kind: string, rest = "", behavior = "{}"): string {
  const policy = kind === "Job" ? "restartPolicy: Never, " : "";
  return `${THREE}workloads:
  - name: web
    kind: ${kind}
    ${kind === "Pod" || kind === "DaemonSet" ? "" : "replicas: 3"}
    spec: {${policy}terminationGracePeriodSeconds: 2, containers: [{name: app}]}
    behavior: {app: ${behavior}}
${rest}`;
}

const remove = (pod: string) => `timeline: [{at: 10s, action: deletePod, pod: ${pod}}]\n`;
const scale = (replicas: number) => `timeline: [{at: 10s, action: scale, workload: web, replicas: ${replicas}}]\n`;

describe("a Deployment", () => {
  it("replaces a lost pod in the same instant under the lowest number that none has had", () => {
    const run = play(keeping("Deployment", remove("web-1"))).until(10);
    expect(names(run)).toEqual(["web-0", "web-2", "web-3"]);
    expect(run.times("pod/web-3", "Scheduled")).toEqual([10]);
  });

  it("leaves out a number that gives the name of another workload's pod", () => {
    const other = "  - {name: web-3, kind: Pod, spec: {containers: [{name: app}]}}\n";
    const run = play(keeping("Deployment", other + scale(4))).until(10);
    expect(names(run)).toEqual(["web-0", "web-1", "web-2", "web-4", "web-3"]);
  });

  it("grows at once, and takes the youngest pods first when it shrinks", () => {
    expect(names(play(keeping("Deployment", scale(5))).until(10))).toEqual([
      "web-0",
      "web-1",
      "web-2",
      "web-3",
      "web-4",
    ]);
    expect(names(play(keeping("Deployment", scale(1))).until(10))).toEqual(["web-0"]);
  });

  it("takes pods that are not ready before ready ones", () => {
    const timeline = `timeline:
  - {at: 10s, action: nodeDown, node: n-0}
  - {at: 11s, action: scale, workload: web, replicas: 2}
`;
    const run = play(keeping("Deployment", timeline)).until(11);
    expect(run.cluster.pods.find(({ isDeleted }) => isDeleted)?.node.name).toBe("n-0");
  });
});

describe("a bare Pod", () => {
  it("is not replaced", () => {
    expect(names(play(keeping("Pod", remove("web"))).until(20))).toEqual([]);
  });
});

describe("a StatefulSet", () => {
  it("brings a pod back under its own name, once the old one is gone", () => {
    const run = play(keeping("StatefulSet", remove("web-1")));
    expect(names(run.until(11.9))).toEqual(["web-0", "web-2"]);
    expect(names(run.until(12))).toEqual(["web-0", "web-2", "web-1"]);
  });

  it("takes the highest numbers when it shrinks", () => {
    expect(names(play(keeping("StatefulSet", scale(1))).until(10))).toEqual(["web-0"]);
  });

  it("draws other numbers for the pod that comes back", () => {
    const startup = "{startup: {cpu: {type: exponential, mean: 1s}}}";
    const run = play(keeping("StatefulSet", remove("web-0"), startup)).until(60);
    const pods = run.cluster.pods.map(({ stream }) => stream);
    expect(pods).toEqual(["web-1", "web-2", "web-0/1"]);
  });
});

describe("a DaemonSet", () => {
  it("has one pod on every node, named after it, and brings it back there", () => {
    const run = play(keeping("DaemonSet", remove("web-n-1")));
    expect(run.cluster.pods.map(({ name, node }) => [name, node.name])).toEqual([
      ["web-n-0", "n-0"],
      ["web-n-1", "n-1"],
      ["web-n-2", "n-2"],
    ]);
    expect(names(run.until(11.9))).toEqual(["web-n-0", "web-n-2"]);
    expect(names(run.until(12))).toEqual(["web-n-0", "web-n-2", "web-n-1"]);
  });

  it("follows nodes that join", () => {
    const run = play(keeping("DaemonSet", "timeline: [{at: 10s, action: nodeJoin, node: n-2}]\n"));
    expect(names(run)).toEqual(["web-n-0", "web-n-1"]);
    expect(run.until(10).times("pod/web-n-2", "Started")).toEqual([10]);
  });
});

describe("a Job", () => {
  // Every pod ends 4.5 s after its start, which a relist sees at 5 s.
  it("is complete when all its pods have succeeded; their objects stay", () => {
    const run = play(keeping("Job", "", "{exit: {after: 4500ms}}")).until(60);
    expect(run.events("job/web")).toEqual(["5 Completed"]);
    expect(run.cluster.pods.map(({ name, phase }) => [name, phase])).toEqual([
      ["web-0", "Succeeded"],
      ["web-1", "Succeeded"],
      ["web-2", "Succeeded"],
    ]);
  });

  // 3 pods fail at 5 s (seen), are replaced, 3 fail at 10 s, and with the first of 15 s seven have: more than 6.
  it("replaces failed pods until more than six have failed", () => {
    const run = play(keeping("Job", "", "{exit: {after: 4500ms, code: 1}}")).until(60);
    expect(run.events("job/web")).toEqual(["15 BackoffLimitExceeded"]);
    expect(run.cluster.pods.filter(({ isActive }) => isActive)).toEqual([]);
    expect(run.cluster.workloads[0].nextNumber).toBe(9);
  });

  it("fails when its containers have been restarted six times under OnFailure", () => {
    const text = keeping("Job", "", "{exit: {after: 500ms, code: 1}}").replace("Never", "OnFailure");
    const run = play(text).until(60);
    // Three containers start at 0, 1 (the free restart), and then by back-off of 10 s from 1.5 s: the sixth at 12 s.
    expect(run.events("job/web")).toEqual(["12 BackoffLimitExceeded"]);
  });
});
