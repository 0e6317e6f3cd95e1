import { describe, expect, it } from "vitest";
import { formatPath, formatProblem, ScenarioErrors, type Place } from "./errors.ts";

describe("a path", () => {
  it("is written with dots, indices, and quotes where a key holds dots", () => {
    expect(formatPath(["nodes", 0, "kernel", "hz"])).toBe("nodes[0].kernel.hz");
    expect(formatPath(["cgroup", "pod", "cpu.max"])).toBe('cgroup.pod["cpu.max"]');
    expect(formatPath([])).toBe("");
  });
});

describe("a problem", () => {
  const problem = {
    file: "s.yaml",
    line: 3,
    column: 7,
    path: "nodes[0].hz",
    message: "found 200; allowed: 100",
    sourceLine: "\thz:  200",
  };

  it("names file, line, column and path", () => {
    expect(formatProblem(problem)).toBe("s.yaml:3:7 nodes[0].hz: found 200; allowed: 100");
    expect(formatProblem({ file: "s.yaml", path: "", message: "is empty" })).toBe("s.yaml: is empty");
  });

  it("shows the line with a caret below the character, under tabs too", () => {
    const [, source, caret] = formatProblem(problem, true).split("\n");
    expect(source).toBe("3 | \thz:  200");
    expect(caret).toBe("    \t     ^");
  });

  it("names the option where the command line gave the value", () => {
    expect(formatProblem({ ...problem, option: "--set window" })).toBe("--set window: found 200; allowed: 100");
  });
});

describe("all errors of a scenario", () => {
  const places: Record<string, Place> = {
    late: { file: "s.yaml", line: 9, column: 1 },
    early: { file: "s.yaml", line: 2, column: 5 },
    option: { file: "s.yaml", option: "--set x" },
  };

  it("come in the order of the file, the command line's last", () => {
    const errors = ScenarioErrors.at(
      ["option", "late", "early"].map((path) => ({ path: [path], message: `${path}!` })),
    );
    expect(errors.message).toContain("late: late!");
    const located = errors.located((path) => places[String(path[0])]);
    expect(located.problems.map(({ path }) => path)).toEqual(["early", "late", "option"]);
    expect(located.message).toBe("s.yaml:2:5 early: early!\ns.yaml:9:1 late: late!\n--set x: option!");
  });
});
