import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { run } from "./main.ts";
import { captured } from "./testing/capture.ts";

const SIM = fileURLToPath(new URL("sim.js", import.meta.url));

afterEach(() => void process.stdout.removeAllListeners("error"));

const sim = (...args: string[]) => captured(() => run(args));

describe("wrong usage gives one line and 2", () => {
  it.each([
    [[], "say what to do: run, validate, explain, schema, list"],
    [["rnu", "x.yaml"], "there is no command rnu; did you mean run?"],
    [["frobnicate"], "there is no command frobnicate; allowed: run, validate, explain, schema, list"],
    [["--nope"], "say what to do: run"],
    [["run"], "Not enough non-option arguments: got 0, need at least 1"],
    [["run", "x.yaml", "--nope"], "Unknown argument: nope"],
    [
      ["run", "x.yaml", "-o", "xml"],
      'Invalid values: Argument: output, Given: "xml", Choices: "table", "json", "yaml"',
    ],
    [["run", "x.yaml", "--seed", "1", "--seed", "2"], "--seed is given 2 times; give it once"],
    [["run", "x.yaml", "--out", ""], "--out needs a value"],
    [["validate", "x.yaml", "--duration", "1s", "--duration", "2s"], "--duration is given 2 times; give it once"],
    [["list", "-o", "json", "-o", "yaml"], "--output is given 2 times; give it once"],
    [["run", "x.yaml", "--duration"], "Not enough arguments following: duration"],
    [["run", "-", "-"], "standard input can be read only once"],
  ])("%j", async (args, message) => {
    const { stdout, stderr, status } = await sim(...args);
    expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
    expect(stderr).toMatch(/^sim: [^\n]*; see sim --help\n$/);
    expect(stderr).toContain(message);
  });
});

describe("sim", () => {
  it("lists its commands and tells its version", async () => {
    const help = await sim("--help");
    expect(help.status).toBe(0);
    for (const name of ["run <files..>", "validate <files..>", "explain [path]", "schema", "list"]) {
      expect(help.stdout).toContain(`sim ${name}`);
    }
    expect(await sim("--version")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^[0-9]+\.[0-9]+\.[0-9]+/),
    });
  });

  it("takes what stands after -- for files, whatever they begin with", async () => {
    const { status, stderr } = await sim("run", "--", "-none.yaml");
    expect([status, stderr]).toEqual([2, "./-none.yaml: there is no such file\n"]);
  });

  it.runIf(existsSync("/dev/full"))("says in one line that its answer could not be written, and fails", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [SIM, "list"], {
      encoding: "utf8",
      stdio: ["ignore", full, "pipe"],
    });
    closeSync(full);
    expect([status, stderr]).toEqual([1, "sim: standard output cannot be written: no space left on the disk\n"]);
  });

  it("starts as a program, in any language", () => {
    const cwd = mkdtempSync(join(tmpdir(), "main-"));
    const env = { ...process.env, LC_ALL: "de_DE.UTF-8", LANG: "de_DE.UTF-8" };
    const { status, stdout, stderr } = spawnSync(process.execPath, [SIM, "run", "x", "--nope"], {
      cwd,
      env,
      encoding: "utf8",
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: "",
      stderr: "sim: Unknown argument: nope; see sim --help\n",
    });
    expect(readdirSync(cwd)).toEqual([]);
    rmSync(cwd, { recursive: true });
  });
});
