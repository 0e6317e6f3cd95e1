import * as z from "zod";
import type { Path, PathProblem } from "../engine/scenario/errors.ts";
import { duration, integer } from "../engine/scenario/fields.ts";
import { describeIssues } from "../engine/scenario/issues.ts";
import { PathError, resolvePath } from "../engine/scenario/paths.ts";
import { refusing, type Schema } from "../engine/scenario/shape.ts";
import type { Ns } from "../engine/time.ts";
import { flannelActionFields, type FlannelAction } from "./flannel/timeline-schema.ts";
import { MOST_REPLICAS } from "./cluster/schema.ts";
import { registryActionFields, type RegistryAction } from "./images/timeline-schema.ts";

/** When an action happens: once, or at `from`, `from + every`, ... before `until` (absent: the end of the run). */
export type When = { at: Ns } | { every: Ns; from: Ns; until?: Ns };

/** Sets one field of the scenario to a value. */
export interface SetAction {
  action: "set";
  /** Canonical: keys and list indices into the resolved scenario. */
  path: Path;
  /** In the form that the resolved scenario has at `path`. */
  value: unknown;
  /** The path as the scenario has it. */
  text: string;
}

/** Something that happens to a node, or to all nodes of an entry. */
export interface NodeAction {
  action: "nodeDown" | "nodeUp" | "nodeJoin" | "nodeDelete" | "restartKubelet";
  node: string;
}

export interface DeletePodAction {
  action: "deletePod";
  pod: string;
}

export interface ScaleAction {
  action: "scale";
  workload: string;
  replicas: number;
}

export type TimelineAction = SetAction | NodeAction | DeletePodAction | ScaleAction | FlannelAction | RegistryAction;

export type TimelineEntry = When & TimelineAction;

/** Actions of later models: refused by name until one gives them effect. */
const WITHOUT_MODEL: string[] = [];

const times = {
  at: duration({ description: "when; or give every" }, { zero: true }).optional(),
  every: duration({ description: "again and again at this distance" }).optional(),
  from: duration({ description: "the first time of every", defaultNote: "0" }, { zero: true }).optional(),
  until: duration({ description: "the end of every", defaultNote: "the end of the run" }).optional(),
};

/** Any action: it happens once, or again and again. */
function timed<S extends z.ZodType<TimesInput>>(schema: S): S {
  return schema
    .refine(({ at, every }) => (at === undefined) !== (every === undefined), { message: "allowed: either at or every" })
    .refine(({ every, from, until }) => every !== undefined || (from === undefined && until === undefined), {
      message: "from and until belong to every",
    });
}

interface TimesInput {
  at?: Ns;
  every?: Ns;
  from?: Ns;
  until?: Ns;
}

function nodeAction<const A extends NodeAction["action"]>(action: A, what: string) {
  const node = z.string().meta({ description: `${what}; an entry stands for all its nodes` });
  return timed(z.strictObject({ action: z.literal(action), node, ...times }));
}

/** timeline[] */
export const timelineSchema = refusing(
  z.discriminatedUnion("action", [
    timed(
      z.strictObject({
        action: z.literal("set"),
        path: z.string().meta({ description: "the field, as --set names it" }),
        value: z.unknown().meta({ description: "its new value, in the field's own form" }),
        ...times,
      }),
    ),
    timed(
      z.strictObject({
        action: z.literal("deletePod"),
        pod: z.string().meta({ description: "the pod, such as web-0" }),
        ...times,
      }),
    ),
    timed(
      z.strictObject({
        action: z.literal("scale"),
        workload: z.string().meta({ description: "a Deployment or StatefulSet" }),
        replicas: integer({ description: "how many pods it keeps from then on" }, 0, MOST_REPLICAS),
        ...times,
      }),
    ),
    timed(z.strictObject({ action: z.literal("registryDown"), ...registryActionFields.registryDown, ...times })),
    timed(z.strictObject({ action: z.literal("registryUp"), ...registryActionFields.registryUp, ...times })),
    nodeAction("nodeDown", "the node that loses power; its pods stay bound to it"),
    nodeAction("nodeUp", "the node that boots again"),
    nodeAction("nodeJoin", "the node that joins the cluster; absent until then if this is its first action"),
    nodeAction("nodeDelete", "the node that leaves the cluster, with its pods"),
    timed(z.strictObject({ ...flannelActionFields.flanneldStop, ...times })),
    timed(z.strictObject({ ...flannelActionFields.flanneldStart, ...times })),
    timed(z.strictObject({ ...flannelActionFields.link, ...times })),
    timed(z.strictObject({ ...flannelActionFields.entryRemove, ...times })),
    timed(z.strictObject({ ...flannelActionFields.entryRestore, ...times })),
    nodeAction("restartKubelet", "the node whose kubelet begins again"),
  ]),
  Object.fromEntries(
    WITHOUT_MODEL.map((action) => [action, `action ${action}: no model of this version gives it effect`]),
  ),
).meta({
  description: "what happens at a given time",
  examples: [{ at: "20s", action: "set", path: "workloads.web.cgroup.pod.cpu.max", value: "max 100000" }],
});

export type TimelineInput = z.output<typeof timelineSchema>;

/**
 * Follows every set action's path through the scenario's schema and reads its value with the schema of the field it sets.
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
    const { at, every, from, until, ...action } = entry;
    const when = timesOf({ at, every, from, until });
    if (action.action !== "set") {
      timeline.push({ ...when, ...action });
      continue;
    }
    const resolved = resolveSet(action, schema, data, ["timeline", i]);
    if ("problems" in resolved) problems.push(...resolved.problems);
    else timeline.push({ ...when, action: "set", ...resolved, text: action.path });
  }
  return { timeline, problems };
}

function timesOf({ at, every, from, until }: TimesInput): When {
  if (every === undefined) return { at: at ?? 0 };
  return until === undefined ? { every, from: from ?? 0 } : { every, from: from ?? 0, until };
}

type Resolved = { path: Path; value: unknown } | { problems: PathProblem[] };

function resolveSet(
  { path: text, value }: { path: string; value?: unknown },
  root: Schema,
  data: unknown,
  place: Path,
): Resolved {
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
