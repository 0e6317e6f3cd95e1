import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Simulation } from "../simulation.ts";
import { PreemptiveServer, type Job, type Preemption } from "./preemptive-server.ts";

interface Given {
  at: number;
  work: number;
  priority: number;
}

function play(preemption: Preemption, capacity: number, given: readonly Given[]) {
  const sim = new Simulation();
  const server = new PreemptiveServer(sim, capacity, preemption);
  const jobs: Job[] = [];
  const ends: number[] = [];
  const note = (i: number): void => {
    ends[i] = sim.now;
  };
  given.forEach(({ at, work, priority }, i) => {
    sim.scheduleAt(at, () => (jobs[i] = server.serve(work, note, i, priority)), undefined);
  });
  sim.runUntil(1e9);
  return { ends, jobs, server };
}

describe("a preemptive server", () => {
  const given = [
    { at: 0, work: 10, priority: 2 },
    { at: 4, work: 5, priority: 1 },
    { at: 6, work: 3, priority: 0 },
  ];

  it("lets a displaced job go on where it was", () => {
    const { ends, jobs } = play("resume", 1, given);
    // The second has 2 of 5 by 6; the third ends at 9, the second at 9 + 3, the first, of which 4 are done, at 12 + 6.
    expect(ends).toEqual([18, 12, 9]);
    expect(jobs.map(({ preemptions }) => preemptions)).toEqual([1, 1, 0]);
  });

  it("lets a displaced job begin anew, if so asked", () => {
    // The second at 9 + 5, the first at 14 + 10.
    expect(play("restart", 1, given).ends).toEqual([24, 14, 9]);
  });

  it("displaces the least urgent job, the last started among equals, and none that is as urgent", () => {
    const { ends } = play("resume", 2, [
      { at: 0, work: 10, priority: 1 },
      { at: 1, work: 10, priority: 1 },
      { at: 2, work: 4, priority: 0 },
      { at: 3, work: 1, priority: 1 },
    ]);
    // The second waits from 2 to 6 and is before the fourth, which is as urgent but came later: it begins at 10.
    expect(ends).toEqual([10, 15, 6, 11]);
  });

  it("does not displace a job whose work ends at that instant", () => {
    const { ends, jobs } = play("restart", 1, [
      { at: 5, work: 2, priority: 0 },
      { at: 0, work: 5, priority: 1 },
    ]);
    expect([ends, jobs[1].preemptions]).toEqual([[7, 5], 0]);
  });

  it("displaces another job for the second of two that came as one job ended", () => {
    const { ends } = play("resume", 2, [
      { at: 5, work: 3, priority: 0 },
      { at: 5, work: 3, priority: 0 },
      { at: 0, work: 20, priority: 1 },
      { at: 1, work: 4, priority: 1 },
    ]);
    // The fourth ends at 5 and gives its unit to the first; the third, of which 5 are done, goes on at 8.
    expect(ends).toEqual([8, 8, 23, 5]);
  });

  it("keeps the remaining work of a displaced job, and tells it at any time", () => {
    const sim = new Simulation();
    const server = new PreemptiveServer(sim, 1, "resume");
    const slow = server.serve(10, () => {}, undefined, 1);
    sim.runUntil(4);
    expect([slow.remainingNs, slow.isServed]).toEqual([6, true]);
    server.serve(100, () => {}, undefined, 0);
    sim.runUntil(50);
    expect([slow.remainingNs, slow.isServed, server.waiting]).toEqual([6, false, 1]);
    sim.runUntil(1000);
    expect([slow.remainingNs, slow.isDone]).toEqual([0, true]);
  });

  it("takes a withdrawn job away, in service or waiting", () => {
    const sim = new Simulation();
    const server = new PreemptiveServer(sim, 1, "resume");
    const ends: string[] = [];
    const note = (name: string): unknown => ends.push(`${name} ${sim.now}`);
    const [a, b] = [server.serve(10, note, "a"), server.serve(10, note, "b")];
    server.serve(10, note, "c");
    sim.runUntil(3);
    expect([a.withdraw(), b.withdraw(), b.withdraw()]).toEqual([true, true, false]);
    sim.runUntil(100);
    expect([ends, server.inUse]).toEqual([["c 13"], 0]);
  });

  it("refuses work that is no span of time", () => {
    const server = new PreemptiveServer(new Simulation(), 1, "resume");
    expect(() => server.serve(0.5, () => {}, undefined)).toThrow("a job of 0.5 ns");
  });

  const jobs = fc.array(fc.record({ at: fc.nat(60), work: fc.nat(20), priority: fc.nat(3) }), {
    minLength: 1,
    maxLength: 30,
  });

  it("with one unit and resumption conserves work: the last job ends when it does without priorities", () => {
    fc.assert(
      fc.property(jobs, (given) => {
        let busyUntil = 0;
        for (const { at, work } of given.toSorted((a, b) => a.at - b.at)) busyUntil = Math.max(busyUntil, at) + work;
        expect(Math.max(...play("resume", 1, given).ends)).toBe(busyUntil);
      }),
    );
  });

  it("serves the urgent ones as if the others were not there", () => {
    fc.assert(
      fc.property(jobs, fc.integer({ min: 1, max: 4 }), (given, capacity) => {
        // Work of 0 ends in the middle of an instant, where a newcomer waits for it.
        const positive = given.map((job) => ({ ...job, work: job.work + 1 }));
        const urgent = positive.filter(({ priority }) => priority === 0);
        const all = play("resume", capacity, positive).ends.filter((_, i) => positive[i].priority === 0);
        expect(all).toEqual(play("resume", capacity, urgent).ends);
      }),
    );
  });
});
