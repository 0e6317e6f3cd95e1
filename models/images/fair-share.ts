import { NO_EVENT, type Handle } from "../../engine/event-store.ts";
import type { Simulation } from "../../engine/simulation.ts";
import { NS_PER_SECOND, roundNs, type Ns } from "../../engine/time.ts";

/** Called with the last byte. */
export type Done = () => void;

/** How much a shared capacity was in use. */
export interface FlowLoad {
  /** Time with at least one flow. */
  busyNs: Ns;
  /** The most flows at one time. */
  mostFlows: number;
}

/** Counts flows as they come and go. */
class LoadMeter {
  readonly #sim: Simulation;
  #flows = 0;
  #mostFlows = 0;
  #busyNs: Ns = 0;
  #busySince: Ns = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  get load(): FlowLoad {
    const open = this.#flows > 0 ? this.#sim.now - this.#busySince : 0;
    return { busyNs: this.#busyNs + open, mostFlows: this.#mostFlows };
  }

  count(change: 1 | -1): void {
    const { now } = this.#sim;
    if (this.#flows === 0) this.#busySince = now;
    this.#flows += change;
    if (this.#flows === 0) this.#busyNs += now - this.#busySince;
    else if (this.#flows > this.#mostFlows) this.#mostFlows = this.#flows;
  }
}

/** One transfer, by the service at which it is complete. */
interface Flow {
  /** What the group has given to each of its flows when this one is done, in bytes. */
  mark: number;
  /** Counts the starts: of flows that are done at one instant, the first started is told first. */
  order: number;
  done: Done;
  isCancelled: boolean;
}

/**
 * A capacity shared by flows max-min fairly, as TCP connections share a link: flows stand in groups (the nodes behind a
 * registry), and a flow's rate is the least of its own limit, its equal share of its group's capacity, and the level at
 * which all that remains of the whole is used up. Flows of one group go at one rate, so a change costs the logarithm of the
 * group's flows where the whole is unlimited, and one step for each group with flows where it is not. Rates are bytes a second;
 * Infinity is no limit.
 */
export class FairShare {
  readonly sim: Simulation;
  readonly #meter: LoadMeter;
  #perFlow: number;
  #capacity: number;
  readonly #active = new Set<FairGroup>();

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

  /** A new group whose flows together get no more than `capacity`. */
  group(capacity: number): FairGroup {
    return new FairGroup(this, capacity);
  }

  /** From now on the whole gives this much, 0 lets every flow stand still; and no flow gets more than `perFlow`. */
  setLimits(capacity: number, perFlow: number): void {
    this.#capacity = capacity;
    this.#perFlow = perFlow;
    this.#shareAll();
  }

  /** A flow begins (1) or ends (-1) in some group. */
  count(change: 1 | -1): void {
    this.#meter.count(change);
  }

  /** A group's flows or capacity changed: everyone gets the rate that is now fair. */
  changed(group: FairGroup): void {
    if (group.flows > 0) this.#active.add(group);
    else this.#active.delete(group);
    this.#share(group);
  }

  #shareAll(): void {
    const level = this.#level();
    for (const group of this.#active) group.setRate(Math.min(group.ownRate, level));
  }

  #share(changed: FairGroup): void {
    const level = this.#level();
    // Without a limit of the whole, nobody else's rate depends on this group.
    if (this.#capacity < Infinity) {
      for (const group of this.#active) if (group !== changed) group.setRate(Math.min(group.ownRate, level));
    }
    changed.renew(changed.flows === 0 ? 0 : Math.min(changed.ownRate, level));
  }

  /** The rate up to which the whole can serve every flow: found by giving the groups below the equal share what they need. */
  #level(): number {
    let left = this.#capacity;
    if (left === Infinity) return Infinity;
    let open = [...this.#active];
    for (;;) {
      let flows = 0;
      for (const group of open) flows += group.flows;
      if (flows === 0) return Infinity;
      const level = left / flows;
      const above = open.filter(({ ownRate }) => ownRate > level);
      if (above.length === open.length) return level;
      for (const group of open) if (group.ownRate <= level) left -= group.ownRate * group.flows;
      open = above;
    }
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
  #started = 0;
  #rate = 0;
  /** What each flow has got until `#servedAt`, in bytes since the group was last empty. */
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

  /** What a flow would get if the whole had room: no more than its own limit and its share of the group's capacity. */
  get ownRate(): number {
    return Math.min(this.#share.perFlow, this.#capacity / this.flows);
  }

  setCapacity(capacity: number): void {
    this.#capacity = capacity;
    if (this.flows > 0) this.#share.changed(this);
  }

  /** Starts a transfer; `done` is never called within this call. Answers what stops it. */
  start(bytes: number, done: Done): () => void {
    this.#advance();
    if (this.flows === 0) {
      this.#served = 0;
      this.#heap.length = 0;
    }
    const flow: Flow = { mark: this.#served + bytes, order: this.#started++, done, isCancelled: false };
    push(this.#heap, flow);
    this.#count(1);
    this.#share.changed(this);
    return () => this.#cancel(flow);
  }

  /** Gives each flow this rate; for FairShare alone. */
  setRate(rate: number): void {
    if (rate !== this.#rate) this.renew(rate);
  }

  /** The same for a group whose flows have changed. */
  renew(rate: number): void {
    this.#advance();
    this.#rate = rate;
    this.#schedule();
  }

  #cancel(flow: Flow): void {
    if (flow.isCancelled) return;
    flow.isCancelled = true;
    this.#advance();
    this.#count(-1);
    this.#share.changed(this);
  }

  #count(change: 1 | -1): void {
    this.flows += change;
    this.#meter.count(change);
    this.#share.count(change);
  }

  #advance(): void {
    const { now } = this.#share.sim;
    // At an unlimited rate every flow is done at once, and nothing is served over time.
    if (now > this.#servedAt && this.#rate < Infinity) {
      this.#served += (this.#rate * (now - this.#servedAt)) / NS_PER_SECOND;
    }
    this.#servedAt = now;
  }

  /** How long the flow at the top still takes, to the nearest nanosecond. */
  #remaining(flow: Flow): Ns {
    const bytes = flow.mark - this.#served;
    return this.#rate === Infinity || bytes <= 0 ? 0 : roundNs((bytes / this.#rate) * NS_PER_SECOND);
  }

  #schedule(): void {
    const { sim } = this.#share;
    this.#dropCancelled();
    const [top] = this.#heap;
    if (top === undefined || this.#rate === 0) {
      sim.cancel(this.#event);
      this.#event = NO_EVENT;
      return;
    }
    const due = sim.now + this.#remaining(top);
    if (!sim.reschedule(this.#event, due)) this.#event = sim.scheduleAt(due, finishFlows, this);
  }

  /** The flows that are done at this instant leave together; then the others get their new rate. */
  finish(): void {
    this.#advance();
    const finished: Flow[] = [];
    this.#dropCancelled();
    while (this.#heap.length > 0 && this.#remaining(this.#heap[0]) === 0) {
      const flow = pop(this.#heap);
      // Done: to cancel it later changes nothing.
      flow.isCancelled = true;
      finished.push(flow);
      this.#count(-1);
      this.#dropCancelled();
    }
    this.#share.changed(this);
    finished.sort((a, b) => a.order - b.order);
    for (const { done } of finished) done();
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0].isCancelled) pop(this.#heap);
  }
}

function finishFlows(group: FairGroup): void {
  group.finish();
}

function isBefore(a: Flow, b: Flow): boolean {
  return a.mark < b.mark || (a.mark === b.mark && a.order < b.order);
}

/** Adds to a binary heap. */
function push(heap: Flow[], flow: Flow): void {
  let i = heap.length;
  heap.push(flow);
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!isBefore(flow, heap[parent])) break;
    heap[i] = heap[parent];
    i = parent;
  }
  heap[i] = flow;
}

/** Takes the first of a binary heap that is not empty. */
function pop(heap: Flow[]): Flow {
  const [first] = heap;
  const last = heap.pop() as Flow;
  if (heap.length === 0) return first;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
    if (!isBefore(heap[child], last)) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = last;
  return first;
}
