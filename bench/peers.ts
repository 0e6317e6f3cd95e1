import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer } from "./case.ts";
import { benchFolder } from "./folder.ts";

/** How a peer's program is made runnable; undefined where what it needs is not installed. */
type Build = (source: string, folder: string) => string[] | undefined;

const cpp =
  (...libraries: string[]): Build =>
  (source, folder) => {
    const program = join(folder, "peer");
    const built = spawnSync("g++", ["-O2", "-std=c++17", "-o", program, source, ...libraries], { encoding: "utf8" });
    return built.status === 0 ? [program] : undefined;
  };

const python: Build = (source) => {
  // Debian keeps its modules with its own interpreter.
  const found = ["/usr/bin/python3", "python3"].find((name) => spawnSync(name, ["-c", "import simpy"]).status === 0);
  return found === undefined ? undefined : [found, source];
};

const sources = join(benchFolder(), "peers");

/** A program of ours on another simulator: built at its first use, and removed when this process ends. */
class Program {
  readonly name: string;
  readonly #isSlow: boolean;
  readonly #source: string;
  readonly #build: Build;
  #command: string[] | undefined;
  #isBuilt = false;

  constructor(name: string, source: string, build: Build, isSlow = false) {
    this.name = name;
    this.#isSlow = isSlow;
    this.#source = source;
    this.#build = build;
  }

  /** The peer of one workload; what the program prints is its speed. */
  peer(...workload: Array<string | number>): Peer {
    return {
      name: this.name,
      isSlow: this.#isSlow,
      measure: () => {
        const command = this.#make();
        if (command === undefined) return undefined;
        const [file, ...first] = command;
        const ran = spawnSync(file, [...first, ...workload.map(String)], { encoding: "utf8" });
        const speed = Number(ran.stdout.trim());
        if (ran.status !== 0 || !(speed > 0)) throw new Error(`${this.name} failed: ${ran.stderr}`);
        return speed;
      },
    };
  }

  #make(): string[] | undefined {
    if (this.#isBuilt) return this.#command;
    this.#isBuilt = true;
    const folder = mkdtempSync(join(tmpdir(), "bench-peer-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    this.#command = this.#build(join(sources, this.#source), folder);
    if (this.#command === undefined) process.stderr.write(`${this.name} is not installed: left out\n`);
    return this.#command;
  }
}

/** A 4-ary heap in C++ with inline entries and lazy cancellation: the yardstick of the goals. */
export const cppHeap = new Program("cpp", "heap4.cpp", cpp());
/** ns-3 with its default scheduler. Debian: libns3-dev. */
export const ns3 = new Program("ns-3", "ns3.cpp", cpp("-lns3-core"));
/** ns-3 with its own network stack: packets through the little network of flannel/packets. */
export const ns3Packets = new Program(
  "ns-3",
  "ns3-packets.cpp",
  cpp("-lns3-core", "-lns3-network", "-lns3-internet", "-lns3-point-to-point"),
);
/** SimGrid's timers. Debian: libsimgrid-dev. */
export const simgrid = new Program("simgrid", "simgrid.cpp", cpp("-lsimgrid"), true);
/** SimPy 3. Debian: python3-simpy3. */
export const simpy = new Program("simpy", "simpy3.py", python, true);
