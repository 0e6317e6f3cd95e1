import type { Pod } from "../cluster/pod.ts";
import type { ControllerContext, WorkloadController } from "./controller.ts";
import { createNumberedPod } from "./replicas.ts";

/** Source: kubernetes v1.34 pkg/apis/batch/v1/defaults.go, SetDefaults_Job. */
const BACKOFF_LIMIT = 6;

/**
 * Runs pods until `replicas` of them have succeeded, all that are missing at once (completions and parallelism are
 * `replicas`). One that failed is replaced, until more than six have failed or containers have been restarted six times:
 * then the job has failed, and what still runs is deleted.
 *
 * Simplified: a failed pod is replaced at once, where upstream waits 10 s, 20 s, 40 s ... after each failure.
 * Source: kubernetes v1.34 pkg/controller/job/job_controller.go, syncJob and pastBackoffLimitOnFailure.
 */
export class JobController implements WorkloadController {
  readonly #context: ControllerContext;
  readonly #succeeded = new Set<Pod>();
  readonly #failed = new Set<Pod>();
  #isFinished = false;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  reconcile(): void {
    const { workload } = this.#context;
    for (const pod of workload.pods) {
      if (pod.stage !== "terminated") continue;
      if (pod.phase === "Succeeded") this.#succeeded.add(pod);
      else this.#failed.add(pod);
    }
    if (this.#isFinished) return;
    const { replicas } = workload.entry;
    if (this.#failed.size > BACKOFF_LIMIT || this.#restarts() >= BACKOFF_LIMIT) {
      this.#finish("BackoffLimitExceeded", "Job has reached the specified backoff limit");
      for (const pod of workload.pods.filter(({ isActive }) => isActive)) this.#context.cluster.deletePod(pod);
      return;
    }
    if (this.#succeeded.size >= replicas) {
      this.#finish("Completed", "Job completed");
      return;
    }
    const active = workload.pods.filter(({ isActive }) => isActive).length;
    for (let count = this.#succeeded.size + active; count < replicas; count++) createNumberedPod(this.#context);
  }

  containerRestarted(): void {
    this.reconcile();
  }

  #restarts(): number {
    const { entry, pods } = this.#context.workload;
    if (entry.spec.restartPolicy !== "OnFailure") return 0;
    const restarts = (pod: Pod) => pod.allContainers.reduce((sum, { runs }) => sum + Math.max(runs - 1, 0), 0);
    return pods.filter(({ isActive }) => isActive).reduce((sum, pod) => sum + restarts(pod), 0);
  }

  #finish(reason: string, message: string): void {
    const { simulation, events, workload } = this.#context;
    this.#isFinished = true;
    events.add(simulation.now, "", `job/${workload.name}`, reason, message);
  }
}
