import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json } from "../conformance/adapter.ts";
import { judgeFile } from "../conformance/judge.ts";
import { adapters } from "./conformance.ts";

const CASES = JSON.parse(readFileSync(new URL("testdata/cases.json", import.meta.url), "utf8")) as Json;

describe("the reference cases of the images rules", () => {
  it("pass, all of them read and answered to the last key", async () => {
    const judged = (await judgeFile(CASES, [{ adapters }])) ?? [];
    expect(judged.length).toBeGreaterThan(50);
    expect(judged.filter(({ verdict }) => verdict.kind !== "passed")).toEqual([]);
  });
});
