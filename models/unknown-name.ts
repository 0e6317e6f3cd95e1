import type { Path, PathProblem } from "../engine/scenario/errors.ts";
import { didYouMean } from "../engine/scenario/suggest.ts";

/** A name of a section's entries that none of them has; `because`: it may be theirs that is wrong. */
export function unknownName(
  what: string,
  name: string,
  names: readonly string[],
  path: Path,
  section: string,
): PathProblem {
  const known = names.length === 0 ? "the scenario has none" : `allowed: ${names.join(", ")}`;
  const because = names.map((_, k) => [section, k, "name"]);
  return { path, message: `there is no ${what} ${name}; ${known}${didYouMean(name, names)}`, because };
}
