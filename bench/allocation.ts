// Prints how many bytes of the heap an event costs in the steady state: `node --expose-gc dist/bench/allocation.js`.
import { hold } from "./workloads.ts";

const EVENTS = 1_000_000;
const { gc } = globalThis;
if (gc === undefined)
  throw new Error("run it with --expose-gc, and with --min-semi-space-size=64 so that nothing is collected");

for (const [name, batch] of [
  ["hold/1e2", hold(100)],
  ["hold/1e4", hold(10_000)],
] as const) {
  // Until the code is optimised and all arrays have their size.
  for (let i = 0; i < 5; i++) batch(EVENTS);
  const samples: number[] = [];
  for (let i = 0; i < 5; i++) {
    gc();
    const before = process.memoryUsage().heapUsed;
    batch(EVENTS);
    samples.push((process.memoryUsage().heapUsed - before) / EVENTS);
  }
  process.stdout.write(`${name} ${samples.toSorted((a, b) => a - b)[2].toFixed(3)}\n`);
}
