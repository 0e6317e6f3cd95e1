import { NO_EVENT, type Handle, type Handler } from "../../event-store.ts";
import { END_OF_TIME, type Ns } from "../../time.ts";
import { IndexedHeap } from "../indexed-heap.ts";
import { BYTE, divideUp, instantOf, toBytesPerSecond } from "./fixed-point.ts";
import type { Crossing, Link } from "./link.ts";
import type { Network, Route } from "./network.ts";

/**
 * The flows of one route with one limit (by unit of weight): at every instant each of them gets the same `level` for a unit
 * of its weight. So a clock of service, the same for all, says how far they are, and each keeps the reading at which it is
 * done: however many there are, a new level is one multiplication, and a flow that comes or goes a step in a heap.
 */
export class FlowClass {
  readonly route: Route;
  readonly links: readonly Link[];
  readonly crossings: readonly Crossing[];
  /** The limit by unit of weight, in bytes a second and as a rate. */
  readonly limit: number;
  readonly cap: bigint;
  readonly order: number;

  /** Of all flows together. */
  weight = 0n;
  level = 0n;
  /** What the links count for it: level x weight when it was settled. */
  load = 0n;

  isSettled = false;
  /** Whether it looks for a new level, and what the filling gave it. */
  isOpen = false;
  isFilled = false;
  nextLevel = 0n;
  nextLimit: Link | undefined;

  readonly #network: Network;
  readonly #flows = new IndexedHeap<Flow>(isDoneBefore);
  /** What a unit of weight has got until `#servedAt`, since the class was last empty. */
  #served = 0n;
  #servedAt: Ns = 0;
  #event: Handle = NO_EVENT;

  constructor(route: Route, limit: number, cap: bigint, order: number) {
    this.route = route;
    this.#network = route.network;
    this.links = route.links;
    this.crossings = route.links.map((link) => ({ flowClass: this, link, heapIndex: -1, isLimiting: false }));
    this.limit = limit;
    this.cap = cap;
    this.order = order;
  }

  /** What a unit of weight has got up to now. */
  get served(): bigint {
    const { now } = this.#network.sim;
    return now === this.#servedAt ? this.#served : this.#served + this.level * BigInt(now - this.#servedAt);
  }

  add(bytes: number, weight: bigint, done: Handler, argument: unknown, order: number): Flow {
    if (this.weight === 0n) {
      this.#served = 0n;
      this.#servedAt = this.#network.sim.now;
    }
    const mark = this.served + divideUp(BigInt(bytes) * BYTE, weight);
    const flow = new Flow(this, weight, mark, done, argument, order);
    this.#flows.add(flow);
    this.weight += weight;
    this.#network.classChanged(this);
    return flow;
  }

  remove(flow: Flow): void {
    this.#flows.remove(flow);
    this.weight -= flow.weight;
    this.#network.classChanged(this);
  }

  /** Takes a new level from now on, and moves the event of the next flow to be done. */
  setLevel(level: bigint): void {
    this.#served = this.served;
    this.#servedAt = this.#network.sim.now;
    this.level = level;
    this.#schedule();
  }

  /** The flows that are done at this instant leave together, and are told in the order in which they started. */
  finish(): void {
    const { now } = this.#network.sim;
    const finished: Flow[] = [];
    for (let flow = this.#flows.first; flow !== undefined && this.#dueOf(flow) === now; flow = this.#flows.first) {
      this.remove(flow);
      flow.isDone = true;
      finished.push(flow);
    }
    finished.sort((a, b) => a.order - b.order);
    for (const flow of finished) flow.tell();
  }

  /** When the flow is done at this level; Infinity if never. */
  #dueOf(flow: Flow): Ns {
    const { now } = this.#network.sim;
    const left = flow.mark - this.served;
    if (left <= 0n) return now;
    return this.level === 0n ? Infinity : instantOf(now, left, this.level);
  }

  #schedule(): void {
    const { sim } = this.#network;
    const { first } = this.#flows;
    const due = first === undefined ? Infinity : this.#dueOf(first);
    if (due > END_OF_TIME) sim.cancel(this.#event);
    else if (sim.timeOf(this.#event) !== due && !sim.reschedule(this.#event, due)) {
      this.#event = sim.scheduleAt(due, finishFlows, this as FlowClass);
    }
  }
}

/** One transfer. Made by `Route.start`. */
export class Flow {
  heapIndex = -1;
  readonly weight: bigint;
  /** What a unit of weight of the class has got when this flow is done. */
  readonly mark: bigint;
  /** Counts the starts in a network. */
  readonly order: number;
  /** Whether it got its last byte. */
  isDone = false;
  readonly #flowClass: FlowClass;
  readonly #handler: Handler<unknown>;
  readonly #argument: unknown;
  #left: number | undefined;

  constructor(flowClass: FlowClass, weight: bigint, mark: bigint, done: Handler, argument: unknown, order: number) {
    this.#flowClass = flowClass;
    this.weight = weight;
    this.mark = mark;
    this.#handler = done as Handler<unknown>;
    this.#argument = argument;
    this.order = order;
  }

  /** Bytes that have not been carried whole yet; for a withdrawn flow those that never were. */
  get remainingBytes(): number {
    if (this.isDone) return 0;
    if (this.#left !== undefined) return this.#left;
    const left = (this.mark - this.#flowClass.served) * this.weight;
    // A mark is rounded up, by less than the weight in units of service.
    return left < this.weight ? 0 : Number(divideUp(left - this.weight + 1n, BYTE));
  }

  /** Bytes a second; what changes at an instant shows when the network has settled, see `Network`. */
  get rate(): number {
    const isOver = this.isDone || this.#left !== undefined;
    return isOver ? 0 : toBytesPerSecond(this.#flowClass.level * this.weight);
  }

  /** Stops the transfer: `done` is never called. False if it is done or was withdrawn before. */
  withdraw(): boolean {
    if (this.isDone || this.#left !== undefined) return false;
    this.#left = this.remainingBytes;
    this.#flowClass.remove(this);
    return true;
  }

  /** For its class alone. */
  tell(): void {
    this.#handler(this.#argument);
  }
}

function isDoneBefore(a: Flow, b: Flow): boolean {
  return a.mark < b.mark || (a.mark === b.mark && a.order < b.order);
}

function finishFlows(flowClass: FlowClass): void {
  flowClass.finish();
}
