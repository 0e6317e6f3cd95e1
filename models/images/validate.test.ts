import { describe, expect, it } from "vitest";
import { ScenarioErrors } from "../../engine/scenario/errors.ts";
import { loadScenario } from "../scenario.ts";

const LAYER = '{digest: "sha256:aa", size: 30MB}';
const GOOD = [
  "metadata: {name: s}",
  "duration: 60s",
  "nodes: [{name: worker, count: 2, capacity: {cpu: 4, memory: 16Gi}}, {name: other, capacity: {cpu: 4, memory: 16Gi}}]",
  "workloads: [{name: web, node: worker, spec: {containers: [{name: app, image: web}]}}]",
  `images: [{name: "web:latest", layers: [${LAYER}], present: [worker-0]}]`,
];

function load(...rest: string[]) {
  return loadScenario({ text: [...GOOD, ...rest].join("\n"), name: "s.yaml", dir: "/" });
}

/** Everything that is wrong with a scenario in which `from` stands as `to`, and with these lines at its end. */
function problems(from: string, to: string, ...rest: string[]): string[] {
  const text = [...GOOD, ...rest].join("\n");
  expect(text).toContain(from);
  try {
    loadScenario({ text: text.replace(from, to), name: "s.yaml", dir: "/" });
    return [];
  } catch (error) {
    if (!(error instanceof ScenarioErrors)) throw error;
    return error.message.split("\n").filter((line) => line.startsWith("s.yaml:"));
  }
}

describe("images in a scenario", () => {
  it("are found under any spelling of their name", () => {
    expect(load().scenario.images?.[0]).toMatchObject({ name: "web:latest", present: ["worker-0"] });
    expect(problems("image: web}", "image: docker.io/library/web}")).toEqual([]);
  });

  it.each([
    [
      "image: web}",
      "image: wep}",
      /containers\[0\]\.image: the section images, which describes web:latest, does not describe "wep"/,
    ],
    ["image: web}", "image: Web}", /does not describe "Web"/],
    ["size: 30MB", "size: 0B", /size: found "0B"; allowed: more than 0/],
    ["size: 30MB", "size: -1MB", /size: /],
    ["size: 30MB", "size: 30", /size: found 30 without a unit/],
    ["size: 30MB", "size: 30MB, unpacked: 0B", /unpacked: found "0B"; allowed: more than 0/],
    ['"sha256:aa"', "aa", /digest: found "aa"; allowed: an algorithm and a text/],
    [`layers: [${LAYER}]`, "pullDuration: -1s", /pullDuration: /],
    [`layers: [${LAYER}], `, "", /images\[0\]: allowed: either layers or pullDuration/],
    [`layers: [${LAYER}]`, "layers: []", /layers: .*at least 1 item/],
    [
      "present: [worker-0]",
      "present: [worker-2]",
      /present\[0\]: there is no node worker-2; allowed: all, or worker, other/,
    ],
    ["present: [worker-0]", "present: some", /present: /],
    ["present: [worker-0]", "failures: {type: bernoulli, p: 1.5}", /p: found 1\.5; allowed: at most 1/],
    ["present: [worker-0]", "failures: [{attempt: 0}]", /attempt: found 0; allowed: at least 1/],
    ["present: [worker-0]", "failures: [{attempt: 1}, {attempt: 1}]", /attempt 1 fails already/],
    ['name: "web:latest"', "name: Web", /name: found "Web"; allowed: the name of an image/],
    ['name: "web:latest"', 'name: "web:latest", pullPolicy: Never', /pullPolicy: unknown field/],
  ])("(%s as %s) give one message", (from, to, message) => {
    expect(problems(from, to)).toEqual([expect.stringMatching(message)]);
  });

  it("are described once, and their layers alike", () => {
    const second = (text: string) => problems("present: [worker-0]}", `present: [worker-0]}, ${text}`);
    expect(second('{name: "docker.io/library/web", pullDuration: 1s}')).toEqual([
      expect.stringMatching(/images\[1\]\.name: the image .* is described already, as web:latest; allowed: once/),
    ]);
    expect(second('{name: b, layers: [{digest: "sha256:aa", size: 40MB}]}')).toEqual([
      expect.stringMatching(/layer sha256:aa has size 30000000B and unpacked 30000000B in image web:latest/),
    ]);
    expect(second(`{name: b, layers: [${LAYER}]}`)).toEqual([]);
  });

  it("that no pod uses are worth a notice, and a registry without images is", () => {
    expect(load().notices).toEqual([]);
    const other = load().notices.concat(
      loadScenario({
        text: [...GOOD.slice(0, 4), "images: [{name: web, pullDuration: 1s}, {name: db, pullDuration: 1s}]"].join("\n"),
        name: "s.yaml",
        dir: "/",
      }).notices,
    );
    expect(other).toEqual(["the image db is used by no pod"]);
    const text = [...GOOD.slice(0, 4), "registry: {latency: 1s}"].join("\n");
    expect(loadScenario({ text, name: "s.yaml", dir: "/" }).notices).toEqual([
      "the section registry has no effect without a section images: every image is there",
    ]);
  });
});

describe("registry and runtime in a scenario", () => {
  it.each([
    ["registry: {bandwidth: 0Mbit}", /registry\.bandwidth: found "0Mbit"; allowed: more than 0/],
    ["registry: {bandwith: 1Gbit}", /registry\.bandwith: unknown field; did you mean bandwidth\?/],
    ["registry: {latency: 40}", /registry\.latency: found 40 without a unit/],
    ["runtime: {name: cri-o}", /runtime\.name: no model of this version knows CRI-O/],
    ["runtime: {name: docker}", /runtime\.name: found "docker"; allowed: containerd/],
    ["runtime: {version: 2.1}", /runtime\.version: found the number 2\.1; quote it/],
    ['runtime: {version: "1.5"}', /runtime\.version: found "1\.5"; allowed: "1\.6" to "2\.3"/],
    ["runtime: {maxConcurrentDownloads: 0}", /maxConcurrentDownloads: found 0; allowed: at least 1/],
    ["runtime: {oci: {name: runsc}}", /oci\.name: found "runsc"; allowed: runc, crun/],
    ["runtime: {oci: {version: new}}", /oci\.version: found "new"; allowed: a version in quotes/],
    ["timeline: [{at: 1s, action: registryDown, node: nobody}]", /there is no node nobody/],
    [
      "timeline: [{at: 1s, action: set, path: nodes.other.registry.latency, value: 1s}]",
      /node other has no registry of its own/,
    ],
    ["timeline: [{at: 1s, action: set, path: runtime.unpack, value: 1MB}]", /cannot change while the scenario runs/],
  ])("%s gives one message", (line, message) => {
    expect(problems("duration: 60s", "duration: 60s", line)).toEqual([expect.stringMatching(message)]);
  });

  it("stand beside each other, the node's own fields over the cluster's", () => {
    const { scenario } = load(
      'runtime: {version: "2.0", oci: {name: crun, version: "1.22"}, sandbox: 1s}',
      "registry: {bandwidth: 1Gbit, perConnection: 400Mbit, latency: 40ms, resolve: 0ms}",
      "timeline: [{at: 1s, action: registryDown}, {every: 10s, action: registryUp, node: other}]",
    );
    expect(scenario.runtime).toEqual({ version: "2.0", oci: { name: "crun", version: "1.22" }, sandbox: 1e9 });
    expect(scenario.registry).toEqual({ bandwidth: 1e9, perConnection: 4e8, latency: 4e7, resolve: 0 });
  });
});
