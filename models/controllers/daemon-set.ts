import type { Node } from "../cluster/node.ts";
import { DAEMON_TOLERATIONS, untolerated } from "../scheduler/tolerations.ts";
import type { ControllerContext, WorkloadController } from "./controller.ts";

/** Keeps one pod on every node that it may use, `<workload>-<node>`; one that is lost comes back once it is gone. */
export class DaemonSetController implements WorkloadController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  reconcile(): void {
    const { cluster, workload, nodes = cluster.nodes } = this.#context;
    for (const pod of workload.pods.filter(({ stage }) => stage === "terminated")) cluster.deletePod(pod);
    const existing = new Set(workload.pods.map((pod) => pod.number));
    nodes.forEach((node, number) => {
      if (existing.has(number) || !this.#shouldRunOn(node)) return;
      cluster.createPod({ workload, name: `${workload.name}-${node.name}`, number, nodes: [node] });
    });
  }

  /** Source: kubernetes v1.34 pkg/controller/daemon/daemon_controller.go, NodeShouldRunDaemonPod. */
  #shouldRunOn({ state, entry: { labels, taints } }: Node): boolean {
    if (state === "absent") return false;
    const { nodeSelector = {}, tolerations } = this.#context.workload.entry.spec;
    const hasLabels = Object.entries(nodeSelector).every(([key, value]) => labels[key] === value);
    return (
      hasLabels &&
      untolerated(taints, [...DAEMON_TOLERATIONS, ...tolerations], ["NoSchedule", "NoExecute"]) === undefined
    );
  }
}
