import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { models } from "../models/conformance/index.ts";
import { judgeFile } from "../models/conformance/judge.ts";

/** What the README shows is what the program does. */

const readme = readFileSync("README.md", "utf8");
const program = resolve("cli/sim.js");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "readme-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The fenced blocks of a language, in the README's order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , text]) => text);
}

function sim(args: string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    input,
  });
  return { status, stdout, stderr };
}

describe("the README", () => {
  it("begins with two commands, each complete in a fresh checkout", () => {
    expect(blocks("sh")).toEqual(["npm ci && npx sim run scenarios/burst.yaml\n", "npm ci && npm test\n"]);
  });

  it("shows what the first command prints", () => {
    const { status, stdout } = sim(["run", resolve("scenarios/burst.yaml")]);
    expect(status).toBe(0);
    expect(blocks("text")).toEqual([stdout]);
  });

  it("has an example scenario that runs", () => {
    const [example] = blocks("yaml");
    expect(sim(["run", "-", "-q"], example)).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("changes that scenario by the --set that it names", () => {
    const [, change] = /`--set ([^`]+)`/.exec(readme) ?? [];
    const [example] = blocks("yaml");
    expect(sim(["run", "-", "-q", "--set", change], example)).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("counts the measured figures as the conformance command does", async () => {
    const [, inside, all, file] = /\| (\d+) of (\d+) \| `npm run -s conformance -- (\S+)`/.exec(readme) ?? [];
    const modules = await Promise.all(Object.values(models).map((load) => load()));
    const judgements = (await judgeFile(JSON.parse(readFileSync(file, "utf8")), modules)) ?? [];
    const passed = judgements.filter(({ verdict }) => verdict.kind === "passed");
    expect([passed.length, judgements.length].map(String)).toEqual([inside, all]);
  });
});

describe.each(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "models/README.md"])("%s", (page) => {
  const text = readFileSync(page, "utf8");

  it("links to files that are there", () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path]) => resolve(page, "..", path));
    expect(links.filter((path) => !existsSync(path))).toEqual([]);
  });

  it("names scripts of package.json alone", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/`npm run (?:-s )?([\w-]+)/g)].map(([, name]) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
