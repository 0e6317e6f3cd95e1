/**
 * The controllers of Pod, Deployment, DaemonSet, StatefulSet and Job as ideal ones: they see what happens in the instant
 * in which it happens and act on it at once. Left out are their queues, rate limits and back-offs, rollouts, and the
 * order in which a StatefulSet's pods follow each other; upstream is later by milliseconds to seconds, and by 10 s and
 * more for a Job's failed pods.
 */
export { Controllers, type ControllerContext, type WorkloadController } from "./controller.ts";
export { deletionOrder } from "./replicas.ts";
