import { accessSync, constants, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { CommandModule } from "yargs";
import { readYaml } from "../engine/scenario/document.ts";
import { ScenarioErrors } from "../engine/scenario/errors.ts";
import { describeIssues } from "../engine/scenario/issues.ts";
import { readScenarioFile, readTextFile } from "../engine/scenario/read.ts";
import { builtInLoads, type WrittenLoad } from "../models/calibrate/built-in-loads.ts";
import { compareSet, type ComparedLoad } from "../models/calibrate/compare.ts";
import { loadsSchema } from "../models/calibrate/load.ts";
import { validationPage } from "../models/calibrate/page.ts";
import type { RecordedSet, Recording } from "../models/calibrate/recording.ts";
import { comparisonTable, score, verdict } from "../models/calibrate/table.ts";
import { outputOption, UsageError, type OutputForm } from "./options.ts";
import { printData, printProblems } from "./print.ts";
import { CannotMeasure } from "./calibrate-cfs/cannot-measure.ts";
import { thisMachine } from "./calibrate-cfs/machine.ts";
import { Laboratory } from "./calibrate-cfs/measure.ts";
import { findCpuController } from "./calibrate-cfs/test-groups.ts";
import { chartFolder, writePage } from "./calibrate-cfs/write-page.ts";

interface Arguments {
  what: "cfs" | "flannel";
  load?: string;
  only: string[];
  repeats: number;
  draws: number;
  hz?: number;
  record?: string;
  replay?: string;
  page?: string;
  output: OutputForm;
  quiet: boolean;
}

const LARGEST_SET_BYTES = 100_000_000;

/** Options of `calibrate cfs` alone. */
const CFS_OPTIONS = ["load", "only", "hz", "record", "replay", "page"] as const;

/**
 * `sim calibrate cfs` runs loads in real cgroups and in the model, `sim calibrate flannel` sends packets through a small
 * overlay of namespaces and through the model; both print both.
 */
export const command: CommandModule<object, Arguments> = {
  command: "calibrate <what>",
  describe: "do the same work on this machine's kernel and in the model, and print both",
  builder: (yargs) =>
    yargs
      .positional("what", { choices: ["cfs", "flannel"] as const, demandOption: true, describe: "the model" })
      .option("load", { type: "string", describe: "a file of loads in place of the built-in ones" })
      .option("only", { type: "string", array: true, nargs: 1, default: [], describe: "run this load alone" })
      .option("repeats", { type: "number", default: 5, describe: "repetitions on the kernel" })
      .option("draws", { type: "number", default: 8, describe: "replays of each repetition, with phases of their own" })
      .option("hz", { type: "number", describe: "ticks a second, where the machine does not tell" })
      .option("record", { type: "string", describe: "write what was measured to this file" })
      .option("replay", { type: "string", describe: "take a recorded set in place of measuring" })
      .option("page", { type: "string", describe: "write the comparison as a page with charts beside it" })
      .option("output", outputOption())
      .option("quiet", { alias: "q", type: "boolean", default: false, describe: "no progress" })
      .check(({ repeats, draws }) => {
        for (const [name, value] of Object.entries({ repeats, draws })) {
          if (!Number.isInteger(value) || value < 1 || value > 1000) {
            throw new Error(`--${name}: found ${value}; allowed: a whole number from 1 to 1000`);
          }
        }
        return true;
      }),
  handler: async (given) => {
    try {
      if (given.what === "flannel") {
        await calibrateOverlay(given);
        return;
      }
      checkWritable("record", given.record);
      checkWritable("page", given.page);
      const set = given.replay === undefined ? await measured(given) : recorded(given.replay);
      if (given.record !== undefined) writeFileSync(given.record, `${JSON.stringify(set)}\n`);
      const compared = compareSet(set, given.draws);
      if (given.page !== undefined)
        writePage(given.page, validationPage(set, compared, given.draws, chartFolder(given.page)));
      print(compared, given.output);
    } catch (error) {
      if (error instanceof ScenarioErrors) {
        printProblems(error);
        process.exitCode = 2;
      } else if (error instanceof CannotMeasure) {
        process.stderr.write(`sim calibrate: ${error.message}\n`);
        process.exitCode = 1;
      } else throw error;
    }
  },
};

async function calibrateOverlay(given: Arguments): Promise<void> {
  const foreign = CFS_OPTIONS.find((name) => given[name] !== undefined && given[name].toString() !== "");
  if (foreign !== undefined) throw new UsageError(`--${foreign} belongs to calibrate cfs`);
  if (given.output !== "table") throw new UsageError(`-o ${given.output} belongs to calibrate cfs`);
  const say = (text: string) => {
    if (!given.quiet) process.stderr.write(`${text}\n`);
  };
  const { calibrateFlannel, calibrationTable } = await import("./calibrate-flannel.ts");
  process.stdout.write(calibrationTable(await calibrateFlannel(say)));
}

/** Throws UsageError where the folder of a file to write is not there or takes none. */
function checkWritable(option: string, file: string | undefined): void {
  if (file === undefined) return;
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw new UsageError(`--${option}: cannot write ${file}: ${(error as Error).message}`);
  }
}

function print(compared: readonly ComparedLoad[], output: OutputForm): void {
  if (output === "table") {
    process.stdout.write(comparisonTable(compared));
    return;
  }
  const loads = compared.map(({ load, repetitions, figures }) => ({ load: load.id, repetitions, figures }));
  const answer = { loads, ...score(compared), verdict: verdict(compared) };
  printData(answer, output);
}

function recorded(file: string): RecordedSet {
  const { text } = readTextFile(file, LARGEST_SET_BYTES);
  let set: Partial<RecordedSet>;
  try {
    set = JSON.parse(text) as Partial<RecordedSet>;
  } catch {
    set = {};
  }
  if (set.machine === undefined || set.recordings === undefined) {
    throw new UsageError(`--replay: ${file} is not a set that --record has written`);
  }
  return set as RecordedSet;
}

async function measured({ load: file, only, repeats, hz, quiet }: Arguments): Promise<RecordedSet> {
  const all = file === undefined ? builtInLoads() : await loadsOf(file);
  const unknown = only.find((id) => !all.some(({ load }) => load.id === id));
  if (unknown !== undefined) {
    const allowed = all.map(({ load }) => load.id).join(", ");
    throw new UsageError(`--only: there is no load ${unknown}; allowed: ${allowed}`);
  }
  const wanted = all.filter(({ load }) => only.length === 0 || only.includes(load.id));
  const controller = findCpuController();
  const { machine, notices } = thisMachine(controller.version, hz);
  const say = (text: string) => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  for (const notice of notices) say(notice);
  const laboratory = new Laboratory(controller);
  const onSignal = (signal: NodeJS.Signals) => {
    void laboratory.close().then(() => process.exit(signal === "SIGINT" ? 130 : 143));
  };
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    const recordings: Recording[] = [];
    for (const { written, load } of wanted) {
      const refused = laboratory.refuses(load, machine);
      if (refused !== undefined) {
        say(`${load.id}: left out: ${refused}`);
        continue;
      }
      say(`${load.id}: ${repeats} times ${load.duration / 1e9} s`);
      recordings.push({ load: written, repetitions: await laboratory.run(load, repeats) });
    }
    if (recordings.length === 0) throw new CannotMeasure("this machine can run none of these loads");
    const about =
      "Loads as they ran on a Linux kernel: the demand actually made, by request [arrival, CPU time, response] and round " +
      "[CPU time, response] in us (-1: not completed), and the kernel's figures by group, times in us.";
    return { about, machine, recordings };
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    await laboratory.close();
  }
}

async function loadsOf(file: string): Promise<WrittenLoad[]> {
  const { data, locate } = readYaml(await readScenarioFile(file));
  const result = loadsSchema.safeParse(data);
  if (!result.success) {
    throw ScenarioErrors.at(describeIssues(loadsSchema, data, result.error.issues)).located(locate);
  }
  const written: unknown = data["loads"];
  return result.data.map((load, i) => ({ load, written: Array.isArray(written) ? (written[i] as unknown) : load }));
}
