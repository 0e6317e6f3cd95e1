import type { Pod } from "./pod.ts";
import type { NodeEntry, Taint } from "./schema.ts";

/** absent: it has not joined the cluster yet, or has left it. */
export type NodeState = "absent" | "up" | "down";

/** One node of the cluster. */
export class Node {
  readonly name: string;
  /** The entry of the scenario that it comes from. */
  readonly entry: NodeEntry;
  /** Its name for random streams: nodes with equal ones draw the same phases. */
  readonly stream: string;
  /** Pods whose objects are bound to it, in the order in which they came; finished ones too until they are deleted. */
  readonly pods: Pod[] = [];
  state: NodeState = "up";
  /** Taints that conditions of the node give it, beside those of its entry: memory-pressure and its like. */
  readonly conditionTaints: Taint[] = [];

  constructor(name: string, entry: NodeEntry, stream: string) {
    this.name = name;
    this.entry = entry;
    this.stream = stream;
  }

  /** As events name it. */
  get object(): string {
    return `node/${this.name}`;
  }

  remove(pod: Pod): void {
    const index = this.pods.indexOf(pod);
    if (index >= 0) this.pods.splice(index, 1);
  }
}

/** The nodes that an entry stands for: itself, or `<name>-0` to `<name>-(count - 1)`. */
export function nodesOf(entry: NodeEntry): Node[] {
  const stream = entry.stream ?? entry.name;
  if (entry.count === undefined || entry.count === 1) return [new Node(entry.name, entry, stream)];
  return Array.from({ length: entry.count }, (_, i) => new Node(`${entry.name}-${i}`, entry, `${stream}-${i}`));
}
