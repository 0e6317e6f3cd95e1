import { describe, expect, it } from "vitest";
import { Simulation } from "../../engine/index.ts";
import { NS_PER_MS as MS, NS_PER_SECOND as SECOND, NS_PER_US as US } from "../../engine/time.ts";
import { CounterTable } from "../../engine/results/counters.ts";
import { Cgroup } from "../cfs/cgroup.ts";
import type { KernelConfig } from "../cfs/kernel.ts";
import { NodeScheduler } from "../cfs/scheduler.ts";
import { DEFAULT_STRATEGY, type BurstStrategy } from "./config.ts";
import { CpuBurst, type ManagedPod, type RefusedWrite } from "./strategy.ts";

interface WorldOptions {
  cpus?: number;
  kernel?: Partial<KernelConfig>;
  strategy?: Partial<BurstStrategy>;
}

/** A node with koordlet on it, whose loops run at 0 s, 1 s, 2 s ... */
class World {
  readonly sim = new Simulation({ seed: 1 });
  readonly strategy: BurstStrategy;
  readonly pods: ManagedPod[] = [];
  readonly refused: RefusedWrite[] = [];
  readonly koordlet: CpuBurst;
  readonly #root: Cgroup;
  readonly #period = 100 * MS;

  constructor({ cpus = 4, kernel, strategy }: WorldOptions = {}) {
    const full: KernelConfig = {
      version: "6.12",
      hz: 250,
      cgroup: "v2",
      flavor: "upstream",
      bandwidthSlice: 5 * MS,
      phases: "zero",
      ...kernel,
    };
    const scheduler = new NodeScheduler(this.sim, full, cpus, this.sim.random("node"));
    this.#root = Cgroup.root(scheduler, full.cgroup);
    this.strategy = { ...DEFAULT_STRATEGY, policy: "auto", ...strategy };
    this.koordlet = new CpuBurst({
      simulation: this.sim,
      scheduler,
      kernel: full,
      stream: "node",
      strategy: () => this.strategy,
      pods: () => this.pods,
      onRefused: (refused) => this.refused.push(refused),
    });
    this.koordlet.start();
  }

  /** A pod of one container with that limit and as many always-running threads. */
  pod(name: string, limitMilli: number, hogs: number, given: Partial<ManagedPod> = {}): ManagedPod {
    const random = this.sim.random(`pod/${name}`);
    const quota = limitMilli > 0 ? (limitMilli * this.#period) / 1000 : Infinity;
    const settings = { shares: 1024, bandwidth: { quota, period: this.#period, burst: 0 } };
    const pod = this.#root.settledChild(name, random, settings);
    const app = pod.settledChild("app", random, settings);
    const resources = { requests: { cpu: limitMilli }, limits: limitMilli > 0 ? { cpu: limitMilli } : {} };
    const managed: ManagedPod = {
      name,
      stream: name,
      labels: {},
      annotations: {},
      spec: {
        containers: [{ name: "app", resources }],
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        tolerations: [],
      },
      isActive: true,
      pod,
      containers: new Map([["app", app]]),
      ...given,
    };
    for (let i = 0; i < hogs; i++) {
      const thread = app.createThread({ workDone: () => 0 });
      this.sim.scheduleAt(0, () => thread.start(1e15), undefined);
    }
    this.pods.push(managed);
    return managed;
  }

  /** The container's and the pod's quota in us after each of the passes at `from`, `from + 1` ... seconds. */
  quotas(pod: ManagedPod, from: number, to: number): Array<[number, number]> {
    const seen: Array<[number, number]> = [];
    for (let second = from; second <= to; second++) {
      this.sim.runUntil(second * SECOND + 1);
      const app = pod.containers.get("app") as Cgroup;
      seen.push([app.settings.bandwidth.quota / US, pod.pod.settings.bandwidth.quota / US]);
    }
    return seen;
  }
}

const own = (quota: number): [number, number] => [quota, quota];

describe("quota scaling of a throttled pod", () => {
  it("waits for two collections, then takes one step a second up to the ceiling, the pod with its container", () => {
    const world = new World({ strategy: { policy: "cfsQuotaBurstOnly" } });
    const pod = world.pod("web", 500, 2);
    // 50000 x 1.2 = 60000, 72000, 86400, 103680, 124416, 149299.2, then the ceiling of 300 %.
    expect(world.quotas(pod, 0, 8)).toEqual(
      [50_000, 60_000, 72_000, 86_400, 103_680, 124_416, 149_299, 150_000, 150_000].map(own),
    );
  });

  it("stops at the quota at which nothing is throttled any more, and keeps it", () => {
    const world = new World({ strategy: { policy: "cfsQuotaBurstOnly" } });
    // One thread needs 100 ms in a period of 100 ms: 103680 us are enough.
    const pod = world.pod("web", 500, 1);
    expect(world.quotas(pod, 4, 8)).toEqual([103_680, 103_680, 103_680, 103_680, 103_680].map(own));
  });

  it("steps down to the limit while the node is overloaded, though the container is throttled", () => {
    const world = new World({ strategy: { policy: "cfsQuotaBurstOnly" } });
    const pod = world.pod("web", 500, 2);
    // 1.5 of 4 CPUs are used at the ceiling: 37.5 %, idle with a threshold of 50 %, overload with one of 20 %.
    expect(world.quotas(pod, 8, 8)).toEqual([own(150_000)]);
    world.strategy.sharePoolThresholdPercent = 20;
    expect(world.quotas(pod, 9, 13)).toEqual([120_000, 96_000, 76_800, 61_440, 50_000].map(own));
  });

  it("holds its quota while the node cools", () => {
    const world = new World({ strategy: { policy: "cfsQuotaBurstOnly", sharePoolThresholdPercent: 25 } });
    const pod = world.pod("web", 500, 2);
    // The mean usage of the last five seconds passes 0.9 x 25 % of 4 CPUs = 0.9 CPUs, and at 1 CPU is taken back: so the
    // quota swings around 100000 us instead of going on to the ceiling.
    const quotas = world.quotas(pod, 4, 40).map(([container]) => container);
    expect(Math.max(...quotas)).toBeLessThan(150_000);
    expect(new Set(quotas.slice(-20)).size).toBeGreaterThan(1);
  });

  it("leaves batch pods and inactive pods alone", () => {
    const world = new World({ strategy: { policy: "cfsQuotaBurstOnly" } });
    const batch = world.pod("batch", 500, 1, { labels: { "koordinator.sh/qosClass": "BE" } });
    const done = world.pod("done", 500, 1, { isActive: false });
    world.sim.runUntil(5 * SECOND);
    for (const pod of [batch, done]) expect(pod.pod.settings.bandwidth.quota).toBe(50 * MS);
  });

  it("goes back to the limit at once when the policy is turned off", () => {
    const world = new World({ strategy: { policy: "cfsQuotaBurstOnly" } });
    const pod = world.pod("web", 500, 2);
    world.sim.runUntil(4 * SECOND + 1);
    world.strategy.policy = "none";
    expect(world.quotas(pod, 5, 5)).toEqual([own(50_000)]);
  });

  it("ends with the tokens: a bucket of 200 holds a container at its ceiling for a second or two", () => {
    const world = new World({ strategy: { policy: "cfsQuotaBurstOnly", cfsQuotaBurstPeriodSeconds: 1 } });
    const pod = world.pod("web", 500, 2);
    const quotas = world.quotas(pod, 0, 12).map(([container]) => container);
    // It never saves: its usage does not fall below its limit. So tokens only fall, and the quota ends at the limit.
    expect(quotas.at(-1)).toBe(50_000);
    expect(Math.max(...quotas)).toBeLessThan(150_000);
  });
});

describe("static burst", () => {
  it("of more than 100 % is refused by an upstream kernel at every pass, for container and pod, and changes nothing", () => {
    const world = new World({ strategy: { policy: "cpuBurstOnly" } });
    const pod = world.pod("web", 500, 1);
    world.sim.runUntil(3 * SECOND);
    expect(pod.pod.settings.bandwidth.burst).toBe(0);
    const shown = world.refused.map(({ container, file, value, isKernel }) => [container, file, value, isKernel]);
    const pass = [
      ["app", "cpu.max.burst", 500_000, true],
      [undefined, "cpu.max.burst", 500_000, true],
    ];
    expect(shown).toEqual([...pass, ...pass, ...pass]);
  });

  it("of 1000 % is taken by Alibaba's kernel, under the name that the cgroup version has for it", () => {
    const world = new World({ strategy: { policy: "cpuBurstOnly" }, kernel: { flavor: "alibaba", cgroup: "v1" } });
    const pod = world.pod("web", 500, 1);
    world.sim.runUntil(3 * SECOND);
    expect(world.refused).toEqual([]);
    expect(pod.pod.settings.bandwidth.burst).toBe(500 * MS);
    expect(pod.containers.get("app")?.settings.bandwidth.burst).toBe(500 * MS);
  });

  it("of 100 % is written once: later passes do not refill the pool", () => {
    const world = new World({ strategy: { policy: "cpuBurstOnly", cpuBurstPercent: 100 } });
    const pod = world.pod("web", 500, 1);
    world.sim.runUntil(130 * SECOND);
    expect(world.refused).toEqual([]);
    const app = pod.containers.get("app") as Cgroup;
    // Quota 50 ms for 1300 periods, the pool as it was at 0 and what the one write and the burst add: at most 4 quotas.
    const used = app.usage;
    expect(used).toBeGreaterThanOrEqual(1300 * 50 * MS);
    expect(used).toBeLessThanOrEqual(1304 * 50 * MS);
  });

  it("above what koordlet writes to cpu.cfs_burst_us is refused by koordlet itself", () => {
    // 11 CPUs x 10000 % x 100 ms = 110 s, above 100 s.
    const world = new World({
      cpus: 16,
      strategy: { policy: "cpuBurstOnly", cpuBurstPercent: 10_000 },
      kernel: { flavor: "alibaba", cgroup: "v1" },
    });
    world.pod("web", 11_000, 0);
    world.sim.runUntil(SECOND);
    expect(world.refused.map(({ isKernel, value }) => [isKernel, value])).toEqual([
      [false, 110_000_000],
      [false, 110_000_000],
    ]);
  });

  it("of 200 % is taken by an upstream kernel once the quota has doubled, and then keeps the quota from coming down", () => {
    const world = new World({ strategy: { cpuBurstPercent: 200 } });
    const pod = world.pod("web", 500, 2);
    // 103680 us at 4 s is the first quota above the burst of 100000 us; each pass sets bursts before quotas.
    world.sim.runUntil(4 * SECOND + 1);
    expect(pod.pod.settings.bandwidth.burst).toBe(0);
    world.sim.runUntil(5 * SECOND + 1);
    expect(pod.pod.settings.bandwidth.burst).toBe(100 * MS);
    world.sim.runUntil(8 * SECOND);
    world.refused.length = 0;
    world.strategy.sharePoolThresholdPercent = 0;
    world.sim.runUntil(12 * SECOND);
    // 150000, 120000; 96000 would be below the burst.
    expect(pod.containers.get("app")?.settings.bandwidth.quota).toBe(120 * MS);
    expect(world.refused.map(({ container, file, value }) => [container, file, value])).toContainEqual([
      "app",
      "cpu.max",
      96_000,
    ]);
  });
});

describe("koordlet's gauges", () => {
  it("are the values that it set last", () => {
    const world = new World({ kernel: { flavor: "alibaba" } });
    world.pod("web", 500, 2);
    world.sim.runUntil(10 * SECOND);
    const counters = new CounterTable();
    world.koordlet.reportCounters(counters, "worker");
    expect(counters.entries.map(({ object, counter, value }) => [object, counter, value])).toEqual([
      ["cgroup/web/app", "container_scaled_cfs_burst_us", 500_000],
      ["cgroup/web/app", "container_scaled_cfs_quota_us", 150_000],
      ["cgroup/web/app", "sim_cfs_quota_scale_ups", 7],
      ["cgroup/web/app", "sim_cfs_quota_scale_downs", 0],
      ["node/worker", "sim_koordlet_refused_writes", 0],
    ]);
  });
});
