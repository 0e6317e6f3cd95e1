import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as engine from "../index.ts";

describe("the program in the engine's README", () => {
  it("prints what its comment says", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const program = /```ts\nimport \{ (.*) \} from "kubedes\/engine";\n([\s\S]*?)```/.exec(readme);
    if (program === null) throw new Error("the README has no program");
    const [, names, body] = program;
    const printed: string[] = [];
    // The words of the README itself, run with the names that it imports.
    const run = new Function("console", `{ ${names} }`, body) as (console: object, names: typeof engine) => void;
    run({ log: (line: string) => printed.push(line) }, engine);
    expect(printed).toEqual(["10 s: Ada is served", "10 s: Bob is served", "20 s: Cyd is served"]);
    expect(body).toContain("// 10 s: Ada, 10 s: Bob, 20 s: Cyd");
  });
});
