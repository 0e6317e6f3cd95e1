import type { Pod } from "./pod.ts";
import type { NodeEntry } from "./schema.ts";

/** One node of the cluster. */
export class Node {
  readonly name: string;
  /** The entry of the scenario that it comes from. */
  readonly entry: NodeEntry;
  /** Its name for random streams: nodes with equal ones draw the same phases. */
  readonly stream: string;
  readonly pods: Pod[] = [];

  constructor(name: string, entry: NodeEntry, stream: string) {
    this.name = name;
    this.entry = entry;
    this.stream = stream;
  }
}

/** The nodes that an entry stands for: itself, or `<name>-0` to `<name>-(count - 1)`. */
export function nodesOf(entry: NodeEntry): Node[] {
  const stream = entry.stream ?? entry.name;
  if (entry.count === undefined || entry.count === 1) return [new Node(entry.name, entry, stream)];
  return Array.from({ length: entry.count }, (_, i) => new Node(`${entry.name}-${i}`, entry, `${stream}-${i}`));
}
