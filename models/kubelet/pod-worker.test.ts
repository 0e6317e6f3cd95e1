import { describe, expect, it } from "vitest";
import { NS_PER_MS, NS_PER_SECOND, type Simulation } from "../../engine/index.ts";
import type { PodImages, PodNetwork } from "./pod-interfaces.ts";
import { stage, type Stage } from "./testing/stage.ts";

const TWO = `  - name: web
    kind: Pod
    spec: {terminationGracePeriodSeconds: 5, containers: [{name: one}, {name: two}]}
`;

/** Images that take so many seconds, by container. */
function slowImages(simulation: Simulation, seconds: Record<string, number>): PodImages {
  return {
    ensure: (_pod, { name }, done) => {
      simulation.schedule(seconds[name] * NS_PER_SECOND, () => done({ kind: "ok" }), undefined);
    },
  };
}

const startsOf = (run: Stage, object: string) => run.events(object).filter((event) => event.includes("Started"));

describe("the containers of a pod", () => {
  it("start in sequence, each waiting for its own image", () => {
    const run = stage(TWO, (simulation) => ({ images: slowImages(simulation, { one: 3, two: 2 }) })).until(10);
    expect(startsOf(run, "pod/web")).toEqual(["3 Started: Started container one", "5 Started: Started container two"]);
    expect(run.pod("web").isReady).toBe(true);
  });

  it("pay what the runtime takes for the sandbox, and then for each of them", () => {
    const latencies = { sandbox: 500 * NS_PER_MS, create: 200 * NS_PER_MS, start: 100 * NS_PER_MS };
    const run = stage(TWO, () => ({ latencies })).until(2);
    // 0.5 + 0.2 + 0.1, then 0.2 + 0.1 again.
    expect(
      run
        .events("pod/web")
        .slice(1)
        .map((event) => event.split(":")[0]),
    ).toEqual(["0.7 Created", "0.8 Started", "1 Created", "1.1 Started"]);
  });

  it("are started although another one waits for its image, which is asked for again after 10 s", () => {
    let asked = 0;
    const images: PodImages = {
      ensure: (_pod, { name }, done) => {
        if (name === "two" || ++asked > 1) return done({ kind: "ok" });
        done({ kind: "waiting", reason: "ErrImagePull", message: "not found" });
      },
    };
    const run = stage(TWO, () => ({ images }));
    expect(startsOf(run, "pod/web")).toEqual(["0 Started: Started container two"]);
    expect(run.pod("web").containers[0].waitingReason).toBe("ErrImagePull");
    expect(run.pod("web").phase).toBe("Pending");
    // Due at 10 s; an item is taken at the tick after it.
    expect(startsOf(run.until(11), "pod/web")).toEqual([
      "0 Started: Started container two",
      "11 Started: Started container one",
    ]);
  });

  it("do not start when the answer of the image comes after the pod has been told to stop", () => {
    const run = stage(TWO, (simulation) => ({ images: slowImages(simulation, { one: 3, two: 2 }) })).until(1);
    run.cluster.deletePod(run.pod("web"));
    expect(run.cluster.pods).toEqual([]);
    expect(startsOf(run.until(10), "pod/web")).toEqual([]);
  });
});

describe("the network of a pod", () => {
  function network(failures: Array<{ message: string; isNetworkDown: boolean }>) {
    const detached: string[] = [];
    const given: PodNetwork = {
      attach: (_pod, done) => {
        const failure = failures.shift();
        done(failure === undefined ? { kind: "ok", ip: "10.244.0.2" } : { kind: "failed", ...failure });
      },
      detach: ({ name }) => detached.push(name),
    };
    return { given, detached };
  }

  it("gives it its address before its containers start, and takes it back when it has stopped", () => {
    const { given, detached } = network([]);
    const run = stage(TWO, () => ({ network: given }));
    expect(run.pod("web").ip).toBe("10.244.0.2");
    run.cluster.deletePod(run.pod("web"));
    expect(detached).toEqual([]);
    run.until(5);
    expect(detached).toEqual(["web"]);
  });

  it("that is not there yet is asked for again after 1 s, a failed one after 10 s", () => {
    const { given } = network([
      { message: "no subnet", isNetworkDown: true },
      { message: "no address", isNetworkDown: false },
    ]);
    const run = stage(TWO, () => ({ network: given })).until(20);
    // Due at 1 s: tick 2; due at 12 s: tick 13.
    expect(run.events("pod/web").slice(1, 4)).toEqual([
      "0 NetworkNotReady: network is not ready: no subnet",
      "2 FailedCreatePodSandBox: Failed to create pod sandbox: no address",
      "13 Created: Created container: one",
    ]);
  });
});

describe("an evicted pod", () => {
  const eviction = { reason: "Evicted", message: "The node was low on resource: memory.", graceSeconds: 1 };
  const WEB = `  - name: web
    spec: {terminationGracePeriodSeconds: 30, containers: [{name: app}]}
`;

  it("fails with the reason it was given, after the 2 s that every container has, and is replaced then", () => {
    const run = stage(WEB).until(10);
    const answers: Array<[number, boolean]> = [];
    run.kubelet.evict(run.pod("web-0"), eviction, (isKilled) => answers.push([run.simulation.now, isKilled]));
    run.until(11.9);
    expect(run.cluster.pods).toHaveLength(1);
    run.until(12.1);
    const [evicted, next] = run.cluster.pods;
    expect([evicted.phase, evicted.failure?.reason, evicted.stage]).toEqual(["Failed", "Evicted", "terminated"]);
    expect([next.name, next.isReady]).toEqual(["web-1", true]);
    expect(answers).toEqual([[12 * NS_PER_SECOND + 1, true]]);
    expect(run.events("pod/web-0").slice(3)).toEqual([
      "10.000000001 Evicted: The node was low on resource: memory.",
      "10.000000001 Killing: Stopping container app",
    ]);
  });

  it("that is being deleted already gets the shorter grace", () => {
    const run = stage(WEB).until(10);
    run.cluster.deletePod(run.pod("web-0"));
    run.until(15);
    run.kubelet.evict(run.pod("web-0"), eviction);
    run.until(17.1);
    expect(run.cluster.pods.map(({ name }) => name)).toEqual(["web-1"]);
  });

  it("is waited for no longer than one and a half times its grace, and at least 10 s", () => {
    // Its node goes down under it, so that it does not end: max(1 + 0, 10) s.
    const run = stage(WEB).until(10);
    const answers: boolean[] = [];
    run.kubelet.evict(run.pod("web-0"), { ...eviction, graceSeconds: 1 }, (isKilled) => answers.push(isKilled));
    run.cluster.nodeDown(run.cluster.nodes[0]);
    run.until(21);
    expect(answers).toEqual([false]);
    expect(run.events("pod/web-0").at(-1)).toMatch(/^20.000000001 ExceededGracePeriod: /);
  });
});

describe("a pod that its node refuses", () => {
  it("fails, and its controller does not ask again before something changes", () => {
    const run = stage(`  - name: web
    spec: {terminationGracePeriodSeconds: 2, containers: [{name: app}]}
`).until(10);
    let isOpen = false;
    run.kubelet.admission.push(() => (isOpen ? undefined : { reason: "Evicted", message: "under pressure" }));
    run.cluster.deletePod(run.pod("web-0"));
    expect(run.pod("web-1").phase).toBe("Failed");
    expect(run.events("pod/web-1").slice(1)).toEqual(["10.000000001 Evicted: under pressure"]);
    isOpen = true;
    // At 12 s the deleted pod is gone.
    expect(run.until(12.1).pod("web-2").isReady).toBe(true);
  });
});

describe("observers", () => {
  it("are told of every run of a container and of its end, and of what that does to the pod's readiness", () => {
    const told: string[] = [];
    const at = (run: { now: number }) => run.now / NS_PER_SECOND;
    let simulation: { now: number } = { now: 0 };
    const run = stage(
      `  - name: web
    kind: Pod
    spec: {containers: [{name: app}]}
    behavior: {app: {exit: {after: 1500ms, code: 3}}}
`,
      undefined,
      {
        podBound: ({ name }) => told.push(`${at(simulation)} bound ${name}`),
        podReady: () => told.push(`${at(simulation)} ready`),
        podUnready: () => told.push(`${at(simulation)} unready`),
        containerStarted: (_pod, { name, runs }) => told.push(`${at(simulation)} started ${name} ${runs}`),
        containerEnded: (_pod, { name }, { code }) => told.push(`${at(simulation)} ended ${name} ${code}`),
      },
    );
    ({ simulation } = run);
    run.until(2);
    expect(told).toEqual([
      "0 bound web",
      "0 started app 1",
      "0 ready",
      "1.5 unready",
      "1.5 ended app 3",
      "2 started app 2",
      "2 ready",
    ]);
  });
});
