import type { Argv } from "yargs";
import { CSV_PRESETS, type CsvPreset } from "../engine/results/csv.ts";

/** A call that makes no sense: one line for the user, exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const OUTPUT_FORMS = ["table", "json", "yaml"] as const;
export type OutputForm = (typeof OUTPUT_FORMS)[number];

/** What a command that reads scenarios is given: the files, and values in place of theirs. */
export interface ScenarioArguments {
  files: string[];
  set: string[];
  seed?: string;
  duration?: string;
}

/** What `sim run` is given. */
export interface RunArguments extends ScenarioArguments {
  out?: string;
  csvPreset: CsvPreset;
  output: OutputForm;
  quiet: boolean;
  progress: boolean;
  check: boolean;
  debug: boolean;
}

/** Declares the scenarios that a command reads, and the options that override them. */
export function withScenarios(yargs: Argv): Argv<ScenarioArguments> {
  return yargs
    .positional("files", {
      type: "string",
      array: true,
      demandOption: true,
      describe: "scenarios; - is standard input",
    })
    .option("seed", { ...once("seed"), describe: "in place of the file's seed" })
    .option("duration", { ...once("duration"), describe: "in place of the file's duration" })
    .option("set", {
      type: "string",
      array: true,
      nargs: 1,
      default: [],
      describe: "PATH=VALUE in place of the file's value; may be repeated",
    });
}

/** `-o FORM` of every command that gives an answer. */
export function outputOption() {
  const { requiresArg, coerce } = once<OutputForm>("output");
  return {
    requiresArg,
    coerce,
    alias: "o",
    choices: OUTPUT_FORMS,
    default: "table" as const,
    describe: "form of the answer",
  };
}

/** Declares the options of `sim run`. */
export function withRunOptions(yargs: Argv): Argv<RunArguments> {
  return withScenarios(yargs)
    .option("out", {
      ...once("out"),
      describe: "results folder; default results/<name>; with several files DIR/<name>",
    })
    .option("csv-preset", {
      choices: CSV_PRESETS,
      default: "default" as const,
      requiresArg: true,
      describe: "excel-eu: semicolon, decimal comma, CRLF, BOM",
    })
    .option("output", outputOption())
    .option("quiet", {
      alias: "q",
      type: "boolean",
      default: false,
      describe: "no table, no progress bar and no notices",
    })
    .option("progress", {
      type: "boolean",
      default: true,
      describe: "a progress bar on standard error if that is a terminal; --no-progress: none",
    })
    .option("check", { type: "boolean", default: false, describe: "check the invariants at every event" })
    .option("debug", {
      type: "boolean",
      default: false,
      describe: "show stack traces",
    }) as unknown as Argv<RunArguments>;
}

/** An option with a value that is given once; yargs looks afterwards whether it is one of the choices. */
function once<Value = string | undefined>(name: string) {
  return {
    type: "string" as const,
    requiresArg: true,
    coerce: (value: string | string[] | undefined): Value => {
      if (Array.isArray(value)) throw new UsageError(`--${name} is given ${value.length} times; give it once`);
      if (value === "") throw new UsageError(`--${name} needs a value`);
      return value as Value;
    },
  };
}
