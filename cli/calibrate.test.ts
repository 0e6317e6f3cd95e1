import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import yargs from "yargs";
import { loadsSchema } from "../models/calibrate/load.ts";
import { CannotMeasure } from "./calibrate-cfs/cannot-measure.ts";
import { configuredHz } from "./calibrate-cfs/machine.ts";
import { planOf } from "./calibrate-cfs/measure.ts";
import { cpuController, TestGroups } from "./calibrate-cfs/test-groups.ts";
import { command } from "./calibrate.ts";
import { captured } from "./testing/capture.ts";

const folder = mkdtempSync(join(tmpdir(), "calibrate-test-"));
const recorded = join(folder, "set.json");
const [load] = loadsSchema.parse({
  loads: [
    {
      id: "x",
      duration: "1s",
      cpus: 2,
      groups: [
        { name: "p", quota: "50ms" },
        { name: "a", parent: "p", period: "50ms" },
      ],
      workers: [
        { group: "a", threads: 2, demand: { type: "periodic", every: "400ms", cpu: "5ms" } },
        { group: "a", demand: { type: "closed", burn: "1ms", think: "2ms" } },
      ],
    },
  ],
});

/** Runs the command as `sim` does. */
const calibrate = (...args: string[]) =>
  captured(() =>
    yargs(["calibrate", "cfs", ...args])
      .command(command)
      .strict()
      .exitProcess(false)
      .parseAsync(),
  );

describe("sim calibrate cfs", () => {
  writeFileSync(
    recorded,
    JSON.stringify({
      about: "",
      machine: { kernel: "6.18", hz: 250, cgroup: "v2", cpus: 2, bandwidthSliceUs: 5000 },
      recordings: [
        {
          load: {
            id: "hog",
            note: "half a CPU",
            duration: "1s",
            groups: [{ name: "a", quota: "50ms" }],
            workers: [{ group: "a", demand: { type: "hog" } }],
          },
          repetitions: [{ served: [{}], figures: { a: { cpu: 520_000, nr_periods: 10 } } }],
        },
      ],
    }),
  );

  it("replays a recorded set without measuring, and prints both sides and a verdict", async () => {
    const { stdout } = await calibrate("--replay", recorded);
    expect(stdout).toContain("hog: half a CPU (1 repetitions of 1 s)");
    expect(stdout).toMatch(/a +cpu_ms +520\.0 +5\d\d\.\d \(.*\) +.*agrees/);
    expect(stdout).toContain("2 of 2 figures agree: the model behaves as this kernel does\n");
  });

  it("gives the same as data", async () => {
    const { stdout } = await calibrate("--replay", recorded, "-o", "json");
    const answer = JSON.parse(stdout) as { inside: number; loads: Array<{ figures: Array<{ figure: string }> }> };
    expect(answer.inside).toBe(2);
    expect(answer.loads[0].figures.map(({ figure }) => figure)).toEqual(["cpu", "nr_periods"]);
  });

  it("refuses loads that it does not understand, with their place in the file", async () => {
    const file = join(folder, "loads.yaml");
    writeFileSync(
      file,
      "loads:\n  - {id: x, groups: [{name: a, quota: 50}], workers: [{group: a, demand: {type: hog}}]}\n",
    );
    const { stderr, status } = await calibrate("--load", file);
    expect(stderr).toContain("loads.yaml:2:");
    expect(stderr).toContain("found 50; allowed: a duration such as 50ms, or max");
    expect(status).toBe(2);
  });

  it("names the loads that there are", async () => {
    await expect(calibrate("--only", "hogg")).rejects.toThrow(/there is no load hogg; allowed: hog, hog-burst,/);
  });

  it("refuses a place that it cannot write to before it measures", async () => {
    await expect(calibrate("--replay", recorded, "--record", "/nonexistent/set.json")).rejects.toThrow(
      /--record: cannot write \/nonexistent\/set.json/,
    );
  });

  it("refuses a file that is no recorded set", async () => {
    const file = join(folder, "other.json");
    writeFileSync(file, "{}");
    await expect(calibrate("--replay", file)).rejects.toThrow(/is not a set that --record has written/);
    rmSync(folder, { recursive: true });
  });
});

describe("the machine", () => {
  const none = () => [];

  it("has the CPU controller in the cgroup v1 hierarchy that names it", () => {
    const mounts =
      "cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0\ncgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpuacct,cpu 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
    expect(cpuController(mounts, none)).toEqual({ version: "v1", path: "/sys/fs/cgroup/cpu,cpuacct" });
  });

  it("has it in cgroup v2 where that offers it", () => {
    const mounts = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n";
    expect(cpuController(mounts, () => ["cpu", "memory"])).toEqual({ version: "v2", path: "/sys/fs/cgroup" });
    expect(() => cpuController(mounts, none)).toThrow(CannotMeasure);
  });

  it.each([
    {
      version: "v1" as const,
      p: { "cpu.shares": "1024", "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "50000" },
      a: { "cpu.shares": "512", "cpu.cfs_period_us": "50000", "cpu.cfs_quota_us": "-1", "cpu.cfs_burst_us": "20000" },
    },
    {
      version: "v2" as const,
      p: { "cpu.weight": "100", "cpu.max": "50000 100000", "cgroup.subtree_control": "+cpu" },
      a: { "cpu.weight": "50", "cpu.max": "max 50000", "cpu.max.burst": "20000" },
    },
  ])("gets the load's groups in the files of cgroup $version", ({ version, p, a }) => {
    const hierarchy = mkdtempSync(join(tmpdir(), "calibrate-test-"));
    const groups = load.groups.map((group) =>
      group.name === "a" ? { ...group, shares: 512, burst: 20_000_000 } : group,
    );
    const folders = new TestGroups({ version, path: hierarchy }).create({ ...load, groups });
    const written = folders.map((made) =>
      Object.fromEntries(
        readdirSync(made, { withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => [name, readFileSync(join(made, name), "utf8")]),
      ),
    );
    expect(written).toEqual([p, a]);
    rmSync(hierarchy, { recursive: true });
  });

  it("may not allow cgroups to be made: the message says where and what it takes", () => {
    const groups = new TestGroups({ version: "v2", path: "/nonexistent/cgroup" });
    expect(() => groups.create(load)).toThrow(/cannot make cgroups in \/nonexistent\/cgroup: .*; it takes root/);
  });

  it("tells its ticks in the kernel's configuration", () => {
    expect(configuredHz("# CONFIG_HZ_100 is not set\nCONFIG_HZ_1000=y\nCONFIG_HZ=1000\n")).toBe(1000);
    expect(configuredHz("")).toBeUndefined();
  });
});

describe("the plan for the load generator", () => {
  it("has groups, queues and workers, and five idle periods before the beginning", () => {
    const requests = [0, 400, 800].map((ms) => ({ arrival: ms * 1e6, service: 5e6 }));
    // The longest period is 100 ms: 5 x 100 ms and a tenth of a second more. Workers may use CPUs 2 and 3 of four.
    expect(planOf(load, [requests, []], ["/c/p", "/c/p/a"], 4).split("\n")).toEqual([
      "1000000000 600000000",
      "2",
      "/c/p/cgroup.procs /c/p/cpu.stat",
      "/c/p/a/cgroup.procs /c/p/a/cpu.stat",
      "2",
      "3 0 5000000 400000000 5000000 800000000 5000000",
      "0",
      "3",
      "1 2 0 0 0 2 2 3",
      "1 2 0 0 0 2 2 3",
      "1 1 1 1000000 2000000 2 2 3",
      "",
    ]);
  });
});
