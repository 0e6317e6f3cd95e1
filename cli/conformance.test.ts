import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "conformance-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const RIGHT = {
  id: "tag",
  family: "default-tag",
  given: { image: "web" },
  expect: { image_sent_to_runtime: "web:latest" },
};
const WRONG = { ...RIGHT, id: "wrong", expect: { image_sent_to_runtime: "web" } };
const UNKNOWN = { ...RIGHT, id: "unknown", given: { image: "web", moon: "full" } };

function run(...contents: unknown[]): { status: number | null; lines: string[]; errors: string } {
  const files = contents.map((content, i) => {
    const file = join(folder, `${i}.json`);
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  });
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/cli/conformance.js", ...files], {
    encoding: "utf8",
  });
  return { status, lines: stdout.trimEnd().split("\n"), errors: stderr };
}

describe("the conformance command", () => {
  it("counts over all files, lists failing cases with expected and found, and then exits 1", () => {
    const { status, lines } = run({ cases: [RIGHT, UNKNOWN] }, { cases: [WRONG, RIGHT] });
    expect(status).toBe(1);
    expect(lines).toEqual([
      "unknown: not covered: not read: given/moon",
      'wrong: FAILED: /image_sent_to_runtime: expected "web", found "web:latest"',
      "2 passed, 1 failed, 1 not covered",
    ]);
  });

  it("exits 0 when nothing failed, though some cases are not covered", () => {
    const { status, lines } = run({ cases: [RIGHT, UNKNOWN] });
    expect([status, lines.at(-1)]).toEqual([0, "1 passed, 0 failed, 1 not covered"]);
  });

  it("exits 2 for files that are missing, no JSON or of another form, and still judges the others", () => {
    const { status, lines, errors } = run("{", [], { cases: [RIGHT] });
    expect([status, lines.at(-1)]).toEqual([2, "1 passed, 0 failed, 0 not covered"]);
    expect(errors.trimEnd().split("\n")).toHaveLength(2);
    expect(run().status).toBe(2);
  });
});
