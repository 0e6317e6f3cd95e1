import { describe, expect, it } from "vitest";
import { testPod } from "./testing/stage.ts";
import { usageProblems } from "./usage-checks.ts";

describe("what a behaviour writes to", () => {
  const write = (to: string) => ({ to, after: 0, rate: 1, files: 0 });
  const volumes = [
    { name: "data", source: "emptyDir" as const, medium: "" },
    { name: "config", source: "configMap" as const },
  ];

  it("is the writable layer, the logs, or a directory among the pod's volumes", () => {
    const good = ["rootfs", "logs", "data"].map(write);
    expect(usageProblems(testPod("n", { name: "p", volumes, disk: good }), [])).toEqual([]);
    const bad = ["date", "config"].map(write);
    const problems = usageProblems(testPod("n", { name: "p", volumes, disk: bad }), ["workloads", 0]);
    expect(problems[0].path).toEqual(["workloads", 0, "behavior", "app", "disk", 0, "to"]);
    expect(problems[0].message).toContain("did you mean data?");
    expect(problems[1].message).toContain("nothing is written to a volume of kind configMap");
  });

  it("has a name of its own", () => {
    const twice = ["a", "a", "logs"].map((name) => ({ name, source: "emptyDir" as const, medium: "" }));
    expect(usageProblems(testPod("n", { name: "p", volumes: twice }), []).map(({ path }) => path)).toEqual([
      ["spec", "volumes", 1, "name"],
      ["spec", "volumes", 2, "name"],
    ]);
  });
});
