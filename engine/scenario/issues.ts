import type * as z from "zod";
import { formatPath, type Path, type PathProblem } from "./errors.ts";
import { shown } from "./fields.ts";
import {
  alternativesFor,
  childOf,
  definitionOf,
  fieldNames,
  isPlainObject,
  refusalOf,
  valueAt,
  type Schema,
} from "./shape.ts";
import { didYouMean } from "./suggest.ts";

type Issue = z.core.$ZodIssue;

/** Lists of allowed names longer than this are left to `sim explain`. */
const MOST_NAMES = 12;

/** Turns zod's findings about `data` into problems: what was found, what is allowed, and a suggestion. */
export function describeIssues(schema: Schema, data: unknown, issues: readonly Issue[]): PathProblem[] {
  return issues
    .filter((issue, i) => !issues.some((later, k) => k > i && bounds(issue, later)))
    .flatMap((issue) => describeIssue(schema, data, issue, []));
}

/** Whether two findings are bounds of one value: of these the later, narrower one says more. */
function bounds(issue: Issue, later: Issue): boolean {
  const isBound = issue.code === "too_big" || issue.code === "too_small";
  return isBound && issue.code === later.code && formatPath(issue.path as Path) === formatPath(later.path as Path);
}

function describeIssue(root: Schema, data: unknown, issue: Issue, prefix: Path): PathProblem[] {
  const path = [...prefix, ...(issue.path as Path)];
  const { schema, value } = follow(root, data, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        at: "key",
        message: unknownField(schema, value, key),
      }));
    case "invalid_union":
      return describeUnion(root, data, issue, path);
    case "invalid_key":
      return [{ path, at: "key", message: issue.issues[0].message }];
    case "invalid_type":
      return [{ path, message: `${found(value)}; allowed: ${TYPES[issue.expected] ?? issue.expected}` }];
    case "invalid_value": {
      const names = issue.values.map(String);
      const reason = typeof value === "string" && schema !== undefined ? refusalOf(schema, value) : undefined;
      return [{ path, message: reason ?? oneOf(value, names) }];
    }
    case "too_small":
      return [{ path, message: `${found(value)}; allowed: ${bound(issue.origin, "at least", issue.minimum)}` }];
    case "too_big":
      return [{ path, message: `${found(value)}; allowed: ${bound(issue.origin, "at most", issue.maximum)}` }];
    default:
      return [{ path, message: issue.message }];
  }
}

const TYPES: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map of fields",
  record: "a map of fields",
  array: "a list",
  nonoptional: "any value that the field takes",
};

function found(value: unknown): string {
  return value === undefined ? "a required field is missing" : `found ${shown(value)}`;
}

function oneOf(value: unknown, names: string[]): string {
  const hint = typeof value === "string" ? didYouMean(value, names) : "";
  return `${found(value)}; allowed: ${names.join(", ")}${hint}`;
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  const thing = origin === "array" ? " item" : origin === "string" ? " character" : "";
  return `${relation} ${limit}${thing}${thing === "" || limit === 1 ? "" : "s"}`;
}

function unknownField(schema: Schema | undefined, value: unknown, key: string): string {
  if (schema === undefined) return "unknown field";
  for (const option of [schema, ...alternativesFor(schema, value)]) {
    const reason = refusalOf(option, key);
    if (reason !== undefined) return reason;
  }
  const names = fieldNames(schema, value);
  const hint = didYouMean(key, names);
  const allowed = hint === "" && names.length <= MOST_NAMES ? `; allowed: ${names.join(", ")}` : "";
  return `unknown field${hint}${allowed}`;
}

/** Of a union's findings only those of the alternative that has the value's form tell the user anything. */
function describeUnion(root: Schema, data: unknown, issue: z.core.$ZodIssueInvalidUnion, path: Path): PathProblem[] {
  const { value } = follow(root, data, path);
  const discriminator = issue.discriminator as string | undefined;
  if (discriminator !== undefined) {
    const { schema } = follow(root, data, path.slice(0, -1));
    const reason = schema !== undefined && typeof value === "string" ? refusalOf(schema, value) : undefined;
    const names = (issue as { options?: unknown[] }).options?.map(String) ?? [];
    return [{ path, message: reason ?? oneOf(value, names) }];
  }
  const { schema } = follow(root, data, path);
  const options = schema === undefined ? [] : (definitionOf(unionOf(schema)).options ?? []);
  const index = options.findIndex((option) => hasFormOf(option, value));
  const chosen = issue.errors[index === -1 ? 0 : index];
  return chosen.flatMap((inner) => describeIssue(root, data, inner, path));
}

function unionOf(schema: Schema): Schema {
  const { options, innerType, in: input } = definitionOf(schema);
  const inner = innerType ?? input;
  return options === undefined && inner !== undefined ? unionOf(inner) : schema;
}

function hasFormOf(option: Schema, value: unknown): boolean {
  const isMap = definitionOf(alternativesFor(option, undefined)[0]).type === "object";
  return isMap === isPlainObject(value);
}

function follow(root: Schema, data: unknown, path: Path): { schema: Schema | undefined; value: unknown } {
  let schema: Schema | undefined = root;
  let value = data;
  for (const step of path) {
    schema = schema === undefined ? undefined : childOf(schema, step, value);
    value = valueAt(value, step);
  }
  return { schema, value };
}
