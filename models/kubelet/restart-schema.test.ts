import { describe, expect, it } from "vitest";
import { NS_PER_SECOND as S } from "../../engine/time.ts";
import { crashLoopWindows } from "./crash-loop-backoff.ts";
import { nodeRestartPeriod } from "./restart-schema.ts";

const REDUCED = "ReduceDefaultCrashLoopBackOffDecay";
const GATE = "KubeletCrashLoopBackOffMax";

/** The longest back-off of a node of version 1.`minor` in seconds, by its own setting and the default of its gates. */
function longest(minor: number, gates: Record<string, boolean>, seconds?: number): number {
  const crashLoopBackOff = seconds === undefined ? undefined : { maxContainerRestartPeriod: seconds * S };
  const maxContainerRestartPeriod = nodeRestartPeriod({ crashLoopBackOff, featureGates: gates }, minor);
  return crashLoopWindows({ reducedDecay: gates[REDUCED] ?? false, maxContainerRestartPeriod }).max / S;
}

describe("the longest back-off of a container", () => {
  it("is 300 s, or 60 s with the reduced decay, before a node has a maximum of its own", () => {
    expect([longest(34, {}), longest(34, { [REDUCED]: true })]).toEqual([300, 60]);
  });

  it("is the node's own once it has one, and that is 300 s unless told otherwise, whatever the decay", () => {
    expect([longest(35, {}, 20), longest(35, {}), longest(35, { [REDUCED]: true })]).toEqual([20, 300, 300]);
    expect(longest(34, { [GATE]: true, [REDUCED]: true })).toBe(300);
    expect(longest(35, { [GATE]: false, [REDUCED]: true })).toBe(60);
  });
});
