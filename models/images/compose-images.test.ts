import { describe, expect, it } from "vitest";
import { play, summaryOf } from "../testing/play.ts";

/** One node, with all its phases 0 and these fields beside. */
function node(fields: string, name = "worker"): string {
  return `{name: ${name}, stream: node, capacity: {cpu: 4, memory: 16Gi}, kernel: {phases: zero}, ${fields}}`;
}

/** One pod of one container. */
function pod(name: string, image: string, more = "", on = "worker"): string {
  return `{name: ${name}, kind: Pod, node: ${on}, spec: {containers: [{name: app, image: "${image}"${more}}]}}`;
}

function sections(nodes: readonly string[], workloads: readonly string[], rest: string): string {
  return `nodes: [${nodes.join(", ")}]\nworkloads: [${workloads.join(", ")}]\n${rest}`;
}

/** A figure of a source's summary. */
function cells(world: ReturnType<typeof play>, source = "pull"): Record<string, unknown> {
  return summaryOf(world, source)?.cells as unknown as Record<string, unknown>;
}

/** The counters of a world that is done, by name. */
function countersOf(world: ReturnType<typeof play>): Record<string, number> {
  world.finish();
  return Object.fromEntries(world.outputs.counters.entries.map(({ counter, value }) => [counter, value]));
}

const PULL_CALLS = 'kubelet_runtime_operations_total{operation_type="pull_image"}';
const COLLECTED_BY_AGE = 'kubelet_image_garbage_collected_total{reason="age"}';
const COLLECTED_FOR_SPACE = 'kubelet_image_garbage_collected_total{reason="space"}';

const KNOWN =
  'images: [{name: "a:1", pullDuration: 8s}, {name: "b:1", pullDuration: 4s}, {name: "c:1", pullDuration: 2s}]';

describe("a node's pods", () => {
  const pods = [pod("a", "a:1"), pod("b", "b:1"), pod("c", "c:1")];
  const started = (kubelet: string): number[] => {
    const world = play(sections([node(`kubelet: {${kubelet}}`)], pods, KNOWN)).until(60);
    return ["a", "b", "c"].flatMap((name) => world.times(`pod/${name}`, "Started"));
  };

  it("get their images one after the other by default", () => {
    expect(started("")).toEqual([8, 12, 14]);
  });

  it("get them side by side, as many as may be pulled at a time", () => {
    // b ends at 4, then c takes its place.
    expect(started("maxParallelImagePulls: 2")).toEqual([8, 4, 6]);
    expect(started("serializeImagePulls: false")).toEqual([8, 4, 2]);
  });

  it("that ask for one image do not share a pull: the second of two resolves its name alone", () => {
    const rest = 'images: [{name: "docker.io/library/a:1", pullDuration: 8s}]\nregistry: {resolve: 500ms}';
    const world = play(sections([node("")], [pod("first", "a:1"), pod("second", "a:1")], rest)).until(60);
    expect(world.times("pod/second", "Started")).toEqual([8.5]);
    expect(cells(world)).toMatchObject({ offered: "2", completed: "2", mean_ms: "8250" });
  });

  it("start at once where their image is on the node, though not with the policy Always", () => {
    const rest = 'images: [{name: "a:1", pullDuration: 8s, present: [worker]}]\nregistry: {resolve: 1s}';
    const pods = [pod("there", "a:1"), pod("always", "a:1", ", imagePullPolicy: Always")];
    const world = play(sections([node("")], pods, rest)).until(60);
    expect(world.times("pod/there", "Started")).toEqual([0]);
    expect(world.message("pod/there", "Pulled")).toContain("already present");
    expect(world.times("pod/always", "Started")).toEqual([1]);
  });

  it("with the policy Never stay without an image that is not there, and the source pull knows nothing of them", () => {
    const world = play(sections([node("")], [pod("a", "a:1", ", imagePullPolicy: Never")], KNOWN)).until(60);
    expect(world.events("pod/a")[1]).toBe("0 ErrImageNeverPull");
    expect(world.times("pod/a", "Started")).toEqual([]);
    expect(cells(world)).toMatchObject({ offered: "0", failed: "0" });
  });

  it("get the images of their volumes first, one after the other, and start nothing while one fails", () => {
    const volumes = '[{name: x, image: {reference: "b:1"}}, {name: y, image: {reference: "c:1", pullPolicy: Always}}]';
    const spec = `{volumes: ${volumes}, containers: [{name: app, image: "a:1"}]}`;
    const failing = KNOWN.replace("pullDuration: 2s", 'pullDuration: 2s, failures: [{attempt: 1, error: "404"}]');
    const world = play(sections([node("")], [`{name: p, kind: Pod, node: worker, spec: ${spec}}`], failing)).until(60);
    // b from 0 to 4, c fails at 6; the sync comes again at the tick after 16 and finds b there: c 17 to 19, a 19 to 27.
    expect(world.times("pod/p", "Pulling")).toEqual([0, 4, 17, 19]);
    expect(world.times("pod/p", "Started")).toEqual([27]);
  });

  it("get one image at a time, container by container, whatever the node allows", () => {
    const spec = `{initContainers: [{name: init, image: "c:1"}], containers: [{name: x, image: "b:1"}, {name: y, image: "a:1"}]}`;
    const workload = `{name: p, kind: Pod, node: worker, spec: ${spec}, behavior: {init: {exit: {after: 3s}}}}`;
    const rest = `${KNOWN}\nruntime: {sandbox: 1s, create: 100ms, start: 100ms}`;
    const world = play(sections([node("kubelet: {serializeImagePulls: false}")], [workload], rest)).until(60);
    // Sandbox 1, init pulled by 3, runs 3.2 to 6.2, seen by the relist at 7; then 4 + 0.2 and 8 + 0.2.
    expect(world.times("pod/p", "Pulling")).toEqual([1, 7, 11.2]);
    expect(world.times("pod/p", "Started")).toEqual([3.2, 11.2, 19.4]);
  });
});

describe("layers", () => {
  const layers = (...sizes: number[]) =>
    sizes.map((size, i) => `{digest: "x:${i}${size}", size: ${size}MB}`).join(", ");
  const rest = `images: [{name: "a:1", layers: [${layers(60)}]}, {name: "b:1", layers: [${layers(60, 30)}]}]`;

  it("come over one registry for all nodes, or over one of an entry's own", () => {
    const nodes = [node("", "x"), node("", "y"), node("registry: {}", "own")];
    const pods = ["x", "y", "own"].map((on) => pod(`on-${on}`, "a:1", "", on));
    const world = play(sections(nodes, pods, `${rest}\nregistry: {bandwidth: 80Mbit, latency: 1s}`)).until(60);
    // 10 MB/s: x and y get 5 each, 12 s after the latency; the third has 10 alone.
    expect(["x", "y", "own"].map((on) => world.times(`pod/on-${on}`, "Started"))).toEqual([[13], [13], [7]]);
    expect(cells(world)).toMatchObject({ completed: "3", bytes_per_s: "50000" });
    expect(cells(world, "pull_own")).toMatchObject({ completed: "1", min_ms: "7000" });
  });

  it("are held up by the node's link, and unpacked on its disk", () => {
    const fields = "nic: {bandwidth: 160Mbit}, disk: {nodefs: {write: 15MB/s}}";
    const world = play(sections([node(fields)], [pod("a", "a:1")], `${rest}\nruntime: {unpack: 100MB/s}`)).until(60);
    // 60 MB at 20 MB/s, then at 15 MB/s.
    expect(world.times("pod/a", "Started")).toEqual([7]);
    expect(countersOf(world)).toMatchObject({
      sim_image_fs_used_bytes: 120e6,
      sim_registry_link_busy_usec: 3e6,
      sim_unpack_busy_usec: 4e6,
    });
  });

  it("that an image on the node has already are not pulled again", () => {
    const shared = `images: [{name: "a:1", layers: [${layers(60)}], present: all}, {name: "b:1", layers: [${layers(60, 30)}]}]`;
    const world = play(sections([node("")], [pod("b", "b:1")], `${shared}\nregistry: {bandwidth: 80Mbit}`)).until(60);
    // 30 MB at 10 MB/s.
    expect(world.times("pod/b", "Started")).toEqual([3]);
  });

  it("come faster from the instant at which the registry does", () => {
    const timeline = "timeline: [{at: 2s, action: set, path: registry.bandwidth, value: 160Mbit}]";
    const text = sections([node("")], [pod("a", "a:1")], `${rest}\nregistry: {bandwidth: 80Mbit}\n${timeline}`);
    // 20 MB by then, 40 more at 20 MB/s.
    expect(play(text).until(60).times("pod/a", "Started")).toEqual([4]);
  });

  it("of a pull that an outage cut are asked for again, those that had arrived are not", () => {
    const timeline = "timeline: [{at: 8s, action: registryDown}, {at: 9s, action: registryUp}]";
    const text = sections([node("")], [pod("b", "b:1")], `${rest}\nregistry: {bandwidth: 80Mbit}\n${timeline}`);
    const world = play(text).until(60);
    // Both layers at 5 MB/s: the small one is there at 6, the other has 40 of 60 at 8. Back-off until 18, the sync's tick
    // at 19, then all 60 again.
    expect(world.events("pod/b")).toEqual([
      "0 Scheduled",
      "0 Pulling",
      "8 Failed",
      "19 Pulling",
      "25 Pulled",
      "25 Created",
      "25 Started",
    ]);
    expect(cells(world)).toMatchObject({ offered: "2", completed: "1", failed: "1", in_flight: "0" });
    expect(countersOf(world)).toMatchObject({ sim_image_downloaded_bytes: 90e6 });
  });
});

describe("an outage of the registry", () => {
  it("fails pulls of images that are there too, unless the policy lets them start without", () => {
    const rest =
      'images: [{name: "a:1", layers: [{digest: "x:1", size: 1MB}], present: all}]\nregistry: {resolve: 2s, latency: 1s}';
    const always = ", imagePullPolicy: Always";
    const timeline = "timeline: [{at: 1s, action: registryDown}, {at: 30s, action: registryUp, node: worker}]";
    const pods = [pod("present", "a:1"), pod("always", "a:1", always)];
    const world = play(sections([node("")], pods, `${rest}\n${timeline}`)).until(60);
    expect(world.times("pod/present", "Started")).toEqual([0]);
    // The name is being resolved when the registry goes down. The next attempt is at 13 and takes one latency to fail; the
    // sync at 25 meets the back-off of 20 s, that at 36 does not.
    expect(world.times("pod/always", "Failed")).toEqual([2, 14]);
    expect(world.times("pod/always", "Started")).toEqual([38]);
  });
});

describe("pulls that fail", () => {
  it("are one offered and one failed, those that the rate limit refuses too", () => {
    const kubelet = "kubelet: {serializeImagePulls: false, registryPullQPS: 1, registryBurst: 2}";
    const world = play(sections([node(kubelet)], [pod("a", "a:1"), pod("b", "b:1"), pod("c", "c:1")], KNOWN)).until(5);
    expect(world.message("pod/c", "Failed")).toBe('Failed to pull image "c:1": pull QPS exceeded');
    expect(cells(world)).toMatchObject({ offered: "3", completed: "1", failed: "1", in_flight: "1" });
    expect(countersOf(world)).toMatchObject({ sim_image_pull_qps_refusals: 1, [PULL_CALLS]: 2 });
  });

  it("fail by their number on each node, with their error and as late as they are told", () => {
    const failing =
      'images: [{name: "a:1", pullDuration: 8s, failures: [{attempt: 1, error: "404"}, {attempt: 2, error: "503", after: 1s}]}]';
    const world = play(
      sections([node("", "x"), node("", "y")], [pod("a", "a:1", "", "x"), pod("b", "a:1", "", "y")], failing),
    );
    world.until(120);
    // 8; window to 18, so 19; 20 and its window of 20 s: the sync at 31 meets it, that at 42 does not.
    for (const name of ["a", "b"]) {
      expect(world.times(`pod/${name}`, "Pulling")).toEqual([0, 19, 42]);
      expect(world.times(`pod/${name}`, "Failed")).toEqual([8, 20]);
      expect(world.times(`pod/${name}`, "BackOff")).toEqual([31]);
      expect(world.times(`pod/${name}`, "Started")).toEqual([50]);
    }
  });

  it("fail at random, alike on nodes with equal streams", () => {
    const failing = 'images: [{name: "a:1", pullDuration: 1s, failures: {type: bernoulli, p: 0.7}}]';
    const world = play(
      sections([node("", "x"), node("", "y")], [pod("a", "a:1", "", "x"), pod("b", "a:1", "", "y")], failing),
    );
    world.until(3000);
    expect(world.times("pod/a", "Failed").length).toBeGreaterThan(0);
    expect(world.times("pod/a", "Failed").length).toBe(world.times("pod/b", "Failed").length);
  });

  it("take equally long on nodes with equal streams where their length is drawn", () => {
    const drawn = 'images: [{name: "a:1", pullDuration: {type: exponential, mean: 10s}}]';
    const pods = ["x", "y", "z"].map((on) => pod(`on-${on}`, "a:1", "", on));
    const other = "{name: z, capacity: {cpu: 4, memory: 16Gi}}";
    const world = play(sections([node("", "x"), node("", "y"), other], pods, drawn)).until(600);
    const [x, y, z] = ["x", "y", "z"].map((on) => world.times(`pod/on-${on}`, "Started")[0]);
    expect(x).toBe(y);
    expect(z).not.toBe(x);
  });
});

describe("a kubelet that begins again", () => {
  it("loses its queue, its pulls and its back-offs, and asks anew", () => {
    const failing =
      'images: [{name: "a:1", pullDuration: 8s}, {name: "b:1", pullDuration: 4s, failures: [{attempt: 1, error: "404"}]}]';
    const timeline = "timeline: [{at: 10s, action: restartKubelet, node: worker}]";
    const pods = [pod("b", "b:1"), pod("a", "a:1")];
    const world = play(sections([node("")], pods, `${failing}\n${timeline}`)).until(60);
    // b fails at 4 and would wait until 14; a would have been there at 12.
    expect(world.times("pod/b", "Pulling")).toEqual([0, 10]);
    expect(world.times("pod/b", "Started")).toEqual([14]);
    expect(world.times("pod/a", "Pulling")).toEqual([0, 10]);
    expect(world.times("pod/a", "Started")).toEqual([22]);
    expect(cells(world)).toMatchObject({ offered: "4", completed: "2", failed: "2" });
  });
});

describe("a node that loses power", () => {
  it("loses its pulls, and keeps what has arrived", () => {
    const rest =
      'images: [{name: "a:1", layers: [{digest: "x:1", size: 10MB}, {digest: "x:2", size: 30MB}]}]\nregistry: {bandwidth: 80Mbit}';
    const timeline = "timeline: [{at: 3s, action: nodeDown, node: worker}, {at: 20s, action: nodeUp, node: worker}]";
    const world = play(sections([node("")], [pod("a", "a:1")], `${rest}\n${timeline}`)).until(60);
    // At 3 s the small layer is there (5 MB/s each, 2 s) and 20 MB of the other; after the boot 30 MB at 10 MB/s.
    expect(world.times("pod/a", "Started")).toEqual([23]);
    expect(cells(world)).toMatchObject({ offered: "2", completed: "1", failed: "1" });
  });

  it("has its images again after the boot", () => {
    const timeline = "timeline: [{at: 20s, action: nodeDown, node: worker}, {at: 30s, action: nodeUp, node: worker}]";
    const world = play(sections([node("")], [pod("a", "a:1")], `${KNOWN}\n${timeline}`)).until(60);
    expect(world.times("pod/a", "Started")).toEqual([8, 30]);
  });
});

describe("image collection", () => {
  const disk = "disk: {nodefs: {size: 100MB}}";
  /** Images of one layer each, which take their size twice: packed and unpacked. */
  const images = (sizes: Record<string, number>) =>
    `images: [${Object.entries(sizes)
      .map(([name, size]) => `{name: "${name}:1", layers: [{digest: "x:${name}", size: ${size}MB}], present: all}`)
      .join(", ")}]`;

  it("makes room once the high threshold is reached, and leaves what containers use", () => {
    const text = sections([node(disk)], [pod("used", "used:1")], images({ used: 21, old: 22 }));
    // 86 of 100 MB. The pass at 0 finds nothing old enough; that at 300 s frees 22 for a goal of 6.
    expect(countersOf(play(text).until(299))).toMatchObject({
      [COLLECTED_FOR_SPACE]: 0,
      sim_image_fs_used_bytes: 86e6,
    });
    const world = play(text).until(301);
    expect(countersOf(world)).toMatchObject({ [COLLECTED_FOR_SPACE]: 1, sim_image_fs_used_bytes: 42e6 });
    expect(world.events("node/worker")).toEqual(["0 FreeDiskSpaceFailed"]);
  });

  it("complains when it cannot free enough, and of its failure from the second one on", () => {
    const world = play(sections([node(disk)], [pod("used", "used:1")], images({ used: 45 }))).until(601);
    expect(world.events("node/worker")).toEqual([
      "0 FreeDiskSpaceFailed",
      "300 FreeDiskSpaceFailed",
      "300 ImageGCFailed",
      "600 FreeDiskSpaceFailed",
      "600 ImageGCFailed",
    ]);
  });

  it("removes what nobody has used for the maximum age", () => {
    const kubelet = "kubelet: {imageMaximumGCAge: 10m}";
    const text = sections([node(kubelet)], [pod("used", "used:1")], images({ used: 45, idle: 1, unused: 2 }));
    // Passes at 300 s and 600 s are not more than 10 min after the start.
    expect(countersOf(play(text).until(899))).toMatchObject({ [COLLECTED_BY_AGE]: 0 });
    expect(countersOf(play(text).until(901))).toMatchObject({ [COLLECTED_BY_AGE]: 2 });
  });

  it("counts what the node itself has on the disk", () => {
    const used = `${disk}, used: {nodefs: 44MB}`;
    const world = play(sections([node(used)], [pod("used", "used:1")], images({ used: 21 }))).until(1);
    expect(world.message("node/worker", "FreeDiskSpaceFailed")).toBe(
      "Failed to garbage collect required amount of images. Attempted to free 6000000 bytes, but only found 0 bytes eligible to free.",
    );
  });
});
