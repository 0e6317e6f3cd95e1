import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Node, Pair, YAMLError } from "yaml";
import { ScenarioErrors, type Path, type Place, type Problem } from "./errors.ts";
import { shown } from "./fields.ts";
import { isPlainObject } from "./shape.ts";
import { TOO_DEEP, YamlReader } from "./yaml-reader.ts";

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
  const parsed = parse(source);
  const { data, place } = parsed;
  if (isPlainObject(data)) return { data, locate: (path, at) => place(offsetOf(parsed, path, at)) };
  const found = data === null || data === undefined ? "nothing" : shown(data);
  throw new ScenarioErrors([{ ...place(0), path: "", message: `found ${found}; allowed: a YAML map of fields` }]);
}

/** Reads one value in YAML, under the same rules. `name` is what messages call it. */
export function readYamlValue(text: string, name: string): unknown {
  return parse({ text, name }).data;
}

/** Of a text that is no YAML at all, more of these tell nothing new. */
const MOST_SYNTAX_PROBLEMS = 20;

/** A document, its data, and where things stand. */
interface Parsed {
  document: Document.Parsed;
  data: unknown;
  place(offset: number): Place;
  /** What an alias names; any other node is itself. */
  targetOf(node: unknown): unknown;
}

function parse({ text, name }: { text: string; name: string }): Parsed {
  const lineCounter = new LineCounter();
  // Equal keys are found by the reader: the parser compares every key with every other.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, version: "1.2", uniqueKeys: false });
  const lines = text.split(/\r?\n/);
  const place = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { file: name, line, column: col, sourceLine: lines[line - 1] };
  };
  const syntax: Problem[] = [];
  const { yaml } = document.directives;
  if (yaml.explicit === true && yaml.version !== "1.2") {
    syntax.push({ ...place(0), path: "", message: `found %YAML ${yaml.version}; allowed: YAML 1.2` });
  }
  for (const error of [...document.errors, ...document.warnings].slice(0, MOST_SYNTAX_PROBLEMS)) {
    syntax.push({ ...place(error.pos[0]), path: "", message: syntaxMessage(error) });
  }
  if (syntax.length > 0) throw new ScenarioErrors(syntax);
  const reader = new YamlReader();
  const data = reader.read(document.contents);
  if (reader.problems.length > 0) {
    throw new ScenarioErrors(reader.problems.map(({ offset, message }) => ({ ...place(offset), path: "", message })));
  }
  return { document, data, place, targetOf: (node: unknown) => (isAlias(node) ? reader.targets.get(node) : node) };
}

function syntaxMessage(error: YAMLError): string {
  switch (error.code) {
    case "MULTIPLE_DOCS":
      return "a second document begins here; a file holds one";
    case "TAG_RESOLVE_FAILED":
      return `${error.message}; allowed: plain YAML 1.2 without tags`;
    case "RESOURCE_EXHAUSTION":
      return TOO_DEEP;
    default:
      return /call stack/.test(error.message) ? TOO_DEEP : `not valid YAML: ${error.message}`;
  }
}

/** Where a value begins, or its key: scalars by value, lists and maps by key, missing fields by what they miss from. */
function offsetOf({ document, targetOf }: Parsed, path: Path, at?: "key" | "value"): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [depth, step] of path.entries()) {
    const isLast = depth === path.length - 1;
    node = targetOf(node);
    if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      if (node === undefined) break;
      offset = (targetOf(node) as Node | undefined)?.range?.[0] ?? offset;
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
