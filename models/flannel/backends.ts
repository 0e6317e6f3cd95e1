import type { RandomStream } from "../../engine/random/streams.ts";
import type { Ns } from "../../engine/time.ts";
import type { DaemonBackend, PeerJob } from "./daemon.ts";
import { EVENT_LOG_NS, FDB_WRITE_NS, NEIGHBOUR_WRITE_NS, ROUTE_CHECK_NS, ROUTE_WRITE_NS } from "./defaults.ts";
import type { KernelTables, Operation } from "./kernel-tables.ts";
import type { LeaseEvent } from "./lease.ts";
import { planPeer, PlanRunner, type PeerPlan, type VxlanContext } from "./peer-plan.ts";
import { retryWait } from "./retry.ts";
import type { RouteNetwork } from "./route-network.ts";
import type { ProxyTable } from "./udp-proxy.ts";

/** What the daemon's work costs in time. */
export interface WriteCosts {
  /** Decoding and logging one event. */
  readonly eventNs: Ns;
  readonly neighbourNs: Ns;
  readonly fdbNs: Ns;
  readonly routeNs: Ns;
}

export const DEFAULT_WRITE_COSTS: WriteCosts = {
  eventNs: EVENT_LOG_NS,
  neighbourNs: NEIGHBOUR_WRITE_NS,
  fdbNs: FDB_WRITE_NS,
  routeNs: ROUTE_WRITE_NS,
};

/** Plans of events that all daemons of a network are told of: they are the same for nodes that reach no peer directly. */
export type SharedPlans = WeakMap<LeaseEvent, PeerPlan>;

/**
 * The vxlan backend (rules R12, R13): up to three writes a peer and family, each tried again on failure. `write` does a
 * write and says whether the kernel refused it. `shared` keeps plans for other nodes; not to be given where some peer is
 * reached directly.
 */
export function vxlanBackend(
  context: VxlanContext,
  write: (operation: Operation) => boolean,
  retries: RandomStream,
  costs: WriteCosts = DEFAULT_WRITE_COSTS,
  shared?: SharedPlans,
): DaemonBackend {
  const below = (n: number): number => retries.below(n);
  return {
    eventNs: costs.eventNs,
    begin(event) {
      let plan = shared?.get(event);
      if (plan === undefined) {
        plan = planPeer(event, context);
        shared?.set(event, plan);
      }
      return new VxlanJob(new PlanRunner(plan.kind === "steps" ? plan.steps : []), write, below, costs);
    },
  };
}

class VxlanJob implements PeerJob {
  readonly #runner: PlanRunner;
  readonly #write: (operation: Operation) => boolean;
  readonly #below: (n: number) => number;
  readonly #costs: WriteCosts;

  constructor(
    runner: PlanRunner,
    write: (operation: Operation) => boolean,
    below: (n: number) => number,
    costs: WriteCosts,
  ) {
    this.#runner = runner;
    this.#write = write;
    this.#below = below;
    this.#costs = costs;
  }

  get costNs(): Ns | undefined {
    switch (this.#runner.operation?.table) {
      case "neighbour":
        return this.#costs.neighbourNs;
      case "fdb":
        return this.#costs.fdbNs;
      case "route":
        return this.#costs.routeNs;
      default:
        return undefined;
    }
  }

  write(): Ns {
    const operation = this.#runner.operation;
    const hasFailed = operation !== undefined && this.#write(operation);
    const failures = this.#runner.settle(hasFailed);
    return failures > 0 ? retryWait(failures, this.#below) : 0;
  }
}

/**
 * The host-gw backend (rule R15): a route a peer, and a check of all of them every 10 s.
 *
 * Simplified: an event costs one route write, though a changed gateway makes two; the check costs nothing.
 */
export function hostGwBackend(network: RouteNetwork, costs: WriteCosts = DEFAULT_WRITE_COSTS): DaemonBackend {
  return {
    eventNs: costs.eventNs,
    begin: (event) => new OneWrite(event, costs.routeNs, (told) => network.handle(told)),
    periodic: { everyNs: ROUTE_CHECK_NS, act: () => void network.check() },
  };
}

/**
 * The udp backend (rule R16): an entry of the proxy's table a peer, written through a socket to its own process. The table
 * ends with the daemon, and all traffic between nodes with it.
 */
export function udpBackend(table: ProxyTable, costs: WriteCosts = DEFAULT_WRITE_COSTS): DaemonBackend {
  return { eventNs: costs.eventNs, begin: (event) => new OneWrite(event, 0, (told) => table.handle(told)) };
}

class OneWrite implements PeerJob {
  costNs: Ns | undefined;
  readonly #event: LeaseEvent;
  readonly #handle: (event: LeaseEvent) => void;

  constructor(event: LeaseEvent, costNs: Ns, handle: (event: LeaseEvent) => void) {
    this.#event = event;
    this.costNs = costNs;
    this.#handle = handle;
  }

  write(): Ns {
    this.costNs = undefined;
    this.#handle(this.#event);
    return 0;
  }
}

/** The write port of a daemon whose writes reach these tables and nothing else. */
export function writesTo(tables: KernelTables): (operation: Operation) => boolean {
  return (operation) => tables.apply(operation) !== undefined;
}
