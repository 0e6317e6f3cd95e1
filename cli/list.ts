import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandModule } from "yargs";
import { readYaml } from "../engine/scenario/document.ts";
import { ScenarioErrors } from "../engine/scenario/errors.ts";
import { LARGEST_SCENARIO_BYTES, readTextFile } from "../engine/scenario/read.ts";
import { valueAt } from "../engine/scenario/shape.ts";
import { MODELS } from "../models/catalog.ts";
import { outputOption, type OutputForm } from "./options.ts";
import { printData } from "./print.ts";

interface Arguments {
  output: OutputForm;
}

/** A scenario that comes with the package. */
interface Shipped {
  /** As `sim run` takes it, from the working directory. */
  file: string;
  description: string;
}

/** `sim list`: the models, and the scenarios that come with the package. */
export const command: CommandModule<object, Arguments> = {
  command: "list",
  describe: "list models and shipped scenarios",
  builder: (yargs) => yargs.option("output", outputOption()),
  handler: ({ output }) => {
    const answer = { models: MODELS, scenarios: shippedScenarios(scenariosFolder()) };
    printData(answer, output);
    if (output === "table") {
      const models = MODELS.map(({ name, summary }) => [name, summary] as const);
      const scenarios = answer.scenarios.map(({ file, description }) => [file, description] as const);
      process.stdout.write(`MODELS\n${columns(models)}\nSCENARIOS\n${columns(scenarios)}`);
    }
  },
};

/** The package's own folder of scenarios, from the sources as well as from what was built of them. */
function scenariosFolder(): string {
  const beside = [new URL("../scenarios/", import.meta.url), new URL("../../scenarios/", import.meta.url)];
  return beside.map((url) => fileURLToPath(url)).find((folder) => existsSync(folder)) ?? fileURLToPath(beside[0]);
}

/** The scenarios of a folder by name, with what they say of themselves. */
export function shippedScenarios(folder: string): Shipped[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .toSorted();
  return files.map((file) => ({
    file: relative(process.cwd(), join(folder, file)),
    description: describe(join(folder, file)),
  }));
}

function describe(path: string): string {
  try {
    const { data } = readYaml({ ...readTextFile(path, LARGEST_SCENARIO_BYTES), dir: "" });
    const description = valueAt(data["metadata"], "description");
    return typeof description === "string" ? description : "";
  } catch (error) {
    if (error instanceof ScenarioErrors) return "(does not parse; see sim validate)";
    throw error;
  }
}

function columns(rows: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(0, ...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`.trimEnd() + "\n").join("");
}
