import type { Path, PathProblem } from "../../engine/scenario/errors.ts";
import { didYouMean } from "../../engine/scenario/suggest.ts";
import type { Workload } from "../cluster/schema.ts";
import type { UsageBehavior } from "./behavior-schema.ts";
import { volumesOf } from "./usage/pod-facts.ts";

/** Places that every container has. */
const OWN_PLACES = ["rootfs", "logs"];

/** Volumes of one name, and places to which a behaviour writes and that its pod does not have. `path` is the workload's. */
export function usageProblems({ spec, behavior }: Workload, path: Path): PathProblem[] {
  const volumes = volumesOf(spec);
  const writable = volumes.filter(({ source }) => source === "emptyDir" || source === "hostPath");
  const allowed = [...OWN_PLACES, ...writable.map(({ name }) => name)];
  const problems = volumes.flatMap(({ name }, i): PathProblem[] => {
    const at = [...path, "spec", "volumes", i, "name"];
    if (OWN_PLACES.includes(name)) {
      return [{ path: at, message: `the name ${name} is that of a place of every container; choose another` }];
    }
    const isFirst = volumes.findIndex((volume) => volume.name === name) === i;
    return isFirst ? [] : [{ path: at, message: `the name ${name} is that of another volume; choose another` }];
  });
  for (const [container, uses] of Object.entries(behavior as Record<string, UsageBehavior>)) {
    for (const [i, { to }] of (uses.disk ?? []).entries()) {
      if (allowed.includes(to)) continue;
      const other = volumes.find(({ name }) => name === to);
      const why =
        other === undefined ? `there is no place ${to}` : `nothing is written to a volume of kind ${other.source}`;
      const message = `${why}; allowed: ${allowed.join(", ")}${didYouMean(to, allowed)}`;
      problems.push({ path: [...path, "behavior", container, "disk", i, "to"], message });
    }
  }
  return problems;
}
