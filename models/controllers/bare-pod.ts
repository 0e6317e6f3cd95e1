import type { ControllerContext, WorkloadController } from "./controller.ts";

/** A pod that nobody keeps: it is made once, and lost when it is lost. */
export class BarePod implements WorkloadController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  reconcile(): void {
    const { cluster, workload, nodes } = this.#context;
    if (workload.nextNumber > 0) return;
    workload.nextNumber = 1;
    cluster.createPod({ workload, name: workload.name, number: 0, nodes: nodes?.slice(0, 1) });
  }
}
