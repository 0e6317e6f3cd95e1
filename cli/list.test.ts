import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { shippedScenarios } from "./list.ts";

describe("sim list", () => {
  it("gives every scenario of the folder by name, with its description", () => {
    const folder = mkdtempSync(join(tmpdir(), "list-"));
    writeFileSync(join(folder, "b.yaml"), "metadata: {name: b, description: The second}\n");
    writeFileSync(join(folder, "a.yaml"), "metadata: {name: a}\n");
    writeFileSync(join(folder, "broken.yaml"), "a: [");
    writeFileSync(join(folder, "trace.csv"), "time_s\n");
    const found = shippedScenarios(folder).map(({ file, description }) => [basename(file), description]);
    expect(found).toEqual([
      ["a.yaml", ""],
      ["b.yaml", "The second"],
      ["broken.yaml", "(does not parse; see sim validate)"],
    ]);
    rmSync(folder, { recursive: true });
    expect(shippedScenarios(folder)).toEqual([]);
  });
});
