import type { ControllerContext, WorkloadController } from "./controller.ts";
import { createNumberedPod, deletionOrder } from "./replicas.ts";

/** Keeps as many pods as `replicas` says: one that is lost is replaced under a new number. */
export class DeploymentController implements WorkloadController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  reconcile(): void {
    const { cluster, workload } = this.#context;
    const { replicas } = workload.entry;
    const active = workload.pods.filter((pod) => pod.isActive);
    for (let count = active.length; count < replicas; count++) createNumberedPod(this.#context);
    if (active.length <= replicas) return;
    for (const pod of deletionOrder(active).slice(0, active.length - replicas)) cluster.deletePod(pod);
  }
}
