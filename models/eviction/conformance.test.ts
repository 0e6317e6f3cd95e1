import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json } from "../conformance/adapter.ts";
import { judgeFile } from "../conformance/judge.ts";
import { adapters } from "./conformance.ts";

function judge(document: Json) {
  return judgeFile(document, [{ adapters }]);
}

const cases = JSON.parse(readFileSync(new URL("testdata/cases.json", import.meta.url), "utf8")) as { cases: Json[] };

describe("reference cases", () => {
  it("pass, whole sequences of passes included", async () => {
    for (const { id, verdict } of (await judge(cases)) ?? [])
      expect({ id, verdict }).toMatchObject({ verdict: { kind: "passed" } });
  });

  it("fail where one figure of a step is another", async () => {
    const text = JSON.stringify(cases.cases[0]).replace('"graceSeconds":15', '"graceSeconds":20');
    const [judgement] = (await judge({ cases: [JSON.parse(text) as Json] })) ?? [];
    expect(judgement.verdict).toMatchObject({
      kind: "failed",
      differences: [{ path: "/steps/2/graceSeconds", found: 15 }],
    });
  });

  it("pass with any number of a range that upstream accepts, and with none beyond it", async () => {
    const item = (least: number) => ({
      id: "x",
      family: "oom-score-adj",
      given: {
        machineMemoryBytes: 1000,
        pod: {
          qos: "Burstable",
          priority: 0,
          priorityClass: "",
          static: false,
          mirror: false,
          podMemoryRequestBytes: 0,
          containers: [{ name: "c", type: "regular", memoryRequestBytes: 120 }],
        },
      },
      // 1000 - 1000 x 120 / 1000 = 880
      expect: { oomScoreAdj: { c: 880 }, upstreamAccepts: { c: [least, 885] } },
    });
    const kind = async (least: number) => (await judge({ cases: [item(least)] }))?.[0].verdict.kind;
    expect(await kind(880)).toBe("passed");
    expect(await kind(881)).toBe("failed");
  });

  it("are not covered where they give something that no rule reads", async () => {
    const unknown = {
      id: "x",
      family: "timing",
      given: { passEndedAtMs: 0, phaseOfMoon: 1 },
      expect: { nextPassAtMs: 10000 },
    };
    const [judgement] = (await judge({ cases: [unknown] })) ?? [];
    expect(judgement.verdict.kind).toBe("notCovered");
  });
});
