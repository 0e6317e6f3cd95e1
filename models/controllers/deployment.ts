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
    const count = () => workload.pods.filter((pod) => pod.isActive).length;
    // Making and deleting pods may bring about others: what is there is counted anew.
    while (count() < replicas) createNumberedPod(this.#context);
    const active = workload.pods.filter((pod) => pod.isActive);
    for (const pod of deletionOrder(active).slice(0, Math.max(active.length - replicas, 0))) cluster.deletePod(pod);
  }
}
