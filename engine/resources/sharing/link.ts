import { IndexedHeap } from "../indexed-heap.ts";
import { toBytesPerSecond, toCapacity } from "./fixed-point.ts";
import type { FlowClass } from "./flow-class.ts";
import type { Network } from "./network.ts";

/** A class of flows where it crosses a link. */
export interface Crossing {
  readonly flowClass: FlowClass;
  readonly link: Link;
  /** Place among the link's limited classes, or in the heap of the others. */
  heapIndex: number;
  /** Whether this link is what limits the class. */
  isLimiting: boolean;
}

/** Something with a capacity that flows share: a NIC, a disk, a server's uplink. Made by `Network.link`. */
export class Link {
  readonly order: number;
  readonly #network: Network;

  // What follows is for the network alone.

  capacity: bigint;
  /** The sum of the rates of the classes that are settled. */
  load = 0n;
  /** Settled classes that this link limits: all of one level, the highest here. */
  readonly limited: Crossing[] = [];
  /** Settled classes that something else limits, the highest level first. */
  readonly others = new IndexedHeap<Crossing>(isHigher);

  /** Classes that look for a new level, and what the link still has for them. */
  readonly open: FlowClass[] = [];
  free = 0n;
  openWeight = 0n;
  /** The share of a unit of weight, as far as the filling has come. */
  level = 0n;
  /** Whether the filling stopped classes here, and what these had to share. */
  isFull = false;
  sharedCapacity = 0n;
  sharedWeight = 0n;
  heapIndex = -1;

  constructor(network: Network, bytesPerSecond: number, order: number) {
    this.#network = network;
    this.capacity = toCapacity(bytesPerSecond);
    this.order = order;
  }

  /** From now on so many bytes a second; 0 lets every flow stand still, Infinity limits none. */
  setCapacity(bytesPerSecond: number): void {
    this.capacity = toCapacity(bytesPerSecond);
    this.#network.linkChanged(this);
  }

  /** Bytes a second that the flows use; what changes at an instant shows when the network has settled, see `Network`. */
  get usedRate(): number {
    return toBytesPerSecond(this.load);
  }

  /** Enters a class that has got its level. */
  attach(crossing: Crossing, isLimiting: boolean): void {
    this.load += crossing.flowClass.load;
    crossing.isLimiting = isLimiting;
    if (isLimiting) crossing.heapIndex = this.limited.push(crossing) - 1;
    else this.others.add(crossing);
  }

  /** Takes out a class that looks for a new level. */
  detach(crossing: Crossing): void {
    this.load -= crossing.flowClass.load;
    if (crossing.isLimiting) {
      const last = this.limited.pop() as Crossing;
      if (last !== crossing) {
        last.heapIndex = crossing.heapIndex;
        this.limited[last.heapIndex] = last;
      }
    } else this.others.remove(crossing);
  }
}

function isHigher(a: Crossing, b: Crossing): boolean {
  const [one, other] = [a.flowClass, b.flowClass];
  return one.level > other.level || (one.level === other.level && one.order < other.order);
}
