import { describe, expect, it } from "vitest";
import { play } from "../testing/play.ts";

/**
 * A published measurement: ten images of 1804 MiB together on a node with 4 CPUs, five runs a mode; serial pulls took
 * 65.8 s on average, parallel ones without a limit 29.2 s. Source: deckhouse/deckhouse pull request 20415.
 */
const SERIAL_S = 65.8;
const PARALLEL_S = 29.2;
/** Of each image, in bytes; the measurement names the unpacked size. */
const UNPACKED = (1804 * 1024 * 1024) / 10;
/** Usual shapes of images: eight layers, the largest a quarter of it, unpacked 2.7 times the size. */
const SHARES = [0.25, 0.15, 0.15, 0.15, 0.1, 0.1, 0.05, 0.05];
const RATIO = 2.7;

/** When the last of ten pods starts. */
function makespan(kubelet: string): number {
  const images = Array.from({ length: 10 }, (_, i) => {
    const layers = SHARES.map((share, k) => {
      const unpacked = Math.round(share * UNPACKED);
      return `{digest: "x:${i}-${k}", size: ${Math.round(unpacked / RATIO)}B, unpacked: ${unpacked}B}`;
    });
    return `{name: "image-${i}:1", layers: [${layers.join(", ")}]}`;
  });
  const pods = images.map(
    (_, i) => `{name: pod-${i}, kind: Pod, node: worker, spec: {containers: [{name: app, image: "image-${i}:1"}]}}`,
  );
  const world = play(`
nodes: [{name: worker, capacity: {cpu: 4, memory: 8Gi}, kernel: {phases: zero}, disk: {nodefs: {write: 66MB/s}}, kubelet: {${kubelet}}}]
images: [${images.join(", ")}]
registry: {perConnection: 400Mbit, latency: 40ms, resolve: 160ms}
runtime: {version: "2.1", maxConcurrentDownloads: 3, unpack: 31MB/s}
workloads: [${pods.join(", ")}]
`).until(200);
  return Math.max(...pods.flatMap((_, i) => world.times(`pod/pod-${i}`, "Started")));
}

describe("serial and parallel pulls as measured", () => {
  // Two numbers are fitted: 31 MB/s of one unpacker, 66 MB/s of the disk. What follows is that both modes agree at once.
  it("come within a tenth of both means", () => {
    expect(Math.abs(makespan("serializeImagePulls: true") / SERIAL_S - 1)).toBeLessThan(0.1);
    expect(Math.abs(makespan("serializeImagePulls: false") / PARALLEL_S - 1)).toBeLessThan(0.1);
  });
});
