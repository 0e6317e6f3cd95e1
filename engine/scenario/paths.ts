import { formatPath, type Path } from "./errors.ts";
import {
  alternativesFor,
  childOf,
  definitionOf,
  fieldNames,
  isPlainObject,
  layers,
  refusalOf,
  valueAt,
  type FieldMeta,
  type Schema,
} from "./shape.ts";
import * as z from "zod";
import { didYouMean } from "./suggest.ts";

/** A path that leads nowhere: the message says where it stops and what there is. */
export class PathError extends Error {
  override readonly name = "PathError";
}

/** What a path leads to. */
export interface Target {
  /** Keys and list indices. */
  path: Path;
  schema: Schema;
  /** Whether the field may change while a scenario runs. */
  isLive: boolean;
}

/** A schema's own words about a field, those of its wrappers first. */
export function metaOf(schema: Schema): FieldMeta {
  const metas = layers(schema).map((layer) => (z.globalRegistry.get(layer) ?? {}) as FieldMeta);
  return Object.assign({}, ...metas.toReversed()) as FieldMeta;
}

/**
 * Follows a path such as `workloads.web.cgroup.containers.app.cpu.max` through schema and data. Steps are keys, the
 * longest that matches; `[2]` for the items of a list, or their names; `["cpu.max"]` quotes a key. A path exists if the
 * schema allows it, but items of a list must be there. With `mayReplace` the schema alone decides, even where the data has
 * another form (a bare value, another variant), for whoever sets that too. Throws PathError otherwise.
 */
export function resolvePath(root: Schema, data: unknown, text: string, mayReplace = false): Target {
  if (text === "") throw new PathError("found an empty path; allowed: a path such as nodes.worker.capacity.cpu");
  const path: Path = [];
  let schema = root;
  let value = data;
  let isLive = false;
  let rest = text;
  while (rest !== "") {
    const { step, length } = nextStep(schema, value, rest, path);
    const known = step === "__proto__" ? undefined : childOf(schema, step, value);
    const child = known ?? (mayReplace && step !== "__proto__" ? childOf(schema, step) : undefined);
    if (child === undefined) throw unknownStep(schema, value, step, text.slice(0, text.length - rest.length));
    path.push(step);
    schema = child;
    value = valueAt(value, step);
    isLive ||= metaOf(schema).live === true;
    rest = rest.slice(length);
    if (rest.startsWith(".") && rest.length > 1) rest = rest.slice(1);
    else if (rest !== "" && !rest.startsWith("["))
      throw new PathError(`found ${JSON.stringify(rest)} in ${text}; allowed: .key or [index]`);
  }
  return { path, schema, isLive };
}

/** The first step of `rest`, and how many characters it takes. */
function nextStep(schema: Schema, value: unknown, rest: string, path: Path): { step: string | number; length: number } {
  if (rest.startsWith("[")) return bracketed(schema, value, rest);
  // A section that may be a map or a list of maps, and is not given, is the map if that has the field.
  const isOneMap = value === undefined && longestMatch(rest, fieldNames(schema)) !== undefined;
  if (isList(schema, value) && !isOneMap) return namedItem(value, rest, path);
  const own = isPlainObject(value) ? Object.keys(value) : [];
  const key = longestMatch(rest, [...fieldNames(schema, value), ...own]);
  if (key !== undefined) return { step: key, length: key.length };
  const plain = isMapOfScalars(schema, value) ? rest : (/^[^.[]+/.exec(rest)?.[0] ?? "");
  return { step: plain, length: plain.length };
}

function bracketed(schema: Schema, value: unknown, rest: string): { step: string | number; length: number } {
  const match = /^\[(?:([0-9]{1,9})|("(?:[^"\\]|\\.)*"))\]/.exec(rest);
  if (match === null) throw new PathError(`found ${rest}; allowed: [index] or ["key"]`);
  const length = match[0].length;
  if (match[2] !== undefined) {
    const key = unquoted(match[2]);
    return isList(schema, value) ? { step: namedItem(value, key, []).step, length } : { step: key, length };
  }
  if (!isList(schema, value)) throw new PathError(`found ${match[0]} on what is no list; allowed: a field's name`);
  const index = Number(match[1]);
  const items = Array.isArray(value) ? value.length : 0;
  if (index >= items) throw new PathError(`there is no item ${match[0]}: the list has ${items}`);
  return { step: index, length };
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new PathError(`found ${text}; allowed: a text in double quotes`);
  }
}

function namedItem(value: unknown, rest: string, path: Path): { step: number; length: number } {
  const items = Array.isArray(value) ? (value as unknown[]) : [];
  const names = items.map((item) => valueAt(item, "name")).map((name) => (typeof name === "string" ? name : ""));
  const name = longestMatch(
    rest,
    names.filter((candidate) => candidate !== ""),
  );
  if (name !== undefined) return { step: names.indexOf(name), length: name.length };
  const asked = /^[^.[]+/.exec(rest)?.[0] ?? rest;
  const known = names.filter((candidate) => candidate !== "");
  const list = known.length === 0 ? "it has no named items" : `it has ${known.join(", ")}`;
  const where = path.length === 0 ? "the list" : formatPath(path);
  throw new PathError(`${where} has no item named ${asked}; ${list}${didYouMean(asked, known)}`);
}

/** The longest candidate with which the text begins, up to its end, a dot or a bracket. */
function longestMatch(text: string, candidates: string[]): string | undefined {
  let longest: string | undefined;
  for (const candidate of candidates) {
    const next = text[candidate.length];
    const isStep = text.startsWith(candidate) && (next === undefined || next === "." || next === "[");
    if (isStep && candidate.length > (longest?.length ?? 0)) longest = candidate;
  }
  return longest;
}

function isList(schema: Schema, value: unknown): boolean {
  return alternativesFor(schema, value).some((option) => definitionOf(option).element !== undefined);
}

/** Keys of such a map may hold dots (labels), and nothing follows them. */
function isMapOfScalars(schema: Schema, value: unknown): boolean {
  return alternativesFor(schema, value).some((option) => {
    const { valueType } = definitionOf(option);
    return valueType !== undefined && fieldNames(valueType).length === 0;
  });
}

function unknownStep(schema: Schema, value: unknown, step: string | number, before: string): PathError {
  const where = before === "" ? "" : ` in ${before.replace(/[.]$/, "")}`;
  const options = alternativesFor(schema, value);
  const reason = [schema, ...options]
    .map((option) => refusalOf(option, String(step)))
    .find((text) => text !== undefined);
  if (reason !== undefined) return new PathError(reason);
  const names = fieldNames(schema, value);
  if (names.length === 0) return new PathError(`there is no field ${step}${where}, which has no fields here`);
  const hint = didYouMean(String(step), names);
  return new PathError(`there is no field ${step}${where}${hint === "" ? `; allowed: ${names.join(", ")}` : hint}`);
}

/** A copy of the data with the value at a path set; maps on the way that are not there yet are made. */
export function withValueAt(data: unknown, path: Path, value: unknown): unknown {
  if (path.length === 0) return value;
  const [step, ...rest] = path;
  const child = withValueAt(valueAt(data, step), rest, value);
  if (Array.isArray(data) && typeof step === "number") return (data as unknown[]).with(step, child);
  return { ...(isPlainObject(data) ? data : {}), [step]: child };
}
