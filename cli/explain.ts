import type { CommandModule } from "yargs";
import { metaOf } from "../engine/scenario/paths.ts";
import { isOptional } from "../engine/scenario/repair.ts";
import { alternatives, core, definitionOf, layers, refusalOf, type Schema } from "../engine/scenario/shape.ts";
import { didYouMean } from "../engine/scenario/suggest.ts";
import { scenarioSchema } from "../models/scenario.ts";

interface Arguments {
  path?: string;
}

/** `sim explain [PATH]`: a field's meaning, type, unit, default and where that comes from, as kubectl explain does. */
export const command: CommandModule<object, Arguments> = {
  command: "explain [path]",
  describe: "document a field of scenarios",
  builder: (yargs) =>
    yargs.positional("path", { type: "string", describe: "such as nodes.kernel.hz; nothing: the whole scenario" }),
  handler: ({ path = "" }) => {
    const answer = explain(scenarioSchema, path);
    if ("error" in answer) {
      process.stderr.write(`sim explain: ${answer.error}\n`);
      process.exitCode = 2;
    } else process.stdout.write(answer.text);
  },
};

/** The documentation of the field at a path; lists are passed through, so nodes.kernel is that of every node. */
export function explain(root: Schema, path: string): { text: string } | { error: string } {
  let schema = root;
  let isRequired = true;
  let isLive = false;
  let last = "scenario";
  let rest = path;
  while (rest !== "") {
    const index = /^\[[0-9]+\]\.?/.exec(rest);
    if (index !== null) {
      rest = rest.slice(index[0].length);
      continue;
    }
    const fields = fieldsOf(schema);
    const names = [...fields.keys()];
    const key = names
      .filter((name) => rest === name || rest.startsWith(`${name}.`) || rest.startsWith(`${name}[`))
      .toSorted((a, b) => b.length - a.length)[0];
    const word = key ?? /^[^.[]*/.exec(rest)?.[0] ?? rest;
    const next = key === undefined ? valuesOf(schema) : fields.get(key);
    if (next === undefined) return { error: unknownField(schema, word, names, path) };
    isRequired = key !== undefined && !isOptional(next);
    last = word;
    schema = next;
    isLive ||= metaOf(next).live === true;
    rest = rest.slice(word.length).replace(/^\./, "");
  }
  return { text: page(last, schema, isRequired && path !== "", isLive) };
}

function unknownField(schema: Schema, word: string, names: string[], path: string): string {
  const reason =
    forms(schema)
      .map((form) => refusalOf(form, word))
      .find((text) => text !== undefined) ?? refusalOf(schema, word);
  if (reason !== undefined) return `${path}: ${reason}`;
  const hint = didYouMean(word, names);
  const allowed = names.length === 0 ? "; nothing is below it" : `; allowed: ${names.join(", ")}`;
  return `${path}: there is no field ${word}${hint === "" ? allowed : hint}`;
}

/** The forms that a value may have, the items of lists in place of the lists. */
function forms(schema: Schema): Schema[] {
  return alternatives(schema).flatMap((form) => {
    const { element } = definitionOf(form);
    return element === undefined ? [form] : forms(element);
  });
}

/** All fields that the forms have, by name; of equal names the first. */
function fieldsOf(schema: Schema): Map<string, Schema> {
  const fields = new Map<string, Schema>();
  for (const form of forms(schema)) {
    for (const [name, field] of Object.entries(definitionOf(form).shape ?? {})) {
      if (!fields.has(name)) fields.set(name, field);
    }
  }
  return fields;
}

/** What a map of free names holds. */
function valuesOf(schema: Schema): Schema | undefined {
  return forms(schema)
    .map((form) => definitionOf(form).valueType)
    .find((value) => value !== undefined);
}

function page(name: string, schema: Schema, isRequired: boolean, isLive: boolean): string {
  const { description, unit, source } = metaOf(schema);
  const allowed = allowedValues(schema);
  const lines = [
    `FIELD: ${name} <${typeOf(schema)}>${isRequired ? " -required-" : ""}`,
    ...(unit === undefined ? [] : [`UNIT: ${unit}`]),
    ...(defaultOf(schema) === undefined ? [] : [`DEFAULT: ${defaultOf(schema)}`]),
    ...(allowed === undefined ? [] : [`ALLOWED: ${allowed}`]),
    ...(isLive ? ["CHANGES: it may change while a scenario runs"] : []),
    "",
    "DESCRIPTION:",
    `    ${description ?? "(none)"}`,
    ...(source === undefined ? [] : ["", "SOURCE:", `    ${source}`]),
  ];
  for (const form of forms(schema)) lines.push(...fieldLines(form));
  return `${lines.join("\n")}\n`;
}

/** The fields of one form; of a variant (type: poisson) under its name. */
function fieldLines(form: Schema): string[] {
  const { shape, valueType } = definitionOf(form);
  if (valueType !== undefined) return ["", "FIELDS:", ...fieldLine("<name>", valueType, false)];
  if (shape === undefined) return [];
  const [variant] = Object.entries(shape).flatMap(([key, field]) => {
    const { type, values } = definitionOf(field);
    return type === "literal" && values?.length === 1 ? [`${key}: ${String(values[0])}`] : [];
  });
  const title = variant === undefined ? "FIELDS:" : `FIELDS with ${variant}:`;
  return ["", title, ...Object.entries(shape).flatMap(([key, field]) => fieldLine(key, field, !isOptional(field)))];
}

function fieldLine(name: string, schema: Schema, isRequired: boolean): string[] {
  const { description } = metaOf(schema);
  const about = defaultOf(schema);
  const details = [description, about === undefined ? undefined : `default: ${about}`].filter(
    (text) => text !== undefined,
  );
  const head = `  ${name} <${typeOf(schema)}>${isRequired ? " -required-" : ""}`;
  return details.length === 0 ? [head] : [head, `      ${details.join("; ")}`];
}

function typeOf(schema: Schema): string {
  return [...new Set(typesOf(schema))].join(" or ");
}

function typesOf(schema: Schema): string[] {
  const inner = core(schema);
  const { type, element, valueType, values, entries, options } = definitionOf(inner);
  if (options !== undefined) return options.flatMap(typesOf);
  if (element !== undefined) return [`list of ${typeOf(element)}`];
  if (valueType !== undefined) return [`map of ${typeOf(valueType)}`];
  if (type === "object") return ["map"];
  if (entries !== undefined) return ["text"];
  if (values !== undefined) return [typeof values[0] === "string" ? "text" : typeof values[0]];
  const types = (metaOf(schema) as { type?: string | string[] }).type ?? (type === "unknown" ? "anything" : type);
  return (Array.isArray(types) ? types : [types]).map((each) => (each === "string" ? "text" : each));
}

function allowedValues(schema: Schema): string | undefined {
  const values = alternatives(schema).flatMap((form) => {
    const { values: literals, entries } = definitionOf(form);
    return (literals ?? Object.values(entries ?? {})).map(String);
  });
  return values.length === 0 ? undefined : values.join(", ");
}

function defaultOf(schema: Schema): string | undefined {
  const { defaultNote } = metaOf(schema);
  if (defaultNote !== undefined) return defaultNote;
  for (const layer of layers(schema)) {
    const { defaultValue } = definitionOf(layer);
    if (defaultValue === undefined) continue;
    return typeof defaultValue === "string" ? defaultValue : JSON.stringify(defaultValue);
  }
  return undefined;
}
