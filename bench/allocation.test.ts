import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

describe("the event loop", () => {
  it.each([100, 1000, 10_000, 100_000])(
    "allocates less than one byte for an event with %i events pending",
    (pending) => {
      const flags = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=128"];
      const ran = spawnSync(process.execPath, [...flags, "dist/bench/allocation.js", String(pending)], {
        encoding: "utf8",
      });
      expect(ran.stderr).toBe("");
      expect(Number(ran.stdout)).toBeLessThan(1);
    },
  );
});
