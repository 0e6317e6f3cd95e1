import { describe, expect, it } from "vitest";
import { NS_PER_MS as MS, NS_PER_SECOND as SECOND } from "../../engine/time.ts";
import type { TrafficEntry } from "./schema.ts";
import type { RequestLog } from "./source.ts";
import { fixed, world } from "./testing/world.ts";

/** Mean wait in the queue in units of the mean service time, by replication. */
function meanWaits(load: number, threads: number, cpu: TrafficEntry["cpu"], replications: number): number[] {
  const meanNs = 10 * MS;
  const customers = 12_000;
  const count = Math.round((load * threads * SECOND) / meanNs);
  return Array.from({ length: replications }, (_, replication) => {
    let [sum, completed] = [0, 0];
    const log: RequestLog = {
      offered: () => {},
      completed: (arrivedAt, at) => {
        completed++;
        sum += at - arrivedAt;
      },
      failed: () => {},
    };
    const arrivals = { type: "poisson", rate: { count, per: SECOND } } as const;
    const { simulation } = world({ arrivals, cpu }, { threads, log, replication });
    simulation.runUntil(Math.round((customers / count) * SECOND));
    return sum / completed / meanNs - 1;
  });
}

/** The mean of the replications lies within 4 standard errors of theory, and these errors are small. */
function expectMean(values: number[], theory: number): void {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / (values.length - 1);
  const error = Math.sqrt(variance / values.length);
  expect(error / theory).toBeLessThan(0.03);
  expect(Math.abs(mean - theory)).toBeLessThan(4 * error);
}

describe("queues that theory knows", () => {
  const exponential = { type: "exponential", mean: 10 * MS } as const;

  it("M/M/1 at a load of 0.7 waits 0.7 / 0.3 service times", () => {
    expectMean(meanWaits(0.7, 1, exponential, 16), 0.7 / 0.3);
  });

  it("M/D/1 at a load of 0.7 waits half of that", () => {
    expectMean(meanWaits(0.7, 1, fixed(10 * MS), 16), 0.7 / 0.6);
  });

  it("M/M/4 at a load of 0.8 waits 0.7455 service times", () => {
    // Erlang C for 3.2 erlang and 4 servers: 0.5964; divided by 4 (1 - 0.8)
    expectMean(meanWaits(0.8, 4, exponential, 16), 0.7455);
  });
});
