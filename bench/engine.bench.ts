import type { BenchCase, Peer } from "./case.ts";
import { cppHeap, ns3, simgrid, simpy } from "./peers.ts";
import { cancel, hold, mm4Callbacks, mm4Processes, type Batch } from "./workloads.ts";

/** A workload that is set up at its first batch, and then goes on. */
function steady(name: string, unit: string, batchSize: number, setUp: () => Batch, peers: Peer[] = []): BenchCase {
  let batch: Batch | undefined;
  return {
    name,
    unit,
    run: () => {
      batch ??= setUp();
      batch(batchSize);
      return batchSize;
    },
    peers,
  };
}

function holdCase(name: string, pending: number): BenchCase {
  return steady(name, "events", 300_000, () => hold(pending), [
    cppHeap.peer("hold", pending, 1_000_000),
    ns3.peer("hold", pending, 300_000),
    simgrid.peer("hold", pending, 200_000),
    simpy.peer("hold", pending, 100_000),
  ]);
}

export const cases: BenchCase[] = [
  holdCase("engine/hold/1e2", 100),
  holdCase("engine/hold/1e4", 10_000),
  holdCase("engine/hold/1e6", 1_000_000),
  steady("engine/cancel", "steps", 200_000, () => cancel(), [
    cppHeap.peer("cancel", 1_000_000),
    ns3.peer("cancel", 300_000),
    simgrid.peer("cancel", 200_000),
    simpy.peer("cancel", 100_000),
  ]),
  steady("engine/mm4-callbacks", "customers", 100_000, mm4Callbacks),
  steady("engine/mm4-processes", "customers", 100_000, mm4Processes),
];
