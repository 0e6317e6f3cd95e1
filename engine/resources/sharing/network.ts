import type { Handler } from "../../event-store.ts";
import type { Simulation } from "../../simulation.ts";
import { Soon } from "../soon.ts";
import { fill, share } from "./fill.ts";
import { NOISE, toRateOfWeight } from "./fixed-point.ts";
import { FlowClass, type Flow } from "./flow-class.ts";
import { Link } from "./link.ts";

/**
 * Links shared max-min fairly by the flows that cross them: no flow could be faster without slowing down one that is not
 * faster (both by unit of weight). A flow is never faster than its own limit, a link never loaded above its
 * capacity (by more than 2^-70 bytes a second).
 *
 * Bytes are integers, service is kept without rounding, and a flow ends at the nearest nanosecond (ties to even). New rates
 * hold from the instant of a change on; they are computed once for all changes of that instant, in an event after those
 * that wait for it already. A flow of 0 bytes is done at that instant.
 *
 * A change costs the logarithm of its flows for each class (route and limit) whose level changes, for each link crossed:
 * on one link with one limit that is one class, however many flows. Classes with another bottleneck are not touched.
 * engine/resources/README.md has the figures.
 */
export class Network {
  readonly sim: Simulation;
  #links = 0;
  #classes = 0;
  #starts = 0;
  readonly #changedClasses = new Set<FlowClass>();
  readonly #changedLinks = new Set<Link>();
  readonly #soon: Soon;
  /** The classes that look for a new level, and the links that they cross. */
  #region: FlowClass[] = [];
  #regionLinks: Link[] = [];

  constructor(sim: Simulation) {
    this.sim = sim;
    this.#soon = new Soon(sim, settle, this);
  }

  /** A new link of so many bytes a second; Infinity limits none. Throws RangeError for other rates than 0 to 2^53 - 1. */
  link(bytesPerSecond: number): Link {
    return new Link(this, bytesPerSecond, this.#links++);
  }

  /** The way over these links, in any order. Throws RangeError unless they are different links of this network. */
  route(...links: readonly Link[]): Route {
    if (links.length === 0 || new Set(links).size !== links.length) {
      throw new RangeError("a route needs one link or more, each of them once");
    }
    return new Route(this, links);
  }

  /** For routes, classes and links alone, as what follows. */
  nextClass(): number {
    return this.#classes++;
  }

  nextStart(): number {
    return this.#starts++;
  }

  classChanged(flowClass: FlowClass): void {
    this.#changedClasses.add(flowClass);
    this.#soon.ask();
  }

  linkChanged(link: Link): void {
    this.#changedLinks.add(link);
    this.#soon.ask();
  }

  /**
   * Finds the new levels: of the changed classes first, with all others as they are, and then of those too whose bottleneck
   * that disturbs, until every class has one. Max-min fair levels are unique, so these are the ones of the whole network.
   */
  settle(): void {
    for (const flowClass of this.#changedClasses) this.#open(flowClass);
    for (const link of this.#changedLinks) {
      this.#openLimited(link);
      for (let top = link.others.first; top !== undefined && link.load > link.capacity; top = link.others.first) {
        this.#open(top.flowClass);
      }
    }
    do fill(this.#region, this.#regionLinks);
    while (this.#openDisturbed());
    this.#close();
  }

  /** Opens the settled classes whose bottleneck the filling disturbs; whether there are any. */
  #openDisturbed(): boolean {
    const before = this.#region.length;
    const links = this.#regionLinks.length;
    for (let i = 0; i < links; i++) {
      const link = this.#regionLinks[i];
      const level = limitedLevel(link);
      // The link limits settled classes: it must still be full, and none may get more here than these do.
      if (level !== undefined && (differs(link.free, 0n) || (link.isFull && differs(link.level, level)))) {
        this.#openLimited(link);
      }
      if (link.isFull) this.#openHigher(link);
    }
    for (let i = 0; i < before; i++) {
      const flowClass = this.#region[i];
      if (flowClass.weight === 0n) continue;
      for (const link of flowClass.links) {
        const level = limitedLevel(link);
        if (level !== undefined && flowClass.nextLevel > level + NOISE) this.#openLimited(link);
      }
    }
    return this.#region.length > before;
  }

  /** Opens the settled classes that get more on a full link than those that it stops, the highest first, and no more than needed. */
  #openHigher(link: Link): void {
    let { sharedCapacity, sharedWeight } = link;
    for (let top = link.others.first; top !== undefined; top = link.others.first) {
      const { flowClass } = top;
      if (flowClass.level <= share(sharedCapacity, sharedWeight) + NOISE) return;
      sharedCapacity += flowClass.load;
      sharedWeight += flowClass.weight;
      this.#open(flowClass);
    }
  }

  #openLimited(link: Link): void {
    while (link.limited.length > 0) this.#open(link.limited[link.limited.length - 1].flowClass);
  }

  #open(flowClass: FlowClass): void {
    if (flowClass.isOpen) return;
    flowClass.isOpen = true;
    this.#region.push(flowClass);
    for (const crossing of flowClass.crossings) {
      const { link } = crossing;
      if (flowClass.isSettled) link.detach(crossing);
      if (link.open.length === 0) this.#regionLinks.push(link);
      link.open.push(flowClass);
    }
    flowClass.isSettled = false;
  }

  /** Gives the open classes their levels. */
  #close(): void {
    for (const link of this.#regionLinks) link.open.length = 0;
    for (const flowClass of this.#region) {
      flowClass.isOpen = false;
      if (flowClass.weight === 0n) {
        flowClass.setLevel(0n);
        flowClass.route.forget(flowClass);
        continue;
      }
      flowClass.setLevel(flowClass.nextLevel);
      flowClass.load = flowClass.nextLevel * flowClass.weight;
      flowClass.isSettled = true;
      for (const crossing of flowClass.crossings) {
        crossing.link.attach(crossing, crossing.link === flowClass.nextLimit);
      }
    }
    this.#region = [];
    this.#regionLinks = [];
    this.#changedClasses.clear();
    this.#changedLinks.clear();
  }
}

/** A way over links, on which flows start. Made by `Network.route`; flows of equal routes go fastest when they share one. */
export class Route {
  readonly network: Network;
  readonly links: readonly Link[];
  readonly #classes = new Map<number, FlowClass>();

  constructor(network: Network, links: readonly Link[]) {
    this.network = network;
    this.links = links;
  }

  /**
   * Starts a transfer of whole bytes; `done(argument)` is called with the last one, never within this call. The flow's share
   * is in proportion to `weight` (a whole number from 1), and never above `cap` (bytes a second). Throws RangeError otherwise.
   */
  start<A>(bytes: number, done: Handler<A>, argument: A, weight = 1, cap = Infinity): Flow {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RangeError(`a transfer of ${bytes} bytes; allowed: a whole number from 0`);
    }
    if (!Number.isSafeInteger(weight) || weight < 1) {
      throw new RangeError(`a weight of ${weight}; allowed: a whole number from 1`);
    }
    const flowClass = this.#classOf(cap, weight);
    return flowClass.add(bytes, BigInt(weight), done as Handler, argument, this.network.nextStart());
  }

  /** For the network alone: drops a class that is empty, as there may be ever new limits. */
  forget(flowClass: FlowClass): void {
    if (flowClass.limit < Infinity) this.#classes.delete(flowClass.limit);
  }

  /** The class of this limit by unit of weight: limits that a float64 does not tell apart are one. */
  #classOf(cap: number, weight: number): FlowClass {
    const limit = cap / weight;
    let flowClass = this.#classes.get(limit);
    if (flowClass === undefined) {
      flowClass = new FlowClass(this, limit, toRateOfWeight(cap, weight), this.network.nextClass());
      this.#classes.set(limit, flowClass);
    }
    return flowClass;
  }
}

/** The level of the settled classes that a link limits, if there are any. */
function limitedLevel(link: Link): bigint | undefined {
  return link.limited.length === 0 ? undefined : link.limited[0].flowClass.level;
}

function differs(a: bigint, b: bigint): boolean {
  const difference = a - b;
  return difference > NOISE || difference < -NOISE;
}

function settle(network: Network): void {
  network.settle();
}
