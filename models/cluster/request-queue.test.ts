import { describe, expect, it } from "vitest";
import { Simulation, type Ns } from "../../engine/index.ts";
import { UnitThread } from "./testing/unit-thread.ts";
import type { Backend, Request } from "../traffic/backend.ts";
import { RequestQueue } from "./request-queue.ts";

class NotedRequest implements Request {
  readonly name: string;
  readonly demandNs: Ns;
  readonly backend: Backend;
  readonly arrivedAt = 0;
  readonly requestBytes = 0;
  readonly responseBytes = 0;
  ahead: Request | undefined;
  behind: Request | undefined;
  server = -1;
  onFinish: (() => void) | undefined;
  readonly #note: (text: string) => void;

  constructor(name: string, demandNs: Ns, backend: Backend, note: (text: string) => void) {
    this.name = name;
    this.demandNs = demandNs;
    this.backend = backend;
    this.#note = note;
  }

  finish(): void {
    this.#note(`${this.name} done`);
    this.onFinish?.();
  }

  fail(): void {
    this.#note(`${this.name} failed`);
  }
}

function world(threadCount: number, overheadNs = 0) {
  const simulation = new Simulation();
  const log: string[] = [];
  const queue = new RequestQueue(overheadNs);
  const threads: UnitThread[] = [];
  const addThread = () =>
    queue.addThread((owner) => {
      const thread = new UnitThread(simulation, owner);
      threads.push(thread);
      return thread;
    });
  for (let i = 0; i < threadCount; i++) addThread();
  const request = (name: string, demandNs: Ns) =>
    new NotedRequest(name, demandNs, queue, (text) => log.push(`${simulation.now} ${text}`));
  const submitAt = (at: Ns, name: string, demandNs: Ns): NotedRequest => {
    const made = request(name, demandNs);
    simulation.scheduleAt(at, (r: Request) => queue.submit(r), made);
    return made;
  };
  return { simulation, log, queue, threads, addThread, request, submitAt };
}

describe("a queue of requests", () => {
  it("serves in the order of arrival, with as many at a time as there are threads", () => {
    const { simulation, log, submitAt } = world(2);
    submitAt(0, "a", 10);
    submitAt(1, "b", 3);
    submitAt(2, "c", 5); // begins at 4, when b is done
    submitAt(3, "d", 1); // begins at 9
    simulation.runUntil(100);
    expect(log).toEqual(["4 b done", "9 c done", "10 a done", "10 d done"]);
  });

  it("adds the kernel's overhead to every request", () => {
    const { simulation, log, submitAt } = world(1, 25);
    submitAt(0, "a", 100);
    submitAt(0, "b", 0);
    simulation.runUntil(1000);
    expect(log).toEqual(["125 a done", "150 b done"]);
  });

  it("gives a request to the thread that has been idle for longest", () => {
    const { simulation, threads, submitAt } = world(3);
    for (const [at, name] of [0, 10, 20, 30].entries()) submitAt(name, `r${at}`, 5);
    simulation.runUntil(100);
    expect(threads.map((thread) => thread.wakeUps)).toEqual([2, 1, 1]);
  });

  it("lets a thread go on without sleeping while requests wait", () => {
    const { simulation, threads, submitAt } = world(1);
    for (let i = 0; i < 10; i++) submitAt(i, `r${i}`, 20);
    simulation.runUntil(1000);
    expect(threads[0].wakeUps).toBe(1);
  });

  it("lets the thread that answers take what its answer brings, though others are idle", () => {
    const { simulation, log, queue, threads, request } = world(3);
    const [first, second, third] = [request("a", 10), request("b", 10), request("c", 20)];
    first.onFinish = () => {
      queue.submit(second);
      queue.submit(third);
    };
    queue.submit(first);
    simulation.runUntil(100);
    expect(log).toEqual(["10 a done", "20 b done", "30 c done"]);
    expect(threads.map((thread) => thread.wakeUps)).toEqual([1, 1, 0]);
  });

  it("answers requests without demand at once, in their turn, without waking a thread", () => {
    const { simulation, log, threads, submitAt, queue } = world(1);
    submitAt(0, "a", 0);
    submitAt(1, "b", 10);
    submitAt(2, "c", 0);
    submitAt(3, "d", 0);
    submitAt(4, "e", 5);
    simulation.runUntil(100);
    expect(log).toEqual(["0 a done", "11 b done", "11 c done", "11 d done", "16 e done"]);
    expect(threads[0].wakeUps).toBe(1);
    expect(queue.openRequests).toBe(0);
  });

  it("keeps requests until there are threads", () => {
    const { simulation, log, queue, request, addThread } = world(0);
    queue.submit(request("a", 10));
    queue.submit(request("b", 10));
    simulation.runUntil(50);
    addThread();
    simulation.runUntil(100);
    expect(log).toEqual(["60 a done", "70 b done"]);
  });

  it("counts what waits and what is in service", () => {
    const { simulation, queue, submitAt } = world(2);
    for (let i = 0; i < 5; i++) submitAt(0, `r${i}`, 10);
    simulation.runUntil(1);
    expect([queue.openRequests, queue.inService]).toEqual([5, 2]);
    simulation.runUntil(11);
    expect([queue.openRequests, queue.inService]).toEqual([3, 2]);
    simulation.runUntil(31);
    expect([queue.openRequests, queue.inService]).toEqual([0, 0]);
  });

  it("drops withdrawn requests from the head, the middle and the end of the queue", () => {
    const { simulation, log, queue, request } = world(1);
    const [a, b, c, d, e, f] = ["a", "b", "c", "d", "e", "f"].map((name) => request(name, 10));
    for (const each of [a, b, c, d, e]) queue.submit(each);
    for (const each of [b, d, e]) queue.withdraw(each);
    queue.submit(f);
    expect(queue.openRequests).toBe(3);
    simulation.runUntil(100);
    expect(log).toEqual(["10 a done", "20 c done", "30 f done"]);
  });

  it("takes the next request when the one in service is withdrawn", () => {
    const { simulation, log, queue, request } = world(1);
    const [a, b] = ["a", "b"].map((name) => request(name, 10));
    queue.submit(a);
    queue.submit(b);
    simulation.runUntil(4);
    queue.withdraw(a);
    simulation.runUntil(50);
    const c = request("c", 10);
    queue.submit(c);
    simulation.runUntil(55);
    queue.withdraw(c);
    simulation.runUntil(100);
    expect(log).toEqual(["14 b done"]);
    expect(queue.openRequests).toBe(0);
  });

  it("fails what is in service and what waits when the container ends, and all that comes later", () => {
    const { simulation, log, queue, threads, request } = world(2);
    for (const name of ["a", "b", "c", "d"]) queue.submit(request(name, 10));
    simulation.runUntil(5);
    queue.close();
    queue.submit(request("e", 10));
    simulation.runUntil(100);
    expect(log).toEqual(["5 a failed", "5 b failed", "5 c failed", "5 d failed", "5 e failed"]);
    expect(threads.some((thread) => thread.isRunning)).toBe(false);
    expect(queue.openRequests).toBe(0);
  });

  it("may be closed by an answer that it gives", () => {
    const { simulation, log, queue, request } = world(1);
    const [a, b] = ["a", "b"].map((name) => request(name, 10));
    a.onFinish = () => queue.close();
    queue.submit(a);
    queue.submit(b);
    simulation.runUntil(100);
    expect(log).toEqual(["10 a done", "10 b failed"]);
  });

  it("passes a hundred thousand requests without demand through one idle thread without growing the stack", () => {
    const { simulation, log, submitAt } = world(1);
    submitAt(0, "long", 10);
    for (let i = 0; i < 100_000; i++) submitAt(1, "r", 0);
    simulation.runUntil(100);
    expect(log.length).toBe(100_001);
  });
});
