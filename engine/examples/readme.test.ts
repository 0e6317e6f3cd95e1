import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import * as engine from "../index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const program = readFileSync(new URL("readme.ts", import.meta.url), "utf8");

describe("the program in the engine's README", () => {
  it("is the one of the examples, imported as a library", () => {
    const [, shown] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(shown).toBe(program.replace('"../index.ts"', '"kubedes/engine"'));
  });

  it("prints what its comment says", async () => {
    const printed: unknown[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((line) => void printed.push(line));
    await import("./readme.ts");
    log.mockRestore();
    expect(printed).toEqual(["10 s: Ada is served", "10 s: Bob is served", "20 s: Cyd is served"]);
    expect(program).toContain("// 10 s: Ada, 10 s: Bob, 20 s: Cyd");
  });
});

describe("the engine's README", () => {
  it("names nothing that the library does not export", () => {
    // Names of classes, functions called with new or by yield*, as the README writes them in code.
    const named = [...readme.matchAll(/`[^`]*?(?:new |yield\* )([A-Za-z]\w*)\(/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !(name in engine))).toEqual([]);
  });
});
