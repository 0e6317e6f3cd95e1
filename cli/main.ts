import yargs, { type CommandModule } from "yargs";
import { reasonOf } from "../engine/results/folder.ts";
import { packageVersion } from "../engine/results/version.ts";
import { didYouMean } from "../engine/scenario/suggest.ts";
import { shieldDash } from "./dash.ts";
import { UsageError } from "./options.ts";

/** The subcommands, loaded when they are called, so that none pays for the others' start-up. */
const COMMANDS: Readonly<Record<string, () => Promise<{ command: unknown }>>> = {
  run: () => import("./run.ts"),
  validate: () => import("./validate.ts"),
  explain: () => import("./explain.ts"),
  schema: () => import("./schema.ts"),
  list: () => import("./list.ts"),
  calibrate: () => import("./calibrate.ts"),
};

/** Runs `sim` with the arguments after its name; the exit status goes to process.exitCode. */
export async function run(args: readonly string[]): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => endWithoutOutput(error, args.includes("--debug")));
  try {
    await dispatch(args);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`sim: ${error.message.replace(/\s*\n\s*/g, " ")}; see sim --help\n`);
      process.exitCode = 2;
      return;
    }
    const { message, stack } = error as Error;
    const hint = "this is a fault of sim: please report it with the scenario; --debug shows where it happened";
    process.stderr.write(args.includes("--debug") ? `sim: ${stack}\n` : `sim: ${message}\nsim: ${hint}\n`);
    process.exitCode = 1;
  }
}

async function dispatch(args: readonly string[]): Promise<void> {
  const names = Object.keys(COMMANDS);
  const [first] = args;
  const parser = yargs(shieldDash(joinFiles(args)))
    .scriptName("sim")
    .usage("$0 <command>\n\nWhat happens on Kubernetes nodes, simulated: a scenario in, CSVs out.")
    .version(packageVersion())
    .help()
    .alias("help", "h")
    // Messages are the same wherever sim runs.
    .detectLocale(false)
    .wrap(100)
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      // yargs gives a message for what it finds itself, and the error alone for what a command throws.
      throw message ? new UsageError(message) : error;
    });
  if (first === undefined) throw new UsageError(`say what to do: ${names.join(", ")}`);
  if (!first.startsWith("-") && !Object.hasOwn(COMMANDS, first)) {
    throw new UsageError(`there is no command ${first}${didYouMean(first, names) || `; allowed: ${names.join(", ")}`}`);
  }
  const wanted = Object.hasOwn(COMMANDS, first) ? [first] : names;
  for (const name of wanted) parser.command((await COMMANDS[name]()).command as CommandModule);
  await parser.demandCommand(1, `say what to do: ${names.join(", ")}`).parseAsync();
}

/** What stands after `--` is a file, whatever it begins with: as yargs sees it, among the others. */
function joinFiles(args: readonly string[]): string[] {
  const separator = args.indexOf("--");
  if (separator === -1) return [...args];
  const files = args.slice(separator + 1).map((file) => (/^-./.test(file) ? `./${file}` : file));
  return [...args.slice(0, separator), ...files];
}

/** Who reads the answer may stop early, as `head` does. What cannot be written otherwise, on a full disk, is a failure. */
function endWithoutOutput(error: NodeJS.ErrnoException, debug: boolean): void {
  if (error.code === "EPIPE") return;
  process.stderr.write(`sim: standard output cannot be written: ${debug ? error.stack : reasonOf(error)}\n`);
  process.exit(1);
}
