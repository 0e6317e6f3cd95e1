import { describe, expect, it } from "vitest";
import { figure, redrawn } from "./table.ts";

const text = `# Figures
<!-- figures: begin -->
| case | a second | margin | times as fast as |
| --- | --- | --- | --- |
| engine/hold/1e2 | 1 events | 1.0 % | 1.00 cpp |
| cfs/1-node | 2 simulated seconds | 2.0 % |  |
<!-- figures: end -->
end`;

describe("the table of figures", () => {
  it("takes new figures and keeps the rows that were not measured", () => {
    const benchCase = { name: "engine/hold/1e2", unit: "events", run: () => 1 };
    const measurement = { name: "engine/hold/1e2", opsPerSecond: 23_456_789, rme: 1.234, ratioTo: { cpp: 1.105 } };
    expect(redrawn(text, [benchCase], [measurement], "Machine, Node.js v20")).toBe(`# Figures
<!-- figures: begin -->

Last measured on Machine, Node.js v20.

| case | a second | margin | times as fast as |
| --- | --- | --- | --- |
| engine/hold/1e2 | 23,500,000 events | 1.2 % | 1.10 cpp |
| cfs/1-node | 2 simulated seconds | 2.0 % |  |

<!-- figures: end -->
end`);
  });

  it("shows three significant digits", () => {
    expect([1234567, 999.6, 12.34, 0.5].map(figure)).toEqual(["1,230,000", "1,000", "12.3", "0.5"]);
  });

  it("is refused where the file has no marks for it", () => {
    expect(() => redrawn("# Figures", [], [], "")).toThrow("has no");
  });
});
