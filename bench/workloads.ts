import { Simulation, type Handle, type SimulationOptions } from "../engine/index.ts";
import { Processes, Servers, type ProcessBody } from "../engine/process/index.ts";

/**
 * The table of delays that all peers share, so that no benchmark pays for random numbers: exponential with mean 1 s,
 * from a linear congruential generator through -ln(1 - u).
 */
export function exponentialDelays(): Float64Array {
  const delays = new Float64Array(2 ** 16);
  let state = 12345;
  for (let i = 0; i < delays.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    delays[i] = Math.floor(-Math.log(1 - (state + 0.5) / 2 ** 32) * 1e9);
  }
  return delays;
}

/** Runs the simulation until `count` more events have happened. */
export type Batch = (count: number) => void;

/** HOLD: with `pending` events waiting, take the earliest, call its handler, schedule one at an exponential delay. */
export function hold(pending: number, options?: SimulationOptions): Batch {
  const sim = new Simulation(options);
  const delays = exponentialDelays();
  let draw = 0;
  let left = 0;
  function onHold(argument: object): void {
    if (--left === 0) sim.stop();
    sim.schedule(delays[draw++ & 0xffff], onHold, argument);
  }
  const argument = {};
  for (let i = 0; i < pending; i++) sim.schedule(delays[draw++ & 0xffff], onHold, argument);
  return (count) => {
    left = count;
    sim.runUntil(Number.MAX_SAFE_INTEGER);
  };
}

/** A step each 0.1 ms on average, so that a timeout started 0.5 s ago is this many steps old. */
const STEPS_BACK = 5000;

/** CANCEL: each step starts a timeout of 1 s and withdraws one started 0.5 s ago, nine times in ten. */
export function cancel(options?: SimulationOptions): Batch {
  const sim = new Simulation(options);
  const delays = exponentialDelays().map((delay) => Math.floor(delay / 10_000));
  const timeouts = new Float64Array(2 ** 13);
  let step = 0;
  let left = 0;
  const nothing = () => {};
  function onStep(argument: object): void {
    if (step >= STEPS_BACK && step % 10 !== 0) sim.cancel(timeouts[(step - STEPS_BACK) & 0x1fff] as Handle);
    timeouts[step & 0x1fff] = sim.schedule(1_000_000_000, nothing, argument);
    sim.schedule(delays[step++ & 0xffff], onStep, argument);
    if (--left === 0) sim.stop();
  }
  sim.schedule(0, onStep, {});
  return (count) => {
    left = count;
    sim.runUntil(Number.MAX_SAFE_INTEGER);
  };
}

// M/M/4 at a load of 0.8: an arrival each 312.5 us on average, and a service of 1 ms, so that the clock lasts.
const SERVERS = 4;
const ARRIVALS_PER_SERVICE = 3.2;
/** Services are drawn from another place of the table than arrivals. */
const SERVICE_OFFSET = 31_847;

/** M/M/4 by callbacks: an arrival schedules the next, and a customer who finds a server idle the end of his service. */
export function mm4Callbacks(): Batch {
  const sim = new Simulation();
  const services = exponentialDelays().map((delay) => Math.floor(delay / 1000));
  const arrivals = services.map((delay) => Math.floor(delay / ARRIVALS_PER_SERVICE));
  // The queue: a ring of arrival times.
  const queue = new Float64Array(2 ** 16);
  let head = 0;
  let tail = 0;
  let idle = SERVERS;
  let arrived = 0;
  let begun = 0;
  let left = 0;
  let waited = 0;
  function begin(arrivedAt: number): void {
    waited += sim.now - arrivedAt;
    sim.schedule(services[(SERVICE_OFFSET + begun++) & 0xffff], onServed, arrivedAt);
  }
  function onArrival(): void {
    sim.schedule(arrivals[arrived++ & 0xffff], onArrival, undefined);
    if (idle > 0) {
      idle--;
      begin(sim.now);
    } else queue[tail++ & 0xffff] = sim.now;
  }
  function onServed(): void {
    if (head === tail) idle++;
    else begin(queue[head++ & 0xffff]);
    if (--left === 0) sim.stop();
  }
  sim.schedule(0, onArrival, undefined);
  return (count) => {
    left = count;
    sim.runUntil(Number.MAX_SAFE_INTEGER);
    if (!(waited >= 0)) throw new Error("a customer waited less than no time");
  };
}

/** The same M/M/4 with one process for each customer, and one that sends them. */
export function mm4Processes(): Batch {
  const sim = new Simulation();
  const processes = new Processes(sim);
  const servers = new Servers("servers", SERVERS);
  const services = exponentialDelays().map((delay) => Math.floor(delay / 1000));
  const arrivals = services.map((delay) => Math.floor(delay / ARRIVALS_PER_SERVICE));
  let begun = 0;
  let left = 0;
  let waited = 0;
  function* customer(): ProcessBody {
    const arrivedAt = sim.now;
    yield servers.acquire();
    waited += sim.now - arrivedAt;
    yield services[(SERVICE_OFFSET + begun++) & 0xffff];
    servers.release();
    if (--left === 0) sim.stop();
  }
  function* source(): ProcessBody {
    for (let arrived = 0; ; arrived++) {
      processes.spawn("customer", customer());
      yield arrivals[arrived & 0xffff];
    }
  }
  processes.spawn("source", source());
  return (count) => {
    left = count;
    sim.runUntil(Number.MAX_SAFE_INTEGER);
    if (!(waited >= 0)) throw new Error("a customer waited less than no time");
  };
}
