import { describe, expect, it } from "vitest";
import { readYaml, readYamlValue } from "./document.ts";
import { ScenarioErrors } from "./errors.ts";

function read(text: string) {
  return readYaml({ text, name: "s.yaml", dir: "/" });
}

/** The first problem that reading the text gives, as line:column message. */
function problem(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof ScenarioErrors)) throw error;
    const { line, column, message } = error.problems[0];
    return `${line}:${column} ${message}`;
  }
  throw new Error("the text was accepted");
}

describe("a YAML file", () => {
  it.each([
    ["does not parse", "a: 1\n  b: : 2", /^\d+:\d+ not valid YAML/],
    ["ends in the middle", "a: [1, 2", /^1:\d+ not valid YAML/],
    ["has a field twice", "a: 1\nb: 2\na: 3", /^3:1 the field a is given twice/],
    ["has a field twice in a flow map", "x: {hz: 1, hz: 2}", /^1:12 the field hz is given twice/],
    ["holds two documents", "a: 1\n---\nb: 2", /^2:1 a second document/],
    ["uses __proto__", "a: {__proto__: {b: 1}}", /^1:5 a field cannot be called __proto__/],
    ["uses a tag of a language", "a: !!js/function 'x'", /^1:4 .*without tags/],
    ["has an alias inside what it names", "a: &x [*x]", /^1:8 the alias \*x stands inside/],
    ["names an alias that is not there", "a: *x", /^1:4 no value is named &x/],
    [
      "says that it is YAML 1.1, where n is false",
      "%YAML 1.1\n---\nname: n",
      /^1:1 found %YAML 1.1; allowed: YAML 1.2/,
    ],
    ["has a list for a field's name", "a: 1\n? [x]\n: 2", /^2:3 a field's name is missing or no text/],
    ["has a field without a name", "a: 1\n? \n: 2", /^2:\d+ a field's name is missing or no text/],
    ["has one name as a text and as a number", 'a: {1: x, "1": y}', /^1:11 the field 1 is given twice/],
    ["holds bytes in place of a text", "a: !!binary aGk=", /^1:13 found the tag tag:yaml.org,2002:binary/],
    ["nests lists beyond measure", `a: ${"[".repeat(101)}${"]".repeat(101)}`, /too deeply; allowed: at most 100/],
    ["nests lists beyond the parser's means", `a: ${"[".repeat(20_000)}`, /too deeply; allowed: at most 100/],
    ["is a list", "- 1", /^1:1 found a list/],
    ["is a text", "hello", /^1:1 found "hello"/],
    ["holds comments alone", "# nothing", /^1:1 found nothing/],
  ])("that %s is refused with its place", (_, text, message) => expect(problem(text)).toMatch(message));

  it("whose aliases multiply beyond measure is refused", () => {
    const levels = ["a", "b", "c", "d", "e", "f"].map((name, i, all) => {
      const item = i === 0 ? "x" : `*${all[i - 1]}`;
      return `${name}: &${name} [${Array.from({ length: 10 }, () => item).join(",")}]`;
    });
    expect(problem(levels.join("\n"))).toMatch(/multiply beyond measure/);
  });

  it("that is no YAML at all is refused with its first twenty problems", () => {
    expect(() => read("a: b: c\n".repeat(100))).toThrow(/^(s\.yaml:\d+:\d+: not valid YAML: .*\n){19}s\.yaml:.*$/);
  });

  it("may use one alias very often, and is read in time that grows with its length", () => {
    // A search through the document for every alias would take minutes here.
    const { data } = readYaml({ text: `a: &x 7\nb: [${"*x,".repeat(100_000)}]`, name: "s.yaml", dir: "/" });
    expect((data["b"] as number[]).length).toBe(100_000);
    expect((data["b"] as number[]).every((value) => value === 7)).toBe(true);
  });

  it("may repeat itself by aliases", () => {
    expect(read("a: &x {b: 1}\nc: *x").data).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  it("has YAML 1.2's scalars: no is a text, 012 is twelve", () => {
    expect(read("a: no\nb: 012\nc: 12:30").data).toEqual({ a: "no", b: 12, c: "12:30" });
  });
});

describe("the place of a value", () => {
  const file = read("nodes:\n  - name: a\n    kernel: {hz: 200}\n  - name: b\nx: &x {y: 1}\nz: *x\n");

  it.each([
    [["nodes", 0, "kernel", "hz"], undefined, 3, 18],
    [["nodes", 0, "kernel", "hz"], "key", 3, 14],
    [["nodes", 0, "kernel"], undefined, 3, 5],
    [["nodes", 1], undefined, 4, 5],
    // What is missing stands where it should have been: the nearest thing around it.
    [["nodes", 1, "capacity", "cpu"], undefined, 4, 5],
    [["warmup"], undefined, 1, 1],
    [["z", "y"], undefined, 5, 11],
    [[], undefined, 1, 1],
  ] as const)("%j (%s) is line %d, column %d", (path, at, line, column) => {
    expect(file.locate([...path], at)).toMatchObject({ file: "s.yaml", line, column });
  });

  it("comes with the text of the line", () => {
    expect(file.locate(["nodes", 1, "name"]).sourceLine).toBe("  - name: b");
  });
});

describe("a single value", () => {
  it("is any YAML", () => {
    expect(readYamlValue("5", "--set x")).toBe(5);
    expect(readYamlValue("{a: [1, 2]}", "--set x")).toEqual({ a: [1, 2] });
    expect(readYamlValue("", "--set x")).toBeNull();
  });

  it("obeys the same rules", () => {
    expect(() => readYamlValue("{__proto__: 1}", "--set x")).toThrow(/__proto__/);
    expect(() => readYamlValue("{a: 1, a: 2}", "--set x")).toThrow(/twice/);
  });
});
