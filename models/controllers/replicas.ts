import type { Node } from "../cluster/node.ts";
import type { Pod } from "../cluster/pod.ts";
import type { Workload } from "../cluster/workload.ts";
import type { ControllerContext } from "./controller.ts";

/** Makes the next pod of a workload whose pods are numbered: under the lowest number that none has had, pinned in turn. */
export function createNumberedPod({ cluster, workload, nodes }: ControllerContext): void {
  let number = workload.nextNumber;
  while (cluster.hasHad(podName(workload, number))) number++;
  workload.nextNumber = number + 1;
  createPod({ cluster, workload, nodes }, number);
}

function podName({ name }: Workload, number: number): string {
  return `${name}-${number}`;
}

/** Makes the pod of this number; round robin over the nodes to which the workload is pinned. */
export function createPod(
  { cluster, workload, nodes }: Pick<ControllerContext, "cluster" | "workload" | "nodes">,
  number: number,
): void {
  const pinned = nodes === undefined ? undefined : [nodes[number % nodes.length]];
  cluster.createPod({ workload, name: podName(workload, number), number, nodes: pinned });
}

/**
 * The order in which surplus pods are deleted, the first one first: without a node, pending, not ready, on the node with
 * the most pods of the workload, the youngest.
 *
 * Simplified: of ready pods upstream compares the time since they became ready, and then their age, in powers of two, and
 * takes the smaller UID in between; here the higher number stands for the younger.
 * Source: kubernetes v1.34 pkg/controller/controller_utils.go, ActivePodsWithRanks.
 */
export function deletionOrder(pods: readonly Pod[]): Pod[] {
  const perNode = new Map<Node, number>();
  for (const pod of pods) if (pod.isBound) perNode.set(pod.node, (perNode.get(pod.node) ?? 0) + 1);
  const ranks = pods.map((pod) => ({
    pod,
    isBound: Number(pod.isBound),
    isPastPending: Number(pod.phase !== "Pending"),
    isReady: Number(pod.isReady),
    neighbours: pod.isBound ? (perNode.get(pod.node) ?? 0) : 0,
  }));
  return ranks
    .toSorted(
      (a, b) =>
        a.isBound - b.isBound ||
        a.isPastPending - b.isPastPending ||
        a.isReady - b.isReady ||
        b.neighbours - a.neighbours ||
        b.pod.createdAt - a.pod.createdAt ||
        b.pod.number - a.pod.number,
    )
    .map(({ pod }) => pod);
}
