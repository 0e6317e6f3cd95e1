import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Source } from "./document.ts";
import { ScenarioErrors } from "./errors.ts";

/** A scenario, or another YAML file that belongs to it. */
export const LARGEST_SCENARIO_BYTES = 10_000_000;

/**
 * Reads a scenario's text from a file, or from standard input for "-" (relative paths then count from the working
 * directory). Throws ScenarioErrors for what is missing, a folder, empty, not text, or over 10 MB.
 */
export async function readScenarioFile(path: string): Promise<Source> {
  if (path !== "-") return { ...readTextFile(path, LARGEST_SCENARIO_BYTES), dir: dirname(resolve(path)) };
  const name = "standard input";
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(Buffer.from(chunk as Uint8Array));
    size += chunks[chunks.length - 1].length;
    if (size > LARGEST_SCENARIO_BYTES) throw refused(name, tooLarge("it", LARGEST_SCENARIO_BYTES));
  }
  return { text: decode(Buffer.concat(chunks), name), name, dir: process.cwd() };
}

/** Reads a text file of at most `largestBytes`; `name` is what messages call it. Throws ScenarioErrors as above. */
export function readTextFile(path: string, largestBytes: number, name = path): { text: string; name: string } {
  let bytes: Buffer;
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) throw refused(name, "is a folder; allowed: a file");
    if (stats.size > largestBytes) throw refused(name, tooLarge(`${stats.size} bytes`, largestBytes));
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof ScenarioErrors) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") throw refused(name, "there is no such file");
    throw refused(name, `cannot be read: ${(error as Error).message}`);
  }
  if (bytes.length > largestBytes) throw refused(name, tooLarge(`${bytes.length} bytes`, largestBytes));
  return { text: decode(bytes, name), name };
}

function decode(bytes: Buffer, name: string): string {
  if (bytes.includes(0)) throw refused(name, "is not a text file (it holds a zero byte)");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refused(name, "is not a text file in UTF-8");
  }
  if (text.trim() === "") throw refused(name, "is empty");
  return text;
}

function tooLarge(found: string, allowed: number): string {
  return `found ${found}; allowed: at most ${allowed / 1_000_000} MB`;
}

function refused(name: string, message: string): ScenarioErrors {
  return new ScenarioErrors([{ file: name, path: "", message }]);
}

/**
 * Reads a text file that a scenario in the folder `dir` names, or says why it cannot be read.
 */
export function readBeside(dir: string, path: string, largestBytes: number): { text: string } | { message: string } {
  try {
    return readTextFile(resolve(dir, path), largestBytes, path);
  } catch (error) {
    if (error instanceof ScenarioErrors) return { message: error.problems[0].message };
    throw error;
  }
}
