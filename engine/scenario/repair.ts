import type * as z from "zod";
import { formatPath, type Path, type PathProblem } from "./errors.ts";
import { describeIssues } from "./issues.ts";
import { metaOf } from "./paths.ts";
import { alternatives, childOf, core, definitionOf, isPlainObject, layers, valueAt, type Schema } from "./shape.ts";

/** Repairs bring other rules to light (min above max); after so many rounds it is given up. */
const MOST_ROUNDS = 5;

/** A file with more problems than this is not what it was taken for, and every repair costs a copy. */
const MOST_REPAIRS = 1_000;

/**
 * What the schema makes of the data after every value with a problem was left out, or replaced by a valid one where it is
 * required; undefined if that does not help. It is good for one thing: checking the rules between fields although some
 * fields are wrong. Items of lists stay where they are, so that paths keep their meaning.
 */
export function parseRepaired<T>(schema: z.ZodType<T>, data: unknown, problems: readonly PathProblem[]): T | undefined {
  if (problems.length > MOST_REPAIRS) return undefined;
  const tried = new Set<string>();
  let current = data;
  let remaining = problems;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    for (const { path } of remaining) {
      // What did not help at one place is tried at the place around it.
      let target = path;
      while (target.length > 1 && tried.has(formatPath(target))) target = target.slice(0, -1);
      tried.add(formatPath(target));
      current = repairAt(schema, current, target);
    }
    const result = schema.safeParse(current);
    if (result.success) return result.data;
    remaining = describeIssues(schema, current, result.error.issues);
  }
  return undefined;
}

function repairAt(schema: Schema | undefined, data: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  const child = schema === undefined ? undefined : childOf(schema, step, data);
  const value = valueAt(data, step);
  if (rest.length > 0) {
    return value === undefined ? data : withStep(data, step, repairAt(child, value, rest));
  }
  if (child !== undefined && !isOptional(child)) return withStep(data, step, standIn(child));
  return isPlainObject(data) ? Object.fromEntries(Object.entries(data).filter(([key]) => key !== step)) : data;
}

function withStep(data: unknown, step: string | number, value: unknown): unknown {
  if (Array.isArray(data)) return typeof step === "number" ? (data as unknown[]).with(step, value) : data;
  return isPlainObject(data) ? { ...data, [step]: value } : data;
}

/** Whether a map is valid without the field. */
export function isOptional(schema: Schema): boolean {
  return layers(schema).some((layer) => ["optional", "default", "prefault"].includes(definitionOf(layer).type));
}

/** Some valid value: the field's first example, the first of an enumeration, the least number, the required fields. */
function standIn(schema: Schema): unknown {
  const example = metaOf(schema).examples?.[0];
  if (example !== undefined) return example;
  const [inner] = alternatives(core(schema));
  const { type, shape, element, values, entries } = definitionOf(inner);
  if (values !== undefined) return values[0];
  if (entries !== undefined) return Object.values(entries)[0];
  if (shape !== undefined) {
    const required = Object.entries(shape).filter(([, field]) => !isOptional(field));
    return Object.fromEntries(required.map(([key, field]) => [key, standIn(field)]));
  }
  if (element !== undefined) return [standIn(element)];
  if (type === "number") return (inner as { minValue?: number | null }).minValue ?? 0;
  return type === "boolean" ? false : type === "record" ? {} : "";
}
