import type { Ns } from "../../engine/index.ts";
import type { Container } from "./container.ts";
import type { Node } from "./node.ts";
import type { Workload } from "./workload.ts";

/** One pod, bound to its node. */
export class Pod {
  readonly name: string;
  readonly workload: Workload;
  readonly node: Node;
  readonly boundAt: Ns;
  /** Its name for random streams: the workload's stream and its number in the workload. */
  readonly stream: string;
  readonly containers: Container[] = [];

  constructor(name: string, workload: Workload, node: Node, stream: string, boundAt: Ns) {
    this.name = name;
    this.workload = workload;
    this.node = node;
    this.stream = stream;
    this.boundAt = boundAt;
  }

  get isReady(): boolean {
    return this.containers.length > 0 && this.containers.every((container) => container.isReady);
  }
}
