import type { Windows } from "../statistics/windows.ts";

/** What a node has left at the start of a window. */
export interface NodeResources {
  memoryAvailableBytes: number;
  /** Undefined for an unlimited file system. */
  nodefsAvailableBytes: number | undefined;
  imagefsAvailableBytes: number | undefined;
  /** Processes that exist. */
  pids: number;
}

/** What every node has left at the start of every window: the content of resources.csv. */
export class ResourceTable {
  readonly windows: Windows;
  /** In their order in the file. */
  readonly nodes: readonly string[];
  readonly #rows = new Map<string, Array<NodeResources | undefined>>();

  constructor(windows: Windows, nodes: readonly string[]) {
    this.windows = windows;
    this.nodes = [...nodes];
    for (const node of nodes) this.#rows.set(node, []);
  }

  /** Notes the figures of a node at the start of a window. Throws for a node or a window that the table does not have. */
  set(windowIndex: number, node: string, resources: NodeResources): void {
    const rows = this.#rows.get(node);
    if (rows === undefined) throw new Error(`the resource table has no node ${node}`);
    if (!(windowIndex >= 0 && windowIndex < this.windows.count))
      throw new RangeError(`there is no window ${windowIndex}`);
    rows[windowIndex] = resources;
  }

  /** The figures of a node; undefined where none were noted, as for a node that is not there. */
  get(windowIndex: number, node: string): NodeResources | undefined {
    return this.#rows.get(node)?.[windowIndex];
  }
}
