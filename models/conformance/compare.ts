import type { Found, Json } from "./adapter.ts";
import { isIgnored } from "./reader.ts";

/** Numbers are equal when they differ by no more than this share of the larger one. */
const RELATIVE = 1e-9;

/** One place where the model answers otherwise, or (found undefined) not at all. */
export interface Difference {
  path: string;
  expected: Json;
  found: Found;
}

/** The bound that a `tolerance...` key sets for the numbers beside and below it: in seconds if `isTime`, else in their own unit. */
interface Bound {
  size: number;
  isTime: boolean;
}

const SECONDS = [
  ["_ns", 1e-9],
  ["_us", 1e-6],
  ["_ms", 1e-3],
  ["_s", 1],
] as const;

function secondsPer(key: string): number | undefined {
  return SECONDS.find(([suffix]) => key.endsWith(suffix))?.[1];
}

function isTolerance(key: string): boolean {
  return key.startsWith("tolerance");
}

/**
 * Compares an answer with what a case expects: everything equal, numbers to 1e-9 relative or within the case's
 * tolerance, lists in any order where the key ends in AnyOrder. Members of the answer that are not expected are ignored
 * at the top and count below it, where an object is one answer. Never throws.
 */
export function compare(expected: Json, found: Found): Difference[] {
  const differences: Difference[] = [];
  walk(expected, found, "", "", undefined, differences);
  return differences;
}

function walk(expected: Json, found: Found, path: string, key: string, bound: Bound | undefined, out: Difference[]) {
  const differs = () => void out.push({ path, expected, found });
  if (typeof expected === "number") {
    if (typeof found !== "number" || !near(expected, found, key, bound)) differs();
  } else if (Array.isArray(expected)) {
    const range = rangeAt(path, expected);
    if (range !== undefined && typeof found === "number") {
      if (!(found >= range.least && found <= range.most)) differs();
    } else if (!Array.isArray(found)) differs();
    else if (path.split("/").some((part) => part.endsWith("AnyOrder"))) {
      if (!sameInAnyOrder(expected, found, key, bound)) differs();
    } else if (expected.length !== found.length) differs();
    else expected.forEach((item, i) => walk(item, found[i] as Found, `${path}/${i}`, key, bound, out));
  } else if (expected !== null && typeof expected === "object") {
    if (found === null || typeof found !== "object" || Array.isArray(found)) return differs();
    const object = found as { readonly [key: string]: Found };
    const inner = ownBound(expected) ?? bound;
    const keys = Object.keys(expected).filter((name) => !isIgnored(name) && !isTolerance(name));
    for (const name of keys) walk(expected[name], object[name], `${path}/${name}`, name, inner, out);
    if (path === "") return;
    for (const name of Object.keys(object)) {
      if (object[name] !== undefined && !Object.hasOwn(expected, name)) {
        out.push({ path: `${path}/${name}`, expected: "nothing", found: object[name] });
      }
    }
  } else if (expected !== found) differs();
}

/** Below `upstreamAccepts` a pair of numbers is a range, its ends included. */
function rangeAt(path: string, pair: Json[]): { least: number; most: number } | undefined {
  const [least, most] = pair;
  const isPair = pair.length === 2 && typeof least === "number" && typeof most === "number";
  return isPair && path.split("/").includes("upstreamAccepts") ? { least, most } : undefined;
}

function ownBound(object: { [key: string]: Json }): Bound | undefined {
  const key = Object.keys(object).find(isTolerance);
  const size = key === undefined ? undefined : object[key];
  if (key === undefined || typeof size !== "number") return undefined;
  const unit = secondsPer(key);
  return unit === undefined ? { size, isTime: false } : { size: size * unit, isTime: true };
}

function near(expected: number, found: number, key: string, bound: Bound | undefined): boolean {
  const distance = Math.abs(expected - found);
  if (distance <= RELATIVE * Math.max(Math.abs(expected), Math.abs(found))) return true;
  if (bound === undefined) return false;
  if (!bound.isTime) return distance <= bound.size;
  const unit = secondsPer(key);
  // The last term forgives the rounding of the bound's own conversion.
  return unit !== undefined && distance * unit <= bound.size * (1 + RELATIVE);
}

function sameInAnyOrder(expected: Json[], found: readonly Found[], key: string, bound: Bound | undefined): boolean {
  if (expected.length !== found.length) return false;
  const left = [...found];
  for (const item of expected) {
    const match = left.findIndex((candidate) => {
      const differences: Difference[] = [];
      walk(item, candidate, "item", key, bound, differences);
      return differences.length === 0;
    });
    if (match < 0) return false;
    left.splice(match, 1);
  }
  return true;
}
