import { describe, expect, it } from "vitest";
import { Level, Network, PreemptiveServer, Server, Store, type Granted } from "../resources/index.ts";
import { Simulation } from "../simulation.ts";
import { asked } from "./asked.ts";
import { AllOf, AnyOf, Delay } from "./combinators.ts";
import { Processes } from "./process.ts";
import type { ProcessBody } from "./waitable.ts";

describe("a process that asks a resource", () => {
  it("holds a unit until it releases its ticket", () => {
    const sim = new Simulation({ seed: 1 });
    const processes = new Processes(sim);
    const cpu = new Server(sim, 1);
    const log: string[] = [];
    function* task(name: string): ProcessBody {
      const { ticket } = yield* asked("the CPU", (granted) => cpu.request(granted, undefined));
      log.push(`${sim.now} ${name}`);
      yield 10;
      ticket.release();
    }
    for (const name of ["a", "b", "c"]) processes.spawn(name, task(name));
    sim.runUntil(100);
    expect(log).toEqual(["0 a", "10 b", "20 c"]);
    expect(cpu.inUse).toBe(0);
  });

  it("gets the item that a store gives", () => {
    const sim = new Simulation({ seed: 1 });
    const processes = new Processes(sim);
    const jobs = new Store<string>(sim);
    const log: string[] = [];
    function* worker(): ProcessBody {
      for (;;) {
        const { item } = yield* asked("a job", (granted: Granted<undefined, string>) => jobs.get(granted, undefined));
        log.push(`${sim.now} ${item}`);
      }
    }
    processes.spawn("worker", worker());
    const put = (job: string) => void jobs.put(job, () => {}, undefined);
    sim.scheduleAt(5, put, "first");
    sim.scheduleAt(7, put, "second");
    sim.runUntil(100);
    expect(log).toEqual(["5 first", "7 second"]);
    expect(processes.deadlock()).toBe("worker waits for a job");
  });

  it("withdraws its request when another wait wins, and releases what it will never use", () => {
    const sim = new Simulation({ seed: 1 });
    const processes = new Processes(sim);
    const [busy, free] = [new Server(sim, 0), new Server(sim, 1)];
    const unitOf = (server: Server) => asked("a unit", (granted) => server.request(granted, undefined));
    let index = -1;
    function* impatient(): ProcessBody {
      index = (yield* new AnyOf<unknown>([unitOf(busy), new Delay(sim, 10)])).index;
    }
    function* greedy(): ProcessBody {
      yield* new AllOf([unitOf(free), unitOf(busy)]);
    }
    processes.spawn("impatient", impatient());
    const collecting = processes.spawn("greedy", greedy());
    sim.runUntil(20);
    expect([index, busy.waiting, free.inUse]).toEqual([1, 1, 1]);
    collecting.cancel();
    sim.runUntil(30);
    expect([busy.waiting, free.inUse]).toEqual([0, 0]);
  });

  it("gives back as it says what it will never see", () => {
    const sim = new Simulation({ seed: 1 });
    const processes = new Processes(sim);
    const memory = new Level(sim, 10, 10);
    const never = new Server(sim, 0);
    function* greedy(): ProcessBody {
      const five = asked(
        "5 of the memory",
        (granted) => memory.get(5, granted, undefined),
        ({ ticket }) => memory.tryPut(ticket.amount),
      );
      yield* new AllOf<unknown>([five, asked("a unit", (granted) => never.request(granted, undefined))]);
    }
    const collecting = processes.spawn("greedy", greedy());
    sim.runUntil(5);
    expect(memory.amount).toBe(5);
    collecting.cancel();
    expect([memory.amount, never.waiting]).toEqual([10, 0]);
  });

  it("withdraws work in service and a flow on its way when another wait wins", () => {
    const sim = new Simulation({ seed: 1 });
    const cpu = new PreemptiveServer(sim, 1, "resume");
    const network = new Network(sim);
    const link = network.link(10);
    const route = network.route(link);
    let index = -1;
    function* impatient(): ProcessBody {
      const work = asked("the CPU", (done) => cpu.serve(100, done, undefined));
      const bytes = asked("the bytes", (done) => route.start(1000, done, undefined));
      index = (yield* new AnyOf<unknown>([work, bytes, new Delay(sim, 7)])).index;
    }
    new Processes(sim).spawn("impatient", impatient());
    sim.runUntil(50);
    expect([index, cpu.inUse, link.usedRate, sim.pending]).toEqual([2, 0, 0, 0]);
  });
});
