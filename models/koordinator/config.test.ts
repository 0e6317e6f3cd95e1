import { describe, expect, it } from "vitest";
import { DEFAULT_STRATEGY, parsePodConfig, podConfig, strategyOf, type CpuBurstSection } from "./config.ts";
import { koordinatorSchema } from "./schema.ts";
import { strategyConflicts } from "./validate.ts";

const section = (value: unknown): CpuBurstSection =>
  koordinatorSchema.parse({ "cpu-burst-config": value })["cpu-burst-config"];

const messages = (value: unknown): string[] => {
  const result = koordinatorSchema.safeParse({ "cpu-burst-config": value });
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.slice(1).join(".")}: ${message}`);
};

describe("the strategy of a node", () => {
  const config = section({
    clusterStrategy: { policy: "auto", cpuBurstPercent: 200 },
    nodeStrategies: [
      { nodeSelector: { matchLabels: { pool: "batch" } }, policy: "none" },
      {
        nodeSelector: { matchExpressions: [{ key: "disk", operator: "NotIn", values: ["hdd"] }] },
        sharePoolThresholdPercent: 70,
      },
    ],
  });

  it("is the default where nothing is given: no burst at all", () => {
    expect(strategyOf(section({}), {})).toEqual({
      policy: "none",
      cpuBurstPercent: 1000,
      cfsQuotaBurstPercent: 300,
      cfsQuotaBurstPeriodSeconds: -1,
      sharePoolThresholdPercent: 50,
    });
  });

  it("is the first node strategy that selects the node, over the cluster's, over the defaults", () => {
    expect(strategyOf(config, { pool: "batch" })).toEqual({
      ...DEFAULT_STRATEGY,
      policy: "none",
      cpuBurstPercent: 200,
    });
    expect(strategyOf(config, { disk: "ssd" })).toEqual({
      ...DEFAULT_STRATEGY,
      policy: "auto",
      cpuBurstPercent: 200,
      sharePoolThresholdPercent: 70,
    });
    expect(strategyOf(config, { disk: "hdd" }).sharePoolThresholdPercent).toBe(50);
  });

  it("must be one: two strategies for one node are refused", () => {
    const both = { name: "worker", labels: { pool: "batch" } };
    expect(strategyConflicts({ "cpu-burst-config": config }, [both])).toEqual([
      {
        path: ["koordinator", "cpu-burst-config", "nodeStrategies", 1, "nodeSelector"],
        message: "selects node worker, which nodeStrategies[0] selects too; allowed: one strategy for a node",
      },
    ]);
    expect(strategyConflicts({ "cpu-burst-config": config }, [{ name: "other", labels: {} }])).toEqual([]);
  });
});

describe("the ConfigMap key cpu-burst-config", () => {
  it("refuses what the webhook refuses", () => {
    expect(messages({ clusterStrategy: { cpuBurstPercent: 0 } })).toHaveLength(1);
    expect(messages({ clusterStrategy: { cpuBurstPercent: 10_001 } })).toHaveLength(1);
    expect(messages({ clusterStrategy: { cfsQuotaBurstPercent: 99 } })).toHaveLength(1);
    expect(messages({ clusterStrategy: { cfsQuotaBurstPeriodSeconds: -2 } })).toHaveLength(1);
    expect(messages({ clusterStrategy: { sharePoolThresholdPercent: 101 } })).toHaveLength(1);
    expect(messages({ nodeStrategies: [{ nodeSelector: {} }] })).toEqual([
      "nodeStrategies.0.nodeSelector: an empty selector; allowed: at least one label or expression",
    ]);
  });

  it("takes the ends of all ranges", () => {
    for (const strategy of [
      { cpuBurstPercent: 1, cfsQuotaBurstPercent: 100, cfsQuotaBurstPeriodSeconds: -1, sharePoolThresholdPercent: 0 },
      { cpuBurstPercent: 10_000, cfsQuotaBurstPeriodSeconds: 0, sharePoolThresholdPercent: 100 },
    ]) {
      expect(messages({ clusterStrategy: strategy })).toEqual([]);
    }
  });

  it("refuses unknown policies and fields", () => {
    expect(messages({ clusterStrategy: { policy: "burst" } })).toHaveLength(1);
    expect(messages({ clusterStrategy: { cpuBurstPercentage: 100 } })).toHaveLength(1);
  });
});

describe("the pod's annotation", () => {
  const node = { ...DEFAULT_STRATEGY, policy: "auto" };
  const pod = (text: string) => podConfig({ "koordinator.sh/cpuBurst": text }, node);

  it("lays the fields that it has over the node's", () => {
    expect(pod('{"policy": "cpuBurstOnly", "cpuBurstPercent": 100}')).toMatchObject({
      policy: "cpuBurstOnly",
      cpuBurstPercent: 100,
      cfsQuotaBurstPercent: 300,
      cfsQuotaBurstPeriodSeconds: -1,
    });
  });

  it.each([["{"], ['"auto"'], ["[]"], ['{"cpuBurstPercent": "100"}'], ['{"cpuBurstPercent": 1.5}'], ['{"policy": 1}']])(
    "that does not parse counts as none: %s",
    (text) => {
      expect(pod(text)).toEqual(node);
    },
  );

  it("is read as Go reads JSON: names in any case, unknown ones ignored, null and an empty policy as if absent", () => {
    expect(
      parsePodConfig('{"CPUBurstPercent": 5, "colour": "red", "cfsQuotaBurstPercent": null, "policy": ""}'),
    ).toEqual({
      cpuBurstPercent: 5,
    });
    expect(parsePodConfig("null")).toEqual({});
  });

  it("is not held to the webhook's ranges", () => {
    expect(pod('{"cfsQuotaBurstPercent": 50}').cfsQuotaBurstPercent).toBe(50);
  });
});
