import { AFTER_MODELS, NO_EVENT, SimulationError, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import { sampler, type Distribution } from "../../engine/random/distributions.ts";
import type { RandomStream } from "../../engine/random/streams.ts";
import type { Rate } from "../../engine/scenario/units.ts";
import { END_OF_TIME } from "../../engine/time.ts";
import { arrivalProcess, type ArrivalProcess } from "./arrivals.ts";
import type { Backend, BackendSet, Network } from "./backend.ts";
import { SourceRequest } from "./request.ts";
import type { TraceRow, TrafficEntry } from "./schema.ts";

/** The most requests of one source that servers and network may hold, so that an overload ends before memory does. */
export const MOST_OPEN_REQUESTS = 1_000_000;

/** A source that goes on so often without simulated time between never ends. */
export const MOST_TURNS_AT_ONE_INSTANT = 1_000_000;

/** Takes down what becomes of requests: a source of the engine's Recorder. */
export interface RequestLog {
  offered(arrivedAt: Ns): void;
  completed(arrivedAt: Ns, at: Ns, bytes: number): void;
  failed(arrivedAt: Ns, at: Ns): void;
}

const NOTHING: Distribution = { type: "fixed", value: 0 };

export interface SourceOptions {
  simulation: Simulation;
  /** Kept, not copied: the timeline changes it, then calls `changed`. */
  entry: TrafficEntry;
  log: RequestLog;
  backends: BackendSet;
  network?: Network;
}

/**
 * One source of requests: draws arrivals and demands, picks a backend, watches the timeout, and notes the outcome.
 *
 * Every purpose has a random stream of its own, begun afresh: sources with equal stream names draw alike. Events run in
 * the models' class, timeouts after it (with the observers), so a request that completes at exactly its limit succeeds.
 */
export class Source {
  readonly name: string;
  /** Requests that a server or the network holds; their clients may have given up. */
  openRequests = 0;

  readonly #simulation: Simulation;
  readonly #entry: TrafficEntry;
  readonly #log: RequestLog;
  readonly #backends: BackendSet;
  readonly #network: Network | undefined;

  readonly #cpuStream: RandomStream;
  readonly #thinkStream: RandomStream;
  readonly #balanceStream: RandomStream;
  readonly #requestBytes: () => number;
  readonly #responseBytes: () => number;
  #cpu: () => Ns;

  /** Absent where closed users ask. */
  readonly #process: ArrivalProcess | undefined;
  #pending: Handle = NO_EVENT;
  #rate: Rate | undefined;
  #rows: readonly TraceRow[] | undefined;
  #row = 0;

  readonly #think: () => Ns;
  /** Of closed users whom no ready pod served: when each has done thinking, in the order of their refusal. */
  #refused: Ns[] = [];
  #isRetrying = false;
  #turn = 0;
  /** How often the source has gone on at the present instant without time between. */
  #turnsNow = 0;
  #lastTurnAt: Ns = 0;

  constructor({ simulation, entry, log, backends, network }: SourceOptions) {
    this.name = entry.name;
    this.#simulation = simulation;
    this.#entry = entry;
    this.#log = log;
    this.#backends = backends;
    this.#network = network;

    const stream = (purpose: string) => simulation.streams.fresh(`traffic/${entry.stream ?? entry.name}/${purpose}`);
    this.#cpuStream = stream("cpu");
    this.#thinkStream = stream("think");
    this.#balanceStream = stream("balance");
    this.#cpu = sampler(entry.cpu, this.#cpuStream);
    this.#requestBytes = sampler(entry.request?.size ?? NOTHING, stream("request"));
    this.#responseBytes = sampler(entry.response?.size ?? NOTHING, stream("response"));

    const { arrivals } = entry;
    this.#think = sampler(arrivals.type === "closed" ? arrivals.think : NOTHING, this.#thinkStream);
    if (arrivals.type === "closed") backends.onReady(() => this.#retry());
    else this.#process = arrivalProcess(arrivals, { arrivals: stream("arrivals"), states: stream("states") });
    if (arrivals.type === "trace") this.#rows = arrivals.rows;
    if ("rate" in arrivals) this.#rate = { ...arrivals.rate };
  }

  /** Begins: to be called once, at time 0. */
  start(): void {
    if (this.#process === undefined) this.#simulation.schedule(0, askAll, this);
    else this.#await(this.#process.next());
  }

  /** Takes over what the timeline changed in the entry: rate, cpu, timeout, cancelOnTimeout, balance. */
  changed(): void {
    const { cpu, arrivals } = this.#entry;
    this.#cpu = sampler(cpu, this.#cpuStream);
    if (!("rate" in arrivals) || this.#process?.setRate === undefined) return;
    const { count, per } = arrivals.rate;
    if (count === this.#rate?.count && per === this.#rate.per) return;
    this.#rate = { count, per };
    this.#simulation.cancel(this.#pending);
    this.#await(this.#process.setRate(this.#rate, this.#simulation.now));
  }

  /** All users ask. */
  askAll(): void {
    const { arrivals } = this.#entry;
    if (arrivals.type === "closed") for (let i = 0; i < arrivals.users; i++) this.ask();
  }

  /** The instant that the arrival process gave. The next one is scheduled first, before what this one sets off. */
  step(): void {
    const process = this.#process!;
    const { isArrival } = process;
    this.#await(process.next());
    if (isArrival) this.ask(this.#rows?.[this.#row++]);
  }

  /** One request, now, with what a row of the trace says of it. */
  ask(row?: TraceRow): void {
    const { now } = this.#simulation;
    const demandNs = row?.cpuNs ?? this.#cpu();
    const requestBytes = row?.requestBytes ?? this.#requestBytes();
    const responseBytes = row?.responseBytes ?? this.#responseBytes();
    this.#log.offered(now);
    const backend = this.#choose();
    if (backend === undefined) {
      this.#log.failed(now, now);
      if (this.#process === undefined) this.#refused.push(now + this.#think());
      return;
    }
    const request = new SourceRequest(this, backend, now, demandNs, requestBytes, responseBytes);
    if (++this.openRequests > MOST_OPEN_REQUESTS) this.#refuse();
    const { timeout } = this.#entry;
    if (timeout !== undefined && now + timeout <= END_OF_TIME) {
      request.timeout = this.#simulation.schedule(timeout, onTimeout, request, AFTER_MODELS);
    }
    if (this.#network === undefined) this.reachServer(request);
    else this.#network.carry(request, "request", reachServer);
  }

  reachServer(request: SourceRequest): void {
    if (!request.isAwaited && this.#entry.cancelOnTimeout) {
      this.#leave(request);
      return;
    }
    request.place = "server";
    request.backend.submit(request);
  }

  /** The server is done with the request. */
  served(request: SourceRequest): void {
    if (!request.isAwaited) {
      this.#leave(request);
      return;
    }
    request.place = "inbound";
    if (this.#network === undefined) this.reachClient(request);
    else this.#network.carry(request, "response", reachClient);
  }

  /** The request's server ended. */
  lost(request: SourceRequest): void {
    this.#leave(request);
    if (request.isAwaited) this.#fail(request);
  }

  reachClient(request: SourceRequest): void {
    this.#leave(request);
    if (!request.isAwaited) return;
    request.isAwaited = false;
    this.#simulation.cancel(request.timeout);
    const bytes = request.requestBytes + request.responseBytes;
    this.#log.completed(request.arrivedAt, this.#simulation.now, bytes);
    this.#goOn(request);
  }

  timedOut(request: SourceRequest): void {
    if (this.#entry.cancelOnTimeout && request.place === "server") {
      request.backend.withdraw(request);
      this.#leave(request);
    }
    this.#fail(request);
  }

  #fail(request: SourceRequest): void {
    request.isAwaited = false;
    this.#simulation.cancel(request.timeout);
    this.#log.failed(request.arrivedAt, this.#simulation.now);
    this.#goOn(request);
  }

  /** No server and no network holds the request any more. */
  #leave(request: SourceRequest): void {
    request.place = "nowhere";
    this.openRequests--;
  }

  /** A closed user has its answer, or none: it thinks, then asks again. */
  #goOn(request: SourceRequest): void {
    if (this.#process !== undefined) return;
    const thinkNs = this.#think();
    const { now } = this.#simulation;
    // Asking within the answer's own event lets a server that has work again go on without a sleep. Where no time has
    // passed an event must come between, or a loop without time would not be noticed.
    if (thinkNs === 0 && now > request.arrivedAt) this.ask();
    else this.#askAt(now + thinkNs);
  }

  /** A pod has become ready. Users ask in an event of their own, so that pods that become ready together share them. */
  #retry(): void {
    if (this.#isRetrying || this.#refused.length === 0) return;
    this.#isRetrying = true;
    this.#simulation.schedule(0, retry, this);
  }

  /** Refused users who have done thinking ask again; the others do when they have. */
  retry(): void {
    this.#isRetrying = false;
    if (this.#backends.ready.length === 0) return;
    const refused = this.#refused;
    this.#refused = [];
    for (const thoughtAt of refused) {
      if (thoughtAt > this.#simulation.now) this.#askAt(thoughtAt);
      else this.ask();
    }
  }

  #askAt(at: Ns): void {
    if (at === this.#simulation.now) this.#noticeTurn();
    if (at <= END_OF_TIME) this.#simulation.scheduleAt(at, ask, this);
  }

  #await(at: Ns): void {
    if (at === this.#simulation.now) this.#noticeTurn();
    this.#pending = at <= END_OF_TIME ? this.#simulation.scheduleAt(at, step, this) : NO_EVENT;
  }

  /** A ready backend; of those with the fewest open requests the first. */
  #choose(): Backend | undefined {
    const { ready } = this.#backends;
    const { balance } = this.#entry;
    // Drawn even where there is nothing to choose, so that the draws of later requests stay the same.
    if (balance === "random") return ready[Math.floor(this.#balanceStream.uniform() * ready.length)];
    if (balance === "roundRobin") return ready[this.#turn++ % ready.length];
    let least: Backend | undefined;
    for (const backend of ready) {
      if (least === undefined || backend.openRequests < least.openRequests) least = backend;
    }
    return least;
  }

  #noticeTurn(): void {
    const { now, seed } = this.#simulation;
    this.#turnsNow = now === this.#lastTurnAt ? this.#turnsNow + 1 : 1;
    this.#lastTurnAt = now;
    if (this.#turnsNow <= MOST_TURNS_AT_ONE_INSTANT) return;
    throw new SimulationError(
      `source "${this.name}" has gone on ${MOST_TURNS_AT_ONE_INSTANT} times at one instant: simulated time does not ` +
        "advance any more; give its demand, think time, on or off a length",
      now,
      seed,
    );
  }

  #refuse(): never {
    const { now, seed } = this.#simulation;
    throw new SimulationError(
      `source "${this.name}" has more than ${MOST_OPEN_REQUESTS} open requests: its servers do not keep up; lower its ` +
        "rate or demand, add threads or replicas, or give it a timeout with cancelOnTimeout",
      now,
      seed,
    );
  }
}

function askAll(source: Source): void {
  source.askAll();
}

function ask(source: Source): void {
  source.ask();
}

function step(source: Source): void {
  source.step();
}

function retry(source: Source): void {
  source.retry();
}

function reachServer(request: SourceRequest): void {
  request.source.reachServer(request);
}

function reachClient(request: SourceRequest): void {
  request.source.reachClient(request);
}

function onTimeout(request: SourceRequest): void {
  request.source.timedOut(request);
}
