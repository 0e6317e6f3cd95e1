import type { Argv } from "yargs";
import { CSV_PRESETS, type CsvPreset } from "../engine/results/csv.ts";

/** A call that makes no sense: one line for the user, exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const OUTPUT_FORMS = ["table", "json", "yaml"] as const;
export type OutputForm = (typeof OUTPUT_FORMS)[number];

/** The options of every command that runs scenarios. */
export interface RunArguments {
  files: string[];
  out?: string;
  seed?: string;
  duration?: string;
  set: string[];
  csvPreset: CsvPreset;
  output?: OutputForm;
  quiet: boolean;
  progress: boolean;
  check: boolean;
  debug: boolean;
}

/** Declares the options of every command that runs scenarios. */
export function withRunOptions(yargs: Argv): Argv<RunArguments> {
  return yargs
    .positional("files", {
      type: "string",
      array: true,
      demandOption: true,
      describe: "scenarios; - is standard input",
    })
    .option("out", {
      ...once("out"),
      describe: "results folder; default results/<name>; with several files DIR/<name>",
    })
    .option("seed", { ...once("seed"), describe: "in place of the file's seed" })
    .option("duration", { ...once("duration"), describe: "in place of the file's duration" })
    .option("set", {
      type: "string",
      array: true,
      nargs: 1,
      default: [],
      describe: "PATH=VALUE in place of the file's value; may be repeated",
    })
    .option("csv-preset", {
      choices: CSV_PRESETS,
      default: "default" as const,
      requiresArg: true,
      describe: "excel-eu: semicolon, decimal comma, CRLF, BOM",
    })
    .option("output", {
      alias: "o",
      choices: OUTPUT_FORMS,
      requiresArg: true,
      describe: "form of the answer; default table",
    })
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

/** An option with a value that is given once. */
function once(name: string) {
  return {
    type: "string" as const,
    requiresArg: true,
    coerce: (value: string | string[] | undefined): string | undefined => {
      if (Array.isArray(value)) throw new UsageError(`--${name} is given ${value.length} times; give it once`);
      if (value === "") throw new UsageError(`--${name} needs a value`);
      return value;
    },
  };
}
