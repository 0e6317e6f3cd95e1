import { Simulation, type Handle, type SimulationOptions } from "../engine/index.ts";

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
