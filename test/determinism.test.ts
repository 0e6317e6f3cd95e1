import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importsOf, relativeImports, sourcesOf, withoutComments } from "./sources.ts";

/** What gives another answer at another time, on another machine or under another Node.js, and why it may not stand. */
const FORBIDDEN: ReadonlyArray<[pattern: RegExp, reason: string]> = [
  [/\bDate\b|\bperformance\b|\bprocess\.hrtime\b|\bprocess\.uptime\b/, "the wall clock: take the simulation's now"],
  [/\bsetTimeout\b|\bsetInterval\b/, "timers run by the wall clock: schedule an event"],
  [/\bMath\.random\b|\b(?:randomBytes|randomInt|randomUUID|getRandomValues)\(/, "draws that no seed repeats"],
  [/\bseedrandom\(\s*\)/, "a generator without a seed seeds itself"],
  [
    // Of Math's functions these are exact; the last bit of all others is the JavaScript engine's own affair.
    /\bMath\.(?!(?:abs|ceil|clz32|floor|fround|imul|max|min|random|round|sign|sqrt|trunc)\b)[a-z]\w*/,
    "a function whose last bit depends on the JavaScript engine: take engine/math",
  ],
  // Powers of two with whole constants for exponents are exact everywhere.
  [
    /(?<!(?<![\w.])2 )\*\*|\*\*(?! (?:\d+(?![\w.])|[A-Z][A-Z\d_]*\b))/,
    "powers differ in the last bit between Node.js versions: take engine/math",
  ],
  [/\bIntl\b|\btoLocale\w*|\blocaleCompare\b/, "the locale of the machine"],
  [/\b(?:from|import)\W+(?:node:)?os["']/, "what the machine is"],
];

function offences(text: string): string[] {
  return withoutComments(text)
    .split("\n")
    .flatMap((line, i) =>
      FORBIDDEN.filter(([pattern]) => pattern.test(line)).map(([, reason]) => `${i + 1}: ${line.trim()} (${reason})`),
    );
}

describe("determinism of the sources", () => {
  // The calibration measures the machine that it runs on: clocks are its purpose.
  const files = [...sourcesOf("engine"), ...sourcesOf("models")].filter((file) => !file.startsWith("models/calibrate"));

  it("lets no clock, locale, unseeded draw or inexact function into engine/ and models/", () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((file) => offences(readFileSync(file, "utf8")).map((line) => `${file}:${line}`))).toEqual([]);
  });

  it.each([
    "const started = Date.now();",
    "const started = performance.now();",
    "const [s, ns] = process.hrtime();",
    "setTimeout(tick, 10);",
    "const u = Math.random();",
    "const random = seedrandom();",
    "return Math.pow(x, 2.5);",
    "return x ** 2.5;",
    "x **= 2;",
    "return 10 ** 3;",
    "return 2 ** 0.5;",
    "return 2 ** exponent;",
    "return 0.2 ** 3;",
    "return -Math.log(1 - u) * mean;",
    "names.sort((a, b) => a.localeCompare(b));",
    "return value.toLocaleString();",
    "new Intl.NumberFormat();",
    'import { hostname } from "node:os";',
  ])("finds: %s", (line) => {
    expect(offences(`const ok = 1;\n${line}\n`)).toEqual([expect.stringMatching(/^2: /)]);
  });

  it.each([
    "/** Math.pow and x ** y differ between versions. */",
    "const root = Math.sqrt(x); // not Math.pow(x, 0.5)",
    "/*\n * No Date here.\n */",
    "return Math.min(a, Math.floor(b / 2));",
    'const random = seedrandom("42/arrivals/web");',
    "return draw * 2 ** 30 + (sequence % 2 ** SLOT_BITS);",
    "const update = dated + candidate;",
  ])("leaves alone: %s", (text) => {
    expect(offences(text)).toEqual([]);
  });
});

describe("the arrows between the folders", () => {
  it.each([
    ["engine", ["engine"]],
    ["models", ["models", "engine"]],
    ["cli", ["cli", "models", "engine"]],
  ])("%s imports from %j alone", (folder, allowed) => {
    const strangers = sourcesOf(folder).flatMap((file) =>
      importsOf(file)
        .filter((target) => !allowed.includes(target.split("/")[0]))
        .map((target) => `${file} imports ${target}`),
    );
    expect(strangers).toEqual([]);
  });

  it("are read from imports, exports, types and later loading", () => {
    const text = `
      import { a } from "./a.ts";
      import type { B } from "../b.ts";
      import "./c.ts";
      export { d, type E } from
        "../d/index.ts";
      type F = import("./f.ts").F;
      const g = await import("../g.ts");
      import { readFileSync } from "node:fs";
    `;
    expect(relativeImports(text)).toEqual(["./a.ts", "../b.ts", "./c.ts", "../d/index.ts", "./f.ts", "../g.ts"]);
  });
});
