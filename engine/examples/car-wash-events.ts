import { NO_EVENT, NS_PER_SECOND, Simulation, type Handle } from "../index.ts";
import { nextCarNs, type CarWash } from "./car-wash.ts";

interface Car {
  number: number;
  /** The event in which the driver loses patience. */
  leaving: Handle;
}

/**
 * The car wash in events: every step is a handler that schedules the next, and what lies between is kept by hand. The
 * fast way: for hot loops.
 */
export function carWashInEvents(wash: CarWash, seed: number): string[] {
  const sim = new Simulation({ seed });
  const stream = sim.random("arrivals");
  const log: string[] = [];
  const queue: Car[] = [];
  let idle = wash.machines;
  const note = (what: string) => log.push(`${sim.now / NS_PER_SECOND} s: ${what}`);

  function onArrival(number: number): void {
    note(`car ${number} arrives`);
    const car: Car = { number, leaving: NO_EVENT };
    if (idle > 0) {
      idle--;
      begin(car);
    } else {
      car.leaving = sim.schedule(wash.patienceNs, onImpatience, car);
      queue.push(car);
    }
    if (number < wash.cars) sim.schedule(nextCarNs(wash, stream), onArrival, number + 1);
  }

  function begin(car: Car): void {
    note(`car ${car.number} is washed`);
    sim.schedule(wash.washNs, onClean, car);
  }

  function onClean(car: Car): void {
    note(`car ${car.number} is clean`);
    const next = queue.shift();
    if (next === undefined) idle++;
    else {
      sim.cancel(next.leaving);
      begin(next);
    }
  }

  function onImpatience(car: Car): void {
    note(`car ${car.number} leaves`);
    queue.splice(queue.indexOf(car), 1);
  }

  sim.schedule(nextCarNs(wash, stream), onArrival, 1);
  sim.runUntil(24 * 3600 * NS_PER_SECOND);
  return log;
}
