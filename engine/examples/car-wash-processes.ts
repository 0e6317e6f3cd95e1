import { anyOf, Delay, NS_PER_SECOND, Processes, Servers, Simulation, type ProcessBody } from "../index.ts";
import { nextCarNs, type CarWash } from "./car-wash.ts";

/**
 * The car wash in processes: a car's whole story is one generator that yields what it waits for. The readable way: for
 * whatever has a story.
 */
export function carWashInProcesses(wash: CarWash, seed: number): string[] {
  const sim = new Simulation({ seed });
  const processes = new Processes(sim);
  const machines = new Servers("machines", wash.machines);
  const stream = sim.random("arrivals");
  const log: string[] = [];
  const note = (what: string) => log.push(`${sim.now / NS_PER_SECOND} s: ${what}`);

  function* car(number: number): ProcessBody {
    note(`car ${number} arrives`);
    // The losing wait is withdrawn: who leaves stands in no queue, who is washed has no timer.
    const { index } = yield* anyOf(machines.acquire(), new Delay(sim, wash.patienceNs));
    if (index === 1) {
      note(`car ${number} leaves`);
      return;
    }
    note(`car ${number} is washed`);
    yield wash.washNs;
    note(`car ${number} is clean`);
    machines.release();
  }

  function* street(): ProcessBody {
    for (let number = 1; number <= wash.cars; number++) {
      yield nextCarNs(wash, stream);
      processes.spawn(`car ${number}`, car(number));
    }
  }

  processes.spawn("street", street());
  sim.runUntil(24 * 3600 * NS_PER_SECOND);
  return log;
}
