import { describe, expect, it } from "vitest";
import { didYouMean, suggest } from "./suggest.ts";

describe("a suggestion", () => {
  const fields = ["serializeImagePulls", "hz", "name", "cpuCFSQuota", "cpuCFSQuotaPeriod"];
  it.each([
    ["serialiseImagePulls", "serializeImagePulls"],
    ["SerializeImagePulls", "serializeImagePulls"],
    ["nmae", "name"],
    ["h", "hz"],
    ["cpuCfsQuota", "cpuCFSQuota"],
    ["cpuCFSQuotaPer", "cpuCFSQuotaPeriod"],
    ["ser", "serializeImagePulls"],
    ["entirely", undefined],
    ["x".repeat(1000), undefined],
  ])("for %s is %s", (word, expected) => expect(suggest(word, fields)).toBe(expected));

  it("is a question, or nothing", () => {
    expect(didYouMean("nam", fields)).toBe("; did you mean name?");
    expect(didYouMean("entirely", fields)).toBe("");
  });
});
