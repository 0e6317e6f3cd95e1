import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NS_PER_US } from "../../engine/time.ts";
import type { Load, LoadGroup } from "../../models/calibrate/load.ts";
import { weightOf } from "../../models/calibrate/replay.ts";
import { CannotMeasure } from "./cannot-measure.ts";

/** Where cgroups with the CPU controller are made. */
export interface CpuController {
  version: "v1" | "v2";
  /** The root of the hierarchy. */
  path: string;
}

/** The weight of everything that is measured together: other work on the machine hardly interferes. */
const HEAVIEST = { v1: 262_144, v2: 10_000 };
const PREFIX = "kubedes-calibrate-";

/**
 * The CPU controller in a list of mounts (/proc/self/mounts): the hierarchy of cgroup v1 that has it, else that of v2.
 * `controllersOf`: the controllers of a hierarchy of v2. Throws CannotMeasure where there is none.
 */
export function cpuController(mounts: string, controllersOf: (path: string) => readonly string[]): CpuController {
  const all = mounts.split("\n").map((line) => line.split(" "));
  const v1 = all.find(([, , type, options = ""]) => type === "cgroup" && options.split(",").includes("cpu"));
  if (v1 !== undefined) return { version: "v1", path: v1[1] };
  const v2 = all.find(([, path, type]) => type === "cgroup2" && controllersOf(path).includes("cpu"));
  if (v2 !== undefined) return { version: "v2", path: v2[1] };
  throw new CannotMeasure("no cgroup hierarchy with the cpu controller is mounted; mount cgroup2 on /sys/fs/cgroup");
}

/** The CPU controller of this machine. */
export function findCpuController(): CpuController {
  if (process.platform !== "linux") {
    throw new CannotMeasure(`cgroups are Linux's; this is ${process.platform}. Use --replay with a recorded set`);
  }
  const controllers = (path: string) => {
    const file = join(path, "cgroup.controllers");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split(" ") : [];
  };
  return cpuController(readFileSync("/proc/self/mounts", "utf8"), controllers);
}

/** The cgroups of one load, below one of their own; they are gone after `remove`. */
export class TestGroups {
  readonly #controller: CpuController;
  readonly #top: string;
  readonly #made: string[] = [];

  constructor(controller: CpuController) {
    this.#controller = controller;
    this.#top = join(controller.path, `${PREFIX}${process.pid}`);
  }

  /** Makes the load's groups; gives their folders, in the load's order. Throws CannotMeasure where that is not allowed. */
  create({ groups }: Load): string[] {
    const { version, path } = this.#controller;
    try {
      accessSync(path, constants.W_OK);
      if (version === "v2") this.#delegate(path);
      this.#make(this.#top);
      this.#write(this.#top, version === "v1" ? "cpu.shares" : "cpu.weight", HEAVIEST[version]);
      if (version === "v2") this.#delegate(this.#top);
      const folders = new Map<string, string>();
      for (const group of groups) {
        const above = group.parent === undefined ? this.#top : (folders.get(group.parent) as string);
        const folder = join(above, group.name);
        folders.set(group.name, folder);
        this.#make(folder);
        this.#configure(folder, group);
        if (version === "v2" && groups.some(({ parent }) => parent === group.name)) this.#delegate(folder);
      }
      return [...folders.values()];
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      throw new CannotMeasure(`cannot make cgroups in ${path}: ${message}; it takes root and a writable hierarchy`, {
        cause: error,
      });
    }
  }

  /** Ends what still runs in the groups and removes them. */
  async remove(): Promise<void> {
    for (const folder of this.#made.toReversed()) {
      for (let attempt = 0; existsSync(folder); attempt++) {
        try {
          endProcesses(folder);
          rmdirSync(folder);
        } catch (error) {
          // A process that was killed leaves its cgroup a moment later.
          if (attempt === 200) throw error;
          await sleep(10);
        }
      }
    }
    this.#made.length = 0;
  }

  #make(folder: string): void {
    if (!existsSync(folder)) mkdirSync(folder);
    if (!this.#made.includes(folder)) this.#made.push(folder);
  }

  /** In the kernel's order of dependence: weight, period, quota, burst. */
  #configure(folder: string, { quota, period, burst, shares }: LoadGroup): void {
    if (this.#controller.version === "v1") {
      this.#write(folder, "cpu.shares", shares);
      this.#write(folder, "cpu.cfs_period_us", period / NS_PER_US);
      this.#write(folder, "cpu.cfs_quota_us", quota === Infinity ? -1 : quota / NS_PER_US);
      if (burst > 0) this.#write(folder, "cpu.cfs_burst_us", burst / NS_PER_US);
    } else {
      this.#write(folder, "cpu.weight", weightOf(shares));
      this.#write(folder, "cpu.max", `${quota === Infinity ? "max" : quota / NS_PER_US} ${period / NS_PER_US}`);
      if (burst > 0) this.#write(folder, "cpu.max.burst", burst / NS_PER_US);
    }
  }

  /** Lets the groups below a folder use the CPU controller. */
  #delegate(folder: string): void {
    this.#write(folder, "cgroup.subtree_control", "+cpu");
  }

  #write(folder: string, file: string, value: string | number): void {
    writeFileSync(join(folder, file), String(value));
  }
}

function endProcesses(folder: string): void {
  for (const pid of readFileSync(join(folder, "cgroup.procs"), "utf8").trim().split("\n")) {
    if (pid !== "") process.kill(Number(pid), "SIGKILL");
  }
}

/** What an earlier calibration left behind that was killed: the cgroups of processes that are gone. */
export async function removeLeftOvers(controller: CpuController): Promise<void> {
  for (const name of readdirSync(controller.path).filter((each) => each.startsWith(PREFIX))) {
    if (existsSync(`/proc/${name.slice(PREFIX.length)}`)) continue;
    const folders = foldersIn(join(controller.path, name));
    for (const folder of folders) {
      endProcesses(folder);
      await sleep(20);
      rmdirSync(folder);
    }
  }
}

/** A cgroup and all below it, deepest first. */
function foldersIn(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...below.flatMap((entry) => foldersIn(join(folder, basename(entry.name)))), folder];
}
