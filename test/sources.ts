import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** The TypeScript files of a folder and all below it, from the project's root; tests and their helpers are left out. */
export function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !path.includes("/testing/"))
    .toSorted();
}

/** A text without its comments; lines keep their numbers. A `//` after a colon is an address, not a comment. */
export function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, "");
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(?<!:)\/\/.*$/gm, "");
}

/** The files that a file imports by relative paths, from the project's root, types included. */
export function importsOf(file: string): string[] {
  return relativeImports(withoutComments(readFileSync(file, "utf8"))).map((path) => join(dirname(file), path));
}

/** The relative paths that a text imports or exports from, loads later with `import()`, or names in a type. */
export function relativeImports(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.[^"']+)["']/g)].map(([, path]) => path);
}
