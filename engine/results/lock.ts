import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";

/** Who holds a lock: a process of a machine, or, where the file does not tell, somebody. */
export type LockHolder = { pid: number; host: string; birth: string } | "somebody";

/**
 * Takes a lock: a file that one process can make. Gives undefined when it is taken, or who holds it. A lock whose process
 * has ended, or has passed its number on, is taken over; of other machines' processes that cannot be known. `host`: the
 * name of this machine.
 */
export function takeLock(path: string, host: string): LockHolder | undefined {
  for (;;) {
    if (create(path, host)) return undefined;
    const text = textOf(path);
    // Released meanwhile.
    if (text === undefined) continue;
    const holder = holderOf(text);
    if (holder === "somebody" || holder.host !== host || !hasEnded(holder)) return holder;
    removeIf(path, text);
  }
}

/** Gives back a lock that was taken. */
export function releaseLock(path: string): void {
  rmSync(path, { force: true });
}

function create(path: string, host: string): boolean {
  let file: number;
  try {
    file = openSync(path, "wx");
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  try {
    writeSync(file, `${process.pid} ${host} ${birthOf(process.pid)}\n`);
  } catch (error) {
    rmSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
  return true;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function holderOf(text: string): LockHolder {
  const match = /^([0-9]+) (.*) ([0-9]*)\n$/.exec(text);
  return match === null ? "somebody" : { pid: Number(match[1]), host: match[2], birth: match[3] };
}

function hasEnded({ pid, birth }: { pid: number; birth: string }): boolean {
  const now = birthOf(pid);
  return now === undefined || (now !== "" && birth !== "" && now !== birth);
}

/** When a process was started, in ticks of its machine; empty where that is not told, undefined where there is none. */
function birthOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process is there, although it takes no signals.
    if (codeOf(error) === "ESRCH") return undefined;
  }
  try {
    // Field 22 of proc_pid_stat(5), counted from behind the name, which may hold spaces and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** Removes the lock of an ended process, but not one that another run has put in its place since it was read. */
function removeIf(path: string, text: string): void {
  const aside = `${path}-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (textOf(aside) === text) rmSync(aside);
  else renameSync(aside, path);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
