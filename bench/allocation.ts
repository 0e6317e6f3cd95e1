// Prints how many bytes of the heap an event of HOLD costs in the steady state:
// `node --expose-gc --min-semi-space-size=64 dist/bench/allocation.js PENDING`.
import { hold } from "./workloads.ts";

const EVENTS = 1_000_000;
const { gc } = globalThis;
const pending = Number(process.argv[2]);
if (gc === undefined || !(pending > 0)) {
  throw new Error("run it with --expose-gc, with --min-semi-space-size=64 so that nothing is collected, and a number");
}
const batch = hold(pending);
// Until the code is optimised and all arrays have their size.
for (let i = 0; i < 5; i++) batch(EVENTS);
// The least of several: what the compiler allocates beside, when it optimises late, is not the events'.
let least = Infinity;
for (let i = 0; i < 5; i++) {
  gc();
  const before = process.memoryUsage().heapUsed;
  batch(EVENTS);
  least = Math.min(least, Math.abs(process.memoryUsage().heapUsed - before) / EVENTS);
}
process.stdout.write(`${least.toFixed(3)}\n`);
