import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { Document, Node, Pair, YAMLError } from "yaml";
import { ScenarioErrors, type Path, type Place, type Problem } from "./errors.ts";
import { shown } from "./fields.ts";
import { isPlainObject } from "./shape.ts";

/** A text to read: its name as messages give it, and the folder from which its relative paths count. */
export interface Source {
  text: string;
  name: string;
  dir: string;
}

/** A YAML file as plain data, with the place of every value. */
export interface YamlFile {
  data: Record<string, unknown>;
  locate(path: Path, at?: "key" | "value"): Place;
}

/**
 * Reads YAML 1.2, one document that is a map, without duplicate keys, unknown tags, `__proto__` or aliases that grow
 * without bound. Throws ScenarioErrors with everything that is wrong.
 */
export function readYaml(source: Source): YamlFile {
  const { document, data, place } = parse(source);
  if (isPlainObject(data)) return { data, locate: (path, at) => place(offsetOf(document, path, at)) };
  const found = data === null || data === undefined ? "nothing" : shown(data);
  throw new ScenarioErrors([{ ...place(0), path: "", message: `found ${found}; allowed: a YAML map of fields` }]);
}

/** Reads one value in YAML, under the same rules. `name` is what messages call it. */
export function readYamlValue(text: string, name: string): unknown {
  return parse({ text, name }).data;
}

function parse({ text, name }: { text: string; name: string }) {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, version: "1.2" });
  const lines = text.split(/\r?\n/);
  const place = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { file: name, line, column: col, sourceLine: lines[line - 1] };
  };
  const syntax: Problem[] = [];
  for (const error of [...document.errors, ...document.warnings]) {
    syntax.push({ ...place(error.pos[0]), path: "", message: syntaxMessage(error, text) });
  }
  if (syntax.length > 0) throw new ScenarioErrors(syntax);
  const forbidden = forbiddenNodes(document, place);
  if (forbidden.length > 0) throw new ScenarioErrors(forbidden);
  return { document, data: toData(document, name), place };
}

function syntaxMessage(error: YAMLError, text: string): string {
  switch (error.code) {
    case "DUPLICATE_KEY": {
      const key = /^[^\s:,}]+/.exec(text.slice(error.pos[0]))?.[0] ?? "";
      return `the field ${key} is given twice; remove one of them`;
    }
    case "MULTIPLE_DOCS":
      return "a second document begins here; a file holds one";
    case "TAG_RESOLVE_FAILED":
      return `${error.message}; allowed: plain YAML 1.2 without tags`;
    default:
      return `not valid YAML: ${error.message}`;
  }
}

/** Keys that would reach into JavaScript's own objects, and aliases that name nothing or what they stand in. */
function forbiddenNodes(document: Document.Parsed, place: (offset: number) => Place): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Pair(_, pair) {
      const key = isScalar(pair.key) ? pair.key : undefined;
      if (key?.value === "__proto__") {
        problems.push({ ...place(key.range?.[0] ?? 0), path: "", message: "a field cannot be called __proto__" });
      }
    },
    Alias(_, alias, ancestors) {
      const target = alias.resolve(document);
      const message =
        target === undefined
          ? `no value is named &${alias.source}`
          : ancestors.includes(target)
            ? `the alias *${alias.source} stands inside what it names`
            : undefined;
      if (message !== undefined) problems.push({ ...place(alias.range?.[0] ?? 0), path: "", message });
    },
  });
  return problems;
}

/** Aliases may multiply a file this far: more is an attack, or a mistake with the same effect. */
const MOST_ALIASES = 100;

function toData(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new ScenarioErrors([
      { file, path: "", message: "its aliases (*name) multiply beyond measure; write the values out" },
    ]);
  }
}

/** Where a value begins, or its key: scalars by value, lists and maps by key, missing fields by what they miss from. */
function offsetOf(document: Document.Parsed, path: Path, at?: "key" | "value"): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [depth, step] of path.entries()) {
    const isLast = depth === path.length - 1;
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      if (node === undefined) break;
      offset = startOf(node, document) ?? offset;
    } else if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
      const pointsAtValue = at !== "key" && (isScalar(node) || isAlias(node));
      if (isLast && pointsAtValue) offset = (node as Node).range?.[0] ?? offset;
    } else break;
  }
  return offset;
}

/** The first character of a list's item: for a map in block style its first key. */
function startOf(node: unknown, document: Document.Parsed): number | undefined {
  const target = isAlias(node) ? node : (node as Node | undefined);
  return target?.range?.[0] ?? document.contents?.range?.[0];
}
