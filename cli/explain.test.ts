import { describe, expect, it } from "vitest";
import { scenarioSchema } from "../models/scenario.ts";
import { explain } from "./explain.ts";
import { jsonSchema } from "./schema.ts";

/** The page of a path, or the error. */
function page(path: string): string {
  const answer = explain(scenarioSchema, path);
  return "error" in answer ? `error: ${answer.error}` : answer.text;
}

describe("sim explain", () => {
  it("documents a field: meaning, type, default, what is allowed and where it comes from", () => {
    const text = page("nodes.kernel.bandwidthSlice");
    expect(text).toContain("FIELD: bandwidthSlice <text>");
    expect(text).toContain("UNIT: duration");
    expect(text).toContain("DEFAULT: 5ms");
    expect(text).toContain("sched_cfs_bandwidth_slice");
    expect(page("nodes.kernel.hz")).toContain("ALLOWED: 100, 250, 300, 1000");
    expect(page("nodes.name")).toContain("<text> -required-");
  });

  it("lists the fields below, without a path those of the scenario", () => {
    expect(page("")).toMatch(/metadata <map> -required-/);
    expect(page("nodes")).toMatch(/capacity <map> -required-/);
    expect(page("traffic.arrivals")).toMatch(/FIELDS with type: poisson:\n {2}type <text> -required-\n {2}rate/);
    expect(page("traffic.cpu")).toContain("<text or integer or map>");
  });

  it("says which fields may change while a scenario runs, those below too", () => {
    expect(page("traffic.timeout")).toContain("CHANGES");
    expect(page("workloads.cgroup.containers.app.cpu.max")).toContain("CHANGES");
    expect(page("workloads.replicas")).not.toContain("CHANGES");
  });

  it("passes through lists, with or without an index", () => {
    expect(page("nodes[0].kernel.hz")).toBe(page("nodes.kernel.hz"));
  });

  it.each([
    ["nodes.kernl", /there is no field kernl; did you mean kernel\?/],
    ["manifests", /section manifests: no model of this version reads it/],
    ["kubelet.topologyManagerPolicy", /no model of this version gives it effect/],
    ["duration.x", /nothing is below it/],
    ["constructor", /there is no field constructor/],
  ])("refuses %s", (path, message) => expect(page(path)).toMatch(message));

  it("has words for every field of the scenario", () => {
    const without: string[] = [];
    const visit = (path: string, node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      const { properties, items, anyOf, oneOf, additionalProperties } = node as Record<string, unknown>;
      for (const [key, field] of Object.entries(properties ?? {}) as Array<[string, Record<string, unknown>]>) {
        const isVariant = field["const"] !== undefined;
        const isItem = ["containers", "nodefs"].includes(key);
        if (field["description"] === undefined && !isVariant && !isItem) without.push(`${path}.${key}`);
        visit(`${path}.${key}`, field);
      }
      for (const each of [items, additionalProperties, ...((anyOf ?? oneOf ?? []) as unknown[])]) visit(path, each);
    };
    visit("", jsonSchema());
    expect(without).toEqual([]);
  });
});

describe("sim schema", () => {
  const schema = jsonSchema();

  it("is a JSON Schema of what one writes: defaults and examples as in the file", () => {
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      required: ["metadata", "duration"],
      additionalProperties: false,
      properties: {
        window: { type: "string", default: "1s", examples: ["1s"], "x-unit": "duration" },
        warmup: { type: ["string", "integer"], default: 0 },
        nodes: { type: "array" },
      },
    });
  });

  it("holds no function and no cycle", () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
