import { NotCovered, type Adapter, type Adapters, type Json, type Judgement, type Verdict } from "./adapter.ts";
import { compare, type Difference } from "./compare.ts";
import { recordReads, type Recorded } from "./reader.ts";
import type { ConformanceModule } from "./index.ts";

/** One neutral case: what a family of rules is given, and what it must answer. */
export interface Case {
  id: string;
  family: string;
  given: Json;
  expect: Json;
}

/** Judges a parsed file; undefined if it is neither a list of cases nor a set of measurements. */
export async function judgeFile(
  document: Json,
  modules: readonly ConformanceModule[],
): Promise<Judgement[] | undefined> {
  const cases = casesOf(document);
  if (cases !== undefined) return cases.map(({ id, ...item }) => ({ id, verdict: judgeCase(item, modules) }));
  if (!isObject(document)) return undefined;
  const live = modules.find((module) => module.live?.claims(document))?.live;
  if (live !== undefined) return live.judge(document);
  // Nobody's measurements: one case a configuration, or a section, so that the total shows what is missing.
  const parts = Array.isArray(document.configurations)
    ? document.configurations.map((item, i) => (isObject(item) && typeof item.id === "string" ? item.id : String(i)))
    : Object.keys(document).filter((key) => document[key] !== null && typeof document[key] === "object");
  return parts.map((id) => ({ id, verdict: { kind: "notCovered", reason: "no model claims these measurements" } }));
}

/**
 * Plays one case. Where two models have a family of the same name, the one that understands the case decides: a verdict
 * on values goes before an error, and an error before "not covered".
 */
export function judgeCase(item: Omit<Case, "id">, modules: readonly ConformanceModule[]): Verdict {
  const claims = modules.flatMap(({ adapters }) => adapterOf(adapters, item.family) ?? []);
  const verdicts = claims.map((answer) => judge(item, answer));
  const decided = verdicts.find((verdict) => verdict.kind === "passed" || differences(verdict).length > 0);
  return (
    decided ??
    verdicts.find(({ kind }) => kind === "failed") ??
    verdicts[0] ?? { kind: "notCovered", reason: `no model has the family ${item.family}` }
  );
}

/** The adapter of a family, or else that of the longest beginning that one stands for. */
function adapterOf(adapters: Adapters, family: string): Adapter | undefined {
  if (Object.hasOwn(adapters, family)) return adapters[family];
  const beginnings = Object.keys(adapters).filter(
    (name) => name.endsWith("-*") && family.startsWith(name.slice(0, -1)),
  );
  const [longest] = beginnings.toSorted((a, b) => b.length - a.length);
  return longest === undefined ? undefined : adapters[longest];
}

function differences(verdict: Verdict): readonly Difference[] {
  return verdict.kind === "failed" ? verdict.differences : [];
}

/** Not covered: a leaf of `given` that the adapter did not read, or an expected key that it does not answer. */
function judge(item: Omit<Case, "id">, answer: Adapter): Verdict {
  const given = recordReads(item.given);
  const asked = isObject(item.expect) ? Object.keys(item.expect) : [];
  let different: Difference[];
  try {
    different = compare(item.expect, answer(given.value, asked));
  } catch (error) {
    if (error instanceof NotCovered) return { kind: "notCovered", reason: error.message };
    const text = error instanceof Error ? error.message : String(error);
    // An adapter that meets a case of another shape trips over what is missing, with what is there unread.
    if (given.unread().length > 0) return { kind: "notCovered", reason: `${notRead(given)} (${text})` };
    return { kind: "failed", differences: [], error: text };
  }
  if (given.unread().length > 0) return { kind: "notCovered", reason: notRead(given) };
  const unanswered = different.filter(({ found }) => found === undefined).map(({ path }) => path);
  if (unanswered.length > 0)
    return { kind: "notCovered", reason: `not answered: expect${unanswered.join(", expect")}` };
  return different.length === 0 ? { kind: "passed" } : { kind: "failed", differences: different };
}

function notRead(given: Recorded): string {
  return `not read: given${given.unread().join(", given")}`;
}

/** The neutral cases of a file, if it is a list of them; what is none of them is a case of no family. */
function casesOf(document: Json): Case[] | undefined {
  if (!isObject(document) || !Array.isArray(document.cases)) return undefined;
  return document.cases.map((entry, i) => {
    const item = isObject(entry) ? entry : {};
    return {
      id: typeof item.id === "string" ? item.id : `case ${i}`,
      family: typeof item.family === "string" ? item.family : "",
      given: item.given ?? {},
      expect: item.expect ?? {},
    };
  });
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return value !== undefined && value !== null && typeof value === "object" && !Array.isArray(value);
}
