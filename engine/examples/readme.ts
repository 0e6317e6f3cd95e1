import { NS_PER_SECOND, Processes, Servers, Simulation, type ProcessBody } from "../index.ts";

const sim = new Simulation({ seed: 42 });
const processes = new Processes(sim);
const servers = new Servers("servers", 2);

function* customer(name: string): ProcessBody {
  yield servers.acquire();
  yield 10 * NS_PER_SECOND;
  servers.release();
  console.log(`${sim.now / NS_PER_SECOND} s: ${name} is served`);
}

for (const name of ["Ada", "Bob", "Cyd"]) processes.spawn(name, customer(name));
sim.runUntil(60 * NS_PER_SECOND); // 10 s: Ada, 10 s: Bob, 20 s: Cyd
