import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatProblem, ScenarioErrors } from "../engine/scenario/errors.ts";
import { loadScenario, type Loaded, type Overrides } from "./scenario.ts";

const HEAD = `metadata: {name: test}
duration: 60s
`;
const NODE = `nodes:
  - name: worker
    capacity: {cpu: 4, memory: 16Gi}
`;
const WEB = `workloads:
  - name: web
    node: worker
    spec:
      containers:
        - name: app
          resources: {requests: {cpu: 500m}, limits: {cpu: "1", memory: 512Mi}}
`;
const TRAFFIC = `traffic:
  - name: users
    to: web
    arrivals: {type: poisson, rate: 30/s}
    cpu: 20ms
`;
const ALL = HEAD + NODE + WEB + TRAFFIC;

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "scenario-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function load(text: string, overrides: Overrides = {}): Loaded {
  return loadScenario({ text, name: "s.yaml", dir }, overrides);
}

/** Every problem of a text, one a line; an empty list if it is valid. */
function problems(text: string, overrides: Overrides = {}): string[] {
  try {
    load(text, overrides);
    return [];
  } catch (error) {
    if (!(error instanceof ScenarioErrors)) throw error;
    return error.problems.map((problem) => formatProblem(problem));
  }
}

/** The arrivals of the valid scenario with others in their place. */
function arrivals(text: string) {
  return load(ALL.replace("{type: poisson, rate: 30/s}", text)).scenario.traffic[0].arrivals;
}

/** The valid scenario with a timeline that sets one field. */
function at(path: string, value: string): string {
  return `${ALL}timeline:\n  - {at: 20s, action: set, path: ${path}, value: ${value}}\n`;
}

describe("a scenario", () => {
  it("needs a name and a duration, and has defaults for the rest", () => {
    expect(load(HEAD).scenario).toEqual({
      metadata: { name: "test" },
      seed: 0,
      kubernetesVersion: "1.37",
      duration: 60_000_000_000,
      warmup: 0,
      window: 1_000_000_000,
      nodes: [],
      kubelet: {
        cpuCFSQuota: true,
        cpuCFSQuotaPeriod: 100_000_000,
        featureGates: {},
        cpuManagerPolicy: "none",
        cpuManagerPolicyOptions: {},
        kubeReserved: {},
        systemReserved: {},
      },
      workloads: [],
      traffic: [],
      timeline: [],
      thresholds: [],
    });
    expect(problems("seed: 1")).toEqual([
      "s.yaml:1:1 metadata: a required field is missing; allowed: a map of fields",
      "s.yaml:1:1 duration: a required field is missing",
    ]);
  });

  it("resolves a node with its kernel's defaults", () => {
    expect(load(HEAD + NODE).scenario.nodes).toMatchObject([
      {
        name: "worker",
        capacity: { cpu: 4, memory: 17_179_869_184, pods: 110 },
        labels: {},
        taints: [],
        kernel: {
          version: "6.18",
          hz: 250,
          cgroup: "v2",
          flavor: "upstream",
          bandwidthSlice: 5_000_000,
          requestOverhead: 0,
          phases: "random",
        },
        used: { memory: 0, nodefs: 0, imagefs: 0 },
      },
    ]);
  });

  it("calls a node of a count of one by its plain name", () => {
    expect(load(ALL.replace("name: worker", "name: worker\n    count: 1")).scenario.nodes[0].count).toBeUndefined();
  });

  it("sets requests that are absent to the limits, and gives every container one thread", () => {
    const [web] = load(ALL).scenario.workloads;
    expect(web.spec.containers[0].resources).toEqual({
      requests: { cpu: 500, memory: 536_870_912 },
      limits: { cpu: 1000, memory: 536_870_912 },
    });
    expect(web).toMatchObject({ kind: "Deployment", replicas: 1, node: "worker", behavior: { app: { threads: 1 } } });
  });

  it("resolves every type of arrivals", () => {
    const second = 1_000_000_000;
    expect(arrivals("{type: constant, rate: 10/m}")).toEqual({
      type: "constant",
      rate: { count: 10, per: 60 * second },
    });
    expect(arrivals("{type: onoff, on: 1s, off: {type: exponential, mean: 2s}, rate: 5/s}")).toEqual({
      type: "onoff",
      on: { type: "fixed", value: second },
      off: { type: "exponential", mean: 2 * second },
      rate: { count: 5, per: second },
      process: "poisson",
    });
    expect(arrivals("{type: mmpp, states: [{rate: 0, mean: 1s}, {rate: 9/s, mean: 2s}]}")).toMatchObject({
      states: [
        { rate: { count: 0, per: second }, mean: second },
        { rate: { count: 9, per: second }, mean: 2 * second },
      ],
    });
    expect(arrivals("{type: sine, rate: 5/s, amplitude: 0.5, period: 10s}")).toMatchObject({ amplitude: 0.5 });
    expect(arrivals("{type: steps, steps: [{at: 0, rate: 5/s}]}")).toMatchObject({ steps: [{ at: 0 }] });
    expect(arrivals("{type: stages, stages: [{duration: 5s, target: 5/s}]}")).toMatchObject({
      startRate: { count: 0, per: second },
    });
    expect(arrivals("{type: closed, users: 3}")).toEqual({
      type: "closed",
      users: 3,
      think: { type: "fixed", value: 0 },
    });
    expect(arrivals("{type: trace, rows: [{time_s: 0.1, cpu_ms: 1.5}, {time_s: 0.1}]}")).toEqual({
      type: "trace",
      rows: [{ at: 100_000_000, cpuNs: 1_500_000 }, { at: 100_000_000 }],
    });
  });

  it("reads a recorded trace beside it", () => {
    writeFileSync(join(dir, "trace.csv"), "time_s,cpu_ms\n0.05,\n1.1,20\n");
    const text = ALL.replace("{type: poisson, rate: 30/s}", "{type: trace, file: trace.csv}");
    expect(load(text).scenario.traffic[0].arrivals).toEqual({
      type: "trace",
      rows: [{ at: 50_000_000 }, { at: 1_100_000_000, cpuNs: 20_000_000 }],
    });
    writeFileSync(join(dir, "bad.csv"), "time_s,cpu_ms\n2,1\n1,1\nx,1\n");
    expect(problems(text.replace("trace.csv", "bad.csv"))).toEqual([
      "bad.csv:3:1: time_s is before the row above; allowed: ascending times",
      'bad.csv:4:1: time_s: found "x"; allowed: a decimal number of at least 0',
    ]);
    expect(problems(text.replace("trace.csv", "none.csv"))[0]).toMatch(
      /^s\.yaml:16:\d+ traffic\[0\]\.arrivals\.file: none\.csv: there is no such file/,
    );
  });

  it("tells where its values were written", () => {
    expect(load(ALL).locate(["traffic", 0, "cpu"])).toMatchObject({ line: 17, column: 10 });
  });

  it("ignores a sweep with a notice", () => {
    expect(load(`${HEAD}sweep: {a: 1}`).notices).toEqual([expect.stringContaining("sweep is ignored")]);
  });
});

describe("the kubelet section", () => {
  it("is overridden field by field, and maps key by key, by a node's own", () => {
    const text = `${HEAD}${NODE}    kubelet: {featureGates: {KubeletPSI: true}, cpuCFSQuota: false}
kubelet: {cpuCFSQuotaPeriod: 20ms, featureGates: {CustomCPUCFSQuotaPeriod: true}}
`;
    expect(load(text).scenario.nodes[0].kubelet).toMatchObject({
      cpuCFSQuota: false,
      cpuCFSQuotaPeriod: 20_000_000,
      featureGates: { CustomCPUCFSQuotaPeriod: true, KubeletPSI: true },
    });
  });

  it("may be a file, which its errors name", () => {
    const kind = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
    writeFileSync(join(dir, "kubelet.yaml"), `${kind}cpuCFSQuota: false\naddress: 0.0.0.0\n`);
    writeFileSync(join(dir, "wrong.yaml"), `${kind}cpuCFSQuta: false\n`);
    writeFileSync(join(dir, "kindless.yaml"), "cpuCFSQuota: false\n");
    expect(load(`${HEAD}kubelet: kubelet.yaml`).scenario.kubelet.cpuCFSQuota).toBe(false);
    expect(load(HEAD, { set: ["kubelet=kubelet.yaml"] }).scenario.kubelet.cpuCFSQuota).toBe(false);
    expect(problems(`${HEAD}kubelet: wrong.yaml`)).toEqual([
      "wrong.yaml:3:1 kubelet.cpuCFSQuta: unknown field; did you mean cpuCFSQuota?",
    ]);
    expect(problems(`${HEAD}kubelet: kindless.yaml`)).toHaveLength(2);
    expect(problems(`${HEAD}kubelet: none.yaml`)).toEqual(["s.yaml:3:10 kubelet: none.yaml: there is no such file"]);
  });

  it.each([
    ["a quantity of another grammar", "{evictionHard: {memory.available: 100MB}}", /"100MB"; .*did you mean 100M\?/],
    ["no signal", "{evictionHard: {memory.availble: 100Mi}}", /memory\.availble.*is no eviction signal/],
    ["more than all", "{evictionHard: {memory.available: 101%}}", /allowed: from 0% to 100%/],
    ["soft without grace", "{evictionSoft: {memory.available: 200Mi}}", /needs a grace period/],
  ])("is refused with eviction thresholds that are wrong, whatever pods there are: %s", (_, section, message) => {
    expect(problems(`${ALL}kubelet: ${section}\n`)).toEqual([expect.stringMatching(message)]);
  });

  it("is refused on a node that would keep more from its pods than it has", () => {
    // Memory: 16Gi of reservation and the default threshold of 100Mi.
    const kubelet = "kubelet: {kubeReserved: {cpu: 2500m, memory: 16Gi}, systemReserved: {cpu: 1501m}}";
    expect(problems(`${HEAD}${NODE}${kubelet}`)).toEqual([
      expect.stringMatching(/^s\.yaml:5:21 nodes\[0\]\.capacity\.cpu: found 4, .* keep 4001m of it/),
      expect.stringMatching(/^s\.yaml:5:32 nodes\[0\]\.capacity\.memory: found 16Gi, .* keep 16484Mi of it/),
    ]);
    expect(problems(`${HEAD}${NODE}kubelet: {kubeReserved: {cpu: 4}}`)).toEqual([]);
  });

  it("is refused where the kubelet would refuse it, once, at the field", () => {
    expect(problems(`${HEAD}${NODE}kubelet: {cpuCFSQuotaPeriod: 20ms}`)).toEqual([
      expect.stringMatching(/^s\.yaml:6:30 kubelet\.cpuCFSQuotaPeriod: .*CustomCPUCFSQuotaPeriod: true/),
    ]);
    expect(problems(`${HEAD}${NODE}    kubelet: {cpuManagerPolicy: static}`)).toEqual([
      expect.stringMatching(/^s\.yaml:6:33 nodes\[0\]\.kubelet\.cpuManagerPolicy: .*held back/),
    ]);
  });
});

describe("the timeline", () => {
  it.each([
    [
      "workloads.web.cgroup.containers.app.cpu.max.burst",
      "0",
      ["workloads", 0, "cgroup", "containers", "app", "cpu.max.burst"],
      0,
    ],
    [
      "workloads.web.spec.containers.app.resources.limits.cpu",
      "1500m",
      ["workloads", 0, "spec", "containers", 0, "resources", "limits", "cpu"],
      1500,
    ],
    ["traffic.users.arrivals.rate", "10/m", ["traffic", 0, "arrivals", "rate"], { count: 10, per: 60_000_000_000 }],
    ["traffic.users.cpu", "{type: exponential, mean: 5ms}", ["traffic", 0, "cpu"], { type: "exponential", mean: 5e6 }],
    ["traffic.users.timeout", "2s", ["traffic", 0, "timeout"], 2_000_000_000],
    ["traffic.users.balance", "roundRobin", ["traffic", 0, "balance"], "roundRobin"],
  ])("sets %s to %s", (text, value, path, resolved) => {
    expect(load(at(text, value)).scenario.timeline).toEqual([
      { at: 20_000_000_000, action: "set", path, value: resolved, text },
    ]);
  });

  it("repeats with every, from and until", () => {
    const text = at("traffic.users.timeout", "2s").replace("at: 20s", "every: 10s, until: 40s");
    expect(load(text).scenario.timeline[0]).toMatchObject({ every: 10_000_000_000, from: 0, until: 40_000_000_000 });
  });

  it.each([
    ["workloads.web.replicas", "3", /timeline\[0\]\.path: .*cannot change while the scenario runs/],
    ["workloads.web.replicaz", "3", /did you mean replicas\?/],
    ["workloads.wbe.replicas", "3", /no item named wbe/],
    ["traffic.users.timeout", "2", /timeline\[0\]\.value: found 2 without a unit/],
    ["traffic.users.arrivals.users", "2", /there is no field users/],
    ["workloads.web.cgroup.containers.app.cpu.shares", "2", /timeline\[0\]\.path: .*no file cpu\.shares/],
    ["workloads.web.cgroup.containers.apq.cpu.weight", "2", /no container apq; allowed: app; did you mean app\?/],
    ["workloads.web.cgroup.containers.app.cpu.weight", "20000", /from 1 to 10000/],
  ])("refuses to set %s to %s", (path, value, message) => {
    expect(problems(at(path, value))).toEqual([expect.stringMatching(message)]);
  });
});

describe("the command line", () => {
  it("wins over the file, later options over earlier ones", () => {
    const { scenario } = load(ALL, {
      set: [
        "nodes.worker.kernel.hz=100",
        "nodes[0].kernel.hz=1000",
        "workloads.web.cgroup.containers.app.cpu.max=50000 100000",
      ],
      seed: "7",
      duration: "5s",
    });
    expect(scenario.nodes[0].kernel.hz).toBe(1000);
    expect(scenario.workloads[0].cgroup.containers).toEqual({ app: { "cpu.max": "50000 100000" } });
    expect([scenario.seed, scenario.duration]).toEqual([7, 5_000_000_000]);
  });

  it("reach whatever the schema allows, given or not, one after the other", () => {
    const set = ["traffic.users.cpu.type=exponential", "traffic.users.cpu.mean=5ms"];
    // The file has the bare value 20ms there.
    expect(load(ALL, { set }).scenario.traffic[0].cpu).toEqual({ type: "exponential", mean: 5_000_000 });
    const { flannel } = load(ALL, { set: ["flannel.Network=10.1.0.0/16"] }).scenario;
    expect(JSON.stringify(flannel)).toContain("10.1.0.0/16");
    expect(problems(ALL, { set: ["traffic.users.arrivals.users=3"] })).toEqual([
      expect.stringMatching(/^--set traffic\.users\.arrivals\.users: unknown field; allowed: type, rate/),
    ]);
  });

  it.each([
    [
      { set: ["nodes.worker.kernel.hs=100"] },
      /^--set nodes\.worker\.kernel\.hs: there is no field hs in nodes\.worker\.kernel; did you mean hz\?/,
    ],
    [{ set: ["nodes.worker.kernel={hz: 200}"] }, /^--set nodes\.worker\.kernel\.hz: found 200; allowed: 100, 250/],
    [{ set: ["window"] }, /^--set window: allowed: PATH=VALUE/],
    [{ set: ["window=[1"] }, /^--set window: not valid YAML/],
    [{ set: ["manifests=[]"] }, /^--set manifests: section manifests: no model of this version reads it/],
    [{ duration: "5" }, /^--duration: found 5 without a unit/],
    [{ seed: "1.5" }, /^--seed: found 1\.5/],
  ])("is told what is wrong with %j", (overrides, message) => {
    expect(problems(ALL, overrides)).toEqual([expect.stringMatching(message)]);
  });
});

/** Each case changes the valid scenario in one place; the message says where, what was found and what is allowed. */
const BAD: Array<[what: string, from: string, to: string, message: RegExp]> = [
  ["unit-less duration", "duration: 60s", "duration: 60", /^s\.yaml:2:11 duration: found 60 without a unit/],
  ["negative duration", "duration: 60s", "duration: -60s", /negative/],
  ["zero duration", "duration: 60s", "duration: 0", /found 0; allowed/],
  ["zero duration with a unit", "duration: 60s", "duration: 0s", /allowed: more than 0/],
  ["absurd duration", "duration: 60s", "duration: 1e300", /found 1e\+300/],
  ["duration beyond the clock", "duration: 60s", "duration: 2600h", /end of simulated time/],
  ["NaN", "duration: 60s", "duration: .nan", /found NaN/],
  ["infinity", "duration: 60s", "duration: .inf", /found Infinity/],
  ["list for a duration", "duration: 60s", "duration: [1s]", /found a list/],
  ["empty value", "duration: 60s", "duration:", /found no value \(null\)/],
  [
    "warm-up as long as the run",
    "duration: 60s",
    "duration: 60s\nwarmup: 60s",
    /warmup: found 1m0s.*less than the duration/,
  ],
  ["too many windows", "duration: 60s", "duration: 60s\nwindow: 1ns", /more than 1000000 rows/],
  ["name with a separator", "{name: test}", "{name: a/b}", /metadata\.name: found "a\/b"; allowed: a DNS-1123 label/],
  ["name with dots", "{name: test}", "{name: ..}", /DNS-1123/],
  ["name with a leading =", "{name: test}", "{name: =1+1}", /DNS-1123/],
  ["name that is a number", "{name: test}", "{name: 7}", /found 7; .*quote it/],
  ["name of 64 characters", "{name: test}", `{name: ${"a".repeat(64)}}`, /DNS-1123/],
  ["fraction as a seed", "duration: 60s", "duration: 60s\nseed: 1.5", /seed: found 1\.5; allowed: a whole number/],
  ["version as a number", "duration: 60s", "duration: 60s\nkubernetesVersion: 1.30", /found the number 1\.3; quote it/],
  ["version of the future", "duration: 60s", 'duration: 60s\nkubernetesVersion: "1.99"', /allowed: "1\.26" to "1\.37"/],
  ["unknown section", "duration: 60s", "duration: 60s\nnods: []", /nods: unknown field; did you mean nodes\?/],
  [
    "section of a later model",
    "duration: 60s",
    "duration: 60s\nmanifests: []",
    /section manifests: no model of this version reads it/,
  ],
  ["wrong type", "traffic:", "thresholds: x\ntraffic:", /thresholds: found "x"; allowed: a list/],
  [
    "misspelt field",
    "capacity:",
    "capcity: {}\n    capacity:",
    /nodes\[0\]\.capcity: unknown field; did you mean capacity\?/,
  ],
  ["CPUs in parts", "{cpu: 4, ", "{cpu: 500m, ", /whole number of CPUs/],
  ["CPUs below zero", "{cpu: 4, ", "{cpu: -4, ", /whole number of CPUs/],
  ["memory with a B", "16Gi}", "16GiB}", /did you mean 16Gi\?/],
  ["no memory", "16Gi}", "0}", /allowed: more than 0/],
  [
    "kernel tick that no kernel has",
    "16Gi}",
    "16Gi}\n    kernel: {hz: 200}",
    /^s\.yaml:6:18 nodes\[0\]\.kernel\.hz: found 200; allowed: 100, 250, 300, 1000$/,
  ],
  ["kernel version as a number", "16Gi}", "16Gi}\n    kernel: {version: 6.12}", /quote it/],
  ["unknown kernel", "16Gi}", '16Gi}\n    kernel: {version: "2.6"}', /allowed: "4\.18" to "6\.18"/],
  [
    "bandwidth without a unit",
    "16Gi}",
    "16Gi}\n    nic: {bandwidth: 100}",
    /found 100 without a unit; allowed: a rate such as 1Gbit/,
  ],
  [
    "two nodes of one name",
    "nodes:",
    "nodes:\n  - {name: worker, capacity: {cpu: 1, memory: 1Gi}}",
    /nodes\[1\]\.name: the name worker is that of another node/,
  ],
  [
    "node called as one of a count",
    "nodes:",
    "nodes:\n  - {name: w-1, capacity: {cpu: 1, memory: 1Gi}}\n  - {name: w, count: 2, capacity: {cpu: 1, memory: 1Gi}}",
    /another node/,
  ],
  [
    "Job whose pods start for ever",
    "- name: web",
    "- name: web\n    kind: Job",
    /spec\.restartPolicy: found Always; allowed: OnFailure or Never for a Job/,
  ],
  [
    "DaemonSet with replicas",
    "- name: web",
    "- name: web\n    kind: DaemonSet\n    replicas: 2",
    /replicas: found 2; a DaemonSet has one pod on every node of it/,
  ],
  [
    "unknown kind",
    "- name: web",
    "- name: web\n    kind: Deploymnt",
    /found "Deploymnt"; allowed: Pod, Deployment, DaemonSet, StatefulSet, Job; did you mean Deployment\?/,
  ],
  ["two pods of one Pod", "- name: web", "- name: web\n    kind: Pod\n    replicas: 2", /allowed: 1 for a Pod/],
  [
    "Deployment whose pods end",
    "    spec:",
    "    spec:\n      restartPolicy: Never",
    /allowed: Always for a Deployment/,
  ],
  [
    "node that does not exist",
    "node: worker",
    "node: wroker",
    /there is no node wroker; allowed: worker; did you mean worker\?/,
  ],
  ["request above the limit", "cpu: 500m", "cpu: 2", /requests\.cpu: the request is above the limit/],
  [
    "pod larger than its node",
    '{cpu: 500m}, limits: {cpu: "1"',
    "{cpu: 8}, limits: {cpu: 8",
    /a pod of web requests cpu 8, and node worker has 4/,
  ],
  [
    "nodeSelector of no node",
    "    spec:",
    "    spec:\n      nodeSelector: {disk: ssd}",
    /no node has the labels that the nodeSelector of web asks for/,
  ],
  [
    "equal names of container and init container",
    "    spec:",
    "    spec:\n      initContainers: [{name: app}]",
    /the name app is that of another container/,
  ],
  [
    "probe",
    "- name: app",
    "- name: app\n          readinessProbe: {}",
    /containers\[0\]\.readinessProbe: no model of this version gives it effect/,
  ],
  ["affinity", "    spec:", "    spec:\n      affinity: {}", /spec\.affinity: no model/],
  [
    "misspelt container field",
    "- name: app",
    "- name: app\n          imag: x",
    /imag: unknown field; did you mean image\?/,
  ],
  [
    "no containers",
    'spec:\n      containers:\n        - name: app\n          resources: {requests: {cpu: 500m}, limits: {cpu: "1", memory: 512Mi}}',
    "spec: {containers: []}",
    /found a list; allowed: at least 1 item$/,
  ],
  [
    "two containers of one name",
    "- name: app",
    "- name: app\n        - name: app",
    /the name app is that of another container/,
  ],
  [
    "behavior of an unknown container",
    "    spec:",
    "    behavior: {ap: {threads: 2}}\n    spec:",
    /behavior\.ap: the pod has no container ap; allowed: app; did you mean app\?/,
  ],
  ["no threads", "    spec:", "    behavior: {app: {threads: 0}}\n    spec:", /found 0; allowed: at least 1/],
  [
    "misspelt memory behavior",
    "    spec:",
    "    behavior: {app: {memory: {initail: 1Gi}}}\n    spec:",
    /behavior\.app\.memory\.initail: unknown field; did you mean initial\?/,
  ],
  [
    "cgroup file of the other version",
    "    spec:",
    "    cgroup: {pod: {cpu.shares: 5}}\n    spec:",
    /node worker has cgroup v2, which has no file cpu\.shares; allowed: cpu\.max/,
  ],
  [
    "misspelt cgroup file",
    "    spec:",
    "    cgroup: {pod: {cpu.maxx: 5}}\n    spec:",
    /unknown field; did you mean cpu\.max\?/,
  ],
  ["cgroup value with a unit", "    spec:", "    cgroup: {pod: {cpu.max: 50ms}}\n    spec:", /"MAX PERIOD" in us/],
  [
    "CPU that the node lacks",
    "    spec:",
    '    cgroup: {pod: {cpuset.cpus: "2-4"}}\n    spec:',
    /there is no CPU 4: node worker has 0 to 3/,
  ],
  [
    "traffic to nowhere",
    "to: web",
    "to: wbe",
    /traffic\[0\]\.to: there is no workload wbe; allowed: web; did you mean web\?/,
  ],
  ["traffic to no container", "to: web", "to: web/ap", /workload web has no container ap/],
  ["traffic from nowhere", "to: web", "to: web\n    from: db", /traffic\[0\]\.from: there is no workload db/],
  ["traffic that the simulator has itself", "name: users", "name: pull", /the name pull is reserved/],
  [
    "two sources of one name",
    "traffic:",
    "traffic:\n  - {name: users, to: web, arrivals: {type: closed, users: 1}}",
    /the name users is that of another source/,
  ],
  ["unknown arrivals", "type: poisson", "type: posson", /allowed: constant, poisson, .*; did you mean poisson\?/],
  [
    "arrivals without a type",
    "{type: poisson, rate: 30/s}",
    "{rate: 30/s}",
    /arrivals\.type: a required field is missing; allowed: constant/,
  ],
  ["rate without a unit", "30/s", "30", /found 30 without a unit; allowed: a rate such as 30\/s/],
  ["field of other arrivals", "rate: 30/s", "rate: 30/s, users: 3", /arrivals\.users: unknown field/],
  [
    "steps that go back",
    "{type: poisson, rate: 30/s}",
    "{type: steps, steps: [{at: 5s, rate: 1/s}, {at: 1s, rate: 2/s}]}",
    /times do not ascend/,
  ],
  [
    "trace rows that go back",
    "{type: poisson, rate: 30/s}",
    "{type: trace, rows: [{time_s: 2}, {time_s: 1}]}",
    /rows\[1\]: time_s is before/,
  ],
  ["trace with neither file nor rows", "{type: poisson, rate: 30/s}", "{type: trace}", /either file or rows/],
  [
    "bulk transfer beside requests",
    "cpu: 20ms",
    "cpu: 20ms\n    flow: {type: udp, rate: 1Mbit, packetSize: 1000}",
    /either arrivals or flow/,
  ],
  ["demand without a unit", "cpu: 20ms", "cpu: 20", /found 20 without a unit/],
  ["unknown distribution", "cpu: 20ms", "cpu: {type: normal, mean: 1s}", /found "normal"; allowed: fixed, uniform/],
  ["distribution without its mean", "cpu: 20ms", "cpu: {type: exponential}", /cpu\.mean: a required field is missing/],
  ["mean of zero", "cpu: 20ms", "cpu: {type: exponential, mean: 0s}", /allowed: more than 0/],
  ["uniform turned round", "cpu: 20ms", "cpu: {type: uniform, min: 2s, max: 1s}", /min is above max/],
  ["weibull with both", "cpu: 20ms", "cpu: {type: weibull, shape: 1, scale: 1s, mean: 1s}", /either scale or mean/],
  ["variation below zero", "cpu: 20ms", "cpu: {type: lognormal, mean: 1s, cv: -1}", /found -1; allowed: at least 0/],
  ["absurd variation", "cpu: 20ms", "cpu: {type: lognormal, mean: 1s, cv: 1e300}", /allowed: at most 1000/],
  [
    "threshold that does not parse",
    "traffic:",
    "thresholds: [users.p99_ms is low]\ntraffic:",
    /thresholds\[0\]: found "users\.p99_ms is low"; allowed: <source>/,
  ],
  [
    "threshold of no source",
    "traffic:",
    "thresholds: [user.p99_ms < 3]\ntraffic:",
    /there is no source user; allowed: users, pod_start; did you mean users\?/,
  ],
  [
    "threshold of no column",
    "traffic:",
    "thresholds: [users.p99 < 3]\ntraffic:",
    /no column p99.*did you mean p99_ms\?/,
  ],
  [
    "action on a network that is not there",
    "traffic:",
    "timeline: [{at: 1s, action: link, node: worker}]\ntraffic:",
    /link needs a network: give the section flannel/,
  ],
  [
    "unknown action",
    "traffic:",
    "timeline: [{at: 1s, action: sett, path: a, value: 1}]\ntraffic:",
    /found "sett"; allowed: set, .*did you mean set\?/,
  ],
  [
    "action on no node",
    "traffic:",
    "timeline: [{at: 1s, action: nodeDown, node: workr}]\ntraffic:",
    /timeline\[0\]\.node: there is no node workr; allowed: worker; did you mean worker\?/,
  ],
  [
    "deleted pod of no workload",
    "traffic:",
    "timeline: [{at: 1s, action: deletePod, pod: wb-0}]\ntraffic:",
    /timeline\[0\]\.pod: there is no pod wb-0; allowed: web-0; did you mean web-0\?/,
  ],
  [
    "scaled workload that does not exist",
    "traffic:",
    "timeline: [{at: 1s, action: scale, workload: wb, replicas: 2}]\ntraffic:",
    /timeline\[0\]\.workload: there is no workload wb; allowed: web; did you mean web\?/,
  ],
  [
    "action without a time",
    "traffic:",
    "timeline: [{action: set, path: traffic.users.timeout, value: 1s}]\ntraffic:",
    /either at or every/,
  ],
  ["prototype", "traffic:", "__proto__: {a: 1}\ntraffic:", /a field cannot be called __proto__/],
  ["prototype among labels", "16Gi}", "16Gi}\n    labels: {__proto__: x}", /a field cannot be called __proto__/],
  ["duplicate field", "duration: 60s", "duration: 60s\nduration: 5s", /the field duration is given twice/],
  [
    "kubelet field of a later model",
    "traffic:",
    "kubelet: {topologyManagerPolicy: none}\ntraffic:",
    /kubelet\.topologyManagerPolicy: no model of this version gives it effect/,
  ],
  [
    "misspelt kubelet field",
    "traffic:",
    "kubelet: {cpuCfsQuota: true}\ntraffic:",
    /unknown field; did you mean cpuCFSQuota\?/,
  ],
];

describe("a scenario with one fault", () => {
  it("has none to begin with", () => expect(problems(ALL)).toEqual([]));

  it.each(BAD)("(%s) gives one message", (_, from, to, message) => {
    expect(ALL).toContain(from);
    expect(problems(ALL.replace(from, to))).toEqual([expect.stringMatching(message)]);
  });

  it("goes to the only node, and with several to the scheduler", () => {
    const unpinned = ALL.replace("    node: worker\n", "");
    expect(load(unpinned).scenario.workloads[0].node).toBe("worker");
    const two = unpinned.replace("nodes:", "nodes:\n  - {name: other, capacity: {cpu: 1, memory: 1Gi}}");
    expect(load(two).scenario.workloads[0].node).toBeUndefined();
  });

  it("larger than every empty node is told so, whether it is pinned or not", () => {
    const large = ALL.replace("{cpu: 500m}", "{cpu: 5}").replace('limits: {cpu: "1"', "limits: {cpu: 5");
    expect(problems(large)).toEqual([
      expect.stringMatching(
        /workloads\[0\]\.node: a pod of web requests cpu 5, and node worker has 4 for pods; it can never start/,
      ),
    ]);
    const two = large
      .replace("    node: worker\n", "")
      .replace("nodes:", "nodes:\n  - {name: other, capacity: {cpu: 1, memory: 1Gi}}");
    expect(problems(two)).toEqual([expect.stringMatching(/workloads\[0\]\.spec: .*it can never start on any node/)]);
  });

  it("that does not fit because of others is no fault: it waits", () => {
    expect(problems(ALL.replace("- name: web", "- name: web\n    replicas: 9"))).toEqual([]);
  });
});

describe("a scenario with many faults", () => {
  it("reports them together in the order of the file, rules between fields included", () => {
    const text = ALL.replace("duration: 60s", "duration: 60")
      .replace("capacity:", "capacty: 1\n    capacity:")
      .replace("cpu: 500m", "cpu: 2")
      .replace("to: web", "to: wbe")
      .replace("30/s", "30");
    expect(problems(text).map((problem) => problem.split(" ")[1])).toEqual([
      "duration:",
      "nodes[0].capacty:",
      "workloads[0].spec.containers[0].resources.requests.cpu:",
      "traffic[0].to:",
      "traffic[0].arrivals.rate:",
    ]);
  });

  it("gives one message for a number that is beyond several bounds", () => {
    expect(problems(ALL.replace("{type: poisson, rate: 30/s}", "{type: closed, users: 1e300}"))).toEqual([
      expect.stringMatching(/found 1e\+300; allowed: at most 1000000$/),
    ]);
  });

  it("checks one entry of the timeline although another is wrong", () => {
    const text = `${ALL}timeline:\n  - {action: set, path: window, value: 1s}\n  - {at: 1s, action: set, path: window, value: 1s}\n`;
    expect(problems(text)).toEqual([
      expect.stringMatching(/timeline\[0\]: allowed: either at or every/),
      expect.stringMatching(/timeline\[1\]\.path: window cannot change/),
    ]);
  });

  it("do not include thresholds on a source whose entry is wrong as a whole", () => {
    const text = `${ALL.replace(/ {4}arrivals.*\n/, "")}thresholds: [users.failed == 0]\n`;
    expect(problems(text)).toEqual([expect.stringMatching(/traffic\[0\]: allowed: either arrivals or flow/)]);
  });

  it("name what a set action lacks", () => {
    const text = `${ALL}timeline:\n  - {at: 20s, action: set, path: traffic.users.cpu}\n`;
    expect(problems(text)).toEqual([
      expect.stringMatching(/timeline\[0\]\.value: a required field is missing; allowed: any/),
    ]);
  });

  it("does not report what follows from another fault", () => {
    const kubelet = "kubelet: {cpuCFSQuotaPeriod: 20ms, featureGates: {CustomCPUCFSQuotaPeriod: yes}}";
    expect(problems(ALL + kubelet)).toEqual([expect.stringMatching(/found "yes"; allowed: true or false/)]);
    // A name that is wrong leaves those who use it dangling; a wrong size says nothing about what fits.
    expect(problems(ALL.replace("- name: web", "- name: Web"))).toHaveLength(1);
    expect(problems(ALL.replace("16Gi}", "16}").replace("{cpu: 4", "{cpu: x"))).toHaveLength(1);
  });
});

describe("fields of Kubernetes that cannot change a result", () => {
  it("are accepted", () => {
    const text = ALL.replace(
      "- name: app",
      "- name: app\n          env: [{name: A, value: b}]\n          ports: [{containerPort: 80}]",
    )
      .replace(
        "    spec:",
        "    spec:\n      serviceAccountName: web\n      priorityClassName: system-node-critical\n      tolerations: [{operator: Exists}]",
      )
      .replace("traffic:", "kubelet: {address: 0.0.0.0, clusterDNS: [10.96.0.10]}\ntraffic:");
    expect(problems(text)).toEqual([]);
  });
});
