import { sampler } from "../../engine/random/distributions.ts";
import type { RandomStreams } from "../../engine/random/streams.ts";
import type { Ns } from "../../engine/time.ts";
import type { Load, LoadWorkers } from "./load.ts";

export interface Request {
  arrival: Ns;
  service: Ns;
}

/**
 * The requests of a queue that arrive before the load ends, in order; none for workers without a queue. Arrivals and
 * services are drawn from streams of their own, named by the workers' place, so that loads with equal demand ask for
 * the same.
 */
export function drawRequests(load: Load, workers: LoadWorkers, streams: RandomStreams, place: number): Request[] {
  const { demand } = workers;
  if (demand.type !== "periodic" && demand.type !== "poisson") return [];
  const service = sampler(demand.cpu, streams.fresh(`service/${place}`));
  const gap =
    demand.type === "periodic"
      ? () => demand.every
      : sampler({ type: "exponential", mean: demand.rate.per / demand.rate.count }, streams.fresh(`gap/${place}`));
  const requests: Request[] = [];
  let arrival = demand.type === "periodic" ? 0 : gap();
  while (arrival < load.duration) {
    requests.push({ arrival, service: Math.max(service(), 1) });
    arrival += Math.max(gap(), 1);
  }
  return requests;
}
