import { describe, expect, it } from "vitest";
import { NS_PER_SECOND as S } from "../../engine/time.ts";
import { Simulation } from "../../engine/simulation.ts";
import { Containerd } from "./containerd.ts";
import { ImageManager } from "./image-manager.ts";
import { ImageStore, type Image } from "./image-store.ts";
import { ChainIds } from "./layers.ts";
import { newPuller } from "./puller.ts";

interface Line {
  at: number;
  pod: string;
  text: string;
}

/** A kubelet with serial pulls over a runtime that resolves in 500 ms and pulls every image in 8 s. */
function world(missing?: string) {
  const sim = new Simulation();
  const store = new ImageStore(new ChainIds());
  const source = {
    refusal: (image: Image) => (image.name === missing ? { error: "404", after: S } : undefined),
    outage: () => undefined,
    fetch: () => {
      throw new Error("images of known length fetch nothing");
    },
  };
  const runtime = new Containerd(sim, store, source, { unpack: source.fetch }, { version: "2.1", resolve: S / 2 });
  const config = { serializeImagePulls: true, registryPullQPS: 0, registryBurst: 10 };
  const log: Line[] = [];
  const manager = new ImageManager({
    sim,
    minor: 34,
    puller: newPuller(sim, config, (image, done) => runtime.pull(image, done)),
    node: { imageStatus: (name) => store.hasImage(name) },
    image: (name) => ({ name, layers: [], pullDuration: () => 8 * S }),
    onEvent: ({ podUid }, { message }) => void log.push({ at: sim.now / S, pod: podUid, text: message }),
  });
  const ask = (at: number, podUid: string, image: string): void => {
    const request = (): void =>
      manager.ensure({ podUid, image, policy: "IfNotPresent" }, (result) => {
        const text = result.kind === "ok" ? "ok" : `${result.reason}: ${result.message}`;
        log.push({ at: sim.now / S, pod: podUid, text });
      });
    sim.scheduleAt(at * S, request, undefined);
  };
  return { sim, log, ask };
}

describe("requests for images", () => {
  it("tell their Pulling before the queue, and the waiting apart from the pull", () => {
    const { sim, log, ask } = world();
    ask(0, "a", "web:1");
    ask(0, "b", "db:1");
    sim.runUntil(60 * S);
    expect(log.filter(({ pod }) => pod === "b")).toEqual([
      { at: 0, pod: "b", text: 'Pulling image "db:1"' },
      {
        at: 16,
        pod: "b",
        text: 'Successfully pulled image "db:1" in 8s (16s including waiting). Image size: 0 bytes.',
      },
      { at: 16, pod: "b", text: "ok" },
    ]);
  });

  it("for one image are not merged: the second of two costs its resolving, a third that comes later nothing", () => {
    const { sim, log, ask } = world();
    ask(0, "a", "web:1");
    ask(0, "b", "web:1");
    ask(20, "c", "web:1");
    sim.runUntil(60 * S);
    expect(log.filter(({ text }) => text === "ok").map(({ at, pod }) => [pod, at])).toEqual([
      ["a", 8],
      ["b", 8.5],
      ["c", 20],
    ]);
  });

  it("fail with their class, and are held back by their own pod's back-off alone", () => {
    const { sim, log, ask } = world("gone:1");
    ask(0, "a", "gone:1");
    ask(10, "a", "gone:1");
    ask(10, "b", "gone:1");
    sim.runUntil(60 * S);
    // The failure is at 1 s, so the window is 1 s to 11 s.
    expect(log.filter(({ pod, at }) => pod === "a" && at === 10).map(({ text }) => text)).toEqual([
      'Back-off pulling image "gone:1"',
      'ImagePullBackOff: Back-off pulling image "gone:1"',
    ]);
    expect(log.filter(({ pod }) => pod === "b").map(({ at, text }) => [at, text])).toEqual([
      [10, 'Pulling image "gone:1"'],
      [11, 'Failed to pull image "gone:1": 404'],
      [11, "ErrImagePull: 404"],
    ]);
  });
});
