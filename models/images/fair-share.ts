import { NO_EVENT, type Handle } from "../../engine/event-store.ts";
import type { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND, roundNs, type Ns } from "../../engine/time.ts";
import { pop, push, type Done, type Flow } from "./flow-heap.ts";
import { LoadMeter, type FlowLoad } from "./load-meter.ts";

/**
 * A capacity shared by flows max-min fairly, as TCP connections share a link: flows stand in groups (the nodes behind a
 * registry), and a flow's rate is the least of its own limit, its equal share of its group's capacity, and the level at
 * which all that remains of the whole is used up. Rates are bytes a second; Infinity is no limit.
 *
 * Flows of one group go at one rate, and so do all groups at the level: these share one clock of service and one event.
 * A start or an end therefore costs the logarithm of its group's flows; where the whole is limited also a look at each
 * group with flows, some nanoseconds each; never a step a flow.
 */
export class FairShare {
  readonly sim: Simulation;
  readonly #meter: LoadMeter;
  #perFlow: number;
  #capacity: number;
  /** The groups with flows. */
  readonly #active: FairGroup[] = [];
  /** What every flow at the level has got since the start, in bytes, until `#servedAt`. */
  #served = 0;
  #servedAt: Ns = 0;
  #level = Infinity;
  #event: Handle = NO_EVENT;
  #started = 0;

  constructor(sim: Simulation, capacity: number, perFlow: number) {
    this.sim = sim;
    this.#meter = new LoadMeter(sim);
    this.#capacity = capacity;
    this.#perFlow = perFlow;
  }

  get perFlow(): number {
    return this.#perFlow;
  }

  /** What all flows have taken until now. */
  get load(): FlowLoad {
    return this.#meter.load;
  }

  /** What every flow at the level has got until now, in bytes. */
  get served(): number {
    const { now } = this.sim;
    if (now > this.#servedAt) {
      if (this.#level < Infinity) this.#served += (this.#level * (now - this.#servedAt)) / NS_PER_SECOND;
      this.#servedAt = now;
    }
    return this.#served;
  }

  get level(): number {
    return this.#level;
  }

  /** A new group whose flows together get no more than `capacity`. */
  group(capacity: number): FairGroup {
    return new FairGroup(this, capacity);
  }

  /** From now on the whole gives this much, 0 lets every flow stand still; and no flow gets more than `perFlow`. */
  setLimits(capacity: number, perFlow: number): void {
    this.#capacity = capacity;
    this.#perFlow = perFlow;
    for (const group of this.#active) group.settle();
    this.#share();
    for (const group of this.#active) if (!group.isAtLevel) group.renew();
  }

  /** For groups: a flow starts. Answers its number. */
  begin(): number {
    this.#meter.count(1);
    return this.#started++;
  }

  /** For groups: a flow is done or cancelled. */
  end(): void {
    this.#meter.count(-1);
  }

  /** For groups: the flows or the capacity of one have changed, and everybody gets the rate that is now fair. */
  changed(group: FairGroup): void {
    group.settle();
    const index = this.#active.indexOf(group);
    if (group.flows > 0 && index < 0) this.#active.push(group);
    if (group.flows === 0 && index >= 0) {
      this.#active[index] = this.#active[this.#active.length - 1];
      this.#active.pop();
    }
    this.#share();
    if (!group.isAtLevel) group.renew();
  }

  /** Finds the level, moves groups to it or from it, and schedules the next end at it. */
  #share(): void {
    // Until now the old level held.
    void this.served;
    if (this.#capacity < Infinity || this.#level < Infinity) {
      this.#level = this.#findLevel();
      for (const group of this.#active) group.follow(group.ownRate > this.#level);
    }
    this.#schedule();
  }

  /** The rate up to which the whole can serve every flow: found by giving the groups below the equal share what they need. */
  #findLevel(): number {
    let left = this.#capacity;
    if (left === Infinity) return Infinity;
    let flows = 0;
    for (const group of this.#active) {
      group.isServed = false;
      flows += group.flows;
    }
    for (;;) {
      if (flows === 0) return Infinity;
      const level = left / flows;
      const before = flows;
      for (const group of this.#active) {
        if (group.isServed || group.ownRate > level) continue;
        group.isServed = true;
        left -= group.ownRate * group.flows;
        flows -= group.flows;
      }
      if (flows === before) return level;
    }
  }

  #schedule(): void {
    let least = Infinity;
    for (const group of this.#active) if (group.isAtLevel) least = Math.min(least, group.remainingBytes);
    const { sim } = this;
    if (least === Infinity || this.#level === 0) {
      sim.cancel(this.#event);
      this.#event = NO_EVENT;
      return;
    }
    const due = sim.now + nsFor(least, this.#level);
    if (!sim.reschedule(this.#event, due)) this.#event = sim.scheduleAt(due, finishAtLevel, this);
  }

  /** The flows at the level that are done at this instant leave together; then the others get their new rate. */
  finish(): void {
    const finished: Flow[] = [];
    for (const group of this.#active) if (group.isAtLevel) group.take(finished);
    const empty = this.#active.filter(({ flows }) => flows === 0);
    for (const group of this.#active) group.settle();
    for (const group of empty) this.#active.splice(this.#active.indexOf(group), 1);
    this.#share();
    tell(finished);
  }
}

/** The flows behind one bottleneck of their own. */
export class FairGroup {
  readonly #share: FairShare;
  readonly #meter: LoadMeter;
  #capacity: number;
  /** By mark, the next to be done on top; cancelled flows leave when they come up. */
  readonly #heap: Flow[] = [];
  /** Flows that are neither done nor cancelled. */
  flows = 0;
  /** What a flow would get if the whole had room: no more than its own limit and its share of the group's capacity. */
  ownRate = 0;
  /** Whether its flows go at the level, or at their own rate. */
  isAtLevel = false;
  /** For FairShare: it gets what it can take. */
  isServed = false;
  /** What each flow has got, in bytes: until `#servedAt` at its own rate, or less what the level's clock shows. */
  #served = 0;
  #servedAt: Ns = 0;
  #event: Handle = NO_EVENT;

  constructor(share: FairShare, capacity: number) {
    this.#share = share;
    this.#meter = new LoadMeter(share.sim);
    this.#capacity = capacity;
  }

  /** What its flows have taken until now. */
  get load(): FlowLoad {
    return this.#meter.load;
  }

  setCapacity(capacity: number): void {
    this.#advance();
    this.#capacity = capacity;
    if (this.flows > 0) this.#share.changed(this);
  }

  /** Starts a transfer; `done` is never called within this call. Answers what stops it. */
  start(bytes: number, done: Done): () => void {
    if (this.flows === 0) {
      this.#heap.length = 0;
      this.#served = 0;
      this.#servedAt = this.#share.sim.now;
      this.isAtLevel = false;
    }
    this.#advance();
    this.#meter.count(1);
    const flow: Flow = { mark: this.#now + bytes, order: this.#share.begin(), done, isCancelled: false };
    push(this.#heap, flow);
    this.flows++;
    this.#share.changed(this);
    return () => this.#cancel(flow);
  }

  /** For FairShare: the group's own rate after a change. */
  settle(): void {
    this.#advance();
    this.ownRate = this.flows === 0 ? 0 : Math.min(this.#share.perFlow, this.#capacity / this.flows);
  }

  /** For FairShare: from now on its flows go at the level, or at their own rate. */
  follow(isAtLevel: boolean): void {
    if (isAtLevel === this.isAtLevel) return;
    this.#advance();
    const served = this.#now;
    this.isAtLevel = isAtLevel;
    this.#servedAt = this.#share.sim.now;
    this.#served = isAtLevel ? served - this.#share.served : served;
    if (isAtLevel) this.#stopEvent();
    else this.renew();
  }

  /** For FairShare: schedules the next end at the group's own rate. */
  renew(): void {
    const { sim } = this.#share;
    const bytes = this.remainingBytes;
    if (bytes === Infinity || this.ownRate === 0) return this.#stopEvent();
    const due = sim.now + nsFor(bytes, this.ownRate);
    if (!sim.reschedule(this.#event, due)) this.#event = sim.scheduleAt(due, finishGroup, this);
  }

  /** Bytes that its next flow still needs; Infinity without one. */
  get remainingBytes(): number {
    while (this.#heap.length > 0 && this.#heap[0].isCancelled) pop(this.#heap);
    return this.#heap.length === 0 ? Infinity : Math.max(0, this.#heap[0].mark - this.#now);
  }

  /** For FairShare: takes out the flows that are done at this instant. */
  take(finished: Flow[]): void {
    const rate = this.isAtLevel ? this.#share.level : this.ownRate;
    this.#advance();
    while (nsFor(this.remainingBytes, rate) === 0) {
      const flow = pop(this.#heap);
      // Done: to cancel it later changes nothing.
      flow.isCancelled = true;
      finished.push(flow);
      this.#leave();
    }
  }

  /** Its own event: at its own rate some flow is done. */
  finish(): void {
    const finished: Flow[] = [];
    this.take(finished);
    this.#share.changed(this);
    tell(finished);
  }

  /** What each flow has got, in bytes, as of the last advance. */
  get #now(): number {
    return this.isAtLevel ? this.#served + this.#share.served : this.#served;
  }

  #cancel(flow: Flow): void {
    if (flow.isCancelled) return;
    flow.isCancelled = true;
    this.#advance();
    this.#leave();
    this.#share.changed(this);
  }

  #leave(): void {
    this.flows--;
    this.#meter.count(-1);
    this.#share.end();
    if (this.flows === 0) this.#stopEvent();
  }

  #stopEvent(): void {
    this.#share.sim.cancel(this.#event);
    this.#event = NO_EVENT;
  }

  #advance(): void {
    const { now } = this.#share.sim;
    // At an unlimited rate every flow is done at once, and nothing is served over time.
    if (!this.isAtLevel && now > this.#servedAt && this.ownRate < Infinity) {
      this.#served += (this.ownRate * (now - this.#servedAt)) / NS_PER_SECOND;
    }
    this.#servedAt = now;
  }
}

/** How long so many bytes take at a rate, to the nearest nanosecond; no time at an unlimited one. */
function nsFor(bytes: number, rate: number): Ns {
  if (bytes === Infinity) return Infinity;
  return rate === Infinity ? 0 : roundNs((bytes / rate) * NS_PER_SECOND);
}

/** Of flows that are done at one instant, the first started is told first. */
function tell(finished: Flow[]): void {
  finished.sort((a, b) => a.order - b.order);
  for (const { done } of finished) done();
}

function finishAtLevel(share: FairShare): void {
  share.finish();
}

function finishGroup(group: FairGroup): void {
  group.finish();
}
