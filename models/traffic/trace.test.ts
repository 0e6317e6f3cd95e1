import { describe, expect, it } from "vitest";
import { parseTraceCsv } from "./trace.ts";

describe("a recorded trace", () => {
  it("keeps every decimal exactly, and leaves out what its cells leave out", () => {
    const text = "\uFEFFtime_s,cpu_ms,request_bytes,response_bytes\r\n0.1,,100,\r\n0.300000001,12.000001,,8192\r\n";
    expect(parseTraceCsv(text, "t.csv")).toEqual([
      { at: 100_000_000, requestBytes: 100 },
      { at: 300_000_001, cpuNs: 12_000_001, responseBytes: 8192 },
    ]);
  });

  it("may have its cells in quotes, as some programs write them", () => {
    const row = { at: 500_000_000, cpuNs: 2_000_000 };
    expect(parseTraceCsv('"time_s","cpu_ms"\n"0.5",2', "t.csv")).toEqual([row]);
  });

  it("may have its columns in any order, and equal times", () => {
    expect(parseTraceCsv("cpu_ms,time_s\n1,2\n3,2", "t.csv")).toEqual([
      { at: 2_000_000_000, cpuNs: 1_000_000 },
      { at: 2_000_000_000, cpuNs: 3_000_000 },
    ]);
  });

  it.each([
    ["cpu_ms\n1", /t\.csv:1:1: the column time_s is missing/],
    ["time_s,cpu\n1,2", /unknown column "cpu"; allowed: time_s, cpu_ms.*did you mean cpu_ms\?/],
    ["time_s,time_s\n1,2", /given twice/],
    ["time_s\n2\n1", /t\.csv:3:1: time_s is before the row above/],
    ["time_s\n-1", /time_s: found "-1"/],
    ["time_s\n=1+1", /time_s: found "=1\+1"/],
    ["time_s,cpu_ms\n1", /found 1 cells; allowed: 2/],
    ["time_s,request_bytes\n1,1.5", /request_bytes: found "1\.5"; allowed: a whole number of bytes/],
    ["time_s,cpu_ms\n,2", /time_s: found ""/],
  ])("%j is refused with its line", (text, message) => {
    expect(() => parseTraceCsv(text, "t.csv")).toThrow(message);
  });

  it("stops after twenty wrong lines", () => {
    const text = `time_s\n${"x\n".repeat(100)}`;
    expect(() => parseTraceCsv(text, "t.csv")).toThrow(/^(t\.csv:\d+:1: .*\n){19}t\.csv:21:1: .*$/);
  });
});
