import * as z from "zod";

/** Any zod schema. */
export type Schema = z.core.$ZodType;

/** What a schema says of itself beside its type; unit, source and live are our own additions to zod's metadata. */
export interface FieldMeta {
  description?: string;
  /** As "duration" or "Kubernetes quantity". */
  unit?: string;
  /** What holds where the field is not given and the schema has no plain default. */
  defaultNote?: string;
  /** Where meaning or default come from. */
  source?: string;
  /** Values that are valid. */
  examples?: unknown[];
  /** The field, and all below it, may change while a scenario runs. */
  live?: boolean;
}

/** Fields and variants that are known but refused, with the reason, by the schema that would hold them. */
const refusals = z.registry<{ reasons: Readonly<Record<string, string>> }>();

/** Names what a schema refuses, with a reason for each: better than "unknown field" for what exists elsewhere. */
export function refusing<S extends Schema>(schema: S, reasons: Readonly<Record<string, string>>): S {
  refusals.add(schema, { reasons });
  return schema;
}

/** Why a schema refuses a name, if it does so by name. */
export function refusalOf(schema: Schema, name: string): string | undefined {
  for (const layer of layers(schema)) {
    const reasons = refusals.get(layer)?.reasons;
    if (reasons !== undefined && Object.hasOwn(reasons, name)) return reasons[name];
  }
  return undefined;
}

/** A map of fields that has nothing to do with classes. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What zod keeps of a schema, as far as it is read here. */
interface Definition {
  type: string;
  innerType?: Schema;
  in?: Schema;
  shape?: Record<string, Schema>;
  element?: Schema;
  valueType?: Schema;
  options?: Schema[];
  discriminator?: string;
  defaultValue?: unknown;
  values?: unknown[];
  entries?: Record<string, unknown>;
}

export function definitionOf(schema: Schema): Definition {
  return schema._zod.def as unknown as Definition;
}

/** The schema inside optional, default and transforming wrappers. */
export function core(schema: Schema): Schema {
  const { type, innerType, in: input } = definitionOf(schema);
  if (innerType !== undefined && type !== "transform") return core(innerType);
  return type === "pipe" && input !== undefined ? core(input) : schema;
}

/** A schema and what it wraps, outermost first. */
export function layers(schema: Schema): Schema[] {
  const { innerType, in: input } = definitionOf(schema);
  const inner = innerType ?? input;
  return inner === undefined ? [schema] : [schema, ...layers(inner)];
}

/** The schemas that a value may follow: the options of a union, nested ones too, or the schema itself. */
export function alternatives(schema: Schema): Schema[] {
  const inner = core(schema);
  const { options } = definitionOf(inner);
  return options === undefined ? [inner] : options.flatMap(alternatives);
}

/**
 * Those alternatives that have the value's form: maps for maps, lists for lists, the variant that a discriminating field
 * names. All of them where there is no value.
 */
export function alternativesFor(schema: Schema, value: unknown): Schema[] {
  const all = alternatives(schema);
  if (value === undefined) return all;
  const form = isPlainObject(value) ? "map" : Array.isArray(value) ? "list" : "scalar";
  return all.filter((option) => formOf(option) === form && hasVariantOf(option, value));
}

function formOf(schema: Schema): "map" | "list" | "scalar" {
  const { type } = definitionOf(schema);
  return type === "object" || type === "record" ? "map" : type === "array" ? "list" : "scalar";
}

/** Whether the fields that admit one value only (type: poisson) have it. */
function hasVariantOf(option: Schema, value: unknown): boolean {
  const { shape } = definitionOf(option);
  if (shape === undefined || !isPlainObject(value)) return true;
  return Object.entries(shape).every(([key, field]) => {
    const { type, values } = definitionOf(field);
    return type !== "literal" || values?.length !== 1 || values.includes(value[key]);
  });
}

/** The schema of one step below, or undefined where the schema knows no such field. */
export function childOf(schema: Schema, step: string | number, value?: unknown): Schema | undefined {
  for (const option of alternativesFor(schema, value)) {
    const { shape, valueType, element } = definitionOf(option);
    if (typeof step === "number" && element !== undefined) return element;
    if (typeof step === "string" && shape !== undefined && Object.hasOwn(shape, step)) return shape[step];
    if (typeof step === "string" && valueType !== undefined) return valueType;
  }
  return undefined;
}

/** The names of the fields that a value of this form may have. */
export function fieldNames(schema: Schema, value?: unknown): string[] {
  const names = alternativesFor(schema, value).flatMap((option) => Object.keys(definitionOf(option).shape ?? {}));
  return [...new Set(names)];
}

/** The value at one step below, if there is one. */
export function valueAt(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return typeof step === "number" ? (value as unknown[])[step] : undefined;
  if (!isPlainObject(value) || !Object.hasOwn(value, step)) return undefined;
  return value[step];
}
