import type { CommandModule } from "yargs";
import * as z from "zod";
import { metaOf } from "../engine/scenario/paths.ts";
import { scenarioSchema } from "../models/scenario.ts";

/** `sim schema`: the scenario's JSON Schema, for editors and other programs. */
export const command: CommandModule = {
  command: "schema",
  describe: "print the JSON Schema of scenarios",
  handler: () => {
    process.stdout.write(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
  },
};

/** The JSON Schema (draft 2020-12) of what a scenario's author writes. Our own keywords begin with "x-". */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(scenarioSchema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema: node }) => {
      // zod leaves out the examples of what it transforms; ours are examples of the input.
      const { examples } = metaOf(zodSchema);
      if (examples !== undefined && node.$ref === undefined) node.examples = examples;
      for (const own of ["unit", "source", "live", "defaultNote"]) {
        if (node[own] === undefined) continue;
        node[`x-${own}`] = node[own];
        delete node[own];
      }
    },
  }) as Record<string, unknown>;
  return { $schema, title: "Scenario", ...rest };
}
