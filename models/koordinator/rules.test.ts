import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NS_PER_SECOND } from "../../engine/time.ts";
import { DEFAULT_STRATEGY, type BurstConfig } from "./config.ts";
import { throttledRatio, Samples } from "./metrics.ts";
import { nodeState, sharePoolUsage, type NodeState, type PodShare } from "./node-state.ts";
import { isBurstable, koordinatorQos } from "./qos.ts";
import {
  baseQuotaUs,
  operationOnNode,
  quotaCeilingUs,
  quotaOperation,
  quotaWrites,
  targetQuotaUs,
} from "./quota-scaling.ts";
import { staticBurstUs } from "./static-burst.ts";
import { TokenLimiter, usagePercent } from "./token-limiter.ts";

function testdata<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`testdata/${name}`, import.meta.url), "utf8")) as T;
}

interface QuotaSequence {
  title: string;
  limitMilli: number;
  config: Partial<BurstConfig>;
  start: number;
  passes: Array<{ throttled?: number; node: NodeState; isAllowed?: boolean; quota: number }>;
}

describe("quota scaling", () => {
  const { sequences } = testdata<{ sequences: QuotaSequence[] }>("quota-steps.json");
  it.each(sequences)("$title", ({ limitMilli, config, start, passes }) => {
    const full = { ...DEFAULT_STRATEGY, ...config };
    const base = baseQuotaUs(limitMilli) as number;
    const ceiling = quotaCeilingUs(base, full.cfsQuotaBurstPercent);
    let quota = start;
    const quotas = passes.map(({ throttled, node, isAllowed = true }) => {
      const operation = operationOnNode(quotaOperation(full, isAllowed, throttled), node);
      quota = targetQuotaUs(operation, quota, base, ceiling);
      return quota;
    });
    expect(quotas).toEqual(passes.map((pass) => pass.quota));
  });

  it("leaves containers without a limit alone", () => {
    expect(baseQuotaUs(0)).toBeUndefined();
  });

  it("raises the pod before the container, and lowers the container before the pod, by the same difference", () => {
    expect(quotaWrites(100_000, 120_000, 150_000)).toEqual([
      { level: "pod", quotaUs: 170_000 },
      { level: "container", quotaUs: 120_000 },
    ]);
    expect(quotaWrites(120_000, 100_000, 170_000)).toEqual([
      { level: "container", quotaUs: 100_000 },
      { level: "pod", quotaUs: 150_000 },
    ]);
  });

  it("leaves a pod without a quota alone", () => {
    expect(quotaWrites(100_000, 120_000, -1)).toEqual([{ level: "container", quotaUs: 120_000 }]);
  });
});

interface TokenSequence {
  title: string;
  config: Partial<BurstConfig>;
  share: number;
  calls: Array<{ at: number; percent: number; tokens: number; isAllowed: boolean }>;
}

describe("the token limiter", () => {
  const { sequences } = testdata<{ sequences: TokenSequence[] }>("tokens.json");
  it.each(sequences)("$title", ({ config, share, calls }) => {
    const limiter = new TokenLimiter({ ...DEFAULT_STRATEGY, ...config }, share, 0);
    const answers = calls.map(({ at, percent }) => {
      const isAllowed = limiter.allow(percent, Math.round(at * NS_PER_SECOND));
      return { at, percent, tokens: limiter.tokens, isAllowed };
    });
    expect(answers).toEqual(calls);
  });

  it("is dropped when unused for more than twice its period", () => {
    const limiter = new TokenLimiter({ ...DEFAULT_STRATEGY, cfsQuotaBurstPeriodSeconds: 10 }, 0, 0);
    expect(limiter.isExpired(20 * NS_PER_SECOND)).toBe(false);
    expect(limiter.isExpired(20 * NS_PER_SECOND + 1)).toBe(true);
  });

  it("counts usage in whole percent of the limit, cut", () => {
    // 0.2999 / 0.5 = 59.98 %: still saves; 0.9999 / 1 = 99.99 %: does not spend yet.
    expect(usagePercent(0.2999, 0.5)).toBe(59);
    expect(usagePercent(0.9999, 1)).toBe(99);
  });
});

interface NodeCase {
  title: string;
  cpus: number;
  usage?: number;
  threshold: number;
  pods: Array<Omit<PodShare, "usage"> & { usage?: number }>;
  state: NodeState;
}

describe("the node's state", () => {
  const { cases } = testdata<{ cases: NodeCase[] }>("node-states.json");
  it.each(cases)("$title", ({ cpus, usage, threshold, pods, state }) => {
    const shares = pods.map((pod) => ({ ...pod, usage: pod.usage }));
    const ratio = usage === undefined ? undefined : sharePoolUsage(cpus, usage, shares);
    expect(nodeState(ratio, threshold)).toBe(state);
  });
});

describe("static burst", () => {
  const auto = { ...DEFAULT_STRATEGY, policy: "auto" };

  it("is the limit times the percentage, for 100 ms", () => {
    expect(staticBurstUs(1000, auto)).toBe(1_000_000);
    expect(staticBurstUs(500, { ...auto, cpuBurstPercent: 100 })).toBe(50_000);
  });

  it("is computed in doubles and cut: 290m at 100 % gives 28999 us", () => {
    // 0.29 x 1 x 100000 = 28999.999999999996
    expect(staticBurstUs(290, { ...auto, cpuBurstPercent: 100 })).toBe(28_999);
  });

  it("is 0 without a limit and where the policy does not set it", () => {
    expect(staticBurstUs(0, auto)).toBe(0);
    expect(staticBurstUs(1000, { ...auto, policy: "cfsQuotaBurstOnly" })).toBe(0);
    expect(staticBurstUs(1000, { ...auto, policy: "none" })).toBe(0);
  });
});

describe("pod selection", () => {
  it.each([
    ["LS", true],
    ["SYSTEM", true],
    ["LSE", false],
    ["LSR", false],
    ["BE", false],
    ["ls", true],
  ])("of the class %s: treated is %s", (qosClass, isTreated) => {
    expect(isBurstable(koordinatorQos({ "koordinator.sh/qosClass": qosClass }))).toBe(isTreated);
  });

  it("treats pods without the label", () => {
    expect(isBurstable(koordinatorQos({}))).toBe(true);
  });
});

describe("metrics", () => {
  it("counts throttled periods among the periods since the previous reading; none without periods", () => {
    expect(throttledRatio({ nrPeriods: 10, nrThrottled: 3 }, { nrPeriods: 20, nrThrottled: 8 })).toBe(0.5);
    expect(throttledRatio({ nrPeriods: 10, nrThrottled: 3 }, { nrPeriods: 10, nrThrottled: 3 })).toBe(0);
  });

  it("averages the samples of a window that includes both ends", () => {
    const samples = new Samples(5);
    for (const [at, value] of [
      [0, 100],
      [1, 1],
      [3, 2],
      [6, 6],
    ]) {
      samples.add(at, value);
    }
    // At 6 the window of 5 begins at 1: (1 + 2 + 6) / 3.
    expect(samples.average(6, 5)).toBe(3);
    expect(samples.average(12, 5)).toBeUndefined();
  });

  it("gives the latest sample only while it is young enough", () => {
    const samples = new Samples(2);
    samples.add(1, 7);
    expect(samples.last(3, 2)).toBe(7);
    expect(samples.last(4, 2)).toBeUndefined();
  });
});
