import { isAlias, isMap, isScalar, isSeq, type Alias, type Node } from "yaml";

/** Something in a YAML document that a scenario cannot hold, by its offset in the text. */
export interface NodeProblem {
  offset: number;
  message: string;
}

/** Lists and maps may stand in each other this deep; scenarios need a dozen. */
const MOST_DEPTH = 100;
export const TOO_DEEP = `lists and maps stand in each other too deeply; allowed: at most ${MOST_DEPTH}`;

/** Aliases may multiply a file to this many values: more is an attack, or a mistake with the same effect. */
const MOST_VALUES = 1_000_000;

/** The tags of what YAML 1.2 says without tags. */
const PLAIN_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/**
 * Turns the nodes of a parsed YAML document into plain data, in time that grows with the size of the text. Notes equal
 * keys, keys that are no texts, `__proto__`, tags, nesting without measure, and aliases that name nothing, what they
 * stand in, or too much.
 */
export class YamlReader {
  readonly problems: NodeProblem[] = [];
  /** What every alias names. */
  readonly targets = new Map<Alias, Node>();

  readonly #anchors = new Map<string, Node>();
  /** Of nodes with an anchor that are read: the data, and how many values it holds. */
  readonly #read = new Map<Node, { data: unknown; valueCount: number }>();
  #valueCount = 0;
  #isTooDeep = false;

  /** The data of a node. It is of use only where no problem was found. */
  read(node: unknown, depth = 0): unknown {
    if (isAlias(node)) return this.#alias(node);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null;
    const valuesBefore = this.#valueCount++;
    const { anchor } = node;
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    if (node.tag !== undefined && !PLAIN_TAG.test(node.tag)) {
      this.#report(node, `found the tag ${node.tag}; allowed: plain YAML 1.2 without tags`);
      return null;
    }
    const data = isScalar(node) ? node.value : this.#collection(node, depth + 1);
    if (anchor !== undefined) this.#read.set(node, { data, valueCount: this.#valueCount - valuesBefore });
    return data;
  }

  #alias(alias: Alias): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      this.#report(alias, `no value is named &${alias.source}`);
      return null;
    }
    this.targets.set(alias, target);
    const read = this.#read.get(target);
    if (read === undefined) {
      this.#report(alias, `the alias *${alias.source} stands inside what it names`);
      return null;
    }
    const wasBelow = this.#valueCount <= MOST_VALUES;
    this.#valueCount += read.valueCount;
    if (wasBelow && this.#valueCount > MOST_VALUES) {
      this.#report(alias, "here aliases (*name) multiply beyond measure; write the values out");
    }
    return read.data;
  }

  #collection(node: Node, depth: number): unknown {
    if (depth > MOST_DEPTH) {
      if (!this.#isTooDeep) this.#report(node, TOO_DEEP);
      this.#isTooDeep = true;
      return null;
    }
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth));
    const data: Record<string, unknown> = {};
    if (!isMap(node)) return data;
    for (const { key, value } of node.items) {
      if (!isScalar(key) || key.value === null) {
        this.#report(isScalar(key) || isAlias(key) || isMap(key) || isSeq(key) ? key : node, NO_NAME);
        continue;
      }
      const name = String(this.read(key, depth));
      if (name === "__proto__") this.#report(key, "a field cannot be called __proto__");
      else if (Object.hasOwn(data, name)) this.#report(key, `the field ${name} is given twice; remove one of them`);
      else data[name] = this.read(value, depth);
    }
    return data;
  }

  #report(node: Node, message: string): void {
    this.problems.push({ offset: node.range?.[0] ?? 0, message });
  }
}

const NO_NAME = "a field's name is missing or no text; allowed: a text before the colon";
