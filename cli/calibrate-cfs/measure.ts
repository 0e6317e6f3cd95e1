import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { RandomStreams } from "../../engine/random/streams.ts";
import { drawRequests, type Request } from "../../models/calibrate/demand.ts";
import type { Load } from "../../models/calibrate/load.ts";
import { parseRun, repetitionOf, type Machine, type Repetition } from "../../models/calibrate/recording.ts";
import { isAtLeast } from "../../models/cfs/kernel.ts";
import { CannotMeasure } from "./cannot-measure.ts";
import { LOAD_GENERATOR } from "./load-generator.ts";
import { removeLeftOvers, TestGroups, type CpuController } from "./test-groups.ts";

const COMPILERS = ["cc", "gcc", "clang"];
const MODES = { hog: 0, closed: 1, periodic: 2, poisson: 2 };
/** Groups are idle for so many periods before a repetition begins, so that pools are full and timers stopped. */
const IDLE_PERIODS = 5;

/** Runs loads on this machine's kernel; `close` leaves nothing behind. */
export class Laboratory {
  readonly #controller: CpuController;
  readonly #groups: TestGroups;
  readonly #folder: string;
  readonly #generator: string;
  #child: ReturnType<typeof spawn> | undefined;
  #isClosed = false;

  /** Compiles the load generator. Throws CannotMeasure where there is no compiler. */
  constructor(controller: CpuController) {
    this.#controller = controller;
    this.#groups = new TestGroups(controller);
    this.#folder = mkdtempSync(join(tmpdir(), "kubedes-calibrate-"));
    this.#generator = join(this.#folder, "load-generator");
    const problem = compile(this.#generator);
    if (problem === undefined) return;
    rmSync(this.#folder, { recursive: true });
    throw new CannotMeasure(problem);
  }

  /** Why this machine cannot run a load, or undefined. */
  refuses(load: Load, { cpus: cpuCount, kernel }: Machine): string | undefined {
    if (load.cpus > cpuCount) return `it wants ${load.cpus} CPUs, and there are ${cpuCount}`;
    const wantsBurst = load.groups.some(({ burst }) => burst > 0);
    return wantsBurst && !isAtLeast(kernel, "5.14") ? "it wants CPU burst, which came with Linux 5.14" : undefined;
  }

  /** Runs a load so many times; the requests are the same each time. */
  async run(load: Load, repeats: number): Promise<Repetition[]> {
    await removeLeftOvers(this.#controller);
    const streams = new RandomStreams("calibrate");
    const queues = load.workers.map((workers, place) => drawRequests(load, workers, streams, place));
    const repetitions: Repetition[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const plan = join(this.#folder, "plan");
      writeFileSync(plan, planOf(load, queues, this.#groups.create(load), cpus().length));
      repetitions.push(repetitionOf(load, queues, parseRun(await this.#generate(plan))));
      await this.#groups.remove();
    }
    return repetitions;
  }

  /** Ends what runs, and removes cgroups and files. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#child?.kill("SIGTERM");
    await this.#groups.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #generate(plan: string): Promise<string> {
    const child = spawn(this.#generator, [plan], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let report = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (report += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    this.#child = undefined;
    // Whoever closed it in the middle of a repetition goes on from there.
    if (this.#isClosed) return new Promise(() => {});
    if (status !== 0) throw new CannotMeasure(`the load generator ended with status ${status}: ${complaint.trim()}`);
    return report;
  }
}

/** Compiles the load generator to a file; why that is not possible, or undefined. */
function compile(file: string): string | undefined {
  writeFileSync(`${file}.c`, LOAD_GENERATOR);
  for (const compiler of COMPILERS) {
    const { status, error, stderr } = spawnSync(compiler, ["-O2", "-o", file, `${file}.c`], { encoding: "utf8" });
    if (status === 0) return undefined;
    if (error === undefined) return `${compiler} does not compile the load generator:\n${stderr}`;
  }
  return `no C compiler found (${COMPILERS.join(", ")}): the load generator is C, and is compiled where it runs`;
}

/** The plan of one repetition, in the form that the load generator reads. */
export function planOf(load: Load, queues: readonly Request[][], folders: readonly string[], cpuCount: number): string {
  const longest = Math.max(...load.groups.map(({ period }) => period));
  const allowed = Array.from({ length: load.cpus }, (_, i) => cpuCount - load.cpus + i);
  const workers = load.workers.flatMap(({ group, threads, demand }, entry) => {
    const place = load.groups.findIndex(({ name }) => name === group);
    const { burn, think } = demand.type === "closed" ? demand : { burn: 0, think: 0 };
    const line = [place, MODES[demand.type], entry, burn, think, allowed.length, ...allowed].join(" ");
    return Array.from({ length: threads }, () => line);
  });
  return [
    `${load.duration} ${IDLE_PERIODS * longest + 100_000_000}`,
    folders.length,
    ...folders.map((folder) => `${join(folder, "cgroup.procs")} ${join(folder, "cpu.stat")}`),
    queues.length,
    ...queues.map((requests) =>
      [requests.length, ...requests.map(({ arrival, service }) => `${arrival} ${service}`)].join(" "),
    ),
    workers.length,
    ...workers,
    "",
  ].join("\n");
}
