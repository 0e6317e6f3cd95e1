import type { PathProblem } from "../../engine/scenario/errors.ts";
import { matchesLabels } from "./label-selector.ts";
import type { KoordinatorSection } from "./schema.ts";

/**
 * Node strategies that select a node which an earlier one selects too: the webhook refuses such a ConfigMap.
 * Source: koordinator v1.8.0 pkg/webhook/cm/plugins/sloconfig/checker.go, ExistNodeConflict
 */
export function strategyConflicts(
  section: KoordinatorSection,
  nodes: ReadonlyArray<{ name: string; labels: Readonly<Record<string, string>> }>,
): PathProblem[] {
  const { nodeStrategies } = section["cpu-burst-config"];
  const problems: PathProblem[] = [];
  for (const [index, { nodeSelector }] of nodeStrategies.entries()) {
    const earlier = nodeStrategies.slice(0, index);
    for (const { name, labels } of nodes) {
      if (!matchesLabels(nodeSelector, labels)) continue;
      const rival = earlier.findIndex((other) => matchesLabels(other.nodeSelector, labels));
      if (rival < 0) continue;
      problems.push({
        path: ["koordinator", "cpu-burst-config", "nodeStrategies", index, "nodeSelector"],
        message: `selects node ${name}, which nodeStrategies[${rival}] selects too; allowed: one strategy for a node`,
      });
      break;
    }
  }
  return problems;
}
