import type { ControllerContext, WorkloadController } from "./controller.ts";
import { createPod } from "./replicas.ts";

/**
 * Keeps the pods 0 to replicas - 1: one that is lost comes back under its own name, once the old one is gone.
 *
 * Simplified: all are made and deleted at once (podManagementPolicy Parallel), where upstream's default waits for each to
 * be ready, or gone, before it turns to the next.
 */
export class StatefulSetController implements WorkloadController {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  reconcile(): void {
    const { cluster, workload } = this.#context;
    const { replicas } = workload.entry;
    for (const pod of workload.pods.toReversed()) {
      if (pod.stage === "terminated" || (pod.number >= replicas && pod.isActive)) cluster.deletePod(pod);
    }
    const existing = new Set(workload.pods.map((pod) => pod.number));
    for (let number = 0; number < replicas; number++) if (!existing.has(number)) createPod(this.#context, number);
  }
}
