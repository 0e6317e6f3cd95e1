import { Processes } from "../../process/process.ts";
import type { ProcessBody } from "../../process/waitable.ts";
import { Simulation } from "../../simulation.ts";

/** A simulation whose processes are given as generator functions by name. */
export function world(seed = 1) {
  const sim = new Simulation({ seed });
  const processes = new Processes(sim);
  const log: string[] = [];
  const note = (text: unknown) => void log.push(`${sim.now} ${text}`);
  const go = (name: string, body: () => ProcessBody) => processes.spawn(name, body());
  return { sim, processes, log, note, go };
}
