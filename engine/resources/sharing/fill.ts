import { IndexedHeap } from "../indexed-heap.ts";
import { ALLOWANCE } from "./fixed-point.ts";
import type { FlowClass } from "./flow-class.ts";
import type { Link } from "./link.ts";

/**
 * Gives every open class its max-min fair level on what the settled ones leave free: all levels rise together until a
 * class meets its own limit or a link is full, which stops those that cross it there, and the others go on rising. Sets
 * `nextLevel` and `nextLimit` of the classes (undefined: its own limit), and `isFull` of the links.
 *
 * Source: D. Bertsekas, R. Gallager, Data Networks, 2nd edition (1992), section 6.5.2 (max-min flow control).
 */
export function fill(classes: readonly FlowClass[], links: readonly Link[]): void {
  const byLevel = new IndexedHeap<Link>(isLower);
  for (const link of links) {
    link.isFull = false;
    link.free = link.capacity - link.load;
    if (link.load > 0n) link.free += ALLOWANCE;
    link.openWeight = 0n;
    for (const flowClass of link.open) link.openWeight += flowClass.weight;
    if (link.openWeight === 0n) continue;
    link.level = shareOf(link);
    byLevel.add(link);
  }
  for (const flowClass of classes) flowClass.isFilled = flowClass.weight === 0n;
  const byCap = classes.toSorted((a, b) => (a.cap < b.cap ? -1 : a.cap > b.cap ? 1 : a.order - b.order));

  for (const flowClass of byCap) {
    for (let link = lowest(byLevel); link !== undefined && link.level < flowClass.cap; link = lowest(byLevel)) {
      byLevel.remove(link);
      link.isFull = true;
      link.sharedCapacity = link.free;
      link.sharedWeight = link.openWeight;
      for (const stopped of link.open) if (!stopped.isFilled) stop(stopped, link.level, link);
      if (flowClass.isFilled) break;
    }
    if (!flowClass.isFilled) stop(flowClass, flowClass.cap, undefined);
  }
}

/** What a unit of weight gets if the capacity is shared by this weight; 0 where less than nothing is left. */
export function share(capacity: bigint, weight: bigint): bigint {
  return capacity > 0n ? capacity / weight : 0n;
}

function shareOf(link: Link): bigint {
  return share(link.free, link.openWeight);
}

function stop(flowClass: FlowClass, level: bigint, limit: Link | undefined): void {
  flowClass.isFilled = true;
  flowClass.nextLevel = level;
  flowClass.nextLimit = limit;
  for (const link of flowClass.links) {
    link.free -= level * flowClass.weight;
    link.openWeight -= flowClass.weight;
  }
}

/** The link that is full first. A link's level only rises as classes stop elsewhere, so it is brought up to date on top. */
function lowest(byLevel: IndexedHeap<Link>): Link | undefined {
  for (let link = byLevel.first; link !== undefined; link = byLevel.first) {
    if (link.openWeight === 0n) {
      byLevel.remove(link);
      continue;
    }
    const level = shareOf(link);
    if (level === link.level) return link;
    link.level = level;
    byLevel.update(link);
  }
  return undefined;
}

function isLower(a: Link, b: Link): boolean {
  return a.level < b.level || (a.level === b.level && a.order < b.order);
}
