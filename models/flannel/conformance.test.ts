import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json } from "../conformance/adapter.ts";
import { judgeFile } from "../conformance/judge.ts";
import { adapters } from "./conformance.ts";

const file = new URL("./testdata/cases.json", import.meta.url);
const document = JSON.parse(readFileSync(file, "utf8")) as { cases: Array<{ id: string; family: string }> };

describe("reference cases", () => {
  it("are answered as flannel and the kernel decide them, every key read", async () => {
    const judged = await judgeFile(document as unknown as Json, [{ adapters }]);
    expect(judged?.filter(({ verdict }) => verdict.kind !== "passed")).toEqual([]);
  });

  it("exist for every family of the model", () => {
    const families = document.cases.map(({ family }) => family);
    const isPlayed = (name: string) =>
      families.some((family) => (name.endsWith("*") ? family.startsWith(name.slice(0, -1)) : family === name));
    expect(Object.keys(adapters).filter((name) => !isPlayed(name))).toEqual([]);
  });

  it("are not covered where they ask what the model does not know", async () => {
    const unknown: Json = {
      cases: [
        {
          id: "1",
          family: "frame-bytes",
          given: { backend: "geneve", innerIpVersion: 4, udpPayload: 1 },
          expect: { innerIpBytes: 29 },
        },
        {
          id: "2",
          family: "device-recreate",
          given: { existingDeviceDiffersIn: "colour" },
          expect: { deviceDeletedAndRecreated: true },
        },
        {
          id: "3",
          family: "fdb-outage",
          given: { missing: "route", gapSeconds: 1, packetsPerSecond: 1 },
          expect: { lost: 1 },
        },
        {
          id: "4",
          family: "bdp",
          given: { bitPerSecond: 8, rttSeconds: 1, segmentPayload: 1, colour: "red" },
          expect: { bytes: 1 },
        },
      ],
    };
    const judged = await judgeFile(unknown, [{ adapters }]);
    expect(judged?.map(({ verdict }) => verdict.kind)).toEqual([
      "notCovered",
      "notCovered",
      "notCovered",
      "notCovered",
    ]);
  });
});
