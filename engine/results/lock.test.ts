import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { releaseLock, takeLock } from "./lock.ts";

let base = "";
const path = () => join(base, "lock");

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => rmSync(base, { recursive: true }));

describe("a lock", () => {
  it("is held by one at a time, who is known", () => {
    expect(takeLock(path(), "here")).toBeUndefined();
    expect(takeLock(path(), "here")).toMatchObject({ pid: process.pid, host: "here" });
    releaseLock(path());
    expect(readdirSync(base)).toEqual([]);
    expect(takeLock(path(), "here")).toBeUndefined();
  });

  it("of a process that has ended is taken over, and nothing is left beside it", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(path(), `${pid} here \n`);
    expect(takeLock(path(), "here")).toBeUndefined();
    expect(takeLock(path(), "here")).toMatchObject({ pid: process.pid });
    expect(readdirSync(base)).toEqual(["lock"]);
  });

  it.runIf(existsSync("/proc/self/stat"))("of a process whose number another one has now is taken over", () => {
    writeFileSync(path(), `${process.pid} here 1\n`);
    expect(takeLock(path(), "here")).toBeUndefined();
  });

  it("of a process of which the start is not known holds as long as there is one of its number", () => {
    writeFileSync(path(), `${process.pid} here \n`);
    expect(takeLock(path(), "here")).toEqual({ pid: process.pid, host: "here", birth: "" });
  });

  it("of another machine's process holds, and so does one that does not say whose it is", () => {
    writeFileSync(path(), "1 another 1\n");
    expect(takeLock(path(), "here")).toEqual({ pid: 1, host: "another", birth: "1" });
    writeFileSync(path(), "");
    expect(takeLock(path(), "here")).toBe("somebody");
  });

  it("that cannot be made says why", () => {
    expect(() => takeLock(join(base, "nowhere", "lock"), "here")).toThrow(/ENOENT/);
  });
});
