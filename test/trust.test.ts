import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { FourAryHeap } from "../engine/heap.ts";
import { ResultsFolder } from "../engine/results/folder.ts";
import { writeResults } from "../engine/results/write.ts";
import { readScenarioFile } from "../engine/scenario/read.ts";
import { compose, type ComposeOptions } from "../models/compose.ts";
import { prepareRun } from "../models/run.ts";
import { loadScenario, type Scenario } from "../models/scenario.ts";

const FINGERPRINTS = new URL("testdata/fingerprints.json", import.meta.url);
/** What of a scenario is played here: the whole of it is held byte for byte by results.test.ts. */
const PLAYED_NS = 2e9;

/**
 * Scenarios whose results lean on the order of simultaneous events, and why that order is nobody's in reality. On
 * machines the order differs from run to run; here it is that of scheduling, so that a run can be repeated.
 */
const LEANS_ON_TIES: Readonly<Record<string, string>> = {
  "burst-interference": "ticks of several CPUs at one instant ask one pool for runtime",
  burst: "ticks of several CPUs at one instant ask one pool for runtime",
  "flanneld-down": "periodic requests of several sources meet at one queue",
  "image-pull": "pods of one instant ask one puller and share one link",
  "image-pull-shared-base": "pods of one instant ask one puller and share one link",
  "koordinator-neighbours": "ticks of several CPUs at one instant ask one pool for runtime",
  koordinator: "ticks of several CPUs at one instant ask one pool for runtime",
  "node-join-storm": "nodes of one instant join in some order",
  "noisy-neighbour": "ticks of several CPUs at one instant ask one pool for runtime",
  "quota-vs-shares": "ticks of several CPUs at one instant ask one pool for runtime",
  replay: "ticks of several CPUs at one instant ask one pool for runtime",
  resize: "ticks of several CPUs at one instant ask one pool for runtime",
  "static-cpus": "ticks of several CPUs at one instant ask one pool for runtime",
  "throttling-multicore": "ticks of several CPUs at one instant ask one pool for runtime",
  vxlan: "packets of several flows meet at one queue",
};

const names = readdirSync(new URL("../scenarios", import.meta.url))
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => file.slice(0, -".yaml".length))
  .toSorted();

async function beginningOf(name: string): Promise<Scenario> {
  const path = new URL(`../scenarios/${name}.yaml`, import.meta.url);
  const { scenario } = loadScenario(await readScenarioFile(decodeURIComponent(path.pathname)));
  const duration = Math.min(scenario.duration, PLAYED_NS);
  const timeline = scenario.timeline.filter((entry) => !("at" in entry) || entry.at < duration);
  return { ...scenario, duration, warmup: Math.min(scenario.warmup, duration / 2), timeline };
}

async function fingerprintOf(scenario: Scenario, options: ComposeOptions = {}): Promise<string | undefined> {
  const { simulation } = compose(scenario, { ...options, fingerprint: true });
  await simulation.run(scenario.duration);
  return simulation.fingerprint;
}

async function summaryOf(scenario: Scenario, options: ComposeOptions = {}) {
  return (await prepareRun(scenario, options).run()).summary;
}

// `UPDATE=1 npx vitest run test/trust` writes the fingerprints anew, after a change of results that is meant.
const golden = JSON.parse(readFileSync(FINGERPRINTS, "utf8")) as Record<string, string>;

describe.each(names)("the first seconds of %s", (name) => {
  it("play the same events in the same order as ever, on either event list", async () => {
    const scenario = await beginningOf(name);
    const found = await fingerprintOf(scenario);
    expect(await fingerprintOf(scenario, { eventList: (store) => new FourAryHeap(store) })).toBe(found);
    if (process.env["UPDATE"] !== undefined) {
      golden[name] = found ?? "";
      writeFileSync(FINGERPRINTS, `${JSON.stringify(golden, undefined, 2)}\n`);
    }
    expect(found).toBe(golden[name]);
  });

  it("keep their arrivals when ties are shuffled, and their results unless ties have a documented part in them", async () => {
    const scenario = await beginningOf(name);
    const plain = await summaryOf(scenario);
    const shuffled = await summaryOf(scenario, { shuffleTies: true });
    const traffic = new Set(
      scenario.traffic.filter(({ arrivals }) => arrivals?.type !== "closed").map((entry) => entry.name),
    );
    const offered = (rows: typeof plain) =>
      rows.filter(({ source }) => traffic.has(source)).map(({ source, cells }) => [source, cells.offered]);
    expect(offered(shuffled)).toEqual(offered(plain));
    if (LEANS_ON_TIES[name] === undefined) expect(shuffled).toEqual(plain);
  });
});

it("names no scenario as leaning on ties that is not there", () => {
  expect(Object.keys(LEANS_ON_TIES).filter((name) => !names.includes(name))).toEqual([]);
});

/** Every file that the run of a scenario writes, by name. */
async function filesOf(scenario: Scenario): Promise<Map<string, string>> {
  const out = join(mkdtempSync(join(tmpdir(), "trust-")), "results");
  const { facts, outputs, summary } = await prepareRun(scenario).run();
  writeResults(ResultsFolder.open(out), facts, outputs, summary, "default");
  const files = new Map(readdirSync(out).map((name) => [name, readFileSync(join(out, name), "latin1")]));
  rmSync(dirname(out), { recursive: true });
  return files;
}

describe("scenarios of one process", () => {
  it("write the same bytes in both orders", async () => {
    // Each of them has mechanisms that the others have too.
    const scenarios = await Promise.all(["burst", "image-pull", "eviction", "koordinator"].map(beginningOf));
    const forwards: Map<string, string>[] = [];
    for (const scenario of scenarios) forwards.push(await filesOf(scenario));
    const backwards: Map<string, string>[] = [];
    for (const scenario of scenarios.toReversed()) backwards.unshift(await filesOf(scenario));
    for (const [index, files] of forwards.entries()) {
      expect(files.size).toBeGreaterThanOrEqual(6);
      expect(backwards[index]).toEqual(files);
    }
  });
});

describe("who watches", () => {
  it.each(["burst", "eviction", "image-pull"])("by other windows changes nothing of %s", async (name) => {
    const scenario = await beginningOf(name);
    const closely = { ...scenario, window: 17e6 };
    expect(await fingerprintOf(closely)).toBe(await fingerprintOf(scenario));
    expect(await summaryOf(closely)).toEqual(await summaryOf(scenario));
  });
});
