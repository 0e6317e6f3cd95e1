import { describe, expect, it } from "vitest";
import { adapter, NotCovered, premise } from "./adapter.ts";
import { compare } from "./compare.ts";
import { judgeCase, judgeFile } from "./judge.ts";

const adapters = {
  sum: adapter<{ a: number; b: number }>(({ a, b }) => ({ sum: a + b })),
  first: adapter<{ list: number[] }>(({ list }) => ({ first: list[0], length: list.length })),
  broken: adapter<{ a: { b: number } }>(({ a }) => ({ b: a.b.toFixed(1) })),
  prose: adapter(() => {
    throw new NotCovered("prose");
  }),
  names: adapter<{ names: { [name: string]: number } }>(({ names }) => ({ names: Object.keys(names) })),
  still: adapter<{ fixed: boolean; a: number }>(({ fixed, a }) => {
    premise(fixed, "only fixed ones");
    return { a };
  }),
};

function kind(family: string, given: unknown, expected: unknown): string {
  const item = { family, given: given as never, expect: expected as never };
  return judgeCase(item, [{ adapters }]).kind;
}

describe("a reference case", () => {
  it("passes when everything that it gives was read and everything that it expects is answered and equal", () => {
    expect(kind("sum", { a: 1, b: 2 }, { sum: 3 })).toBe("passed");
    expect(kind("sum", { a: 1, b: 2 }, { sum: 4 })).toBe("failed");
  });

  it("is not covered when a key, down to a list's items, was not read", () => {
    expect(kind("sum", { a: 1, b: 2, c: 3 }, { sum: 3 })).toBe("notCovered");
    expect(kind("first", { list: [1, 2] }, { first: 1 })).toBe("notCovered");
    expect(kind("names", { names: { x: 1 } }, { names: ["x"] })).toBe("notCovered");
    expect(kind("first", { list: [1] }, { first: 1, length: 1 })).toBe("passed");
  });

  it("is not covered when a key of expect has no answer, though another one differs", () => {
    expect(kind("sum", { a: 1, b: 2 }, { sum: 4, product: 2 })).toBe("notCovered");
  });

  it("is not covered without an adapter, for prose, and for a premise that cannot be played", () => {
    expect(kind("unknown", {}, {})).toBe("notCovered");
    expect(kind("prose", {}, {})).toBe("notCovered");
    expect(kind("still", { fixed: false, a: 1 }, { a: 1 })).toBe("notCovered");
  });

  it("fails when the model throws, unless the case has a shape that the adapter does not know", () => {
    expect(kind("broken", { a: { b: null } }, { b: "1.0" })).toBe("failed");
    expect(kind("broken", { other: 1 }, { b: "1.0" })).toBe("notCovered");
  });

  it("does not look at explaining keys, wherever they stand", () => {
    const explained = { a: 1, b: 2, note: "x", source: { about: 1 } };
    expect(kind("sum", explained, { sum: 3, why: "because", use: "not" })).toBe("passed");
  });

  it("goes to the adapter that stands for the beginning of its family, the longest one, if none has its name", () => {
    const answer = (text: string) => adapter(() => ({ text }));
    const named = { "a-*": answer("a"), "a-b-*": answer("a-b"), "a-b-c": answer("a-b-c") };
    const text = (family: string, expected: string) =>
      judgeCase({ family, given: {}, expect: { text: expected } }, [{ adapters: named }]).kind;
    expect([text("a-x", "a"), text("a-b-x", "a-b"), text("a-b-c", "a-b-c")]).toEqual(["passed", "passed", "passed"]);
    expect([text("a", "a"), text("ab", "a")]).toEqual(["notCovered", "notCovered"]);
  });

  it("goes to the model that understands it where two have a family of that name", () => {
    const other = { sum: adapter<{ text: string }>(({ text }) => ({ length: text.length })) };
    const item = { family: "sum", given: { a: 1, b: 2 }, expect: { sum: 3 } };
    expect(judgeCase(item, [{ adapters: other }, { adapters }]).kind).toBe("passed");
    expect(judgeCase({ ...item, expect: { sum: 4 } }, [{ adapters: other }, { adapters }]).kind).toBe("failed");
  });
});

describe("comparing answers", () => {
  it("takes numbers within 1e-9 relative for equal, and nothing else", () => {
    expect(compare({ x: 1 }, { x: 1 + 9e-10 })).toEqual([]);
    expect(compare({ x: 1 }, { x: 1 + 2e-9 })).toHaveLength(1);
    expect(compare({ x: 0 }, { x: 1e-300 })).toHaveLength(1);
    expect(compare({ x: null }, { x: 0 })).toEqual([{ path: "/x", expected: null, found: 0 }]);
    expect(compare({ x: 1 }, { x: "1" })).toHaveLength(1);
    expect(compare({ x: 1 }, { x: NaN })).toHaveLength(1);
  });

  it("bounds the numbers beside a tolerance by it, with the units of times converted", () => {
    expect(compare({ lost: 34, tolerancePackets: 2 }, { lost: 36 })).toEqual([]);
    expect(compare({ lost: 34, tolerancePackets: 2 }, { lost: 37 })).toHaveLength(1);
    // 100 ms are 0.1 s.
    expect(compare({ at_s: [0, 10], tolerance_ms: 100 }, { at_s: [0.1, 9.9] })).toEqual([]);
    expect(compare({ at_s: [0, 10], tolerance_ms: 100 }, { at_s: [0.2, 10] })).toHaveLength(1);
    expect(compare({ flag: true, tolerance: 5 }, { flag: false })).toHaveLength(1);
  });

  it("keeps the order of lists, except where the key says AnyOrder", () => {
    expect(compare({ list: [1, 2] }, { list: [2, 1] })).not.toEqual([]);
    expect(compare({ listAnyOrder: [{ a: 1 }, { a: 2 }] }, { listAnyOrder: [{ a: 2 }, { a: 1 }] })).toEqual([]);
    expect(compare({ listAnyOrder: [1, 1, 2] }, { listAnyOrder: [1, 2, 2] })).toHaveLength(1);
    expect(compare({ list: [1] }, { list: [1, 2] })).toHaveLength(1);
  });

  it("ignores answers that nobody asked for at the top, but not inside an answer", () => {
    expect(compare({ a: 1 }, { a: 1, b: 2 })).toEqual([]);
    expect(compare({ a: { x: 1 } }, { a: { x: 1, y: 2 } })).toEqual([{ path: "/a/y", expected: "nothing", found: 2 }]);
  });
});

describe("a file", () => {
  it("of measurements goes to the model that claims it, and counts as not covered without one", async () => {
    const measured = { configurations: [{ id: "one" }, { id: "two" }] };
    const nobody = await judgeFile(measured, [{ adapters }]);
    expect(nobody?.map(({ id, verdict }) => [id, verdict.kind])).toEqual([
      ["one", "notCovered"],
      ["two", "notCovered"],
    ]);
    const live = {
      claims: (document: object) => "configurations" in document,
      judge: async () => [{ id: "one/cpu", verdict: { kind: "passed" as const } }],
    };
    expect(await judgeFile(measured, [{ adapters, live }])).toEqual([{ id: "one/cpu", verdict: { kind: "passed" } }]);
  });

  it("is refused when it is neither", async () => {
    expect(await judgeFile([], [{ adapters }])).toBeUndefined();
    expect(await judgeFile("text", [{ adapters }])).toBeUndefined();
  });

  it("of cases counts what is no case as not covered", async () => {
    const judged = await judgeFile(
      { cases: [{ id: "a", family: "sum", given: { a: 1, b: 1 }, expect: { sum: 2 } }, 7] },
      [{ adapters }],
    );
    expect(judged?.map(({ id, verdict }) => [id, verdict.kind])).toEqual([
      ["a", "passed"],
      ["case 1", "notCovered"],
    ]);
  });
});
