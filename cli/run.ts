import { hostname } from "node:os";
import { join } from "node:path";
import type { CommandModule } from "yargs";
import { SimulationError } from "../engine/errors.ts";
import { OutputFailed, OutputRefused, ResultsFolder } from "../engine/results/folder.ts";
import { writeResults } from "../engine/results/write.ts";
import { ScenarioErrors } from "../engine/scenario/errors.ts";
import { readScenarioFile } from "../engine/scenario/read.ts";
import { prepareRun, type RunResult } from "../models/run.ts";
import { loadScenario, type Loaded } from "../models/scenario.ts";
import { unshieldDash } from "./dash.ts";
import { UsageError, withRunOptions, type RunArguments } from "./options.ts";
import { answerOf, answerText, printData, printProblems, wantsColor, type Answer } from "./print.ts";
import { canDraw, ProgressBar } from "./progress.ts";

/** `sim run FILE...`: runs each scenario, writes its results folder, prints a summary. */
export const command: CommandModule<object, RunArguments> = {
  command: "run <files..>",
  describe: "run scenarios and write their results",
  builder: withRunOptions,
  handler: async (options) => {
    for (const [signal, handler] of SIGNAL_HANDLERS) process.once(signal, handler);
    try {
      process.exitCode = await runFiles(unshieldDash(options.files), options);
    } finally {
      for (const [signal, handler] of SIGNAL_HANDLERS) process.off(signal, handler);
    }
  },
};

const DONE = 0;
const FAILED = 1;
const REFUSED = 2;
const THRESHOLD_BROKEN = 99;
type Status = typeof DONE | typeof FAILED | typeof REFUSED | typeof THRESHOLD_BROKEN;

/** The results folder that is being filled: what an interruption has to clear away. */
let openFolder: ResultsFolder | undefined;

/** Signals arrive between events, when nothing is half done but the open folder: the earlier results are whole. */
const SIGNAL_HANDLERS = (
  [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const
).map(([signal, status]) => {
  const exit = () => {
    openFolder?.abandon();
    process.stderr.write(`\nsim run: stopped by ${signal}; earlier results are unchanged\n`);
    process.exit(status);
  };
  return [signal, exit] as const;
});

async function runFiles(files: readonly string[], options: RunArguments): Promise<Status> {
  if (files.filter((file) => file === "-").length > 1) throw new UsageError("standard input can be read only once");
  const statuses: Status[] = [];
  const scenarios: Array<{ file: string; loaded: Loaded }> = [];
  for (const file of files) {
    const loaded = await load(file, options);
    if (loaded === undefined) statuses.push(REFUSED);
    else scenarios.push({ file, loaded });
  }
  refuseEqualNames(scenarios.map(({ file, loaded }) => ({ file, name: loaded.scenario.metadata.name })));

  const answers: Answer[] = [];
  for (const { file, loaded } of scenarios) {
    const { name } = loaded.scenario.metadata;
    const out = files.length > 1 ? join(options.out ?? "results", name) : (options.out ?? join("results", name));
    try {
      const result = await runOne(loaded, out, options);
      answers.push(answerOf(result, out));
      statuses.push(result.thresholds.every(({ holds }) => holds) ? DONE : THRESHOLD_BROKEN);
      if (options.output === "table" && !options.quiet) {
        const text = answerText(result, out, wantsColor(process.stdout, process.env));
        process.stdout.write(answers.length > 1 ? `\n${text}` : text);
      }
    } catch (error) {
      statuses.push(report(error, file, loaded, options));
    }
  }
  const answer = files.length > 1 ? answers : answers[0];
  if (answer !== undefined) printData(answer, options.output);
  return ([FAILED, REFUSED, THRESHOLD_BROKEN] as const).find((status) => statuses.includes(status)) ?? DONE;
}

/** Reads and checks a scenario; reports what is wrong with it. */
async function load(file: string, { set, seed, duration, quiet }: RunArguments): Promise<Loaded | undefined> {
  try {
    const loaded = loadScenario(await readScenarioFile(file), { set, seed, duration });
    if (!quiet) for (const notice of loaded.notices) process.stderr.write(`${file}: ${notice}\n`);
    return loaded;
  } catch (error) {
    if (!(error instanceof ScenarioErrors)) throw error;
    printProblems(error);
    return undefined;
  }
}

function refuseEqualNames(scenarios: ReadonlyArray<{ file: string; name: string }>): void {
  const fileOf = new Map<string, string>();
  for (const { file, name } of scenarios) {
    const other = fileOf.get(name);
    if (other !== undefined) {
      throw new UsageError(
        `${other} and ${file} are both called ${name}, so their results would have one folder; ` +
          "give them different metadata.name, or run them apart with --out",
      );
    }
    fileOf.set(name, file);
  }
}

/** Runs a scenario from its composition to its results folder. The folder is made ready before time 0. */
async function runOne({ scenario }: Loaded, out: string, options: RunArguments): Promise<RunResult> {
  const prepared = prepareRun(scenario, { check: options.check });
  const folder = ResultsFolder.open(out, hostname());
  openFolder = folder;
  const hasBar = options.progress && !options.quiet && canDraw(process.stderr, process.env["TERM"]);
  const bar = hasBar ? new ProgressBar(process.stderr, scenario.metadata.name, scenario.duration) : undefined;
  try {
    const result = await prepared.run((now) => bar?.update(now));
    writeResults(folder, result.facts, result.outputs, result.summary, options.csvPreset);
    return result;
  } catch (error) {
    folder.abandon();
    throw error;
  } finally {
    bar?.clear();
    openFolder = undefined;
  }
}

/** Says what went wrong with a scenario, and gives the exit status for it. Throws what is nobody's known fault. */
function report(error: unknown, file: string, { locate }: Loaded, { debug }: RunArguments): Status {
  if (error instanceof ScenarioErrors) {
    printProblems(error.located(locate));
    return REFUSED;
  }
  const isKnown = [SimulationError, OutputFailed, OutputRefused].some((kind) => error instanceof kind);
  if (!isKnown) throw error;
  const { message, stack, cause } = error as Error;
  process.stderr.write(`sim run: ${error instanceof SimulationError ? `${file}: ` : ""}${message}\n`);
  if (debug) process.stderr.write(`${cause instanceof Error ? cause.stack : stack}\n`);
  return error instanceof OutputRefused ? REFUSED : FAILED;
}
