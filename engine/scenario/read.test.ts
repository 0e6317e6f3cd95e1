import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBeside, readScenarioFile } from "./read.ts";

let folder = "";
const path = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "read-"));
  writeFileSync(path("good.yaml"), "a: 1\n");
  writeFileSync(path("bom.yaml"), "\uFEFFa: 1\n");
  writeFileSync(path("empty.yaml"), "");
  writeFileSync(path("blank.yaml"), " \n\n");
  writeFileSync(path("zero.yaml"), Buffer.from([0x61, 0x00, 0x62]));
  writeFileSync(path("latin1.yaml"), Buffer.from([0x61, 0x3a, 0xe9]));
  writeFileSync(path("large.yaml"), Buffer.alloc(10_000_001, 0x20));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a scenario file", () => {
  it("comes with its text, its name and its folder", async () => {
    expect(await readScenarioFile(path("good.yaml"))).toEqual({ text: "a: 1\n", name: path("good.yaml"), dir: folder });
  });

  it("may begin with a byte order mark", async () => {
    expect((await readScenarioFile(path("bom.yaml"))).text).toBe("a: 1\n");
  });

  it.each([
    ["missing.yaml", /there is no such file/],
    ["good.yaml/below.yaml", /there is no such file/],
    [".", /is a folder/],
    ["empty.yaml", /is empty/],
    ["blank.yaml", /is empty/],
    ["zero.yaml", /not a text file/],
    ["latin1.yaml", /UTF-8/],
    ["large.yaml", /found 10000001 bytes; allowed: at most 10 MB/],
  ])("%s is refused in one sentence", async (name, message) => {
    await expect(readScenarioFile(path(name))).rejects.toThrow(message);
  });

  it("names others relative to its folder", () => {
    expect(readBeside(folder, "good.yaml", 100)).toMatchObject({ text: "a: 1\n" });
    expect(readBeside(folder, "missing.csv", 100)).toEqual({ message: "there is no such file" });
  });
});
