import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import { csvChunks, safeText, writeCsv, type CsvPreset, type Table } from "./csv.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "csv-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function table(...rows: string[][]): Table {
  return {
    columns: [
      { name: "name", kind: "text" },
      { name: "value", kind: "number" },
    ],
    rows,
  };
}

function csv(content: Table, preset: CsvPreset = "default"): string {
  return [...csvChunks(content, preset)].join("");
}

describe("a CSV file", () => {
  it("has commas, points and line feeds, and quotes what needs it", () => {
    expect(csv(table(["a", "1.5"], ['say "b", c', ""], ["two\nlines", "3"]))).toBe(
      'name,value\na,1.5\n"say ""b"", c",\n"two\nlines",3\n',
    );
  });

  it("has semicolons, decimal commas, CRLF and a byte order mark with excel-eu", () => {
    expect(csv(table(["a.b", "1.5"], ["a;b", "20"]), "excel-eu")).toBe('\uFEFFname;value\r\na.b;1,5\r\n"a;b";20\r\n');
  });

  it("is its header alone where there are no rows", () => {
    expect(csv(table())).toBe("name,value\n");
  });

  it.each(["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\uFF1D1"])("makes the text %j no formula", (text) => {
    expect(safeText(text)).toBe(`'${text}`);
    expect(csv(table([text, "-1"]))).toMatch(/^name,value\n"?'[^]*,-1\n$/);
  });

  it("leaves other texts as they are", () => {
    expect(["web", "a=b", "'x", "", "1-2"].map(safeText)).toEqual(["web", "a=b", "'x", "", "1-2"]);
  });

  it("is the same in pieces, and its digest is that of its bytes", () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => [`pod/wéb-${i}`, String(i)]);
    const path = join(folder, "many.csv");
    const digest = writeCsv(path, table(...rows), "default");
    const bytes = readFileSync(path);
    expect(bytes.toString()).toBe(`name,value\n${rows.map((row) => `${row.join(",")}\n`).join("")}`);
    expect(digest).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});

describe("canonical JSON", () => {
  it("sorts keys by code unit, at every depth, and leaves out what is undefined", () => {
    expect(canonicalJson({ b: [1, { d: null, c: true }], a: "é\n", Z: undefined, "10": 1.5, "9": 1e21 })).toBe(
      '{"10":1.5,"9":1e+21,"a":"é\\n","b":[1,{"c":true,"d":null}]}',
    );
  });

  it("does not depend on the order of insertion", () => {
    expect(canonicalJson({ x: 1, y: { a: 1, b: 2 } })).toBe(canonicalJson({ y: { b: 2, a: 1 }, x: 1 }));
  });

  it.each([new Map(), Number.NaN, Infinity, 1n, new Date(0), [undefined], () => 1])(
    "refuses what JSON cannot hold",
    (value) => {
      expect(() => canonicalJson({ value })).toThrow(TypeError);
    },
  );
});
