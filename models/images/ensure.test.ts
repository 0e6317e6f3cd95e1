import { describe, expect, it } from "vitest";
import { NS_PER_MS, NS_PER_SECOND as S } from "../../engine/time.ts";
import { BackOff } from "./backoff.ts";
import { ensureImage, pullFailed, pullSucceeded, type NodeView } from "./ensure.ts";
import { pulledEvent } from "./messages.ts";
import type { PullPolicy } from "./reference.ts";

function backOff(): BackOff {
  return new BackOff({ initial: 10 * S, max: 300 * S });
}

function node(isPresent: boolean, isAllowed?: boolean): NodeView & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    imageStatus: (name) => {
      calls.push(name);
      return isPresent;
    },
    isAllowed: isAllowed === undefined ? undefined : () => isAllowed,
  };
}

function request(policy: PullPolicy, image = "web") {
  return { podUid: "u1", image, policy };
}

describe("EnsureImageExists", () => {
  it("starts with a present image at once, without puller or back-off, though the pod is in back-off", () => {
    const off = backOff();
    off.next("u1_web", 0);
    const decision = ensureImage(request("IfNotPresent"), node(true), off, 1, 34);
    expect(decision).toMatchObject({ kind: "present", event: { reason: "Pulled" } });
  });

  it("asks the runtime for the name with its default tag, once, and not at all for Always from 1.33 on", () => {
    const asked = node(false);
    expect(ensureImage(request("IfNotPresent"), asked, backOff(), 0, 34)).toMatchObject({
      kind: "pull",
      name: "web:latest",
    });
    expect(asked.calls).toEqual(["web:latest"]);
    const modern = node(true);
    const old = node(true);
    expect(ensureImage(request("Always"), modern, backOff(), 0, 33).kind).toBe("pull");
    expect(ensureImage(request("Always"), old, backOff(), 0, 32).kind).toBe("pull");
    expect([modern.calls.length, old.calls.length]).toEqual([0, 1]);
  });

  it("never pulls with Never, and hides an image that the pod may not have", () => {
    expect(ensureImage(request("Never"), node(false), backOff(), 0, 34)).toMatchObject({ reason: "ErrImageNeverPull" });
    expect(ensureImage(request("Never"), node(true, false), backOff(), 0, 35)).toMatchObject({
      reason: "ErrImageNeverPull",
    });
    expect(ensureImage(request("IfNotPresent"), node(true, false), backOff(), 0, 35).kind).toBe("pull");
    const allowed = ensureImage(request("IfNotPresent"), node(true, true), backOff(), 0, 35);
    expect(allowed).toMatchObject({ event: { message: expect.stringContaining("can be accessed by the pod") } });
  });

  it("refuses invalid names and failed inspections without touching the back-off", () => {
    const off = backOff();
    const broken: NodeView = {
      imageStatus: () => {
        throw new Error("no runtime");
      },
    };
    expect(ensureImage(request("Always", "WEB"), node(false), off, 0, 34)).toMatchObject({
      reason: "InvalidImageName",
    });
    expect(ensureImage(request("IfNotPresent"), broken, off, 0, 34)).toMatchObject({
      reason: "ErrImageInspect",
      event: { reason: "InspectFailed", message: 'Failed to inspect image "web": no runtime' },
    });
    expect(off.size).toBe(0);
  });

  it("keeps a failed image back for its window from the failure on, by pod and by the name as written", () => {
    const off = backOff();
    const first = ensureImage(request("IfNotPresent"), node(false), off, 0, 34);
    if (first.kind !== "pull") throw new Error("a first request is pulled");
    // The pull takes 4 s and fails: the window is from 4 s to 14 s.
    expect(pullFailed("web", first.backOffKey, "404", off, 4 * S)).toMatchObject({
      reason: "ErrImagePull",
      message: "404",
    });
    const at = (now: number, podUid = "u1", image = "web") =>
      ensureImage({ podUid, image, policy: "IfNotPresent" }, node(false), off, now, 34).kind;
    expect([at(14 * S - 1), at(14 * S)]).toEqual(["refused", "pull"]);
    expect([at(5 * S, "u2"), at(5 * S, "u1", "web:latest")]).toEqual(["pull", "pull"]);
  });

  it("does not forget the window of a key when its pull succeeds", () => {
    const off = backOff();
    off.next("u1_web", 0);
    const report = { image: "web", pullNs: 1500 * NS_PER_MS, totalNs: 61_250 * NS_PER_MS, sizeBytes: 7 };
    expect(pullSucceeded(report, off, 12 * S, 34).message).toBe(
      'Successfully pulled image "web" in 1.5s (1m1.25s including waiting). Image size: 7 bytes.',
    );
    expect(off.windowOf("u1_web")).toBe(10 * S);
    // 188 s after the success the next failure doubles the window; more than 600 s after it starts again.
    off.next("u1_web", 200 * S);
    expect(off.windowOf("u1_web")).toBe(20 * S);
    off.next("u1_web", 800 * S + 1);
    expect(off.windowOf("u1_web")).toBe(10 * S);
  });
});

describe("the Pulled message", () => {
  it("has one duration before 1.27, two from then on, and the size from 1.30 on", () => {
    const report = { image: "web:1", pullNs: 8 * S + 1, totalNs: 20 * S, sizeBytes: 5 };
    expect([26, 27, 30].map((minor) => pulledEvent(report, minor).message)).toEqual([
      'Successfully pulled image "web:1" in 20s',
      'Successfully pulled image "web:1" in 8s (20s including waiting)',
      'Successfully pulled image "web:1" in 8s (20s including waiting). Image size: 5 bytes.',
    ]);
  });
});
