import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The results in results/ are what `sim run` writes, byte for byte: on every machine, Node.js version and locale. */

const scenarios = readdirSync("scenarios")
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => basename(file, ".yaml"))
  .toSorted();

/** What a shipped scenario may take at most, on a busy machine too. */
const LONGEST_RUN_MS = 120_000;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "results-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a shipped scenario by the built program; gives the files that it wrote, by name. */
function run(scenario: string, options: string[] = [], environment: NodeJS.ProcessEnv = {}): Map<string, string> {
  const out = mkdtempSync(join(folder, "run-"));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["cli/sim.js", "run", join("scenarios", `${scenario}.yaml`), "--out", out, "-q", ...options],
    { encoding: "utf8", env: { ...process.env, ...environment } },
  );
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  return filesOf(out);
}

function filesOf(path: string): Map<string, string> {
  const names = readdirSync(path).toSorted();
  return new Map(names.map((name) => [name, readFileSync(join(path, name), "latin1")]));
}

/** The first line that differs says more than two files of a hundred lines side by side. */
function differences(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): string[] {
  return [...new Set([...found.keys(), ...expected.keys()])].flatMap((name) => {
    const [left, right] = [found.get(name), expected.get(name)];
    if (left === right) return [];
    if (left === undefined) return [`${name}: not written`];
    if (right === undefined) return [`${name}: not expected`];
    const [lines, others] = [left.split("\n"), right.split("\n")];
    const at = lines.findIndex((line, i) => line !== others[i]);
    const line = at === -1 ? lines.length : at;
    return [`${name}:${line + 1}: found ${lines[line] ?? "nothing"}, expected ${others[line] ?? "nothing"}`];
  });
}

describe.each(scenarios)("scenarios/%s.yaml", { timeout: LONGEST_RUN_MS }, (scenario) => {
  const committed = join("results", scenario);

  it("has committed results, with a run.json that names it", () => {
    expect(existsSync(committed), `${committed} is missing: npm run results writes it`).toBe(true);
    const written = filesOf(committed);
    expect([...written.keys()]).toEqual(
      expect.arrayContaining([
        "counters.csv",
        "events.csv",
        "latency.csv",
        "run.json",
        "summary.csv",
        "throughput.csv",
      ]),
    );
    expect((JSON.parse(written.get("run.json")!) as { scenario: string }).scenario).toBe(scenario);
  });

  it("gives the same bytes again", () => {
    expect(differences(run(scenario), filesOf(committed))).toEqual([]);
  });

  it("gives the same bytes in another time zone and locale", () => {
    const elsewhere = { TZ: "Pacific/Chatham", LANG: "tr_TR.UTF-8", LC_ALL: "de_DE.UTF-8" };
    expect(differences(run(scenario, [], elsewhere), filesOf(committed))).toEqual([]);
  });

  it("keeps the invariants, whose checking changes no byte", () => {
    // Two seconds of it: with many cgroups a check at every event takes thirty times as long as the run.
    const beginning = ["--duration", "2s", "--set", "warmup=0s", "--set", "thresholds=[]"];
    expect(differences(run(scenario, [...beginning, "--check"]), run(scenario, beginning))).toEqual([]);
  });
});

describe("results/", () => {
  it("holds results of shipped scenarios alone", () => {
    expect(readdirSync("results").toSorted()).toEqual(scenarios);
  });

  it("would differ with another seed", () => {
    const found = differences(run("burst", ["--seed", "43"]), filesOf(join("results", "burst")));
    expect(found.map((line) => line.split(":")[0])).toEqual(
      expect.arrayContaining(["latency.csv", "run.json", "summary.csv", "throughput.csv"]),
    );
  });
});
