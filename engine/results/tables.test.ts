import { describe, expect, it } from "vitest";
import { Recorder } from "../statistics/recorder.ts";
import { NS_PER_MS, NS_PER_SECOND } from "../time.ts";
import { CounterTable } from "./counters.ts";
import { csvChunks, type Table } from "./csv.ts";
import { EventLog } from "./event-log.ts";
import { ResourceTable } from "./resource-table.ts";
import { summaryRows, summaryTable, summaryValue } from "./summary.ts";
import { countersTable, eventsTable, latencyTable, resourcesTable, throughputTable } from "./tables.ts";

const S = NS_PER_SECOND;
const MS = NS_PER_MS;

function lines(table: Table): string[] {
  return [...csvChunks(table, "default")].join("").split("\n").slice(0, -1);
}

/** 2.5 s in windows of 1 s, 1 s of warm-up: four requests to web, none to idle, a flow called copy. */
function threeSources(): Recorder {
  const recorder = new Recorder({ durationNs: 2.5 * S, warmupNs: S, windowNs: S });
  const web = recorder.source("web");
  recorder.source("idle");
  const copy = recorder.source("copy", { bytes: true });
  web.offered(0.2 * S);
  web.completed(0.2 * S, 0.3 * S); // in the warm-up: 100 ms
  web.offered(0.9 * S);
  web.completed(0.9 * S, 1.4 * S); // arrived in the warm-up: in the windowed files alone
  web.offered(1.1 * S);
  web.completed(1.1 * S, 1.15 * S); // 50 ms
  web.offered(1.8 * S);
  web.completed(1.8 * S, 2.1 * S + 1); // 300.000001 ms
  web.offered(2 * S);
  web.failed(2 * S, 2.2 * S);
  web.offered(2.4 * S); // in flight at the end
  copy.offered(0);
  copy.received(0.5 * S, 1_000);
  copy.received(2.4 * S, 700);
  return recorder;
}

describe("throughput.csv", () => {
  it("has a row for every window, the short last one divided by its own length", () => {
    // The last window lasts 0.5 s: 2 offered are 4 a second, 1 completed 2, 1 failed 2, 700 bytes 1400.
    expect(lines(throughputTable(threeSources()))).toEqual([
      "time_s,web_offered_per_s,web_completed_per_s,web_failed_per_s," +
        "idle_offered_per_s,idle_completed_per_s,idle_failed_per_s," +
        "copy_offered_per_s,copy_completed_per_s,copy_failed_per_s,copy_bytes_per_s",
      "0,2,1,0,0,0,0,1,0,0,1000",
      "1,2,2,0,0,0,0,0,0,0,0",
      "2,4,2,2,0,0,0,0,0,0,1400",
    ]);
  });

  it("names windows by their start in seconds", () => {
    const recorder = new Recorder({ durationNs: S, warmupNs: 0, windowNs: 0.3 * S });
    expect(lines(throughputTable(recorder))).toEqual(["time_s", "0", "0.3", "0.6", "0.9"]);
  });
});

describe("latency.csv", () => {
  it("has the percentiles of what completed in each window, and empty cells where nothing did", () => {
    // Window 1 completes 500 ms and 50 ms: p50 has rank ceil(2 x 0.5) = 1, p90 rank 2.
    expect(lines(latencyTable(threeSources()))).toEqual([
      "time_s,web_p50_ms,web_p90_ms,web_p99_ms,web_max_ms," +
        "idle_p50_ms,idle_p90_ms,idle_p99_ms,idle_max_ms,copy_p50_ms,copy_p90_ms,copy_p99_ms,copy_max_ms",
      "0,100,100,100,100,,,,,,,,",
      "1,50,500,500,500,,,,,,,,",
      "2,300.000001,300.000001,300.000001,300.000001,,,,,,,,",
    ]);
  });
});

describe("summary.csv", () => {
  it("takes requests by their arrival after warm-up, and divides by the time after warm-up", () => {
    // web: 4 arrive in [1 s, 2.5 s); 2 complete in 1.5 s: 1.333333 a second. Latencies 50 and 300.000001 ms: mean
    // 175.0000005 -> 175 (half to even: 175000000.5 ns to 175000000), deviation 125000000.5 ns -> 125000000.
    // copy: its one item arrived in the warm-up, 700 bytes after it: 466.666667 a second.
    expect(lines(summaryTable(summaryRows(threeSources())))).toEqual([
      "source,offered,completed,failed,in_flight,throughput_per_s,bytes_per_s," +
        "mean_ms,stddev_ms,min_ms,p50_ms,p90_ms,p95_ms,p99_ms,p999_ms,max_ms",
      "web,4,2,1,1,1.333333,,175,125,50,50,300.000001,300.000001,300.000001,,300.000001",
      "idle,0,0,0,0,0,,,,,,,,,,",
      "copy,0,0,0,0,0,466.666667,,,,,,,,,",
    ]);
  });

  it("gives its cells as numbers, and none for an empty one", () => {
    const [web] = summaryRows(threeSources());
    expect([summaryValue(web, "max_ms"), summaryValue(web, "failed"), summaryValue(web, "p999_ms")]).toEqual([
      300.000001,
      1,
      null,
    ]);
  });
});

describe("events.csv", () => {
  it("has events in the order in which they happened, times to the nanosecond", () => {
    const events = new EventLog();
    events.add(0, "", "pod/web-0", "Scheduled", "Successfully assigned default/web-0 to worker");
    events.add(5 * MS + 1, "worker", "pod/web-0", "Failed", '=HYPERLINK("x"), twice');
    expect(lines(eventsTable(events))).toEqual([
      "time_s,node,object,reason,message",
      "0,,pod/web-0,Scheduled,Successfully assigned default/web-0 to worker",
      '0.005000001,worker,pod/web-0,Failed,"\'=HYPERLINK(""x""), twice"',
    ]);
  });
});

describe("counters.csv", () => {
  it("adds up equal names, keeps the order of the first, and writes zeros", () => {
    const counters = new CounterTable();
    counters.add("cgroup/web-0", "nr_periods", 3);
    counters.add("cgroup/web-0/app", "nr_periods", 0);
    counters.add("cgroup/web-0", "nr_throttled", 1);
    counters.add("cgroup/web-0", "nr_periods", 4);
    expect(lines(countersTable(counters))).toEqual([
      "object,counter,value",
      "cgroup/web-0,nr_periods,7",
      "cgroup/web-0/app,nr_periods,0",
      "cgroup/web-0,nr_throttled,1",
    ]);
    expect(() => counters.add("cgroup/web-0", "usage_usec", 0.5)).toThrow("0.5 is no whole number");
  });
});

describe("resources.csv", () => {
  it("has what every node has left at each window's start, empty cells for a node that is not there", () => {
    const { windows } = new Recorder({ durationNs: 2 * S, warmupNs: 0, windowNs: S });
    const resources = new ResourceTable(windows, ["a", "b"]);
    const left = { memoryAvailableBytes: 4096, nodefsAvailableBytes: 10, imagefsAvailableBytes: 20, pids: 3 };
    resources.set(0, "a", left);
    resources.set(1, "b", { ...left, memoryAvailableBytes: 0 });
    expect(lines(resourcesTable(resources))).toEqual([
      "time_s,a_memory_available_bytes,a_nodefs_available_bytes,a_imagefs_available_bytes,a_pids," +
        "b_memory_available_bytes,b_nodefs_available_bytes,b_imagefs_available_bytes,b_pids",
      "0,4096,10,20,3,,,,",
      "1,,,,,0,10,20,3",
    ]);
    expect(() => resources.set(0, "c", left)).toThrow("no node c");
    expect(() => resources.set(2, "a", left)).toThrow("no window 2");
  });
});
