import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import yargs from "yargs";
import { shieldDash, unshieldDash } from "./dash.ts";
import { captured } from "./testing/capture.ts";
import { command } from "./validate.ts";

let folder = "";
const path = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "validate-"));
  writeFileSync(path("good.yaml"), "metadata: {name: good}\nduration: 1s\n");
  writeFileSync(path("bad.yaml"), "metadata: {name: bad}\nduration: 1\nwidnow: 1s\n");
  writeFileSync(path("sweep.yaml"), "metadata: {name: sweep}\nduration: 1s\nsweep: {}\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

const validate = (...args: string[]) =>
  captured(() =>
    yargs(shieldDash(["validate", ...args]))
      .command(command)
      .parseAsync(),
  );

describe("sim validate", () => {
  it("says of every file whether it is valid, and ends with 2 if one is not", async () => {
    expect(await validate(path("good.yaml"))).toEqual({
      stdout: `${path("good.yaml")}: valid\n`,
      stderr: "",
      status: 0,
    });
    const { stdout, stderr, status } = await validate(path("bad.yaml"), path("good.yaml"));
    expect(stdout).toBe(`${path("good.yaml")}: valid\n`);
    expect(stderr).toMatch(
      /bad\.yaml:2:11 duration: found 1 without a unit.*\n.*bad\.yaml:3:1 widnow: .*did you mean window\?\n$/,
    );
    expect(status).toBe(2);
  });

  it("takes values from the command line in place of the file's", async () => {
    expect(await validate(path("good.yaml"), "--set", "window=5")).toMatchObject({
      stderr: expect.stringMatching(/^--set window: found 5 without a unit/),
      status: 2,
    });
    expect((await validate("--duration", "5s", path("good.yaml"))).status).toBe(0);
  });

  it("answers in JSON: one object for one file, a list for several", async () => {
    const { stdout, stderr, status } = await validate(path("bad.yaml"), "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({ valid: false, problems: [{ line: 2, path: "duration" }, { line: 3 }] });
    expect([stderr, status]).toEqual(["", 2]);
    expect(JSON.parse((await validate(path("bad.yaml"), path("good.yaml"), "-o", "json")).stdout)).toHaveLength(2);
  });

  it("puts notices on standard error", async () => {
    expect((await validate(path("sweep.yaml"))).stderr).toMatch(/sweep is ignored/);
  });
});

describe("a lone dash", () => {
  it("comes through as the name of standard input, wherever it stands", () => {
    expect(unshieldDash(shieldDash(["a", "-", "-o", "-"]))).toEqual(["a", "-", "-o", "-"]);
    expect(shieldDash(["-"])).not.toContain("-");
  });

  it("reaches the command through yargs, which would drop it", async () => {
    let files: unknown[] = [];
    await yargs(shieldDash(["read", "-", "a"]))
      .command("read <files..>", "", {}, (given) => {
        files = given["files"] as unknown[];
      })
      .parseAsync();
    expect(unshieldDash(files as string[])).toEqual(["-", "a"]);
  });
});
