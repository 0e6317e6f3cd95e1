import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const SIM = fileURLToPath(new URL("sim.js", import.meta.url));
const FILES = ["counters.csv", "events.csv", "latency.csv", "run.json", "summary.csv", "throughput.csv"];

let base = "";
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "run-"));
  const write = (name: string, text: string) => writeFileSync(join(base, `${name}.yaml`), text);
  write("web", scenario("web", "10/s"));
  write("other", scenario("other", "20/s"));
  write("strict", `${scenario("strict", "10/s")}thresholds: [web.max_ms < 1]\n`);
  write("sweep", `${scenario("sweep", "10/s")}sweep: {}\n`);
  write("bad", "metadata: {name: bad}\nduration: 1\nwidnow: 1s\n");
  write("overload", scenario("overload", "3000000/s", "1s"));
  write("long", scenario("web", "2000/s", "1ms", "10h"));
});
afterAll(() => rmSync(base, { recursive: true }));

/** Requests of 20 ms of CPU at a steady rate on one idle CPU. */
function scenario(name: string, rate: string, cpu = "20ms", duration = "2s"): string {
  return `metadata: {name: ${name}}
seed: 5
duration: ${duration}
nodes: [{name: worker, capacity: {cpu: 4, memory: 1Gi}}]
workloads: [{name: web, spec: {containers: [{name: app}]}, behavior: {app: {threads: 4}}}]
traffic: [{name: web, to: web, arrivals: {type: constant, rate: ${rate}}, cpu: ${cpu}}]
`;
}

/** Runs `sim` in a folder of its own making and gives status, standard output and standard error. */
function sim(args: string[], { cwd = base, input = "" } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SIM, ...args], { cwd, input, encoding: "utf8" });
  return { status, stdout, stderr };
}

function freshFolder(): string {
  return mkdtempSync(join(base, "work-"));
}

/** Makes a results folder as if of an earlier run, and gives its contents. */
function earlierResults(folder: string): Record<string, string> {
  mkdirSync(folder);
  for (const name of FILES) writeFileSync(join(folder, name), `earlier ${name}`);
  return contents(folder);
}

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Starts the long run over earlier results; comes back once it is under way. */
async function start(cwd: string) {
  const child = spawn(process.execPath, [SIM, "run", "../long.yaml", "--out", "out"], { cwd });
  let stderr = "";
  child.stderr.on("data", (data) => (stderr += String(data)));
  const ended = new Promise<{ status: number | null }>((resolve) => {
    child.on("exit", (status) => resolve({ status }));
  });
  while (!existsSync(join(cwd, ".out.sim-new")) && child.exitCode === null) await new Promise(setImmediate);
  const stop = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return { ...(await ended), stderr };
  };
  return { pid: child.pid, stop };
}

const stop = async (cwd: string, signal: NodeJS.Signals) => (await start(cwd)).stop(signal);

describe("sim run", () => {
  it("writes the results folder, prints the summary, and gives the same bytes again", () => {
    const cwd = freshFolder();
    const first = sim(["run", "../web.yaml"], { cwd });
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toMatch(
      /^web: 2s simulated, seed 5, [0-9]+ events; results in results.web\n\nsource +offered/,
    );
    const results = contents(join(cwd, "results/web"));
    expect(Object.keys(results)).toEqual(FILES);
    // 20 requests at 0, 100 ms ... 1900 ms, each served at once in 20 ms.
    expect(results["summary.csv"]).toContain("web,20,20,0,0,10,,20,0,20,20,20,20,20,,20\n");
    expect(results["throughput.csv"]).toContain("\n0,10,10,0\n1,10,10,0\n");
    expect(results["latency.csv"]).toContain("\n0,20,20,20,20\n1,20,20,20,20\n");
    const again = sim(["run", "../web.yaml", "--check", "--out", "again"], { cwd });
    expect(again.status).toBe(0);
    expect(contents(join(cwd, "again"))).toEqual(results);
  });

  it("answers in JSON, for several files as an array, each in a folder of its own", () => {
    const cwd = freshFolder();
    const { status, stdout } = sim(["run", "../web.yaml", "../other.yaml", "-o", "json", "--out", "all"], { cwd });
    expect(status).toBe(0);
    const answers = JSON.parse(stdout) as Array<Record<string, unknown>>;
    expect(answers.map(({ scenario, out, seed }) => [scenario, out, seed])).toEqual([
      ["web", join("all", "web"), 5],
      ["other", join("all", "other"), 5],
    ]);
    expect(answers[1]["summary"]).toMatchObject([{ source: "web", offered: 40, bytes_per_s: null }]);
    expect(readdirSync(join(cwd, "all"))).toEqual(["other", "web"]);
  });

  it("takes seed, duration and fields from the command line, the scenario from standard input", () => {
    const cwd = freshFolder();
    const input = readFileSync(join(base, "web.yaml"), "utf8");
    const options = ["--seed", "-5", "--duration", "1s", "--set", "metadata.name=piped", "--set", "window=500ms"];
    const { status, stdout } = sim(["run", "-", "-o", "yaml", ...options], { cwd, input });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^scenario: piped\nout: results.piped\nseed: -5\n/);
    const { "run.json": run, "latency.csv": latency } = contents(join(cwd, "results/piped"));
    expect(JSON.parse(run)).toMatchObject({ scenario: "piped", seed: -5, durationNs: 1_000_000_000 });
    expect(latency).toContain("\n0,20,20,20,20\n0.5,20,20,20,20\n");
  });

  it("writes for spreadsheets with a decimal comma with --csv-preset excel-eu", () => {
    const cwd = freshFolder();
    expect(sim(["run", "../web.yaml", "-q", "--csv-preset", "excel-eu", "--set", "window=500ms"], { cwd })).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    const csv = readFileSync(join(cwd, "results/web/latency.csv"), "utf8");
    expect(csv).toContain("\uFEFFtime_s;web_p50_ms;web_p90_ms;web_p99_ms;web_max_ms\r\n0;20;20;20;20\r\n0,5;20;");
  });

  it("gives 99 where a threshold does not hold, with the results written", () => {
    const cwd = freshFolder();
    const { status, stdout } = sim(["run", "../strict.yaml"], { cwd });
    expect(status).toBe(99);
    expect(stdout).toContain("\ndoes not hold  web.max_ms < 1  (found 20)\n");
    expect(readdirSync(join(cwd, "results/strict"))).toEqual(FILES);
  });

  it("says that it ignores sweep, on standard error", () => {
    const { status, stdout, stderr } = sim(["run", "../sweep.yaml", "-o", "json"], { cwd: freshFolder() });
    expect(status).toBe(0);
    expect(stderr).toContain("sweep.yaml: the section sweep is ignored here");
    expect(JSON.parse(stdout)).toMatchObject({ scenario: "sweep" });
  });

  it("runs what is valid and reports the rest: of several statuses 1 goes first, then 2, then 99", () => {
    const cwd = freshFolder();
    const { status, stderr, stdout } = sim(["run", "../strict.yaml", "../bad.yaml", "../none.yaml"], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain("bad.yaml:2:11 duration:");
    expect(stderr).toContain("did you mean window?");
    expect(stderr).toContain("none.yaml: there is no such file");
    expect(stdout).toContain("strict: 2s simulated");
    expect(readdirSync(join(cwd, "results"))).toEqual(["strict"]);
  });

  it("refuses files of equal names, before any runs", () => {
    const cwd = freshFolder();
    const { status, stderr } = sim(["run", "../web.yaml", "../long.yaml"], { cwd });
    expect([status, readdirSync(cwd)]).toEqual([2, []]);
    expect(stderr).toContain("../web.yaml and ../long.yaml are both called web");
  });

  it("refuses a folder that it cannot write or that holds another's files, before the run", () => {
    const cwd = freshFolder();
    writeFileSync(join(cwd, "file"), "");
    mkdirSync(join(cwd, "mine"));
    writeFileSync(join(cwd, "mine/notes.txt"), "");
    // The scenario would run for minutes: the answer comes first.
    expect(sim(["run", "../long.yaml", "--out", "file/below"], { cwd })).toEqual({
      status: 2,
      stdout: "",
      stderr: "sim run: file/below: cannot be written: a file stands where a folder is needed\n",
    });
    const { status, stderr } = sim(["run", "../long.yaml", "--out", "mine"], { cwd });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^sim run: mine: holds "notes.txt", which sim does not write/);
    expect(readdirSync(cwd)).toEqual(["file", "mine"]);
  });
});

describe("a run that fails after time 0", () => {
  it("gives 1, says when and with which seed, and leaves earlier results whole", () => {
    const cwd = freshFolder();
    const earlier = earlierResults(join(cwd, "out"));
    // 3,000,000 requests a second wait for one CPU second each: a third of a second holds a million of them.
    const args = ["run", "../overload.yaml", "--out", "out"];
    const { status, stdout, stderr } = sim(args, { cwd });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^sim run: \.\.\/overload\.yaml: at 0\.333[0-9]* s \(seed 5\): source "web" has more than [^\n]*\n$/,
    );
    expect([contents(join(cwd, "out")), readdirSync(cwd)]).toEqual([earlier, ["out"]]);
  });
});

describe("a full disk", () => {
  it.skipIf(process.platform === "win32")("gives 1 and leaves earlier results whole", () => {
    const cwd = freshFolder();
    const earlier = earlierResults(join(cwd, "out"));
    // With `ulimit -f` every user can have files that may not grow: writing fails as it does on a full disk.
    const script = `trap '' XFSZ; ulimit -f 1; exec "$0" "$@"`;
    const args = ["-c", script, process.execPath, SIM, "run", "../web.yaml", "--out", "out", "--set", "window=10ms"];
    const { status, stdout, stderr } = spawnSync("sh", args, { cwd, encoding: "utf8" });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^sim run: out: [a-z]+\.csv could not be written: .*; earlier results are unchanged\n$/);
    expect([contents(join(cwd, "out")), readdirSync(cwd)]).toEqual([earlier, ["out"]]);
  });

  it("does so on a file system without space", ({ skip }) => {
    const disk = freshFolder();
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=48k", "none", disk]);
    if (mounted.status !== 0) skip("a small file system cannot be mounted here");
    try {
      const out = join(disk, "out");
      const earlier = earlierResults(out);
      const { status, stderr } = sim(["run", "web.yaml", "--out", out, "--set", "window=1ms"]);
      expect(status).toBe(1);
      expect(stderr).toContain("no space left on the disk; earlier results are unchanged\n");
      expect([contents(out), readdirSync(disk)]).toEqual([earlier, ["out"]]);
    } finally {
      spawnSync("umount", [disk]);
    }
  });
});

describe("a run that is stopped in the middle", () => {
  it.each<[NodeJS.Signals, number]>([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("by %s gives %i, leaves earlier results whole and nothing beside them", async (signal, expected) => {
    const cwd = freshFolder();
    const earlier = earlierResults(join(cwd, "out"));
    const { status, stderr } = await stop(cwd, signal);
    expect(stderr).toContain(`stopped by ${signal}; earlier results are unchanged`);
    expect(status).toBe(expected);
    expect([contents(join(cwd, "out")), readdirSync(cwd)]).toEqual([earlier, ["out"]]);
  });

  it("keeps its folder to itself until then: another run is told whose it is", async () => {
    const cwd = freshFolder();
    const earlier = earlierResults(join(cwd, "out"));
    const { pid, stop } = await start(cwd);
    const { status, stderr } = sim(["run", "../web.yaml", "--out", "out"], { cwd });
    await stop("SIGTERM");
    expect(status).toBe(2);
    expect(stderr).toMatch(
      new RegExp(`^sim run: out: another run \\(process ${pid} on .*\\) is writing there; wait for it or`),
    );
    expect([contents(join(cwd, "out")), readdirSync(cwd)]).toEqual([earlier, ["out"]]);
  });

  it("by SIGKILL leaves earlier results whole; the next run clears the rest", async () => {
    const cwd = freshFolder();
    const earlier = earlierResults(join(cwd, "out"));
    await stop(cwd, "SIGKILL");
    expect([contents(join(cwd, "out")), readdirSync(cwd)]).toEqual([earlier, [".out.sim-lock", ".out.sim-new", "out"]]);
    expect(sim(["run", "../web.yaml", "-q", "--out", "out"], { cwd }).status).toBe(0);
    expect(readdirSync(cwd)).toEqual(["out"]);
    expect(contents(join(cwd, "out"))["summary.csv"]).toContain("web,20,20,0,0,");
  });
});
