import * as z from "zod";
import type { Path, PathProblem } from "../engine/scenario/errors.ts";
import { duration } from "../engine/scenario/fields.ts";
import { describeIssues } from "../engine/scenario/issues.ts";
import { PathError, resolvePath } from "../engine/scenario/paths.ts";
import { refusing, type Schema } from "../engine/scenario/shape.ts";
import type { Ns } from "../engine/time.ts";

/** Sets one field of the scenario to a value at an instant. */
export interface SetAction {
  at: Ns;
  action: "set";
  /** Canonical: keys and list indices into the resolved scenario. */
  path: Path;
  /** In the form that the resolved scenario has at `path`. */
  value: unknown;
  /** The path as the scenario has it. */
  text: string;
}

/** Sets one field again and again: at `from`, `from + every`, ... before `until`. */
export interface RepeatedSetAction extends Omit<SetAction, "at"> {
  every: Ns;
  from: Ns;
  /** Absent: the end of the run. */
  until?: Ns;
}

export type TimelineEntry = SetAction | RepeatedSetAction;

/** Actions of later models: refused by name until one gives them effect. */
const WITHOUT_MODEL = [
  "deletePod",
  "entryRemove",
  "entryRestore",
  "flanneldStart",
  "flanneldStop",
  "link",
  "nodeDelete",
  "nodeDown",
  "nodeJoin",
  "nodeUp",
  "registryDown",
  "registryUp",
  "restartKubelet",
  "scale",
];

const setSchema = z
  .strictObject({
    action: z.literal("set"),
    path: z.string().meta({ description: "the field, as --set names it" }),
    value: z.unknown().meta({ description: "its new value, in the field's own form" }),
    at: duration({ description: "when; or give every" }, { zero: true }).optional(),
    every: duration({ description: "again and again at this distance" }).optional(),
    from: duration({ description: "the first time of every", defaultNote: "0" }, { zero: true }).optional(),
    until: duration({ description: "the end of every", defaultNote: "the end of the run" }).optional(),
  })
  .refine(({ at, every }) => (at === undefined) !== (every === undefined), { message: "allowed: either at or every" })
  .refine(({ every, from, until }) => every !== undefined || (from === undefined && until === undefined), {
    message: "from and until belong to every",
  });

/** timeline[] */
export const timelineSchema = refusing(
  z.discriminatedUnion("action", [setSchema]),
  Object.fromEntries(
    WITHOUT_MODEL.map((action) => [action, `action ${action}: no model of this version gives it effect`]),
  ),
).meta({
  description: "what happens at a given time",
  examples: [{ at: "20s", action: "set", path: "workloads.web.cgroup.pod.cpu.max", value: "max 100000" }],
});

export type TimelineInput = z.output<typeof timelineSchema>;

/**
 * Follows every entry's path through the scenario's schema and reads its value with the schema of the field it sets.
 * `data` is the scenario as given: it has the lists whose items paths name.
 */
export function resolveTimeline(
  entries: readonly TimelineInput[],
  schema: Schema,
  data: unknown,
): { timeline: TimelineEntry[]; problems: PathProblem[] } {
  const timeline: TimelineEntry[] = [];
  const problems: PathProblem[] = [];
  for (const [i, entry] of entries.entries()) {
    const resolved = resolveSet(entry, schema, data, ["timeline", i]);
    if ("problems" in resolved) problems.push(...resolved.problems);
    else timeline.push({ ...timesOf(entry), action: "set", ...resolved, text: entry.path });
  }
  return { timeline, problems };
}

function timesOf({ at, every, from, until }: TimelineInput): { at: Ns } | { every: Ns; from: Ns; until?: Ns } {
  if (every === undefined) return { at: at ?? 0 };
  return until === undefined ? { every, from: from ?? 0 } : { every, from: from ?? 0, until };
}

type Resolved = { path: Path; value: unknown } | { problems: PathProblem[] };

function resolveSet({ path: text, value }: TimelineInput, root: Schema, data: unknown, place: Path): Resolved {
  try {
    const { path, schema, isLive } = resolvePath(root, data, text);
    if (!isLive) {
      return {
        problems: [
          { path: [...place, "path"], message: `${text} cannot change while the scenario runs; set it from the start` },
        ],
      };
    }
    const result = z.core.safeParse(schema, value);
    if (result.success) return { path, value: result.data };
    const problems = describeIssues(schema, value, result.error.issues);
    return { problems: problems.map(({ path, message, at }) => ({ path: [...place, "value", ...path], message, at })) };
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    return { problems: [{ path: [...place, "path"], message: error.message }] };
  }
}
