import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Ns } from "../time.ts";
import { canonicalJson } from "./canonical-json.ts";
import { writeCsv, type CsvPreset, type Table } from "./csv.ts";
import { OutputFailed, reasonOf, type ResultsFolder } from "./folder.ts";
import type { Outputs } from "./outputs.ts";
import { summaryTable, type SummaryRow } from "./summary.ts";
import { countersTable, eventsTable, latencyTable, resourcesTable, throughputTable } from "./tables.ts";
import { CONTRACT_VERSION, packageVersion } from "./version.ts";

/** What run.json says of a run besides the digests of its files. */
export interface RunFacts {
  /** The scenario's name. */
  name: string;
  /** The scenario with every default filled in, of which run.json has the digest. */
  resolved: unknown;
  seed: number | string;
  durationNs: Ns;
  /** Events that the engine ran. */
  eventCount: number;
}

/**
 * Writes every file of a run and puts the folder in place. Throws OutputFailed where that fails, after removing what was
 * written; earlier results are then as they were.
 */
export function writeResults(
  folder: ResultsFolder,
  facts: RunFacts,
  outputs: Outputs,
  summary: readonly SummaryRow[],
  preset: CsvPreset,
): void {
  let current = "";
  try {
    const digests: Record<string, string> = {};
    for (const [name, table] of tables(outputs, summary)) {
      current = name;
      digests[name] = writeCsv(folder.file(name), table, preset);
    }
    current = "run.json";
    writeFileSync(folder.file(current), runJson(facts, digests), { flag: "wx" });
    folder.commit();
  } catch (error) {
    folder.abandon();
    const text = `${folder.path}: ${current} could not be written: ${reasonOf(error)}; earlier results are unchanged`;
    throw new OutputFailed(text, { cause: error });
  }
}

function tables({ recorder, events, counters, resources }: Outputs, summary: readonly SummaryRow[]) {
  const files: Array<[name: string, table: Table]> = [
    ["throughput.csv", throughputTable(recorder)],
    ["latency.csv", latencyTable(recorder)],
    ["summary.csv", summaryTable(summary)],
    ["events.csv", eventsTable(events)],
    ["counters.csv", countersTable(counters)],
  ];
  if (resources !== undefined) files.push(["resources.csv", resourcesTable(resources)]);
  return files;
}

/** Only what is equal in two runs of the same thing: no clock, path, host or version of Node.js. */
function runJson({ name, resolved, seed, durationNs, eventCount }: RunFacts, files: Record<string, string>): string {
  const facts = {
    scenario: name,
    scenarioSha256: createHash("sha256").update(canonicalJson(resolved)).digest("hex"),
    seed,
    version: packageVersion(),
    contractVersion: CONTRACT_VERSION,
    durationNs,
    events: eventCount,
    sha256: files,
  };
  return `${JSON.stringify(facts, undefined, 2)}\n`;
}
