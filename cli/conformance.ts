import { readFileSync } from "node:fs";
import type { Found, Json, Verdict } from "../models/conformance/adapter.ts";
import { models } from "../models/conformance/index.ts";
import { judgeFile } from "../models/conformance/judge.ts";

/**
 * `npm run -s conformance -- FILE...`: plays the reference cases of each file against the models' public rules. Failed
 * cases are listed with what was expected and found, cases that no model answers with the reason; the last line counts.
 * Exit status 0 if none failed, 1 if one did, 2 for a file that cannot be read.
 */
async function main(files: readonly string[]): Promise<number> {
  if (files.length === 0) {
    process.stderr.write("conformance: no file given; usage: npm run -s conformance -- FILE...\n");
    return 2;
  }
  const modules = await Promise.all(Object.values(models).map((load) => load()));
  const counts = { passed: 0, failed: 0, notCovered: 0 };
  let unreadable = false;
  for (const file of files) {
    let judgements;
    try {
      judgements = await judgeFile(JSON.parse(readFileSync(file, "utf8")) as Json, modules);
      if (judgements === undefined) throw new Error("expected {cases: [{id, family, given, expect}]} or measurements");
    } catch (error) {
      process.stderr.write(`conformance: ${file}: ${error instanceof Error ? error.message : String(error)}\n`);
      unreadable = true;
      continue;
    }
    for (const { id, verdict } of judgements) {
      counts[verdict.kind]++;
      for (const line of describe(verdict)) process.stdout.write(`${id}: ${line}\n`);
    }
  }
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.notCovered} not covered\n`);
  return unreadable ? 2 : counts.failed > 0 ? 1 : 0;
}

function describe(verdict: Verdict): string[] {
  if (verdict.kind === "passed") return [];
  if (verdict.kind === "notCovered") return [`not covered: ${verdict.reason}`];
  if (verdict.error !== undefined) return [`FAILED: ${verdict.error}`];
  return verdict.differences.map(
    ({ path, expected, found }) => `FAILED: ${path || "answer"}: expected ${show(expected)}, found ${show(found)}`,
  );
}

function show(value: Found): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

process.exitCode = await main(process.argv.slice(2));
