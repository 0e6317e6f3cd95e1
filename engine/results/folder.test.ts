import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Recorder } from "../statistics/recorder.ts";
import { CounterTable } from "./counters.ts";
import { EventLog } from "./event-log.ts";
import { OutputFailed, OutputRefused, ResultsFolder, RESULT_FILES } from "./folder.ts";
import type { Outputs } from "./outputs.ts";
import { ResourceTable } from "./resource-table.ts";
import { summaryRows } from "./summary.ts";
import { writeResults, type RunFacts } from "./write.ts";

let base = "";
let out = "";
const incoming = () => join(base, ".burst.sim-new");
const outgoing = () => join(base, ".burst.sim-old");
const lock = () => join(base, ".burst.sim-lock");

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "folder-"));
  out = join(base, "burst");
});
afterEach(() => rmSync(base, { recursive: true }));

function put(folder: string, content: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, "summary.csv"), content);
}

const content = (folder: string) => readFileSync(join(folder, "summary.csv"), "utf8");

/** The whole way of a run: open, write, commit. */
function replaceWith(text: string): void {
  const folder = ResultsFolder.open(out);
  writeFileSync(folder.file("summary.csv"), text);
  folder.commit();
}

/** The lock as it stands when its process has been killed. */
function loseLock(): void {
  writeFileSync(lock(), `${spawnSync(process.execPath, ["--version"]).pid}  1\n`);
}

/** Why a folder is refused; nothing may change by it. */
function refusal(path = out): string {
  const before = readdirSync(base);
  try {
    ResultsFolder.open(path);
  } catch (error) {
    expect(error).toBeInstanceOf(OutputRefused);
    expect(readdirSync(base)).toEqual(before);
    return (error as Error).message;
  }
  throw new Error("it was not refused");
}

const facts: RunFacts = { name: "burst", resolved: { b: 1, a: 2 }, seed: 42, durationNs: 2e9, eventCount: 7 };

function outputs(): Outputs {
  const recorder = new Recorder({ durationNs: 2e9, warmupNs: 0, windowNs: 1e9 });
  recorder.source("web").offered(5);
  return { recorder, events: new EventLog(), counters: new CounterTable() };
}

function write(folder: ResultsFolder, written = outputs()): void {
  writeResults(folder, facts, written, summaryRows(written.recorder), "default");
}

describe("the results folder", () => {
  it("appears whole, with the folders above it", () => {
    out = join(base, "a/b/c");
    replaceWith("new");
    expect(content(out)).toBe("new");
    expect(readdirSync(dirname(out))).toEqual(["c"]);
  });

  it("replaces earlier results, an empty folder, and files that only earlier runs had", () => {
    put(out, "earlier");
    writeFileSync(join(out, "resources.csv"), "");
    replaceWith("new");
    expect([content(out), readdirSync(out), readdirSync(base)]).toEqual(["new", ["summary.csv"], ["burst"]]);
    rmSync(out, { recursive: true });
    mkdirSync(out);
    replaceWith("again");
    expect(content(out)).toBe("again");
  });

  it("leaves earlier results and nothing else when a run is abandoned", () => {
    put(out, "earlier");
    const folder = ResultsFolder.open(out);
    writeFileSync(folder.file("summary.csv"), "half");
    expect(content(out)).toBe("earlier");
    folder.abandon();
    expect([content(out), readdirSync(base)]).toEqual(["earlier", ["burst"]]);
  });

  it("takes back the folders that it made for an abandoned run", () => {
    ResultsFolder.open(join(base, "a/b/c")).abandon();
    expect(readdirSync(base)).toEqual([]);
  });

  it("keeps a link to a folder a link", () => {
    put(join(base, "real"), "earlier");
    symlinkSync(join(base, "real"), out);
    replaceWith("new");
    expect(content(join(base, "real"))).toBe("new");
    expect(readdirSync(base).toSorted()).toEqual(["burst", "real"]);
  });
});

describe("after a kill", () => {
  it("while files were written, earlier results are there and the rest is cleared", () => {
    put(out, "earlier");
    writeFileSync(ResultsFolder.open(out).file("latency.csv"), "half");
    loseLock();
    expect(content(out)).toBe("earlier");
    const next = ResultsFolder.open(out);
    expect(existsSync(next.file("latency.csv"))).toBe(false);
    next.abandon();
    expect([content(out), readdirSync(base)]).toEqual(["earlier", ["burst"]]);
  });

  it("after the earlier results were moved aside, the next run brings them back before it begins", () => {
    put(out, "earlier");
    put(incoming(), "new");
    renameSync(out, outgoing());
    loseLock();
    ResultsFolder.open(out).abandon();
    expect([content(out), readdirSync(base)]).toEqual(["earlier", ["burst"]]);
  });

  it("after the new results were moved in, the next run keeps them and removes the earlier ones", () => {
    put(outgoing(), "earlier");
    put(out, "new");
    ResultsFolder.open(out).abandon();
    expect([content(out), readdirSync(base)]).toEqual(["new", ["burst"]]);
  });

  it("in the middle of removing the earlier results, likewise", () => {
    mkdirSync(outgoing());
    put(out, "new");
    replaceWith("newer");
    expect([content(out), readdirSync(base)]).toEqual(["newer", ["burst"]]);
  });
});

describe("a results folder is refused", () => {
  it("while another run writes there, with its process and what to do", () => {
    const first = ResultsFolder.open(out);
    writeFileSync(first.file("summary.csv"), "first");
    expect(refusal()).toBe(
      `${out}: another run (process ${process.pid}) is writing there; wait for it or choose another ` +
        `folder; if there is no such run any more, remove ${lock()}`,
    );
    first.commit();
    expect([content(out), readdirSync(base)]).toEqual(["first", ["burst"]]);
    replaceWith("second");
    expect(content(out)).toBe("second");
  });

  it("and a run that has given up does not disturb the one that came after", () => {
    const first = ResultsFolder.open(out);
    first.abandon();
    const second = ResultsFolder.open(out);
    writeFileSync(second.file("summary.csv"), "second");
    first.abandon();
    second.commit();
    expect(content(out)).toBe("second");
  });

  it("if it holds what sim does not write: the first stranger in sorted order is named", () => {
    put(out, "earlier");
    for (const name of ["z.txt", "Notes.md", "b.csv"]) writeFileSync(join(out, name), "mine");
    expect(refusal()).toContain('holds "Notes.md", which sim does not write');
    expect(readdirSync(out).toSorted()).toEqual(["Notes.md", "b.csv", "summary.csv", "z.txt"]);
  });

  it("if a folder or a link has the name of a file that sim writes", () => {
    mkdirSync(join(out, "run.json"), { recursive: true });
    expect(refusal()).toContain('holds "run.json"');
  });

  it("if it is a file, or below one", () => {
    writeFileSync(out, "mine");
    expect(refusal()).toContain("is a file; allowed: a folder");
    expect(refusal(join(out, "below"))).toContain("cannot be written: a file stands where a folder is needed");
    expect(readFileSync(out, "utf8")).toBe("mine");
  });

  it("if it is the working directory, or a link that leads nowhere", () => {
    expect(refusal(process.cwd())).toContain("is the working directory");
    symlinkSync(join(base, "nowhere"), out);
    expect(refusal()).toContain("is a symbolic link to a folder that does not exist");
  });

  it("if its name is longer than names may be", () => {
    expect(refusal(join(base, "x".repeat(300)))).toContain("the name is too long");
  });

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)("if the folder above it is not to be written", () => {
    chmodSync(base, 0o555);
    expect(refusal()).toContain("permission denied");
    chmodSync(base, 0o755);
  });
});

describe("writing results", () => {
  it("gives the six files, and resources.csv where there are any", () => {
    write(ResultsFolder.open(out));
    expect(readdirSync(out).toSorted()).toEqual(RESULT_FILES.filter((name) => name !== "resources.csv").toSorted());
    const all = outputs();
    write(ResultsFolder.open(out), { ...all, resources: new ResourceTable(all.recorder.windows, ["worker"]) });
    expect(readdirSync(out).toSorted()).toEqual(RESULT_FILES.toSorted());
  });

  it("says in run.json what was run, by digests that anybody can repeat", () => {
    write(ResultsFolder.open(out));
    const { sha256, ...rest } = JSON.parse(readFileSync(join(out, "run.json"), "utf8")) as Record<string, unknown>;
    expect(rest).toEqual({
      scenario: "burst",
      // printf '{"a":2,"b":1}' | sha256sum
      scenarioSha256: "d3626ac30a87e6f7a6428233b3c68299976865fa5508e4267c5415c76af7a772",
      seed: 42,
      version: expect.stringMatching(/^[0-9]+\.[0-9]+\.[0-9]+/),
      contractVersion: "1",
      durationNs: 2_000_000_000,
      events: 7,
    });
    expect(Object.keys(sha256 as object)).toEqual([
      "throughput.csv",
      "latency.csv",
      "summary.csv",
      "events.csv",
      "counters.csv",
    ]);
    // printf 'time_s,node,object,reason,message\n' | sha256sum
    expect(sha256).toMatchObject({
      "events.csv": "09ab6ec2d91798dcba3dece46a7ea67d2d4ef93e0d052dc6f85f6b14f3c43cf8",
    });
  });

  it("that fails leaves earlier results as they were, and nothing beside them", () => {
    put(out, "earlier");
    const folder = ResultsFolder.open(out);
    mkdirSync(folder.file("summary.csv"));
    expect(() => write(folder)).toThrow(OutputFailed);
    expect([content(out), readdirSync(base)]).toEqual(["earlier", ["burst"]]);
  });
});
