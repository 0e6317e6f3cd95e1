import { describe, expect, it } from "vitest";
import { play } from "./testing/play.ts";

function web(strategy: string, rest = ""): string {
  return `koordinator:
  cpu-burst-config: {clusterStrategy: ${strategy}}
workloads:
  - name: web
    spec: {containers: [{name: app, resources: {requests: {cpu: 500m}, limits: {cpu: "1"}}}]}
    behavior: {app: {threads: 4}}
${rest}`;
}

function gauge(run: ReturnType<typeof play>, object: string, counter: string): number | undefined {
  run.finish();
  return run.outputs.counters.entries.find((entry) => entry.object === object && entry.counter === counter)?.value;
}

describe("a scenario with a koordinator section", () => {
  it("sets the kernel's burst of every pod at the koordlet's first pass", () => {
    // 100 % of a limit of one CPU is one quota of 100 ms.
    const run = play(web("{policy: cpuBurstOnly, cpuBurstPercent: 100}")).until(2);
    expect(gauge(run, "cgroup/web-0/app", "container_scaled_cfs_burst_us")).toBe(100_000);
  });

  it("raises the quota of a throttled container while the node has room", () => {
    const traffic = "traffic: [{name: users, to: web, arrivals: {type: closed, users: 4, think: 0s}, cpu: 1s}]\n";
    const run = play(web("{policy: cfsQuotaBurstOnly, cfsQuotaBurstPercent: 200}", traffic)).until(30);
    expect(gauge(run, "cgroup/web-0/app", "sim_cfs_quota_scale_ups")).toBeGreaterThan(0);
  });

  it("cares for pods that come later, under their own cgroups", () => {
    const timeline = "timeline: [{at: 10s, action: deletePod, pod: web-0}]\n";
    const run = play(web("{policy: cpuBurstOnly, cpuBurstPercent: 100}", timeline)).until(60);
    expect(gauge(run, "cgroup/web-1/app", "container_scaled_cfs_burst_us")).toBe(100_000);
  });

  it("reports what the kernel refuses once, although the koordlet tries again", () => {
    // A burst above the quota is refused by upstream kernels.
    const run = play(web("{policy: cpuBurstOnly, cpuBurstPercent: 1000}")).until(30);
    expect(run.message("pod/web-0", "CgroupWriteRefused")).toMatch(
      /write of 1000000 to cpu\.max\.burst in cgroup web-0\/app: EINVAL/,
    );
    expect(run.times("pod/web-0", "CgroupWriteRefused").length).toBeLessThanOrEqual(2);
  });
});
