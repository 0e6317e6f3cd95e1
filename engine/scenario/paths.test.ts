import { describe, expect, it } from "vitest";
import * as z from "zod";
import { durationDistribution, name } from "./fields.ts";
import { PathError, resolvePath, withValueAt } from "./paths.ts";
import { refusing } from "./shape.ts";

const files = z.strictObject({ "cpu.max": z.string().optional(), "cpu.max.burst": z.number().optional() });
const schema = refusing(
  z.strictObject({
    window: z.string().default("1s"),
    items: z
      .array(
        z.strictObject({
          name: name({}),
          labels: z.record(z.string(), z.string()).default({}),
          groups: z.record(z.string(), files).default({}),
          rate: z.number().meta({ live: true }).optional(),
          cpu: durationDistribution({ live: true }).optional(),
        }),
      )
      .default([]),
  }),
  { images: "section images: later" },
);
const data = {
  items: [
    { name: "web", labels: { "a.b/c": "x", "a.b": "y" } },
    { name: "web-2", cpu: "5ms" },
  ],
};

describe("a path", () => {
  it.each([
    ["window", ["window"]],
    ["items[1].name", ["items", 1, "name"]],
    ["items.web.name", ["items", 0, "name"]],
    // The longest name wins.
    ["items.web-2.name", ["items", 1, "name"]],
    ['items["web"].name', ["items", 0, "name"]],
    ["items.web.groups.app.cpu.max", ["items", 0, "groups", "app", "cpu.max"]],
    ["items.web.groups.app.cpu.max.burst", ["items", 0, "groups", "app", "cpu.max.burst"]],
    ['items.web.groups.app["cpu.max"]', ["items", 0, "groups", "app", "cpu.max"]],
    ["items.web.labels.a.b/c", ["items", 0, "labels", "a.b/c"]],
    ["items.web.labels.not.there/yet", ["items", 0, "labels", "not.there/yet"]],
    // The schema allows it, whether it was given or not.
    ["items.web.rate", ["items", 0, "rate"]],
    ["items.web.cpu.mean", ["items", 0, "cpu", "mean"]],
  ])("%s leads to %j", (text, path) => expect(resolvePath(schema, data, text).path).toEqual(path));

  it.each([
    ["", /empty path/],
    ["windwo", /no field windwo; did you mean window\?/],
    ["images", /section images: later/],
    ["items.wbe.name", /no item named wbe; it has web, web-2; did you mean web\?/],
    ["items[2].name", /the list has 2/],
    ["items[x]", /\[index\]/],
    ["items.web.", /allowed: \.key or \[index\]/],
    ["window.x", /window, which has no fields here/],
    ["window[0]", /no list/],
    ["items.web.groups.app.cpu.mx", /there is no field/],
    ["items.web.labels.__proto__", /there is no field/],
    ["__proto__.x", /there is no field/],
    ["constructor", /there is no field/],
    // A plain value has no fields; the distribution would.
    ["items.web-2.cpu.mean", /no field/],
  ])("%j is refused", (text, message) => {
    expect(() => resolvePath(schema, data, text)).toThrow(PathError);
    expect(() => resolvePath(schema, data, text)).toThrow(message);
  });

  it("leads where the schema allows another form than the data have only if asked to", () => {
    expect(() => resolvePath(schema, data, "items.web-2.cpu.mean")).toThrow(PathError);
    expect(resolvePath(schema, data, "items.web-2.cpu.mean", true).path).toEqual(["items", 1, "cpu", "mean"]);
    expect(() => resolvePath(schema, data, "items.web-2.cpu.nothing", true)).toThrow(PathError);
  });

  it("names the place of a list that lacks an item as messages do", () => {
    const lists = z.strictObject({ outer: z.array(schema) });
    expect(() => resolvePath(lists, { outer: [data] }, "outer[0].items.wbe")).toThrow(/^outer\[0\]\.items has no item/);
  });

  it("is live where the field or something above it is", () => {
    expect(resolvePath(schema, data, "items.web.rate").isLive).toBe(true);
    expect(resolvePath(schema, data, "items.web.cpu.mean").isLive).toBe(true);
    expect(resolvePath(schema, data, "items.web.name").isLive).toBe(false);
  });
});

describe("setting a value", () => {
  it("makes the maps on the way and leaves the original alone", () => {
    const shared = { a: 1 };
    const before = { x: shared, y: shared, list: [{ n: 1 }] };
    expect(withValueAt(before, ["x", "a"], 2)).toEqual({ x: { a: 2 }, y: { a: 1 }, list: [{ n: 1 }] });
    expect(withValueAt(before, ["z", "b"], 3)).toEqual({ ...before, z: { b: 3 } });
    expect(withValueAt(before, ["list", 0, "n"], 4)).toEqual({ ...before, list: [{ n: 4 }] });
    expect(before).toEqual({ x: { a: 1 }, y: { a: 1 }, list: [{ n: 1 }] });
  });
});
