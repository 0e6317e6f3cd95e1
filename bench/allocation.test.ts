import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

describe("the event loop", () => {
  it("allocates less than one byte for an event in the steady state", () => {
    const flags = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=128"];
    const ran = spawnSync(process.execPath, [...flags, "dist/bench/allocation.js"], { encoding: "utf8" });
    expect(ran.stderr).toBe("");
    const bytes = new Map(
      ran.stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ") as [string, string]),
    );
    expect([...bytes.keys()]).toEqual(["hold/1e2", "hold/1e4"]);
    for (const value of bytes.values()) expect(Math.abs(Number(value))).toBeLessThan(1);
  });
});
