import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { releaseLock, takeLock } from "./lock.ts";

/** Every file that a results folder can hold. */
export const RESULT_FILES: readonly string[] = [
  "throughput.csv",
  "latency.csv",
  "summary.csv",
  "events.csv",
  "counters.csv",
  "resources.csv",
  "run.json",
];

/** A results folder that cannot be used: known before the run begins. */
export class OutputRefused extends Error {
  override readonly name = "OutputRefused";
}

/** Results that could not be written after the run; what was there before is unchanged. */
export class OutputFailed extends Error {
  override readonly name = "OutputFailed";
}

/**
 * A folder of results that appears at once or not at all. Files are written into a hidden folder beside the final place;
 * `commit` then sees them to the disk, moves the earlier results aside, the new ones in, and removes the earlier ones. A
 * run that is killed anywhere, or loses its power, leaves either the earlier results or the new ones whole; what else it
 * leaves, the next `open` repairs. From `open` to `commit` or `abandon` a lock beside the place keeps other runs away.
 */
export class ResultsFolder {
  /** As the user named it. */
  readonly path: string;
  readonly #target: string;
  /** The folders that were made to hold the target, innermost first. */
  readonly #parents: readonly string[];
  #isOpen = true;

  private constructor(path: string, target: string, parents: readonly string[]) {
    this.path = path;
    this.#target = target;
    this.#parents = parents;
  }

  /**
   * Makes ready to write to `path`, and repairs what an earlier kill left there. Throws OutputRefused where it cannot be
   * written, holds something that `sim` does not write, or is what another run writes to. `host`: the name of this machine, by
   * which the processes of runs on several are told apart.
   */
  static open(path: string, host = ""): ResultsFolder {
    try {
      const target = targetOf(path);
      const parents = missingParents(target);
      mkdirSync(dirname(target), { recursive: true });
      requireAlone(path, target, host);
      try {
        repair(target);
        if (existsSync(target)) requireOurs(path, target);
        mkdirSync(incoming(target));
      } catch (error) {
        releaseLock(lock(target));
        removeEmpty(parents);
        throw error;
      }
      return new ResultsFolder(path, target, parents);
    } catch (error) {
      if (error instanceof OutputRefused) throw error;
      throw new OutputRefused(`${path}: cannot be written: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Where to write a file of the results that are to come. */
  file(name: string): string {
    return join(incoming(this.#target), name);
  }

  /** Puts the new results in place of the earlier ones. */
  commit(): void {
    const target = this.#target;
    for (const name of readdirSync(incoming(target))) flush(this.file(name), "r+");
    flushFolder(incoming(target));
    const hadEarlier = existsSync(target);
    if (hadEarlier) renameSync(target, outgoing(target));
    try {
      renameSync(incoming(target), target);
    } catch (error) {
      if (hadEarlier) renameSync(outgoing(target), target);
      throw error;
    }
    flushFolder(dirname(target));
    rmSync(outgoing(target), { recursive: true, force: true });
    releaseLock(lock(target));
    this.#isOpen = false;
  }

  /** Removes what was written so far; the earlier results stay. Nothing after `commit`, or the second time. */
  abandon(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    rmSync(incoming(this.#target), { recursive: true, force: true });
    releaseLock(lock(this.#target));
    removeEmpty(this.#parents);
  }
}

/** Why a call of the file system failed, without its jargon where there is a plainer word. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && REASONS[code]) || message;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than is allowed",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "there is no such folder",
  ENOSPC: "no space left on the disk",
  ENOTDIR: "a file stands where a folder is needed",
  EEXIST: "a file stands where a folder is needed",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
};

function incoming(target: string): string {
  return join(dirname(target), `.${basename(target)}.sim-new`);
}

function outgoing(target: string): string {
  return join(dirname(target), `.${basename(target)}.sim-old`);
}

function lock(target: string): string {
  return join(dirname(target), `.${basename(target)}.sim-lock`);
}

/** The place itself, symbolic links followed, so that a link to a folder stays a link. */
function targetOf(path: string): string {
  const absolute = resolve(path);
  if (!existsSync(absolute)) {
    if (lstatSync(absolute, { throwIfNoEntry: false }) === undefined) return absolute;
    throw new OutputRefused(`${path}: is a symbolic link to a folder that does not exist`);
  }
  const target = realpathSync(absolute);
  if (!statSync(target).isDirectory()) throw new OutputRefused(`${path}: is a file; allowed: a folder`);
  if (target === realpathSync(process.cwd())) {
    throw new OutputRefused(`${path}: is the working directory, which cannot be replaced; name a folder inside it`);
  }
  if (statSync(target).dev !== statSync(dirname(target)).dev) {
    throw new OutputRefused(`${path}: is a mount point, which cannot be replaced; name a folder inside it`);
  }
  return target;
}

function missingParents(target: string): string[] {
  const missing: string[] = [];
  for (let folder = dirname(target); !existsSync(folder); folder = dirname(folder)) missing.push(folder);
  return missing;
}

/** Takes back the folders that were made, as long as nothing else is in them. */
function removeEmpty(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
  }
}

/** Brings the place to what it was before a run that was killed, or after it if its results were in place already. */
function repair(target: string): void {
  const earlier = outgoing(target);
  if (existsSync(earlier)) {
    if (existsSync(target)) rmSync(earlier, { recursive: true });
    else renameSync(earlier, target);
  }
  rmSync(incoming(target), { recursive: true, force: true });
}

/** Takes the lock of the place; refuses it if another run has it. */
function requireAlone(path: string, target: string, host: string): void {
  const holder = takeLock(lock(target), host);
  if (holder === undefined) return;
  const who = holder === "somebody" ? "" : ` (process ${holder.pid}${holder.host === "" ? "" : ` on ${holder.host}`})`;
  throw new OutputRefused(
    `${path}: another run${who} is writing there; wait for it or choose another folder; ` +
      `if there is no such run any more, remove ${lock(target)}`,
  );
}

/** Waits until the disk has what was written. */
function flush(path: string, flags: "r" | "r+"): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The same for the names in a folder, where the file system can do that. */
function flushFolder(path: string): void {
  try {
    flush(path, "r");
  } catch {
    // Not every system opens or flushes folders; the files themselves are on the disk.
  }
}

function requireOurs(path: string, target: string): void {
  const entries = readdirSync(target, { withFileTypes: true });
  const strangers = entries.filter((entry) => !(entry.isFile() && RESULT_FILES.includes(entry.name)));
  if (strangers.length === 0) return;
  const [first] = strangers.map(({ name }) => name).toSorted();
  throw new OutputRefused(
    `${path}: holds ${JSON.stringify(first)}, which sim does not write, so the folder is not replaced; ` +
      "choose another folder, or empty this one",
  );
}
