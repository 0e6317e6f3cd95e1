import type { CommandModule } from "yargs";
import { ScenarioErrors, type Problem } from "../engine/scenario/errors.ts";
import { readScenarioFile } from "../engine/scenario/read.ts";
import { checkComposition } from "../models/compose.ts";
import { loadScenario, type Overrides } from "../models/scenario.ts";
import { unshieldDash } from "./dash.ts";
import { outputOption, withScenarios, type OutputForm, type ScenarioArguments } from "./options.ts";
import { printData, printProblems } from "./print.ts";

interface Arguments extends ScenarioArguments {
  output: OutputForm;
}

/** What `sim validate` says of one file. */
interface Verdict {
  file: string;
  valid: boolean;
  notices: string[];
  problems: Array<Pick<Problem, "file" | "line" | "column" | "path" | "message">>;
}

/** `sim validate FILE...`: checks scenarios, and whether they can be put together, without running them. */
export const command: CommandModule<object, Arguments> = {
  command: "validate <files..>",
  describe: "check scenarios without running them",
  builder: (yargs) => withScenarios(yargs).option("output", outputOption()),
  handler: async ({ files, set, seed, duration, output }) => {
    const verdicts: Verdict[] = [];
    for (const file of unshieldDash(files)) {
      const { verdict, errors } = await check(file, { set, seed, duration });
      verdicts.push(verdict);
      if (errors !== undefined) process.exitCode = 2;
      if (output === "table") print(verdict, errors);
    }
    printData(verdicts.length === 1 ? verdicts[0] : verdicts, output);
  },
};

async function check(file: string, overrides: Overrides): Promise<{ verdict: Verdict; errors?: ScenarioErrors }> {
  try {
    const { scenario, notices, locate } = loadScenario(await readScenarioFile(file), overrides);
    const found = checkComposition(scenario);
    if (found.length > 0) throw ScenarioErrors.at(found).located(locate);
    return { verdict: { file, valid: true, notices, problems: [] } };
  } catch (error) {
    if (!(error instanceof ScenarioErrors)) throw error;
    const problems = error.problems.map(({ file, line, column, path, message }) => ({
      file,
      line,
      column,
      path,
      message,
    }));
    return { verdict: { file, valid: false, notices: [], problems }, errors: error };
  }
}

function print({ file, notices }: Verdict, errors: ScenarioErrors | undefined): void {
  for (const notice of notices) process.stderr.write(`${file}: ${notice}\n`);
  if (errors === undefined) process.stdout.write(`${file}: valid\n`);
  else printProblems(errors);
}
